# Everything a person types. `make run` and `make test` are all a newcomer needs.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
UV_VERSION := 0.13.9
BIN := .venv/bin
READY := .venv/.ready

export DO_NOT_TRACK := 1
export AIRFLOW__CORE__LOAD_EXAMPLES := false

.PHONY: help run test up down lint format test-airflow bench lock clean

help:
	@echo "make run           the whole pipeline once, on the sample agency, through Airflow"
	@echo "make test          every test that needs no other server"
	@echo "make up / down     Airflow with its UI, and the end of every process it began"
	@echo "make lint          ruff, mypy --strict, sqlfluff"
	@echo "make test-airflow  real schedulers and a real browser (needs chromium and postgresql)"
	@echo "make bench         how fast records are made, landed and measured, and what a run costs"

# Compiled here once: where Python may not write what it compiles, each start of Airflow, dbt and Great
# Expectations would compile them anew, which takes longer than to import them.
$(READY): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11) and "voxpop needs Python 3.11; this is " + sys.version)'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet uv==$(UV_VERSION)
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --requirement requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	$(BIN)/python -m compileall -q plugins expectations
	touch $@

run: $(READY)
	$(BIN)/python -m voxpop.airflow.first_run

test: $(READY)
	$(BIN)/python -m pytest -m "not airflow" --numprocesses 2

test-airflow: $(READY)
	$(BIN)/python -m pytest -m airflow --numprocesses 2 tests/airflow tests/team

up: $(READY)
	$(BIN)/python -m voxpop.airflow.up

down: $(READY)
	$(BIN)/python -m voxpop.airflow.down

lint: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/sqlfluff lint --disable-progress-bar --processes 2 dbt_project/models dbt_project/macros dbt_project/tests

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(READY)
	$(BIN)/python -m tests.bench.bench_sample_agency
	$(BIN)/python -m tests.bench.bench_landing
	$(BIN)/python -m tests.bench.bench_measures
	$(BIN)/python -m tests.bench.bench_identity
	$(BIN)/python -m tests.bench.bench_pipeline

# The lock names no registry: whoever installs chooses theirs.
lock: $(READY)
	$(BIN)/uv pip compile --quiet --no-emit-index-url --no-emit-find-links --no-annotate --no-header \
		--generate-hashes --extra dev --extra team --output-file requirements.lock pyproject.toml

# Never what people made: a home (`var`) holds raw, keys and releases, and is removed by hand alone.
clean:
	rm -rf .mypy_cache .ruff_cache .pytest_cache dbt_project/target dbt_project/logs

# voxpop and Airflow in one image, which docker-compose.yml runs as several services.
#
# The base is pinned by version. A version's tag is still rebuilt with patches of its system: whoever wants the
# same bytes every time adds the digest that `docker buildx imagetools inspect IMAGE` shows.
FROM python:3.11.15-slim-bookworm AS build

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 UV_NO_CACHE=1 UV_PYTHON=/opt/voxpop/.venv/bin/python
WORKDIR /opt/voxpop
COPY pyproject.toml requirements.lock ./
# What the lock pins without its tools for developers: wheels only, each checked by its hash.
RUN python -m pip install --no-cache-dir uv==0.13.9 \
    && python -m venv --without-pip .venv \
    && uv pip install --no-build --compile-bytecode --require-hashes --constraint requirements.lock \
        --requirement pyproject.toml --extra team "$(grep -o "^setuptools==[0-9.]*" requirements.lock)"
COPY . .
# Linked, not copied, as on a developer's machine: the library finds dags/, dbt_project/ and config/ beside it.
RUN uv pip install --no-deps --no-build-isolation --editable . \
    && uv pip uninstall setuptools \
    && .venv/bin/python -m compileall -q plugins expectations


FROM python:3.11.15-slim-bookworm

RUN groupadd --gid 10001 voxpop \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin voxpop \
    && install --directory --owner 10001 --group 10001 --mode 0700 /var/lib/voxpop /var/log/voxpop
# A new volume takes its owner from the folder that it is mounted over. The code belongs to root: what runs can't
# change it.
COPY --from=build /opt/voxpop /opt/voxpop
ENV PATH=/opt/voxpop/.venv/bin:$PATH PYTHONUNBUFFERED=1
WORKDIR /opt/voxpop
USER 10001:10001

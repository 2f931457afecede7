"""The tasks that DAGs are made of: each calls a step of `voxpop.pipeline` and logs what that did.

The library is imported inside the tasks: it takes seconds, and Airflow parses the DAG files again and again.
"""

# mypy: disable-error-code="untyped-decorator"

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import get_current_context, task
from airflow.sdk.exceptions import AirflowSkipException

from voxpop.airflow import callbacks, runs, windows
from voxpop.airflow.events import Event, say
from voxpop.airflow.steps import Ticker, step
from voxpop.config import Settings, load_settings
from voxpop.errors import UsageError

if TYPE_CHECKING:
    from voxpop.raw.manifests import Manifest
    from voxpop.sources.connections import Connection

WAREHOUSE_POOL = "warehouse"

# It logs its own inner life, hundreds of lines when it is imported and more than a thousand an audit.
logging.getLogger("great_expectations").setLevel(logging.WARNING)

COMMON: dict[str, Any] = {
    "owner": "voxpop",
    # Only what `steps.RETRIED` names comes to a second try.
    "retries": 4,
    "retry_delay": timedelta(seconds=30),
    "retry_exponential_backoff": 2.0,
    "max_retry_delay": timedelta(minutes=15),
    "on_failure_callback": callbacks.on_failure,
}
"""`default_args` of every DAG."""


@task(
    doc_md="Land the window: pages become durable parts, and the manifest, written last, makes the batch "
    "visible. A rerun goes on from the page that the last try reached."
)
def land(source: str) -> list[str]:
    """Bring one source's window into raw, and give the ids of the batches that hold it."""
    from voxpop import pipeline
    from voxpop.sources.registry import find_sources

    context = get_current_context()
    run = context["dag_run"]
    with step(_name(context)):
        settings = load_settings()
        (configured,) = find_sources(settings, [source])
        window = None
        if configured.is_windowed:
            bounds = (run.data_interval_start, run.data_interval_end)
            interval = bounds if all(bounds) else None
            window = windows.of_run(context["params"], interval, run.run_after)
        batches = pipeline.land(
            settings,
            configured,
            window,
            connection=_connection(configured.connection),
            now=datetime.now(UTC),
            # Records that changed lately come again with the schedule; a backfill brings its window alone.
            widen=run.run_type == "scheduled",
            progress=Ticker(_name(context)),
        )
        for batch in batches:
            _report(context, f"{batch.batch_id}: {_records([batch])}")
        _report(context, f"batches {len(batches):,}, {_records(batches)}" if batches else "nothing new")
        return [batch.batch_id for batch in batches]


@task(
    pool=WAREHOUSE_POOL,
    doc_md="Leave batches out or take them in, as the parameters say; then fix what this build takes in.",
)
def begin() -> bool:
    """Fix what this build takes in, and say whether that is anything."""
    from voxpop import pipeline

    context = get_current_context()
    with step(_name(context)):
        settings = load_settings()
        _repair(settings, context["params"], datetime.now(UTC))
        plan = pipeline.begin_build(
            settings,
            run_id=context["dag_run"].run_id,
            full_refresh=bool(context["params"].get("full_refresh")),
        )
        if plan.nothing_to_do:
            _report(context, "the warehouse holds all that has landed")
        else:
            how = "everything anew from raw" if plan.is_full_refresh else "what they touch"
            parted = ", and who is parted has changed" if plan.parts_anew else ""
            _report(context, f"batches pending {len(plan.batches):,}{parted}; builds {how}")
        return not plan.nothing_to_do


@task(pool=WAREHOUSE_POOL)
def build_layer(layer: str, is_anything_pending: bool) -> None:
    """Run one layer by dbt; each model's status and seconds go into the log and onto the page *Build*."""
    from voxpop import pipeline

    context = get_current_context()
    with step(_name(context)):
        if not is_anything_pending:
            raise AirflowSkipException("nothing is pending: the warehouse stays as it is")
        settings = load_settings()
        results = pipeline.build_layer(settings, layer)
        runs.save(settings, context["dag_run"].run_id, runs.Layer(layer, tuple(results)))
        for model in results:
            failing = f"  {model.rows:,} rows fail" if model.rows else ""
            _report(context, f"{model.status:8}{model.seconds:8.2f} s  {model.name}{failing}")
        _report(context, f"models, seeds and tests {len(results)}")


@task(
    pool=WAREHOUSE_POOL, doc_md="Mark the batches as built, in one transaction, now that the marts hold them."
)
def finish(is_anything_pending: bool) -> None:
    """Mark this build's batches as built."""
    from voxpop import pipeline

    with step(_name(get_current_context())):
        if not is_anything_pending:
            raise AirflowSkipException("nothing is pending: the warehouse stays as it is")
        pipeline.finish_build(load_settings())


@task(
    pool=WAREHOUSE_POOL,
    trigger_rule="none_failed",
    doc_md="Make a candidate release from the warehouse. Where the current release holds all this already "
    "there is none, and the tasks after this one are skipped. A candidate that was refused is made anew.",
)
def stage() -> str:
    """Make a candidate release, and give its id."""
    from voxpop import pipeline

    context = get_current_context()
    with step(_name(context)):
        release_id = pipeline.stage(load_settings(), now=datetime.now(UTC))
        if release_id is None:
            raise AirflowSkipException(
                "nothing new: the current release, or one that was rolled back, holds all that is built"
            )
        _report(context, f"candidate {release_id}")
        return release_id


@task(
    pool=WAREHOUSE_POOL,
    doc_md="The gate: every expectation on the candidate. A refusal fails this task, is not tried again, and "
    "leaves the current release in place.",
)
def audit(release_id: str) -> None:
    """Pass the candidate through the gate."""
    from voxpop import pipeline

    context = get_current_context()
    with step(_name(context)):
        result = pipeline.audit(load_settings(), release_id)
        for one in result.warnings:
            _report(
                context, f"warning: {one.table}: not so: {one.name} ({one.observed}), because {one.reason}"
            )
        warned = f", {len(result.warnings)} with a warning" if result.warnings else ""
        _report(context, f"{release_id}: passed, {len(result.expectations)} expectations{warned}")


@task(pool=WAREHOUSE_POOL, doc_md="Write the candidate's pages, from the candidate alone.")
def report(release_id: str) -> None:
    """Write the candidate's pages."""
    from voxpop import pipeline

    with step(_name(get_current_context())):
        pipeline.report(load_settings(), release_id)


@task(pool=WAREHOUSE_POOL, doc_md="Make the candidate the current release: all of it or nothing.")
def publish(release_id: str) -> None:
    """Make the audited candidate the current release."""
    from voxpop import pipeline

    context = get_current_context()
    with step(_name(context)):
        pipeline.publish(load_settings(), release_id, now=datetime.now(UTC))
        _report(context, f"current release: {release_id}")


@task(
    pool=WAREHOUSE_POOL,
    doc_md="Point readers at an earlier release that is kept. Nothing is rebuilt, and the release that was "
    "current is kept too.",
)
def roll_back() -> str:
    """Make an earlier release the current one, and give its id."""
    from voxpop.release import store

    context = get_current_context()
    with step(_name(context)):
        params = context["params"]
        release = store.rollback(load_settings(), params["release_id"], params["reason"], datetime.now(UTC))
        _report(context, f"current release: {release.release_id}")
        return str(release.release_id)


@task(
    doc_md="Is the quarter whole in the current release? If not, this task fails with the reasons, is not "
    "tried again, and nothing is written."
)
def check_quarter() -> dict[str, Any]:
    """Check the quarter that the parameters name, else the newest that has ended; give what to write."""
    from voxpop import pipeline
    from voxpop.quarter import Quarter

    context = get_current_context()
    with step(_name(context)):
        named = context["params"].get("quarter")
        quarter = Quarter.parse(named) if named else Quarter.before(context["dag_run"].run_after.date())
        release_id, kinds = pipeline.check_quarter(load_settings(), quarter)
        if not kinds:
            raise AirflowSkipException(
                "nothing is filed: no survey is in the seed a11_280_surveys, and there is no priority goal"
            )
        _report(context, f"{quarter.label} is whole in {release_id}")
        return {"quarter": quarter.label, "release_id": release_id, "kinds": kinds}


@task(doc_md="Write the packages below `exports/`, a folder a quarter and release; what is there stays.")
def write_quarter(checked: dict[str, Any]) -> dict[str, str]:
    """Write each package, and give its folder."""
    from voxpop import pipeline
    from voxpop.quarter import Quarter

    context = get_current_context()
    with step(_name(context)):
        quarter, folders = Quarter.parse(checked["quarter"]), {}
        for kind in checked["kinds"]:
            made = pipeline.export(load_settings(), kind, quarter, release_id=checked["release_id"])
            _report(context, f"{kind}: {made.files:,} files")
            folders[kind] = str(made.folder)
        return folders


@task(doc_md="Say where the packages are, when they are due, and what to know before they are filed.")
def note_quarter(checked: dict[str, Any], folders: dict[str, str]) -> None:
    """Say what a person does next."""
    from voxpop import pipeline
    from voxpop.quarter import Quarter

    context = get_current_context()
    with step(_name(context)):
        due = pipeline.due(load_settings(), Quarter.parse(checked["quarter"]), checked["release_id"])
        _report(context, f"{checked['quarter']} is due on {due:%A, %Y-%m-%d}")
        for kind, folder in folders.items():
            _report(context, f"{kind}: {folder}")
            for said in checked["kinds"][kind]:
                _report(context, f"{kind}: {said}")


def _records(batches: Sequence[Manifest]) -> str:
    quarantined = sum(batch.quarantined for batch in batches)
    kept_apart = f", in quarantine {quarantined:,}" if quarantined else ""
    return f"records {sum(batch.records for batch in batches):,}{kept_apart}"


def _repair(settings: Settings, params: Mapping[str, Any], now: datetime) -> None:
    from voxpop.raw import exclusions
    from voxpop.release import accepted, candidate

    excluded, included, reason = params.get("exclude"), params.get("include"), params.get("reason")
    refused = params.get("accept")
    if (excluded or included or refused) and not reason:
        raise UsageError(
            'Give the "reason" for excluding or including a batch, or for accepting what a candidate '
            "changes: it is published with the release."
        )
    if refused:
        accepted.accept(settings, candidate.find(settings, refused), str(reason), now)
    # A task that runs again finds its own work done.
    if excluded and excluded not in exclusions.exclusions(settings):
        exclusions.exclude(settings, excluded, str(reason), now)
    if included and included in exclusions.exclusions(settings):
        exclusions.include(settings, included, str(reason), now)


def _connection(connection_id: str | None) -> Connection | None:
    """The tool's connection; None where nobody has set it: the library says what to do about that."""
    from airflow.sdk import Connection as AirflowConnection
    from airflow.sdk.exceptions import AirflowNotFoundException

    from voxpop.airflow.connections import from_airflow

    if connection_id is None:
        return None
    try:
        return from_airflow(AirflowConnection.get(connection_id))
    except AirflowNotFoundException:
        return None


def _name(context: Mapping[str, Any]) -> str:
    return f"{context['dag'].dag_id}.{context['task'].task_id}"


def _report(context: Mapping[str, Any], message: str) -> None:
    say(Event(_name(context), "found", message))

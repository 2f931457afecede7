"""build_and_publish: what has landed and is not built yet becomes a release, if the gate lets it pass."""

from datetime import timedelta

from airflow.sdk import DAG, Asset, AssetOrTimeSchedule, CronTriggerTimetable, Param, chain
from voxpop.airflow import tasks
from voxpop.config import load_settings
from voxpop.sources.registry import load_sources

LAYERS = {
    "seeds": "What the agency configures, checked row by row.",
    "staging": "One typed table a stream, the newest version of each record.",
    "intermediate": "Joins: answers over the question crosswalk, contacts of all channels, customers.",
    "marts": "What people query.",
}
TEXT = {"type": ["null", "string"]}

with DAG(
    dag_id="build_and_publish",
    description="Builds what has landed, stages a candidate, passes it through the gate, publishes it.",
    doc_md="""
### Build and publish

Runs when all sources have landed, and at 06:00 UTC whether they have or not: a source that is late is shown
as late in the release, and its data comes with the run after it lands. With nothing new there is no release.

To repair a refusal, trigger with `exclude` and a `reason`. Runbook: `docs/runbooks/build_and_publish.md`.
""",
    schedule=AssetOrTimeSchedule(
        assets=[Asset(f"raw/{name}") for name in load_sources(load_settings())],
        # An hour that has passed is not made up for when the DAG is switched on: what landed triggers it.
        timetable=CronTriggerTimetable("0 6 * * *", timezone="UTC", run_immediately=timedelta(0)),
    ),
    catchup=False,
    max_active_runs=1,
    params={
        "full_refresh": Param(False, type="boolean", description="Build everything anew from raw."),
        "exclude": Param(None, **TEXT, description="A batch to leave out from now on."),
        "include": Param(None, **TEXT, description="An excluded batch to take in again."),
        "accept": Param(None, **TEXT, description="A refused candidate whose change of method is meant."),
        "reason": Param(None, **TEXT, description="Why; it will be public: no personal data."),
    },
    default_args=tasks.COMMON,
    tags=["voxpop", "build"],
) as dag:
    pending = tasks.begin()
    layers = [
        tasks.build_layer.override(
            task_id=layer, doc_md=f"{does} Each model's status and seconds are in the log."
        )(layer, pending)
        for layer, does in LAYERS.items()
    ]
    candidate = tasks.stage()
    chain(pending, *layers, tasks.finish(pending), candidate)
    chain(tasks.audit(candidate), tasks.report(candidate), tasks.publish(candidate))

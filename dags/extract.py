"""extract_<source>: a DAG per source in config/sources.yml. Lands what a tool collected in a window."""

from datetime import UTC, datetime

from airflow.sdk import DAG, Asset, CronDataIntervalTimetable, Param
from voxpop.airflow import tasks
from voxpop.config import load_settings
from voxpop.sources.registry import load_sources

DAY = {"type": ["null", "string"], "format": "date"}

for source in load_sources(load_settings()).values():
    with DAG(
        dag_id=f"extract_{source.name}",
        description=f"Lands {source.name} ({source.kind}) into raw, a day at a time.",
        doc_md=f"""
### Land {source.name}

The window is the run's data interval; a scheduled one begins earlier by the source's re-pull span, because
records change after they were first sent. A backfill (*Trigger → Backfill*) brings exactly its days. To land
a wide window, trigger with `from` and `to`. A file drop has no window: it lands the files that are new.

Landing the same content again changes nothing. Runbook: `docs/runbooks/extract.md`.
""",
        schedule=CronDataIntervalTimetable("0 0 * * *", timezone="UTC"),
        start_date=datetime(2020, 1, 1, tzinfo=UTC),
        catchup=False,
        max_active_runs=1,
        params={
            "from": Param(None, **DAY, title="From", description="First day (UTC) of a window of your own."),
            "to": Param(None, **DAY, title="To", description="The day after its last (UTC)."),
        },
        default_args=tasks.COMMON,
        tags=["voxpop", "extract", source.kind],
    ) as dag:
        tasks.land.override(outlets=[Asset(f"raw/{source.name}")])(source.name)
    globals()[dag.dag_id] = dag

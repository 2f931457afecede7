"""rollback: point readers at an earlier release that is kept."""

from datetime import UTC, datetime

from airflow.sdk import DAG, Param
from voxpop.airflow import tasks

with DAG(
    dag_id="rollback",
    description="Makes an earlier release the current one.",
    doc_md="""
### Roll back

Trigger it by hand with the `release_id` to go back to (see the page *Releases*); without one it takes the
release before the current. What was left is not published again until something new lands. Runbook:
`docs/runbooks/rollback.md`.
""",
    schedule=None,
    start_date=datetime(2020, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    params={
        "release_id": Param(None, type=["null", "string"], description="Empty: the one before the current."),
        "reason": Param(
            "", type="string", minLength=1, description="Why; it goes into the log: no personal data."
        ),
    },
    default_args=tasks.COMMON,
    tags=["voxpop", "release"],
) as dag:
    tasks.roll_back()

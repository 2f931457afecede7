"""report_quarter: a fiscal quarter's files for OMB, and its memo, from the current release."""

from datetime import timedelta

from airflow.sdk import DAG, CronTriggerTimetable, Param
from voxpop.airflow import tasks

with DAG(
    dag_id="report_quarter",
    description="Checks that a fiscal quarter is whole, writes its A-11 section 280 and priority goal files.",
    doc_md="""
### Report a quarter

Runs on the 15th of the month after a fiscal quarter, half-way to the day on which it is due, or when it is
triggered with a `quarter`. Where the quarter is not whole it fails and says why; mend that, and trigger it
again. What it writes lies below `exports/` and is for the agency and for OMB alone. Runbook:
`docs/runbooks/report_quarter.md`.
""",
    # A day that has passed is not made up for when the DAG is switched on: there may be no release yet.
    schedule=CronTriggerTimetable("0 12 15 1,4,7,10 *", timezone="UTC", run_immediately=timedelta(0)),
    catchup=False,
    max_active_runs=1,
    params={
        "quarter": Param(
            None,
            type=["null", "string"],
            pattern="^20[0-9][0-9]Q[1-4]$",
            description="As 2026Q1. Empty: the newest that had ended when the run began.",
        ),
    },
    default_args=tasks.COMMON,
    tags=["voxpop", "release"],
) as dag:
    checked = tasks.check_quarter()
    tasks.note_quarter(checked, tasks.write_quarter(checked))

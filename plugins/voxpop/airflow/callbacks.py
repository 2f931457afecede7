"""What the log says when a task has failed for good: what, why, what is kept, what to do, where to read."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from voxpop.errors import (
    AuditError,
    BuildError,
    ConfigError,
    Locked,
    Refused,
    SourceError,
    SourceUnavailable,
    UsageError,
)

log = logging.getLogger("voxpop.failures")

_KEPT = {
    "extract": "What had landed stays in raw, pages of this window included; the other sources and the "
    "current release are untouched.",
    "build_and_publish": "Raw and the current release are untouched; what was not built stays pending.",
    "report_quarter": "Nothing was written; what was written of the quarter before and every release stay.",
    "rollback": "The current release is the one it was.",
}

_TO_DO: tuple[tuple[type[Exception], str], ...] = (
    (
        Refused,
        "Read the gate's results on the page Releases. If a batch is at fault, trigger build_and_publish "
        "with `exclude` = its id and a `reason`; if the policy is, change the seed and trigger it again.",
    ),
    (
        AuditError,
        "The gate could not run, which says nothing about the data. Mend what it names and clear this task.",
    ),
    (
        ConfigError,
        "Mend what is named above, a file's line or a connection (Admin → Connections). Then clear this "
        "task.",
    ),
    (
        SourceError,
        "Mend the connection or sources.yml, then clear this task: without a change it fails again.",
    ),
    (
        SourceUnavailable,
        "All tries are used up. When the tool answers again clear this task: it goes on where it stopped.",
    ),
    (BuildError, "Read the model's error above. When it is mended clear this task and those after it."),
    (Locked, "Wait until the process that is named above has ended, or end it; then clear this task."),
    (UsageError, "Trigger the DAG again with other parameters."),
)

_QUARTER_REFUSED = "Mend each reason above, publish, then trigger report_quarter again."
_UNFORESEEN = "voxpop did not foresee this: the traceback is above. Clear the task when its cause is gone."


def on_failure(context: Mapping[str, Any]) -> None:
    """Airflow's `on_failure_callback`: put the block into the task's log."""
    instance = context["ti"]
    # Airflow calls this inside a group of lines that its UI shows folded: nobody would see the block.
    log.info("::endgroup::")
    log.error(
        "%s",
        block(
            instance.dag_id, instance.task_id, instance.run_id, instance.try_number, context.get("exception")
        ),
    )


def block(dag_id: str, task_id: str, run_id: str, tries: int, error: BaseException | str | None) -> str:
    """Write the block that a person reads first.

    Args:
        dag_id: a DAG of this project.
        task_id: the task that failed.
        run_id: the run it failed in.
        tries: how often it was tried.
        error: what it raised; voxpop's own error may be the cause of Airflow's.
    """
    family = "extract" if dag_id.startswith("extract_") else dag_id
    told = error.__cause__ if isinstance(error, BaseException) and error.__cause__ else error
    to_do = next((text for kind, text in _TO_DO if isinstance(told, kind)), _UNFORESEEN)
    runbook = family
    if isinstance(told, Refused):
        if family == "report_quarter":
            to_do = _QUARTER_REFUSED
        else:
            runbook = "refused-release"
    times = "once" if tries == 1 else f"{tries} times"
    return "\n".join(
        (
            f"FAILED   {dag_id}.{task_id}, tried {times}, in the run {run_id}",
            f"WHY      {error if error is not None else 'the process ended before it could say why'}",
            f"KEPT     {_KEPT[family]}",
            f"DO       {to_do}",
            f"RUNBOOK  docs/runbooks/{runbook}.md",
        )
    )

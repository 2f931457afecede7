"""What a task's step reports: for the task's log, and for whoever shows progress while it runs.

`make run` listens with a handler on the logger `voxpop.steps`: each of its records has an `event`.
"""

from __future__ import annotations

import logging
from typing import Literal

import msgspec

log = logging.getLogger("voxpop.steps")


class Event(msgspec.Struct, frozen=True):
    """One thing that a step says.

    Attributes:
        step: `<dag>.<task>`.
        kind: `progress` says how far it is, `found` what it has found; after `postponed` Airflow tries again.
        message: for people.
        seconds: what an ended step took.
        exit_code: of the error that failed it.
    """

    step: str
    kind: Literal["began", "progress", "found", "done", "skipped", "postponed", "failed"]
    message: str = ""
    seconds: float = 0.0
    exit_code: int = 0

    def __str__(self) -> str:
        """One line for a log."""
        words = [self.step] if self.kind in ("progress", "found") else [self.step, self.kind]
        if self.kind == "done":
            words.append(f"in {self.seconds:.1f} s")
        return " ".join(words) + (f": {self.message}" if self.message else "")


def say(event: Event) -> None:
    """Put an event into the task's log, where a listening handler finds it too."""
    log.log(logging.ERROR if event.kind == "failed" else logging.INFO, "%s", event, extra={"event": event})

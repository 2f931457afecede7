"""What every task does around its step: say when it begins and ends, turn voxpop's errors into Airflow's."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from voxpop.airflow.events import Event, log, say
from voxpop.errors import Locked, SourceUnavailable, VoxpopError

RETRIED = (SourceUnavailable, Locked)
"""What may pass in a minute; anything else fails the same way again, so Airflow must not try again."""


@contextmanager
def step(name: str) -> Iterator[None]:
    """Run a step of the pipeline inside a task.

    Raises:
        SourceUnavailable, Locked: as they came, so that Airflow tries again.
        AirflowFailException: any other error, with its message; Airflow does not try again.
    """
    began = time.monotonic()
    say(Event(name, "began"))
    try:
        yield
    except AirflowSkipException as skip:
        say(Event(name, "skipped", str(skip)))
        raise
    except RETRIED as error:
        say(Event(name, "postponed", str(error), time.monotonic() - began, error.exit_code))
        raise
    except VoxpopError as error:
        say(Event(name, "failed", str(error), time.monotonic() - began, error.exit_code))
        raise AirflowFailException(str(error)) from error
    except Exception as error:
        log.exception("voxpop did not foresee this")
        message = f"{type(error).__name__}: {error}"
        say(Event(name, "failed", message, time.monotonic() - began, 1))
        raise AirflowFailException(message) from error
    say(Event(name, "done", seconds=time.monotonic() - began))


class Ticker:
    """The library's `progress(what, count)`, logged when a count has grown by a tenth, not at every page."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._said: dict[str, int] = {}

    def __call__(self, what: str, count: int) -> None:
        """Log it if it is new or has grown enough."""
        if what not in self._said or count >= self._said[what] * 1.1 + 1:
            self._said[what] = count
            say(Event(self._name, "progress", f"{what}: {count:,}" if count else what))

"""`make run`: the whole pipeline once, on the sample agency, through Airflow; then the scorecard.

The first run lands the agency's history as one wide window a source. Each later one moves the agency's date
on by a day and builds that day only. Airflow works in a process of its own (`run_dags`), the agency's tools
in another; both end with this one.

    python -m voxpop.airflow.first_run [--same-day]

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 the audit refused.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec
from rich.console import Console

from voxpop.airflow import agency, home, processes, session
from voxpop.airflow.display import Display
from voxpop.airflow.events import Event
from voxpop.airflow.run_dags import Asked, Request
from voxpop.config import PROJECT, Settings, load_settings
from voxpop.errors import UsageError, VoxpopError
from voxpop.raw.identifiers import Tokenizer
from voxpop.release import store
from voxpop.release.manifest import PAGE
from voxpop.sample_agency.reached import landed_to
from voxpop.sources.registry import load_sources

_BUILD_TASKS = 10
_LOG = "run.log"

_QUESTION = (
    "select period_label, value, low, high, n from marts.cx_index "
    "where measure = 'cx_index' and breakdown = 'all' and period_type = 'quarter' order by period_start"
)


def main() -> int:
    """Run, and give the exit code."""
    if set(sys.argv[1:]) - {"--same-day"}:
        sys.stderr.write(__doc__ or "")
        return UsageError.exit_code
    console = Console(highlight=False, soft_wrap=True)
    settings = load_settings()
    # `kill` and a terminal that closes end this as Ctrl-C does, so that what it started ends with it.
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, signal.default_int_handler)
    try:
        with home.locked(settings, "make run"):
            return _run(settings, console, same_day="--same-day" in sys.argv)
    except KeyboardInterrupt:
        console.print("Interrupted. What has landed is kept, and the next `make run` goes on from there.")
        return 130
    except VoxpopError as error:
        console.print(str(error), style="red", markup=False)
        return error.exit_code


def _run(settings: Settings, console: Console, *, same_day: bool) -> int:
    session.end_abandoned(settings)
    session.refuse_if_up(settings)
    day = agency.next_day(landed_to(settings.home), same_day=same_day)
    before = store.current(settings)
    Tokenizer.load(settings, create=True)
    with Display(console, total=len(load_sources(settings)) + _BUILD_TASKS) as display:
        code, failed = _run_dags(settings, display, day)
    if code == 0:
        agency.remember(settings, day)
    current = store.current(settings)
    if current is not None:
        is_new = before is None or before.release_id != current.release_id
        style = "bold" if code == 0 else "yellow"
        console.print(f"\n{_outcome(code, failed, current.release_id, day, is_new=is_new)}", style=style)
        if code == 0 or is_new:
            _show(console, current, agency.next_day(landed_to(settings.home), same_day=False))
    if code != 0:
        console.print(f"All of Airflow's output: {_shown(home.logs(settings) / _LOG)}", markup=False)
    return code


def _outcome(code: int, failed: Sequence[str], current: str, day: date, *, is_new: bool) -> str:
    """What became of the current release, and what to do where not all went well."""
    if code == 0 and is_new:
        return f"Published {current}: the sample agency up to {day}."
    if code == 0:
        return f"Nothing new up to {day}: no new release. {current} stays."
    if is_new:
        sources = ", ".join(step.split(".")[0].removeprefix("extract_") for step in failed)
        but = f"not all that is new of {sources} is in it" if sources else "then Airflow failed"
        return (
            f"Published {current}; {but}. Why is said above: mend it, then `make run` again. It takes up "
            "the same day and publishes what was missing."
        )
    return f"The current release stays {current}."


def _run_dags(settings: Settings, display: Display, day: date) -> tuple[int, list[str]]:
    """Run them, and give the exit code and the steps that failed."""
    ours, theirs = os.pipe()
    variables = home.environment(settings)
    home.write_environment(settings, variables)
    with _ended_afterwards(settings) as beginning:
        server = beginning.add(agency.start(settings, day, variables))
        airflow = beginning.add(
            processes.start(
                "airflow",
                [sys.executable, "-m", "voxpop.airflow.run_dags", str(theirs)],
                variables,
                home.logs(settings) / _LOG,
                takes_input=True,
                keeps_open=(theirs,),
            )
        )
        os.close(theirs)
        agency.wait_until_ready(settings, server)
        display.note(f"The sample agency's tools answer, with all that they hold up to {day}.")
        airflow.tell(msgspec.json.encode(_asked(settings, day)) + b"\n")
        last: dict[str, str] = {}
        with os.fdopen(ours, "rb") as lines:
            for line in lines:
                event = msgspec.json.decode(line, type=Event)
                last[event.step] = event.kind
                display.show(event)
        code = airflow.process.wait()
        # What is put off and never taken up again has failed too: all its tries are used up.
        failed = [step for step, kind in last.items() if kind in ("failed", "postponed")]
        if code and "failed" not in last.values():
            display.note(f"Airflow ended with status {code}:\n{airflow.last_words()}", style="red")
        return code, failed


def _asked(settings: Settings, day: date) -> Asked:
    window = agency.window(day)
    conf = {"from": window.start.date().isoformat(), "to": window.end.date().isoformat()}
    # Tools first: their history takes longest, and what begins last ends last.
    sources = sorted(load_sources(settings).values(), key=lambda source: not source.is_windowed)
    extracts = [Request(f"extract_{source.name}", conf if source.is_windowed else {}) for source in sources]
    return Asked(extracts, then=[Request("build_and_publish", {})])


def _show(console: Console, current: store.Release, next_day: date) -> None:
    from voxpop.airflow.scorecard import scorecard

    table = scorecard(current)
    if table is not None:
        console.print()
        console.print(table)
    console.print(
        f"""
The release   {_shown(current.folder)}
Its page      {_shown(current.folder / PAGE)}

Try next
  .venv/bin/voxpop sql "{_QUESTION}"
  .venv/bin/voxpop releases list
  make run      the agency up to {next_day}
  make up       Airflow with its UI, these runs in it, and the page Releases""",
        markup=False,
    )


@contextmanager
def _ended_afterwards(settings: Settings) -> Iterator[session.Beginning]:
    beginning = session.Beginning(settings, datetime.now(UTC))
    try:
        yield beginning
    finally:
        beginning.end()


def _shown(path: Path) -> str:
    return str(path.relative_to(PROJECT)) if path.is_relative_to(PROJECT) else str(path)


if __name__ == "__main__":
    sys.exit(main())

"""What `make run` shows while it works: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from types import TracebackType

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from voxpop.airflow.events import Event

_SILENCE_SECONDS = 3.0
"""Without a bar, a long step says how far it is as often as this."""

_ENDS = ("done", "skipped", "failed")


class Display:
    """Shows steps as they end, with what they found, and how far the one under way is.

    Args:
        console: where to.
        total: how many steps there will be.
    """

    def __init__(self, console: Console, total: int) -> None:
        self._console = console
        self._began = self._printed = time.monotonic()
        self._found: dict[str, str] = {}
        self._progress = Progress(
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.description}"),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._bar = self._progress.add_task("", total=total)

    def __enter__(self) -> Display:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def note(self, text: str, *, style: str = "") -> None:
        """Print a line of its own."""
        self._printed = time.monotonic()
        self._progress.console.print(
            f"{time.monotonic() - self._began:5.0f} s  {escape(text)}", style=style or None
        )

    def show(self, event: Event) -> None:
        """Show what a step reports."""
        if event.kind == "found":
            self._found[event.step] = event.message
        elif event.kind == "progress":
            self._progress.update(self._bar, description=escape(f"{event.step}: {event.message}"))
            if self._progress.disable and time.monotonic() - self._printed > _SILENCE_SECONDS:
                self.note(str(event))
        elif event.kind == "began":
            self._progress.update(self._bar, description=escape(event.step))
        if event.kind in _ENDS:
            self._progress.advance(self._bar)
        if event.kind == "done":
            found = self._found.get(event.step)
            self.note(f"{event.step:34}{event.seconds:6.1f} s{f'   {found}' if found else ''}")
        elif event.kind == "skipped":
            self.note(f"{event.step:34}skipped    {event.message}")
        elif event.kind == "postponed":
            self.note(f"{event.step} is tried again soon: {event.message}", style="yellow")
        elif event.kind == "failed":
            self.note(f"{event.step} failed: {event.message}", style="red")

"""What a source module offers to `land`: pages of bytes, and a pure parser for them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from voxpop.raw.records import Record, Rejected, Window

Cursor = dict[str, Any]
"""Where a page begins, as JSON: only its own source reads it. It holds no secret."""


@dataclass(frozen=True)
class Page:
    """One answer of a tool.

    Attributes:
        body: the bytes as they came.
        cursor: where the next page begins; None: this was the last.
        scope: what the body itself doesn't say and its parser needs (Touchpoints: the form's id).
    """

    body: bytes
    cursor: Cursor | None
    scope: str = ""


class Source(Protocol):
    """A tool, opened for one run."""

    def streams(self) -> tuple[str, ...]:
        """The names of what it offers; each is landed into a batch of its own."""
        ...

    def pages(self, stream: str, window: Window, cursor: Cursor | None) -> Iterator[Page]:
        """Ask for a stream's window, page by page, from `cursor` (None: from the beginning).

        A page is durable before the next one is asked for. No page is a good answer: nothing happened. A
        cursor comes back only as long as the source's configuration is what it was.

        Raises:
            SourceError: the tool refuses for good.
            SourceUnavailable: it gave no good answer in time; the pages so far are kept, a rerun goes on.
        """
        ...

    def parse(self, stream: str, page: Page) -> tuple[list[Record], list[Rejected]]:
        """Split a page into records; pure. What can't be one is returned, not raised."""
        ...

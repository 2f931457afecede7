"""What goes into a batch: the window it covers, the records, and what could not be one."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Literal, get_args

import msgspec

from voxpop.errors import UsageError

IdentifierType = Literal["account", "case", "email", "name", "phone", "visitor"]
"""What can identify a person, alone or, as a name, beside another one; each type has a key of its own."""

PersonField = Literal[
    "given_name", "surname", "date_of_birth", "street_number", "street", "locality", "postcode"
]
"""What a record of a file can say of a person besides identifiers; it stays in raw."""
PERSON_FIELDS: tuple[PersonField, ...] = get_args(PersonField)

STAMP = "%Y%m%dT%H%M%SZ"
"""A time in a file's or folder's name."""


class Window(msgspec.Struct, frozen=True, rename={"start": "from", "end": "to"}):
    """A half-open span of UTC time in whole seconds: `start` is in it, `end` is not.

    Raises:
        UsageError: a time without a zone, or an end that is not after the start.
    """

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        for name, value in (("start", self.start), ("end", self.end)):
            if value.tzinfo is None:
                raise UsageError(f"window: the {name} {value.isoformat()} has no time zone; give it in UTC.")
            msgspec.structs.force_setattr(self, name, value.astimezone(UTC).replace(microsecond=0))
        if self.end <= self.start:
            raise UsageError(
                f"window: its end {self.end.isoformat()} is not after its start {self.start.isoformat()}."
            )

    @property
    def key(self) -> str:
        """`<from>.<to>` to the second: part of batch ids and folder names."""
        return f"{self.start.strftime(STAMP)}.{self.end.strftime(STAMP)}"


class Record(msgspec.Struct, frozen=True, gc=False):
    """One record of a tool.

    Attributes:
        record_id: the tool's own id, never empty.
        source_updated_at: when the tool says that it last changed, UTC; None if it doesn't say.
        payload: the record's JSON text, the verbatim slice of what came (`msgspec.Raw`).
        identifiers: (type, value as it came); the writer turns them into tokens and keeps no value.
        kind: what the record is, for staging: `conversation`, `submission:<form id>` …
        day: the tool's own day of the record, for reconciliation by day.
    """

    record_id: str
    source_updated_at: datetime | None
    payload: bytes
    identifiers: tuple[tuple[str, str], ...]
    kind: str
    day: date | None = None


class Rejected(msgspec.Struct, frozen=True):
    """Bytes that are no usable record, and why; they go to quarantine.

    Attributes:
        body: the bytes as they came.
        reason: one sentence for the person who repairs it; it holds nothing of the body.
        position: a file's row number; None: the writer numbers it by its place in the batch.
        day: the tool's own day, if it can still be told.
    """

    body: bytes
    reason: str
    position: int | None = None
    day: date | None = None

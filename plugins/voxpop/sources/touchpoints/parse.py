"""A page of Touchpoints submissions → records; pure.

A submission is `{"id", "type": "submissions", "attributes": {uuid, created_at, updated_at, answer_01 …
answer_30, …}}` and doesn't name its form. Its key is `attributes.uuid`; `id` is from another space and no
substitute.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from voxpop.raw.records import Record, Rejected
from voxpop.sources.verbatim import NotARecord, sort_out, texts, utc


class Submissions:
    """The parser of one form.

    Args:
        form: the form's short id, which becomes the record's kind: `submission:<form>`.
        identifiers: answer field → type of the identifier that people are asked for in it.
    """

    def __init__(self, form: str, identifiers: Mapping[str, str]) -> None:
        self._kind = f"submission:{form}"
        self._identifiers = tuple((f"identifier_{n}", kind) for n, kind in enumerate(identifiers.values()))
        names = dict(zip((name for name, _ in self._identifiers), identifiers, strict=True))
        # Only what is read is decoded. Any: a value of another type costs its meaning, not the record.
        attributes = msgspec.defstruct(
            "Attributes",
            [("uuid", str), *((name, Any, None) for name in ("created_at", "updated_at", *names))],
            rename=names,
            gc=False,
        )
        submission = msgspec.defstruct("Submission", [("attributes", attributes)], gc=False)
        self._decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(submission)

    def records(self, page: bytes) -> tuple[list[Record], list[Rejected]]:
        """Split a page; what has no usable `uuid` is rejected with its bytes."""
        return sort_out(page, "data", self._record)

    def _record(self, payload: bytes) -> Record:
        found = self._decoder.decode(payload).attributes
        if not found.uuid.strip():
            raise NotARecord("attributes.uuid is blank")
        created_at = utc(found.created_at)
        return Record(
            found.uuid,
            utc(found.updated_at),
            payload,
            tuple((kind, text) for name, kind in self._identifiers for text in texts(getattr(found, name))),
            self._kind,
            None if created_at is None else created_at.date(),
        )

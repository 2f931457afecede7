"""JSON as tools send it: whole or cut off, its records as the bytes they came in, and its times.

`msgspec` does the reading. It stops at the first thing that is no JSON, so one odd record (half of a
surrogate pair, a bare tab, `NaN`) would make a page of a thousand unreadable for ever. A tolerant second
look tells a page that was cut off, and is worth asking for again, from a whole one, of which only the odd
records go to quarantine.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, TypedDict, TypeVar

import msgspec

from voxpop.raw.records import Record, Rejected

T = TypeVar("T")

_TOLERANT = json.JSONDecoder(strict=False)
_BLANK = re.compile(r"[ \t\n\r]*")


class CutOff(ValueError):
    """The bytes end, or stop being JSON, at `position`."""

    def __init__(self, position: int) -> None:
        super().__init__(f"no JSON from byte {position:,} on")
        self.position = position


class NotARecord(ValueError):
    """The slice can't be a record; the message says why and shows nothing of it."""


def decode(body: bytes, kind: type[T]) -> T:
    """Read the fields that `kind` names out of a whole JSON text.

    Raises:
        CutOff: the text is not whole.
        msgspec.ValidationError: it is whole, but of another shape.
    """
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError:
        raise
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    try:
        # Latin-1: one character a byte, so that positions are the body's own.
        found = _TOLERANT.decode(body.decode("latin-1"))
    except (ValueError, RecursionError) as error:
        position = getattr(error, "pos", 0)
    else:
        return msgspec.convert(found, kind)
    raise CutOff(position)


def elements(body: bytes, key: str) -> list[bytes]:
    """The elements of the array under `key` of a JSON object, each as the bytes it came in.

    A missing or null array has no elements.

    Raises:
        CutOff: the text is not whole.
        msgspec.ValidationError: it is whole, but of another shape.
    """
    try:
        return [bytes(raw) for raw in _envelope(key).decode(body).get(key) or ()]
    except msgspec.ValidationError:
        raise
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _tolerant_elements(body, key)


@lru_cache(maxsize=16)
def _envelope(key: str) -> msgspec.json.Decoder[Any]:
    found = TypedDict("found", {key: list[msgspec.Raw] | None}, total=False)  # type: ignore[misc]
    return msgspec.json.Decoder(found)


def _tolerant_elements(body: bytes, key: str) -> list[bytes]:
    """`elements`, for a page with something in it that is no JSON in the strict sense."""
    text = body.decode("latin-1")
    spans: list[tuple[int, int]] = []
    at = 0

    def value() -> Any:
        nonlocal at
        found, at = _TOLERANT.raw_decode(text, at)
        return found

    def sign(allowed: str) -> str:
        nonlocal at
        at = _end_of_blank(text, at)
        found = text[at : at + 1]
        if not found or found not in allowed:
            raise CutOff(at)
        at = _end_of_blank(text, at + 1)
        return found

    try:
        sign("{")
        more = text[at : at + 1] != "}" or sign("}") != "}"
        while more:
            name = value()
            sign(":")
            if name == key and text[at : at + 1] == "[":
                sign("[")
                spans.clear()
                inside = text[at : at + 1] != "]" or sign("]") != "]"
                while inside:
                    begin = at
                    value()
                    spans.append((begin, at))
                    inside = sign(",]") == ","
            else:
                value()
            more = sign(",}") == ","
        if at < len(text):
            raise CutOff(at)
    except (ValueError, RecursionError) as error:
        position = getattr(error, "pos", at)  # CutOff has none: it was raised where `at` is
    else:
        return [body[begin:end] for begin, end in spans]
    raise CutOff(position)


def _end_of_blank(text: str, at: int) -> int:
    match = _BLANK.match(text, at)
    return match.end() if match else at


def sort_out(body: bytes, key: str, record: Callable[[bytes], Record]) -> tuple[list[Record], list[Rejected]]:
    """Split a page into records and what can't be one.

    Args:
        body: the page.
        key: where its array of records is.
        record: makes a record of a slice; raises `NotARecord` or msgspec's errors.

    Returns:
        Both in the page's order. Nothing is raised: a page that is no page is rejected as a whole.
    """
    try:
        slices = elements(body, key)
    except (CutOff, msgspec.ValidationError) as error:
        return [], [Rejected(body, f"the page can't be read: {error}")]
    is_text = _is_text(body)
    records: list[Record] = []
    rejected: list[Rejected] = []
    for each in slices:
        try:
            if not is_text and not _is_text(each):
                raise NotARecord("not UTF-8")
            records.append(record(each))
        except (NotARecord, msgspec.DecodeError, RecursionError) as error:
            rejected.append(Rejected(each, str(error)))
    return records, rejected


def _is_text(body: bytes) -> bool:
    """msgspec does not look into strings that it skips; DuckDB refuses a file with one that is no UTF-8."""
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def utc(value: object) -> datetime | None:
    """A tool's timestamp: ISO 8601, UTC where it names no zone; None for anything else."""
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def texts(value: object) -> list[str]:
    """The texts in a field that holds one, a number, or a list of them; blanks are left out."""
    if isinstance(value, str):
        return [value] if value.strip() else []
    if isinstance(value, bool):
        return []
    if isinstance(value, int):
        return [str(value)]
    if isinstance(value, list):
        return [text for each in value for text in texts(each)]
    return []

"""Reports that DAP publishes as files: JSON `{name, query, meta, data[], totals, taken_at}`, and CSV of rows.

A file becomes one record of what it says of itself (kind `report`) and one a row. A row's bytes stay as they
are; behind them stands what only the file around it knows: its report and agency, its place, and for rows
without a day the days that were asked for. What a file says twice, and differently, is landed twice.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal
from zoneinfo import ZoneInfo

import msgspec
from pydantic import AfterValidator

from voxpop.raw.records import Record, Rejected
from voxpop.sources.dap.parse import day, dimensions, row_id, row_kind
from voxpop.sources.file_drop import Chunk, in_chunks
from voxpop.sources.file_source import Folder, zone
from voxpop.sources.formats.csv import of_width, rows_of
from voxpop.sources.formats.rows import Refused, Unfinished
from voxpop.sources.verbatim import CutOff, decode, utc

_DAYS_AGO = re.compile(r"(\d{1,4})daysAgo")
_KNOWN = {"data", "totals", "query"}
"""A JSON object with none of these is no report."""


class DapFiles(Folder):
    """A folder of reports that DAP published for one agency; `time_zone`: in which the agency's days end."""

    stream: ClassVar = "reports"

    kind: Literal["dap_files"]
    time_zone: Annotated[str, AfterValidator(zone)]


class _Document(msgspec.Struct):
    """A published JSON report; whatever is missing or odd costs its meaning, not the file."""

    agency: Any = None
    name: Any = None
    query: Any = None
    meta: Any = None
    totals: Any = None
    taken_at: Any = None
    data: list[msgspec.Raw] | None = None


class _About(msgspec.Struct):
    """What a file says of itself, as staging reads it; `first_date` and `last_date`: what was asked for.

    `rows_until`: the newest day of a CSV's rows, which says neither what was asked for nor when it was taken.
    """

    file: str
    report: str
    agency: str | None = None
    name: str | None = None
    title: str | None = None
    description: str | None = None
    start_date: str | None = None
    end_date: str | None = None
    first_date: date | None = None
    last_date: date | None = None
    site: str | None = None
    taken_at: datetime | None = None
    totals: list[dict[str, Any]] = []
    rows: int = 0
    rows_until: date | None = None


def inspect(path: Path) -> None:
    """Examine a file.

    Raises:
        Refused: it is neither of the two forms.
        Unfinished: it is empty or cut off.
    """
    content = path.read_bytes()
    if not content.strip():
        raise Unfinished("it is empty")
    if _is_json(path.name):
        _document(content)
    else:
        _inspect_csv(content)


def chunks(path: Path, name: str, config: DapFiles, done: int) -> Iterator[Chunk]:
    """Read a file that was inspected.

    Args:
        path: the file.
        name: what it is called in its records.
        config: whose files they are.
        done: records that are landed already: they are read again, and not given again.
    """
    content = path.read_bytes()
    if _is_json(name):
        return in_chunks(_of_json(content, name, ZoneInfo(config.time_zone)), done)
    return in_chunks(_of_csv(content, name), done)


def _is_json(name: str) -> bool:
    return name.lower().endswith(".json")


def _document(content: bytes) -> tuple[_Document, dict[str, msgspec.Raw]]:
    """Read a report; also its keys as they are written, but for `data`."""
    text = _utf8(content)
    try:
        document = msgspec.json.decode(text, type=_Document)
        whole = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
    except msgspec.ValidationError as error:
        raise Refused(f"it is no report of DAP: {error}. Take it out of the folder") from None
    except (msgspec.DecodeError, RecursionError) as error:
        try:
            decode(text.encode(), object)
        except CutOff as cut:
            raise Unfinished(f"it is cut off, or no JSON: {cut}") from None
        raise Refused(f"it is no JSON: {error}. Correct the file") from None
    if not _KNOWN & whole.keys():
        raise Refused("it is no report of DAP: it has neither data nor totals. Take it out of the folder")
    return document, {key: value for key, value in whole.items() if key != "data"}


def _of_json(content: bytes, name: str, time_zone: ZoneInfo) -> Iterator[Record | Rejected]:
    document, whole = _document(content)
    about = _about(document, name, time_zone)
    yield _report(about, msgspec.json.encode(whole))
    for number, raw in enumerate(document.data or [], start=1):
        yield _row(bytes(raw).strip(), number, about)


def _about(document: _Document, name: str, time_zone: ZoneInfo) -> _About:
    meta = _mapping(document.meta) or _mapping(_mapping(document.query).get("meta"))
    ranges = _mapping(document.query).get("dateRanges")
    asked = _mapping(ranges[0]) if isinstance(ranges, list) and len(ranges) == 1 else {}
    taken_at = utc(document.taken_at)
    today = None if taken_at is None else taken_at.astimezone(time_zone).date()
    return _About(
        file=name,
        report=name.rpartition(".")[0],
        agency=_text(document.agency),
        name=_text(document.name),
        title=_text(meta.get("name")),
        description=_text(meta.get("description")),
        start_date=_text(asked.get("startDate")),
        end_date=_text(asked.get("endDate")),
        first_date=day_asked_for(asked.get("startDate"), today),
        last_date=day_asked_for(asked.get("endDate"), today),
        site=_site(document.query),
        taken_at=taken_at,
        totals=list(_totals(document.totals)),
        rows=len(document.data or []),
    )


def day_asked_for(text: object, today: date | None) -> date | None:
    """A day as Google Analytics takes it: `2024-01-04`, `today`, `yesterday`, `30daysAgo`; else None."""
    if not isinstance(text, str):
        return None
    ago = {"today": 0, "yesterday": 1}.get(text)
    if found := _DAYS_AGO.fullmatch(text):
        ago = int(found[1])
    if ago is None:
        return day(text)
    return None if today is None else today - timedelta(days=ago)


def _site(query: object) -> str | None:
    """The host that the query asks for alone, where it does."""
    group = _mapping(_mapping(_mapping(query).get("dimensionFilter")).get("andGroup"))
    expressions = group.get("expressions")
    for expression in expressions if isinstance(expressions, list) else []:
        asked = _mapping(_mapping(expression).get("filter"))
        if asked.get("fieldName") == "hostName":
            return _text(_mapping(asked.get("stringFilter")).get("value"))
    return None


def _totals(totals: object) -> Iterator[dict[str, Any]]:
    """Each total as {measure, member, value}; `member`: one value of a dimension, null for the whole."""
    found = _mapping(totals)
    counted = "total_events" if "total_events" in found else "visits"
    for key, value in found.items():
        if isinstance(value, Mapping):
            for member, count in value.items():
                yield {"measure": counted, "member": str(member), "value": count}
        else:
            yield {"measure": key, "member": None, "value": value}


def _of_csv(content: bytes, name: str) -> Iterator[Record | Rejected]:
    rows = rows_of(io.StringIO(_utf8(content), newline=""), ",")
    header = [str(name).strip() for name in next(rows).values]
    found = list(of_width(rows, len(header)))
    days = [on for row in found if not row.problem and (on := day(row.values[header.index("date")]))]
    about = _About(
        file=name, report=name.rpartition(".")[0], rows=len(found), rows_until=max(days, default=None)
    )
    yield _report(about, msgspec.json.encode({"columns": header}))
    for row in found:
        if row.problem:
            yield Rejected(row.text.encode(), f"row {row.number}: {row.problem}.", position=row.number)
        else:
            values = dict(zip(header, row.values, strict=True))
            yield _row(msgspec.json.encode(values), row.number, about)


def _utf8(content: bytes) -> str:
    """Decode a file, without its byte-order mark."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if error.reason == "unexpected end of data":
            raise Unfinished("it ends in the middle of a character") from None
        raise Refused(f"byte {error.start:,} is not UTF-8. Save the file as UTF-8") from None


def _inspect_csv(content: bytes) -> None:
    rows = rows_of(io.StringIO(_utf8(content), newline=""), ",")
    header = next(rows, None)
    if header is None or header.problem:
        raise Refused("its header can't be read. Correct the file")
    columns = [str(name).strip() for name in header.values]
    if len(set(columns)) < len(columns) or not all(columns) or "date" not in columns:
        raise Refused("its header is no list of different columns with one of them date. Correct the file")
    last = header
    for last in of_width(rows, len(columns)):  # noqa: B007 - the last one is looked at
        pass
    if last is header:
        raise Unfinished("it has no row yet")
    if last.problem and not last.text.endswith(("\n", "\r")):
        raise Unfinished(f"its last row, {last.number}, is cut off")


def _report(about: _About, document: bytes) -> Record:
    payload = b'%s,"document":%b}' % (msgspec.json.encode(about)[:-1], document)
    return Record(about.file, about.taken_at, payload, (), "report", about.last_date or about.rows_until)


def _row(payload: bytes, number: int, about: _About) -> Record | Rejected:
    try:
        row = msgspec.json.decode(payload, type=dict[str, Any])
    except msgspec.ValidationError as error:
        return Rejected(payload, f"row {number}: no JSON object ({error}).", position=number)
    on = day(row.get("date"))
    if "date" in row and on is None:
        return Rejected(payload, f"row {number}: its date is no date.", position=number)
    first, last = (about.first_date, about.last_date) if on is None else (on, on)
    by = dimensions(row)
    around = {
        "_report": about.report,
        "_site": about.site,
        "_file": about.file,
        "_row": number,
        "_first_date": first,
        "_last_date": last,
    }
    inside = payload[1:-1].strip()
    whole = b"{%b%b%b" % (inside, b"," if inside else b"", msgspec.json.encode(around)[1:])
    days = f"{first}..{last}" if first != last else f"{last}"
    return Record(row_id(about.report, None, days, by), about.taken_at, whole, (), row_kind(by), last)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None

"""How a row becomes a record's fields.

A mapping names, for each field of its target, the column that it comes from:

    fields:
      interaction_id: Visit ID                                 # a column
      direction: {constant: inbound}                           # the same for every row
      answered_on: {template: "2017-05-{INTDATE}"}             # columns put into a text
      started_at: {column: Arrived, format: "%m/%d/%Y %H:%M"}  # a time that is not ISO 8601
      is_resolved: {column: Solved, values: {"Y": true, "N": false}}
      segment: {column: Group, optional: true}                 # a column that some files lack

A blank cell is null. A row that can't be mapped goes to quarantine with the reason, which names the field and
never shows the value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from voxpop.sources.fields import IN_BRACES, Cell, Origin, Unmappable, Value
from voxpop.sources.file_source import FileSource, origins, used_columns
from voxpop.sources.formats.rows import column_letters

Row = Sequence[Cell]
"""A row's cells, in the order of the columns; a blank text where it has none."""

_ERRORS: frozenset[Cell] = frozenset({"#REF!", "#N/A", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!"})
"""What a spreadsheet shows in place of a value that it can't work out."""


class Mapped(msgspec.Struct, frozen=True):
    """One row, mapped.

    Attributes:
        record_id: the row's own id.
        fields: the payload, in the target's order; times are UTC, numbers are decimals.
        updated_at: when the row last changed, if the mapping says.
        day: its day: UTC of a time, or the date that the file gives.
        identifiers: (type, value as it came).
    """

    record_id: str
    fields: dict[str, Any]
    updated_at: datetime | None
    day: date
    identifiers: tuple[tuple[str, str], ...]


class Mapper:
    """A mapping, settled for the columns of one file."""

    def __init__(self, source: FileSource, columns: Sequence[str]) -> None:
        """Find each field's columns. `columns` holds all `required_columns`."""
        place = {column: number for number, column in enumerate(columns)}
        zone = None if source.time_zone is None else ZoneInfo(source.time_zone)
        self._source = source
        self._columns = columns
        self._blanks = frozenset(source.blanks)
        self._used = [place[column] for column in used_columns(source) if column in place]
        self._empty: dict[str, Any] = dict.fromkeys(type(source.fields).model_fields)
        self._fields = [
            (name, _reader(origin, place, zone), type(source.fields).model_fields[name].is_required())
            for name, origin in origins(source).items()
        ]
        self._collected = [(name, _places(columns, place)) for name, columns in source.collected().items()]
        self._identifiers = [(type_, place[column]) for column, type_ in source.identifiers.items()]

    def map(self, row: Row) -> Mapped:
        """Map one row.

        Raises:
            Unmappable: a value doesn't fit, or one that must be there is blank.
        """
        if self._blanks:
            row = ["" if str(cell).strip() in self._blanks else cell for cell in row]
        if not self._source.is_publication and not _ERRORS.isdisjoint(row):
            self._refuse_errors(row)
        fields = self._empty.copy()
        for name, read, is_required in self._fields:
            try:
                value = read(row)
            except Unmappable as problem:
                raise Unmappable(f"{name} {problem}") from None
            if value is None and is_required:
                raise Unmappable(f"{name} is blank")
            fields[name] = value
        for name, places in self._collected:
            fields[name] = {key: str(row[number]) for key, number in places}
        return Mapped(
            self._source.record_id(fields),
            fields,
            fields.get("updated_at"),
            self._source.day(fields),
            tuple((type_, str(row[number])) for type_, number in self._identifiers if row[number]),
        )

    def _refuse_errors(self, row: Row) -> None:
        for number in sorted(self._used):
            if row[number] in _ERRORS:
                letters = f" {column_letters(number)}" if self._source.format in ("csv", "xlsx") else ""
                where = f'column{letters} ("{self._columns[number]}")'
                raise Unmappable(f"{where} holds {row[number]}, an error of a spreadsheet")


def _places(columns: Mapping[str, str], place: Mapping[str, int]) -> list[tuple[str, int]]:
    return [(key, place[column]) for key, column in columns.items()]


def _reader(origin: Origin, place: Mapping[str, int], zone: ZoneInfo | None) -> Callable[[Row], Value]:
    read = _cell_reader(origin, place)
    convert = origin.converter(zone)
    if convert is None:
        return read

    def converted(row: Row) -> Value:
        cell = read(row)
        return None if cell is None else convert(cell)

    return converted


def _cell_reader(origin: Origin, place: Mapping[str, int]) -> Callable[[Row], Any]:
    """Give what reads the field's cell out of a row, or its constant; None where it is blank."""
    if origin.constant is not None:
        constant = origin.constant
        return lambda row: constant
    if any(column not in place for column in origin.columns):
        return lambda row: None
    if origin.template is not None:
        return _template_reader(origin.template, place)
    number = place[origin.columns[0]]
    if origin.takes_dates:
        return lambda row: cell.strip() or None if isinstance(cell := row[number], str) else cell
    return lambda row: str(row[number]).strip() or None


def _template_reader(template: str, place: Mapping[str, int]) -> Callable[[Row], str | None]:
    pieces = IN_BRACES.split(template)
    fixed, numbers = pieces[::2], [place[column] for column in pieces[1::2]]

    def filled(row: Row) -> str | None:
        texts = [str(row[number]).strip() for number in numbers]
        if not all(texts):
            return None
        return fixed[0] + "".join(text + after for text, after in zip(texts, fixed[1:], strict=True))

    return filled

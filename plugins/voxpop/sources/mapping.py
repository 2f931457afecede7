"""How a file's columns become an interaction or a survey response.

A mapping names, for each field of the target, the column that it comes from:

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

import hashlib
import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import msgspec
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from voxpop.raw.records import IdentifierType

MEANING = 1
"""Raised when the same mapping begins to mean something else: files are then landed anew."""

_IN_BRACES = re.compile(r"\{([^{}]+)\}")
_NUMBER = re.compile(r"-?(\d+|\d{1,3}(,\d{3})+)(\.\d+)?")


class Unmappable(ValueError):
    """A row can't be mapped; the message names the field and shows no value."""


def _column(value: object) -> object:
    return {"column": value} if isinstance(value, str) else value


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"{name!r} is no IANA time zone") from error
    return name


class Origin(BaseModel):
    """Where a field's value comes from: exactly one of `column`, `template`, `constant`.

    Attributes:
        column: the column that holds it.
        template: a text with `{column}` in it; null where one of its columns is blank.
        constant: the same for every row.
        values: what the column's values stand for; any other value is unmappable.
        format: of a time or date, as `strptime` reads it; without one ISO 8601.
        optional: whether a file may lack the column.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    column: str | None = None
    template: str | None = None
    constant: str | bool | None = None
    values: dict[str, str | bool] | None = None
    format: str | None = None
    optional: bool = False

    @model_validator(mode="after")
    def _one_origin(self) -> Origin:
        if sum(value is not None for value in (self.column, self.template, self.constant)) != 1:
            raise ValueError("give one of column, template, constant")
        if self.template is not None and not _IN_BRACES.search(self.template):
            raise ValueError("the template names no {column}; for a fixed value use constant")
        return self

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it is made of."""
        if self.column is not None:
            return (self.column,)
        return tuple(_IN_BRACES.findall(self.template or ""))


def _texts(origin: Origin) -> Origin:
    if any(isinstance(value, bool) for value in _given(origin)):
        raise ValueError("it holds text: write true and false in quotes")
    return _unformatted(origin)


def _flags(origin: Origin) -> Origin:
    if origin.values is None and origin.constant is None:
        raise ValueError("say by `values` which texts are true and which are false")
    if any(isinstance(value, str) for value in _given(origin)):
        raise ValueError("it is true or false, without quotes")
    return _unformatted(origin)


def _plain(origin: Origin) -> Origin:
    if origin.values is not None or isinstance(origin.constant, bool):
        raise ValueError("`values` and true or false don't go with a number, time or date")
    return origin


def _unformatted(origin: Origin) -> Origin:
    if origin.format is not None:
        raise ValueError("`format` goes with a time or date only")
    return origin


def _given(origin: Origin) -> list[str | bool]:
    fixed = [] if origin.constant is None else [origin.constant]
    return [*fixed, *(origin.values or {}).values()]


TextFrom = Annotated[Origin, BeforeValidator(_column), AfterValidator(_texts)]
FlagFrom = Annotated[Origin, BeforeValidator(_column), AfterValidator(_flags)]
NumberFrom = Annotated[Origin, BeforeValidator(_column), AfterValidator(_plain), AfterValidator(_unformatted)]
TimeFrom = Annotated[Origin, BeforeValidator(_column), AfterValidator(_plain)]
DateFrom = Annotated[Origin, BeforeValidator(_column), AfterValidator(_plain)]


class InteractionFields(BaseModel):
    """A contact of a person with the agency; one a row."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    interaction_id: TextFrom
    started_at: TimeFrom
    ended_at: TimeFrom | None = None
    source_channel: TextFrom
    source_service: TextFrom | None = None
    source_organization: TextFrom | None = None
    direction: TextFrom | None = None
    wait_seconds: NumberFrom | None = None
    talk_seconds: NumberFrom | None = None
    handled_by: TextFrom | None = None
    is_abandoned: FlagFrom | None = None
    is_resolved: FlagFrom | None = None
    segment: TextFrom | None = None
    updated_at: TimeFrom | None = None


class SurveyResponseFields(BaseModel):
    """A filled-in survey; one a row. `answered_at` is a time, `answered_on` a date where no more is known."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    response_id: TextFrom
    form_id: TextFrom
    answered_at: TimeFrom | None = None
    answered_on: DateFrom | None = None
    source_channel: TextFrom | None = None
    source_service: TextFrom | None = None
    language: TextFrom | None = None
    weight: NumberFrom | None = None
    cluster_id: TextFrom | None = None
    updated_at: TimeFrom | None = None

    @model_validator(mode="after")
    def _one_time(self) -> SurveyResponseFields:
        if (self.answered_at is None) == (self.answered_on is None):
            raise ValueError("give answered_at (a time) or answered_on (a date), one of them")
        return self


def _same_names(value: object) -> object:
    return {name: name for name in value} if isinstance(value, list) else value


class FileFormat(BaseModel):
    """How a file is written and what its columns mean.

    Attributes:
        format: `csv` (RFC 4180, a header in row 1) or `ndjson` (an object a line).
        encoding: of the text; a byte-order mark may stand before UTF-8.
        delimiter: between a CSV file's columns.
        time_zone: IANA zone of times without an offset. Where clocks go back, an hour that comes twice is
            read as the first.
        identifiers: column → what it identifies a person by.
        other_columns: columns that are known and not used, or `any`; a file with any other is refused.
        maps_to: what a row is.
        fields: target field → where it comes from.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["csv", "ndjson"]
    encoding: Literal["utf-8", "utf-16", "latin-1", "windows-1252"] = "utf-8"
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    time_zone: Annotated[str, AfterValidator(_zone)] | None = None
    identifiers: dict[str, IdentifierType] = {}
    other_columns: tuple[str, ...] | Literal["any"] = ()


class InteractionMapping(FileFormat):
    """Files whose rows are interactions."""

    maps_to: Literal["interaction"]
    fields: InteractionFields


class SurveyResponseMapping(FileFormat):
    """Files whose rows are survey responses; `answers`: question id → column, or a list of both in one."""

    maps_to: Literal["survey_response"]
    fields: SurveyResponseFields
    answers: Annotated[dict[str, str], BeforeValidator(_same_names), Field(min_length=1)]


Mapping = InteractionMapping | SurveyResponseMapping


def origins(mapping: Mapping) -> dict[str, Origin]:
    """The fields that the mapping gives a value, in the target's order."""
    named = ((name, getattr(mapping.fields, name)) for name in type(mapping.fields).model_fields)
    return {name: origin for name, origin in named if origin is not None}


def required_columns(mapping: Mapping) -> tuple[str, ...]:
    """The columns that a file must have, each once, in the order of their use."""
    return tuple(dict.fromkeys(column for column, optional in _used(mapping) if not optional))


def known_columns(mapping: Mapping) -> frozenset[str] | None:
    """The columns that a file may have; None: any."""
    if mapping.other_columns == "any":
        return None
    return frozenset(column for column, _ in _used(mapping)) | frozenset(mapping.other_columns)


def _used(mapping: Mapping) -> list[tuple[str, bool]]:
    used = [(column, each.optional) for each in origins(mapping).values() for column in each.columns]
    used += [(column, False) for column in _answers(mapping).values()]
    return used + [(column, False) for column in mapping.identifiers]


def _answers(mapping: Mapping) -> dict[str, str]:
    return mapping.answers if isinstance(mapping, SurveyResponseMapping) else {}


def mapping_sha256(mapping: Mapping) -> str:
    """Of all that decides what a file's rows become; not of where the files lie."""
    names = {*FileFormat.model_fields, "maps_to", "fields", "answers"}
    settled = {"meaning": MEANING, **mapping.model_dump(mode="json", include=names)}
    return hashlib.sha256(msgspec.json.encode(settled, order="deterministic")).hexdigest()


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


Row = Sequence[str]
"""A row's texts, in the order of the columns; blank where it has none."""

_Value = str | bool | Decimal | datetime | date | None


class Mapper:
    """A mapping, settled for the columns of one file."""

    def __init__(self, mapping: Mapping, columns: Sequence[str]) -> None:
        """Find each field's columns. `columns` holds all `required_columns`."""
        place = {column: number for number, column in enumerate(columns)}
        zone = None if mapping.time_zone is None else ZoneInfo(mapping.time_zone)
        given = origins(mapping)
        self._fields = [
            (name, _reader(name, given.get(name), place, zone), field.is_required())
            for name, field in type(mapping.fields).model_fields.items()
        ]
        self._answers = [(question, place[column]) for question, column in _answers(mapping).items()]
        self._identifiers = [(type_, place[column]) for column, type_ in mapping.identifiers.items()]
        self._is_survey = isinstance(mapping, SurveyResponseMapping)

    def map(self, row: Row) -> Mapped:
        """Map one row.

        Raises:
            Unmappable: a value doesn't fit, or one that must be there is blank.
        """
        fields: dict[str, Any] = {}
        for name, read, is_required in self._fields:
            value = read(row)
            if value is None and is_required:
                raise Unmappable(f"{name} is blank")
            fields[name] = value
        if self._is_survey:
            time = fields["answered_at"] or fields["answered_on"]
            if time is None:
                raise Unmappable("the time of the answer is blank")
            updated_at = fields.pop("updated_at")
            fields["answers"] = {question: row[number] for question, number in self._answers}
            fields["updated_at"] = updated_at
        else:
            time = fields["started_at"]
        return Mapped(
            fields["response_id"] if self._is_survey else fields["interaction_id"],
            fields,
            fields["updated_at"],
            time.date() if isinstance(time, datetime) else time,
            tuple((type_, row[number]) for type_, number in self._identifiers if row[number]),
        )


def _reader(
    name: str, origin: Origin | None, place: dict[str, int], zone: ZoneInfo | None
) -> Callable[[Row], _Value]:
    if origin is None:
        return _nothing
    read = _text_reader(name, origin, place)
    if origin.values is not None or isinstance(origin.constant, bool):
        return read
    convert = _CONVERTERS.get(name)
    if convert is None:
        return read

    def converted(row: Row) -> _Value:
        text = read(row)
        return convert(name, text, origin.format, zone) if isinstance(text, str) else None

    return converted


def _text_reader(name: str, origin: Origin, place: dict[str, int]) -> Callable[[Row], str | bool | None]:
    if origin.constant is not None:
        constant = origin.constant
        return lambda row: constant
    if any(column not in place for column in origin.columns):
        return _nothing
    if origin.template is not None:
        return _template_reader(origin.template, place)
    number = place[origin.columns[0]]
    values = origin.values
    if values is None:
        return lambda row: row[number].strip() or None

    def translated(row: Row) -> str | bool | None:
        text = row[number].strip()
        try:
            return values[text]
        except KeyError:
            if not text:
                return None
        raise Unmappable(f"{name} holds something that the mapping's `values` don't name")

    return translated


def _template_reader(template: str, place: dict[str, int]) -> Callable[[Row], str | None]:
    pieces = _IN_BRACES.split(template)
    fixed, numbers = pieces[::2], [place[column] for column in pieces[1::2]]

    def filled(row: Row) -> str | None:
        texts = [row[number].strip() for number in numbers]
        if not all(texts):
            return None
        return fixed[0] + "".join(text + after for text, after in zip(texts, fixed[1:], strict=True))

    return filled


def _nothing(row: Row) -> None:
    return None


def _number(name: str, text: str, format_: str | None, zone: ZoneInfo | None) -> Decimal:
    if not _NUMBER.fullmatch(text):
        raise Unmappable(f"{name} is not a number")
    return Decimal(text.replace(",", ""))


def _time(name: str, text: str, format_: str | None, zone: ZoneInfo | None) -> datetime:
    try:
        if format_ is not None:
            time = datetime.strptime(text, format_)  # noqa: DTZ007 - the zone follows
        else:
            time = datetime.fromisoformat(text)
            if len(text) <= len("2026-01-05"):  # read as midnight, which nobody said
                raise Unmappable(f"{name} holds a date without a time")
        if time.tzinfo is None:
            if zone is None:
                raise Unmappable(f"{name} has no offset, and the mapping names no time_zone")
            time = time.replace(tzinfo=zone)
        return time.astimezone(UTC)
    except Unmappable:
        raise
    except (ValueError, OverflowError):
        raise Unmappable(f"{name} is not a time of the form {format_ or 'ISO 8601'}") from None


def _date(name: str, text: str, format_: str | None, zone: ZoneInfo | None) -> date:
    try:
        if format_ is not None:
            return datetime.strptime(text, format_).date()  # noqa: DTZ007 - a date has no zone
        return date.fromisoformat(text)
    except ValueError:
        raise Unmappable(f"{name} is not a date of the form {format_ or 'YYYY-MM-DD'}") from None


_CONVERTERS: dict[str, Callable[[str, str, str | None, ZoneInfo | None], Decimal | datetime | date]] = {
    "started_at": _time,
    "ended_at": _time,
    "answered_at": _time,
    "updated_at": _time,
    "answered_on": _date,
    "wait_seconds": _number,
    "talk_seconds": _number,
    "weight": _number,
}

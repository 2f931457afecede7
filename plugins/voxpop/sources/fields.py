"""A field's type and where its value comes from.

A target declares its fields by these types; a mapping says where each comes from, in one of the ways that
`Origin` has. What a type makes of a text, and what it refuses, stands in its class and nowhere else.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, model_validator

IN_BRACES = re.compile(r"\{([^{}]+)\}")
"""A column in a template."""

_NUMBER = re.compile(r"-?(\d+|\d{1,3}(,\d{3})+)(\.\d+)?")
_PERIOD = re.compile(
    r"(?:(?P<month>\d{4}-(0[1-9]|1[0-2]))|(?:FY ?)?(?P<year>\d{4})(?: ?Q(?P<quarter>[1-4]))?)"
)

Cell = str | date
"""A text; or a date or time (`datetime` is a `date`), where the file itself says that it is one."""

Value = str | bool | Decimal | datetime | date | None
Convert = Callable[[Any], Value]
"""Makes a field's value of a cell that is not blank; raises `Unmappable`."""


class Unmappable(ValueError):
    """A row can't be mapped; the message names the field and shows no value."""


class Origin(BaseModel, ABC):
    """Where a field's value comes from: exactly one of `column`, `template`, `constant`.

    Attributes:
        column: the column that holds it; a text alone stands for this.
        template: a text with `{column}` in it; null where one of its columns is blank.
        constant: the same for every row.
        optional: whether a file may lack the column.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    column: str | None = None
    template: str | None = None
    constant: Any = None
    optional: bool = False

    takes_dates: ClassVar[bool] = False
    """Whether its converter takes dates and times as well as texts."""

    @model_validator(mode="before")
    @classmethod
    def _column(cls, value: object) -> object:
        return {"column": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _one_origin(self) -> Origin:
        if sum(value is not None for value in (self.column, self.template, self.constant)) != 1:
            raise ValueError("give one of column, template, constant")
        if self.template is not None and not IN_BRACES.search(self.template):
            raise ValueError("the template names no {column}; for a fixed value use constant")
        return self

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it is made of."""
        if self.column is not None:
            return (self.column,)
        return tuple(IN_BRACES.findall(self.template or ""))

    @abstractmethod
    def converter(self, zone: ZoneInfo | None) -> Convert | None:
        """Give what makes values of texts (and of dates, if it takes them); None: the text is the value."""


class _Translated(Origin):
    """A column's texts, or what `values` says that they stand for; any other text is then unmappable."""

    values: dict[str, Any] | None = None

    @model_validator(mode="after")
    def _of_a_column(self) -> _Translated:
        if self.values is not None and self.constant is not None:
            raise ValueError("`values` go with a column, not with a constant")
        return self

    def converter(self, zone: ZoneInfo | None) -> Convert | None:
        """Give what looks a text up in `values`, if there are any."""
        values = self.values
        if values is None:
            return None

        def look_up(text: str) -> Value:
            try:
                found: str | bool = values[text]
            except KeyError:
                raise Unmappable("holds something that the mapping's `values` don't name") from None
            return found

        return look_up


class Text(_Translated):
    """A text."""

    constant: str | None = None
    values: dict[str, str] | None = None


class Flag(_Translated):
    """True or false: `values` says which texts mean what."""

    constant: bool | None = None
    values: dict[str, bool] | None = None

    @model_validator(mode="after")
    def _said(self) -> Flag:
        if self.values is None and self.constant is None:
            raise ValueError("say by `values` which texts are true and which are false")
        return self


class Number(Origin):
    """A number of any size, as an exact decimal; thousands may be set apart by commas."""

    constant: str | None = None

    def converter(self, zone: ZoneInfo | None) -> Convert:
        """Give what reads a number."""
        return _number


class Count(Number):
    """A whole number from 0 on."""

    def converter(self, zone: ZoneInfo | None) -> Convert:
        """Give what reads a count."""
        return _count


class Share(Number):
    """A share from 0 to 1, or a percentage with its sign; by `points` every number is a percentage."""

    points: bool = False

    def converter(self, zone: ZoneInfo | None) -> Convert:
        """Give what reads a share."""
        divisor = 100 if self.points else 1

        def share(text: str) -> Decimal:
            is_percentage = text.endswith("%")
            try:
                number = _number(text.removesuffix("%").rstrip())
            except Unmappable:
                raise Unmappable("is not a share") from None
            found = number / (100 if is_percentage else divisor)
            if not 0 <= found <= 1:
                raise Unmappable("is not a share from 0 to 1")
            return found

        return share


class Time(Origin):
    """A moment, as UTC. `format` as `strptime` reads it; without one ISO 8601."""

    constant: str | None = None
    format: str | None = None

    takes_dates: ClassVar[bool] = True

    def converter(self, zone: ZoneInfo | None) -> Convert:
        """Give what reads a time; one without an offset is of the zone."""
        format_ = self.format
        to_utc = _to_utc(zone)

        def time(cell: Cell) -> datetime:
            try:
                if isinstance(cell, datetime):
                    found = cell
                elif isinstance(cell, date):
                    raise Unmappable("holds a date without a time")
                elif format_ is not None:
                    found = datetime.strptime(cell, format_)  # noqa: DTZ007 - the zone follows
                else:
                    found = datetime.fromisoformat(cell)
                    if len(cell) <= len("2026-01-05"):  # read as midnight, which nobody said
                        raise Unmappable("holds a date without a time")
                return to_utc(found) if found.tzinfo is None else found.astimezone(UTC)
            except Unmappable:
                raise
            except (ValueError, OverflowError):
                raise Unmappable(f"is not a time of the form {format_ or 'ISO 8601'}") from None

        return time


class Date(Origin):
    """A day. `format` as `strptime` reads it; without one ISO 8601."""

    constant: str | None = None
    format: str | None = None

    takes_dates: ClassVar[bool] = True

    def converter(self, zone: ZoneInfo | None) -> Convert:
        """Give what reads a date; a local time is of its date, as a spreadsheet's dates are midnights."""
        format_ = self.format

        def day(cell: Cell) -> date:
            if isinstance(cell, datetime):
                if cell.tzinfo is not None:
                    raise Unmappable("holds a moment, which is a date only in some place")
                return cell.date()
            if isinstance(cell, date):
                return cell
            try:
                if format_ is not None:
                    return datetime.strptime(cell, format_).date()  # noqa: DTZ007 - a date has no zone
                return date.fromisoformat(cell)
            except ValueError:
                raise Unmappable(f"is not a date of the form {format_ or 'YYYY-MM-DD'}") from None

        return day


class Period(Origin):
    """A month (`2026-01`), a fiscal quarter (`2026Q1`, `FY2026 Q1`) or a fiscal year (`2026`, `FY2026`).

    Its value is a text: `2026-01`, `2026Q1` or `2026`.
    """

    constant: str | None = None

    def converter(self, zone: ZoneInfo | None) -> Convert:
        """Give what reads a period."""
        return _period


def _to_utc(zone: ZoneInfo | None) -> Callable[[datetime], datetime]:
    """Give what reads local times.

    Of an hour that comes twice it is the first; one that clocks skip is no time. Nearly every hour has one
    offset from its first moment to its last: it is asked for once.
    """
    offsets: dict[int, timedelta | None] = {}

    def utc(local: datetime) -> datetime:
        if zone is None:
            raise Unmappable("has no offset, and the mapping names no time_zone")
        hour = local.toordinal() * 24 + local.hour
        if hour not in offsets:
            offsets[hour] = _offset_of_hour(local, zone)
        offset = offsets[hour]
        if offset is not None:
            return (local - offset).replace(tzinfo=UTC)
        found = local.replace(tzinfo=zone)
        if _offset(found) < _offset(found.replace(fold=1)):
            raise Unmappable("is a time that clocks skipped when they went forward")
        return found.astimezone(UTC)

    return utc


def _offset_of_hour(local: datetime, zone: ZoneInfo) -> timedelta | None:
    """What an hour is ahead of UTC; None where that changes in it, or the hour comes twice or not at all."""
    first = local.replace(minute=0, second=0, microsecond=0, tzinfo=zone)
    last = local.replace(minute=59, second=59, microsecond=999_999, tzinfo=zone)
    found = {_offset(moment.replace(fold=fold)) for moment in (first, last) for fold in (0, 1)}
    return found.pop() if len(found) == 1 else None


def _offset(moment: datetime) -> timedelta:
    return moment.utcoffset() or timedelta(0)


def _number(text: str) -> Decimal:
    if not _NUMBER.fullmatch(text):
        raise Unmappable("is not a number")
    return Decimal(text.replace(",", ""))


def _count(text: str) -> Decimal:
    found = _number(text)
    if found < 0 or found != found.to_integral_value():
        raise Unmappable("is not a whole number from 0 on")
    return found.to_integral_value()


def _period(text: str) -> str:
    found = _PERIOD.fullmatch(text)
    if found is None:
        raise Unmappable("is not a month (2026-01), fiscal quarter (2026Q1) or fiscal year (2026)")
    quarter = f"Q{found['quarter']}" if found["quarter"] else ""
    return found["month"] or f"{found['year']}{quarter}"

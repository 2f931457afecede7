"""What `sources.yml` says of a source of files: where they lie, how they are written, what a row is.

What a row can be is a target: a class of `voxpop.sources.targets` that adds the target's fields to this.
"""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal
from zoneinfo import ZoneInfo

import msgspec
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from voxpop.raw.records import IdentifierType, PersonField
from voxpop.sources.fields import Origin

MEANING = 2
"""Raised when the same mapping begins to mean something else: files are then landed anew."""


def zone(name: str) -> str:
    """Take the name of an IANA time zone, or raise ValueError."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"{name!r} is no IANA time zone") from error
    return name


Zone = Annotated[str, AfterValidator(zone)]

_OF_FORMATS = {
    "encoding": ("csv", "ndjson", "json"),
    "delimiter": ("csv",),
    "header_rows": ("csv", "xlsx"),
    "names_row": ("csv", "xlsx"),
    "sheet": ("xlsx",),
    "records": ("json",),
}
"""A key that not every format has → the formats that it goes with."""


def same_names(value: object) -> object:
    """A list of names as a mapping of each to itself; what is a mapping already as it is."""
    return {name: name for name in value} if isinstance(value, list) else value


def content_id(fields: Mapping[str, Any]) -> str:
    """An id for a row that has none: 32 hex digits of a hash of all that it says."""
    said = msgspec.json.encode(fields, order="deterministic")
    return hashlib.sha256(said).hexdigest()[:32]


class Fields(BaseModel):
    """A target's fields: each name with its type; one without a default must be given."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Folder(BaseModel):
    """A folder that files are put into.

    Attributes:
        name: its name in the file.
        folder: where the files are; relative to `VOXPOP_HOME`.
        pattern: which files there.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    stream: ClassVar[str]
    """What the files' rows land in."""

    kind: str
    name: str
    folder: Path
    pattern: Annotated[str, Field(min_length=1)]

    @property
    def is_windowed(self) -> bool:
        """Files are landed as they come."""
        return False

    @property
    def connection(self) -> None:
        """None: a folder needs no credential."""
        return None


class FileSource(Folder):
    """A folder of files, how they are written and what their columns mean.

    Attributes:
        format: how they are written; `voxpop.sources.formats` has a module for each.
        encoding: of a text; a byte-order mark may stand before UTF-8.
        delimiter: between a CSV file's columns.
        header_rows: how many rows stand above the first row of data (CSV, XLSX).
        names_row: which of them names the columns; without it all do, joined by " / ".
        sheet: the XLSX sheet to read; without it the only one.
        records: the key of a JSON file's array, where the array doesn't stand alone.
        blanks: texts that stand for a blank cell, such as "No Data".
        time_zone: IANA zone of times without an offset. Where clocks go back, an hour that comes twice is
            read as the first; one that clocks skip is no time.
        identifiers: column → what it identifies a person by.
        person: what a row says of the person → column; it stays in raw, where records can be linked by it.
        other_columns: columns that are known and not used, or `any`; a file with any other is refused.
        maps_to: what a row is.
        fields: target field → where it comes from.
    """

    is_publication: ClassVar[bool] = False
    """Whether it is kept as others published it: of rows that say the same each is a record (the second's id
    ends in `-2`, and so on), and a spreadsheet's error is the text that it is."""

    kind: Literal["file_drop"]
    format: Literal["csv", "ndjson", "json", "parquet", "xlsx"]
    encoding: Literal["utf-8", "utf-16", "latin-1", "windows-1252"] = "utf-8"
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    header_rows: Annotated[int, Field(ge=1, le=20)] = 1
    names_row: Annotated[int, Field(ge=1)] | None = None
    sheet: Annotated[str, Field(min_length=1)] | None = None
    records: Annotated[str, Field(min_length=1)] | None = None
    blanks: tuple[str, ...] = ()
    time_zone: Zone | None = None
    identifiers: dict[str, IdentifierType] = {}
    person: dict[PersonField, str] = {}
    other_columns: tuple[str, ...] | Literal["any"] = ()
    maps_to: str
    fields: Fields

    @model_validator(mode="after")
    def _fits_the_format(self) -> FileSource:
        for key, formats in _OF_FORMATS.items():
            if key in self.model_fields_set and self.format not in formats:
                raise ValueError(f"`{key}` goes with the format {' or '.join(formats)}")
        if self.names_row is not None and self.names_row > self.header_rows:
            raise ValueError("`names_row` is one of the `header_rows`")
        return self

    @abstractmethod
    def record_id(self, fields: Mapping[str, Any]) -> str:
        """Give a row's own id, of its mapped fields."""

    @abstractmethod
    def day(self, fields: Mapping[str, Any]) -> date:
        """Give a row's day, of its mapped fields: UTC of a time, or the date that the file gives.

        Raises:
            Unmappable: it has none.
        """

    def collected(self) -> Mapping[str, Mapping[str, str]]:
        """Give the fields that hold any number of columns, by keys of their own: field → key → column."""
        return {"person": {str(name): column for name, column in self.person.items()}} if self.person else {}


def origins(source: FileSource) -> dict[str, Origin]:
    """The fields that the mapping gives a value, in the target's order."""
    named = ((name, getattr(source.fields, name)) for name in type(source.fields).model_fields)
    return {name: origin for name, origin in named if origin is not None}


def required_columns(source: FileSource) -> tuple[str, ...]:
    """The columns that a file must have, each once, in the order of their use."""
    return tuple(dict.fromkeys(column for column, optional in _used(source) if not optional))


def used_columns(source: FileSource) -> frozenset[str]:
    """The columns that the mapping reads, those that a file may lack among them."""
    return frozenset(column for column, _ in _used(source))


def known_columns(source: FileSource) -> frozenset[str] | None:
    """The columns that a file may have; None: any."""
    if source.other_columns == "any":
        return None
    return used_columns(source) | frozenset(source.other_columns)


def _used(source: FileSource) -> list[tuple[str, bool]]:
    used = [(column, each.optional) for each in origins(source).values() for column in each.columns]
    used += [(column, False) for columns in source.collected().values() for column in columns.values()]
    return used + [(column, False) for column in source.identifiers]


def mapping_sha256(source: Folder) -> str:
    """Of all that decides what a file's rows become; not of where the files lie."""
    elsewhere = {"kind", "name", "folder", "pattern"}
    said = source.model_dump(mode="json", exclude=elsewhere, exclude_defaults=True)
    settled = msgspec.json.encode({"meaning": MEANING, **said}, order="deterministic")
    return hashlib.sha256(settled).hexdigest()

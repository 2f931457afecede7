"""What an agency configures as seeds, proved row by row before dbt starts.

A row's type says what it needs; what it refers to, and what must not occur twice, is in `_TABLES`.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from voxpop.config import Settings
from voxpop.errors import ConfigError
from voxpop.raw.records import IdentifierType

REQUIRED_POLICIES = (
    "change_max_index_points",
    "change_max_volume_share",
    "low_n_below",
    "out_of_range_max_share",
    "quarantine_max_share",
    "raw_volume_max_factor",
    "redaction_max_share",
    "service_level_message_seconds",
    "service_level_seconds",
    "short_abandon_seconds",
    "suppression_min_n",
)
_SCALES = {"likert_5": (1, 5), "csat_5": (1, 5), "thumbs": (0, 1), "nps_11": (0, 10), "ten": (1, 10)}
_SHOWN = 20


def _zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError("is no IANA time zone, such as America/New_York")
    return name


def _true_or_false(text: object) -> object:
    if text not in {"true", "false"}:
        raise ValueError("is neither true nor false")
    return text == "true"


def _number(text: object) -> object:
    if not isinstance(text, str) or not re.fullmatch(r"-?\d+(\.\d+)?", text):
        raise ValueError("is no number")
    return text


def _day(text: object) -> object:
    if not isinstance(text, str) or not re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        raise ValueError("is no date as YYYY-MM-DD")
    return text


Text = Annotated[str, Field(min_length=1)]
Flag = Annotated[bool, BeforeValidator(_true_or_false)]
Count = Annotated[int, BeforeValidator(_number)]
Number = Annotated[float, BeforeValidator(_number)]
Day = Annotated[date, BeforeValidator(_day)]


class _Row(BaseModel):
    """A row as the file has it; an empty cell is null."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Organization(_Row):
    organization_id: Text
    organization_name: Text
    organization_abbreviation: Text
    parent_organization_id: str | None
    level: Literal["agency", "division"]
    time_zone: Annotated[str, AfterValidator(_zone)]

    @model_validator(mode="after")
    def _has_the_parent_that_its_level_has(self) -> Organization:
        if (self.level == "agency") != (self.parent_organization_id is None):
            raise ValueError("an agency has no parent_organization_id, and a division has one")
        return self


class Service(_Row):
    service_id: Text
    service_name: Text
    organization_id: Text
    stages: Text
    is_high_impact: Flag


class Channel(_Row):
    channel: Text
    channel_name: Text
    channel_group: Literal["digital", "phone", "in_person", "mail"]


class ChannelAlias(_Row):
    source_system: Text
    source_value: Text
    channel: Text


class ContactQueue(_Row):
    queue_id: Text
    queue_name: Text
    organization_id: Text
    service_id: str | None


class Survey(_Row):
    survey_id: Text
    survey_version: Annotated[Count, Field(ge=1)]
    survey_name: Text
    instrument: Text
    organization_id: Text
    service_id: str | None
    default_channel: Text
    sampling_design: Literal["census", "probability", "intercept", "opt_in"]
    is_weighted: Flag
    omb_control_number: str | None
    omb_expires_on: Day | None
    source_system: Text
    source_form_id: Text
    valid_from: Day
    valid_to: Day | None

    @model_validator(mode="after")
    def _has_whole_clearance_and_span(self) -> Survey:
        if (self.omb_control_number is None) != (self.omb_expires_on is None):
            raise ValueError("omb_control_number and omb_expires_on come both or neither")
        if self.valid_to is not None and self.valid_to < self.valid_from:
            raise ValueError("valid_to is before valid_from")
        return self


class Question(_Row):
    instrument: Text
    question_id: Text
    role: Literal["core", "comment", "reason_positive", "reason_negative", "identifier", "ignore"]
    driver: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")] | None
    scale: Literal["likert_5", "thumbs", "nps_11", "csat_5", "ten"] | None
    valid_min: Count | None
    valid_max: Count | None
    positive_min: Count | None
    not_answered: str | None
    statement: Text

    @model_validator(mode="after")
    def _measures_something_if_core(self) -> Question:
        if self.role != "core":
            if (self.driver, self.scale, self.valid_min, self.valid_max, self.positive_min) != (None,) * 5:
                raise ValueError(f"a question of the role {self.role} has no driver, scale or range")
            return self
        if self.driver is None or self.scale is None or self.valid_min is None or self.valid_max is None:
            raise ValueError("a core question needs driver, scale, valid_min and valid_max")
        least, most = _SCALES[self.scale]
        if not least <= self.valid_min < self.valid_max <= most:
            raise ValueError(
                f"valid_min and valid_max must be in order and within {least} to {most}, the scale's range"
            )
        if self.positive_min is not None and not self.valid_min < self.positive_min <= self.valid_max:
            raise ValueError("positive_min must be above valid_min and not above valid_max")
        return self


class Segment(_Row):
    segment: Text
    segment_name: Text


class IdentityRule(_Row):
    identifier_type: IdentifierType
    tier: Literal["strong", "medium", "weak"]
    degree_cap: Annotated[Count, Field(ge=1)] | None

    @model_validator(mode="after")
    def _has_a_cap_if_medium(self) -> IdentityRule:
        if (self.tier == "medium") != (self.degree_cap is not None):
            raise ValueError("the tier medium needs a degree_cap, and no other tier has one")
        return self


class BlockedIdentifier(_Row):
    identifier_type: IdentifierType
    value: Text
    reason: Text


class Policy(_Row):
    policy: Text
    value: Annotated[Number, Field(ge=0)]
    unit: Text
    description: Text
    source: Text


@dataclass(frozen=True)
class _Table:
    """A seed: its rows' type, what is unique in it, and what refers to which column of which seed."""

    row: type[_Row]
    key: tuple[str, ...]
    refers: tuple[tuple[str, str, str], ...] = ()


_TABLES = {
    "organizations": _Table(
        Organization, ("organization_id",), (("parent_organization_id", "organizations", "organization_id"),)
    ),
    "services": _Table(Service, ("service_id",), (("organization_id", "organizations", "organization_id"),)),
    "channels": _Table(Channel, ("channel",)),
    "channel_aliases": _Table(
        ChannelAlias, ("source_system", "source_value"), (("channel", "channels", "channel"),)
    ),
    "contact_queues": _Table(
        ContactQueue,
        ("queue_id",),
        (("organization_id", "organizations", "organization_id"), ("service_id", "services", "service_id")),
    ),
    "surveys": _Table(
        Survey,
        ("source_system", "source_form_id", "valid_from"),
        (
            ("organization_id", "organizations", "organization_id"),
            ("service_id", "services", "service_id"),
            ("default_channel", "channels", "channel"),
            ("instrument", "question_crosswalk", "instrument"),
        ),
    ),
    "question_crosswalk": _Table(Question, ("instrument", "question_id")),
    "segments": _Table(Segment, ("segment",)),
    "identity_rules": _Table(IdentityRule, ("identifier_type",)),
    "identity_blocklist": _Table(BlockedIdentifier, ("identifier_type", "value")),
    "policy": _Table(Policy, ("policy",)),
}


@dataclass(frozen=True)
class _Placed:
    """A row and the line on which it ends, the header being line 1."""

    line: int
    row: _Row

    def value(self, column: str) -> object:
        return getattr(self.row, column)


def check_seeds(settings: Settings) -> None:
    """Prove that every seed can be used.

    Args:
        settings: `settings.seeds` is the folder with one CSV file a seed.

    Raises:
        ConfigError: names each file, row and reason.
    """
    problems: list[str] = []
    rows: dict[str, list[_Placed]] = {}
    whole = set()
    for name, table in _TABLES.items():
        before = len(problems)
        rows[name] = _read(settings.seeds / f"{name}.csv", table.row, problems)
        problems += [f"{name}.csv: {problem}" for problem in _repeated(rows[name], table.key)]
        if len(problems) == before:
            whole.add(name)
    for name, table in _TABLES.items():
        for column, other, key in table.refers:
            if other in whole:
                known = {placed.value(key) for placed in rows[other]}
                problems += _unknown(name, rows[name], column, known, other)
    problems += _across(rows)
    if problems:
        more = f"\n  … and {len(problems) - _SHOWN} more" if len(problems) > _SHOWN else ""
        raise ConfigError(
            f"seeds in {settings.seeds} can't be used; nothing was built. Correct these and build again:\n  "
            + "\n  ".join(problems[:_SHOWN])
            + more
        )


def _read(path: Path, row: type[_Row], problems: list[str]) -> list[_Placed]:
    columns = list(row.model_fields)
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines(keepends=True)
    except FileNotFoundError:
        problems.append(
            f"{path.name}: is missing; without any rows it still needs its header {','.join(columns)}"
        )
        return []
    except UnicodeDecodeError:
        problems.append(f"{path.name}: is not UTF-8; save it as CSV UTF-8")
        return []
    reader = csv.reader(lines, strict=True)
    found = []
    try:
        header = next(reader, [])
        if header != columns:
            problems.append(f"{path.name}: row 1: the header must be {','.join(columns)}")
            return []
        for cells in reader:
            problem = _problem(cells, columns)
            if problem:
                problems.append(f"{path.name}: row {reader.line_num}: {problem}")
                continue
            values = {column: cell or None for column, cell in zip(columns, cells, strict=True)}
            try:
                found.append(_Placed(reader.line_num, row.model_validate(values)))
            except ValidationError as error:
                problems += [f"{path.name}: row {reader.line_num}: {reason}" for reason in _reasons(error)]
    except csv.Error as error:
        problems.append(f"{path.name}: row {reader.line_num}: is no CSV ({error})")
    return found


def _problem(cells: Sequence[str], columns: Sequence[str]) -> str | None:
    if len(cells) != len(columns):
        return f"has {len(cells)} cells instead of {len(columns)}"
    for column, cell in zip(columns, cells, strict=True):
        if cell != cell.strip():
            return f"{column} {cell!r} begins or ends with a space"
    return None


def _reasons(error: ValidationError) -> Iterator[str]:
    for detail in error.errors(include_url=False):
        reason = detail["msg"].removeprefix("Value error, ")
        if not detail["loc"]:
            yield reason
        elif detail["input"] is None:
            yield f"{detail['loc'][0]} is empty"
        else:
            yield f"{detail['loc'][0]} {detail['input']!r}: {reason[0].lower()}{reason[1:]}"


def _repeated(rows: Sequence[_Placed], key: Sequence[str]) -> Iterator[str]:
    seen: dict[tuple[object, ...], int] = {}
    for placed in rows:
        values = tuple(placed.value(column) for column in key)
        if values in seen:
            named = ", ".join(f"{column} {value}" for column, value in zip(key, values, strict=True))
            yield f"row {placed.line}: {named} is in row {seen[values]} already"
        seen.setdefault(values, placed.line)


def _unknown(
    name: str, rows: Sequence[_Placed], column: str, known: set[object], other: str
) -> Iterator[str]:
    for placed in rows:
        value = placed.value(column)
        if value is not None and value not in known:
            yield f"{name}.csv: row {placed.line}: {column} {value!r} is not in {other}.csv"


def _across(rows: dict[str, list[_Placed]]) -> Iterator[str]:
    """What no row can know of itself."""
    policies = {placed.value("policy") for placed in rows["policy"]}
    for policy in REQUIRED_POLICIES:
        if policy not in policies:
            yield f"policy.csv: there is no row for {policy}"
    core = [placed for placed in rows["question_crosswalk"] if placed.value("role") == "core"]
    for problem in _repeated(core, ("instrument", "driver")):
        yield f"question_crosswalk.csv: {problem}"
    yield from _overlapping(rows["surveys"])


def _overlapping(surveys: Sequence[_Placed]) -> Iterator[str]:
    """Two rows of one form whose spans share a day: a response would have two surveys."""
    forms: dict[tuple[object, object], list[tuple[date, date, int]]] = {}
    for placed in surveys:
        if isinstance(survey := placed.row, Survey):
            span = (survey.valid_from, survey.valid_to or date.max, placed.line)
            forms.setdefault((survey.source_system, survey.source_form_id), []).append(span)
    for (source_system, form), spans in forms.items():
        for earlier, later in zip(sorted(spans), sorted(spans)[1:], strict=False):
            if earlier[0] < later[0] <= earlier[1]:
                yield (
                    f"surveys.csv: row {later[2]}: form {form} of {source_system} is valid from {later[0]}, "
                    f"while row {earlier[2]} is valid until {earlier[1]}"
                )

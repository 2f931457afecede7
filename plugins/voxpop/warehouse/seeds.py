"""What an agency configures as seeds, proved row by row before dbt starts."""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from math import inf
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from voxpop.config import Settings
from voxpop.errors import ConfigError
from voxpop.warehouse.measure_tables import NEEDED, measure_columns, measure_key
from voxpop.warehouse.seed_tables import POLICIES, TABLES, Policy, PriorityGoal, Row, Survey

R = TypeVar("R", bound=Row)
_SHOWN = 20
"""How many problems are listed; the message says how many more there are."""
_TYPES = {"count": {"bigint", "integer"}, "number": {"bigint", "integer", "double"}}
"""The types of a table of measures that hold a count, and a number."""
_NOT_SHOWN = frozenset({"token", "other_token"})
"""Columns whose cell is in no message: in place of a token there may be a person's own identifier."""


@dataclass(frozen=True)
class _Placed:
    """A row and the line on which it ends, the header being line 1."""

    line: int
    row: Row

    def value(self, column: str) -> object:
        return getattr(self.row, column)


def check_seeds(settings: Settings) -> None:
    """Prove that every seed can be used.

    Args:
        settings: `settings.seeds` is the folder with one CSV file a seed; one that isn't there has no rows.

    Raises:
        ConfigError: names each file, row and reason.
    """
    problems: list[str] = [
        f"{path.name}: there is no seed of that name; there are {', '.join(TABLES)}"
        for path in sorted(settings.seeds.glob("*.csv"))
        if path.stem not in TABLES
    ]
    rows: dict[str, list[_Placed]] = {}
    whole = set()
    for name, table in TABLES.items():
        before = len(problems)
        rows[name] = _read(settings.seeds / f"{name}.csv", table.row, problems)
        problems += [f"{name}.csv: {problem}" for problem in _repeated(rows[name], table.key)]
        if len(problems) == before:
            whole.add(name)
    levels = {placed.value("level") for placed in rows["organizations"]}
    if "organizations" in whole and "agency" not in levels:
        problems.append("organizations.csv: there is no row for the agency itself")
    for name, table in TABLES.items():
        for column, other, key in table.refers:
            if other in whole:
                known = {placed.value(key) for placed in rows[other]}
                problems += _unknown(name, rows[name], column, known, other)
    problems += _across(rows, whole)
    problems += _unmeasured(settings.dbt_project, rows["priority_goals"])
    if problems:
        more = f"\n  … and {len(problems) - _SHOWN} more" if len(problems) > _SHOWN else ""
        raise ConfigError(
            f"seeds in {settings.seeds} can't be used; nothing was built. Correct these and build again:\n  "
            + "\n  ".join(problems[:_SHOWN])
            + more
        )


def rows_of(settings: Settings, name: str, row: type[R]) -> list[R]:
    """The rows of a seed that `check_seeds` has proved, in the file's order."""
    return [one for _, one in lines_of(settings, name, row)]


def lines_of(settings: Settings, name: str, row: type[R]) -> list[tuple[int, R]]:
    """The same rows, each with the line on which it ends, the header being line 1."""
    return [
        (placed.line, placed.row)
        for placed in _read(settings.seeds / f"{name}.csv", row, [])
        if isinstance(placed.row, row)
    ]


def _read(path: Path, row: type[Row], problems: list[str]) -> list[_Placed]:
    columns = list(row.model_fields)
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines(keepends=True)
    except FileNotFoundError:
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
            return f"{_shown(column, cell)} begins or ends with a space"
    return None


def _reasons(error: ValidationError) -> Iterator[str]:
    for detail in error.errors(include_url=False):
        reason = detail["msg"].removeprefix("Value error, ")
        if not detail["loc"]:
            yield reason
        elif detail["input"] is None:
            yield f"{detail['loc'][0]} is empty"
        else:
            shown = _shown(str(detail["loc"][0]), detail["input"])
            yield f"{shown}: {reason[0].lower()}{reason[1:]}"


def _shown(column: str, cell: object) -> str:
    return column if column in _NOT_SHOWN else f"{column} {cell!r}"


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


def _across(rows: dict[str, list[_Placed]], whole: Collection[str]) -> Iterator[str]:
    """What no row can know of itself; `whole` are the seeds of which every row could be read."""
    if "policy" in whole:
        yield from _unfit_policies(rows["policy"])
    for problem in _repeated(rows["segments"], ("segment_name",)):
        yield f"segments.csv: {problem}"
    core = [placed for placed in rows["question_crosswalk"] if placed.value("role") == "core"]
    for problem in _repeated(core, ("instrument", "driver")):
        yield f"question_crosswalk.csv: {problem}"
    for column in ("service_provider_id", "service_provider_slug"):
        for problem in _repeated(rows["service_providers"], (column,)):
            yield f"service_providers.csv: {problem}"
    yield from _unfit_to_file(rows)
    yield from _overlapping(rows["surveys"])
    yield from _unexplained(rows["surveys"], rows["survey_changes"])
    yield from _without_attribute(rows["identity_rules"])
    yield from _unchanged_zones(rows["earlier_time_zones"], rows["organizations"])
    yield from _without_stage(rows["web_pages"], rows["services"])
    yield from _with_two_meanings(rows["web_events"])


def _unfit_policies(policies: Sequence[_Placed]) -> Iterator[str]:
    """A policy that is missing, one that nothing asks for, and two that contradict each other."""
    placed = {str(one.value("policy")): one for one in policies}
    for policy in POLICIES:
        if policy not in placed:
            yield f"policy.csv: there is no row for {policy}"
    for policy, one in placed.items():
        if policy not in POLICIES:
            yield f"policy.csv: row {one.line}: nothing goes by a policy called {policy}"
    values = {policy: one.row.value for policy, one in placed.items() if isinstance(one.row, Policy)}
    if values.get("low_n_below", inf) < values.get("suppression_min_n", 0):
        marked, withheld = placed["low_n_below"].line, placed["suppression_min_n"].line
        yield (
            f"policy.csv: row {marked}: low_n_below {values['low_n_below']:g} is less than suppression_min_n "
            f"(row {withheld}), so that nothing shown would be marked"
        )


def _unfit_to_file(rows: dict[str, list[_Placed]]) -> Iterator[str]:
    """A survey that A-11 section 280 can't take: without a service, a trust question, or such a stage."""
    stages = {
        placed.value("service_id"): str(placed.value("stages")).split("|") for placed in rows["services"]
    }
    asked: dict[object, set[object]] = {}
    for placed in rows["question_crosswalk"]:
        is_filed = placed.value("scale") in ("thumbs", "likert_5", "radio_5")
        asked.setdefault(placed.value("instrument"), set()).add(placed.value("driver") if is_filed else None)
    versions: dict[object, list[_Placed]] = {}
    for placed in rows["surveys"]:
        versions.setdefault(placed.value("survey_id"), []).append(placed)
    for filed in rows["a11_280_surveys"]:
        stage = filed.value("service_stage")
        for survey in versions.get(filed.value("survey_id"), []):
            where = f"a11_280_surveys.csv: row {filed.line}: {filed.value('survey_id')}"
            service = survey.value("service_id")
            if service is None:
                yield f"{where} is about no service (surveys.csv: row {survey.line}), and is filed for one"
            elif stage is not None and stage not in stages.get(service, [stage]):
                yield f"{where}: {service} has no stage {stage!r} in services.csv"
            instrument = survey.value("instrument")
            if "trust" not in asked.get(instrument, {"trust"}):
                named = f"{instrument} (surveys.csv: row {survey.line})"
                yield f"{where} asks {named}, which has no question on trust of thumbs or five points"


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


def _unexplained(surveys: Sequence[_Placed], changes: Sequence[_Placed]) -> Iterator[str]:
    """A version that differs from the one before in nothing, and a change before there was a survey."""
    said = {(placed.value("survey_id"), placed.value("changed_on")) for placed in changes}
    versions: dict[str, dict[int, list[tuple[Survey, int]]]] = {}
    for placed in surveys:
        if isinstance(survey := placed.row, Survey):
            of_survey = versions.setdefault(survey.survey_id, {})
            of_survey.setdefault(survey.survey_version, []).append((survey, placed.line))
    begun: dict[object, date] = {}
    for survey_id, of_survey in versions.items():
        ordered = sorted((min(row.valid_from for row, _ in rows), n, rows) for n, rows in of_survey.items())
        begun[survey_id] = ordered[0][0]
        for (_, earlier, before), (valid_from, later, after) in pairwise(ordered):
            if _asked(before) == _asked(after) and (survey_id, valid_from) not in said:
                yield (
                    f"surveys.csv: row {after[0][1]}: version {later} of {survey_id} has the instrument, "
                    f"channel and sampling of version {earlier}; give it what changed, or a row in "
                    f"survey_changes.csv for {valid_from}"
                )
    for placed in changes:
        first, changed_on = begun.get(placed.value("survey_id")), placed.value("changed_on")
        if first is not None and isinstance(changed_on, date) and changed_on <= first:
            yield (
                f"survey_changes.csv: row {placed.line}: {placed.value('survey_id')} begins on {first} "
                f"(surveys.csv), so nothing can have changed on {changed_on}"
            )


def _asked(version: Sequence[tuple[Survey, int]]) -> set[tuple[object, ...]]:
    """What a survey's version shows of how people are asked."""
    return {(row.instrument, row.default_channel, row.sampling_design, row.is_weighted) for row, _ in version}


def _unchanged_zones(earlier: Sequence[_Placed], organizations: Sequence[_Placed]) -> Iterator[str]:
    """An earlier time zone that is the next one too: one of the two is mistyped, or nothing changed."""
    kept: dict[object, list[_Placed]] = {}
    for placed in sorted(earlier, key=lambda placed: str(placed.value("valid_to"))):
        kept.setdefault(placed.value("organization_id"), []).append(placed)
    for now in organizations:
        for before, after in pairwise([*kept.get(now.value("organization_id"), []), now]):
            if before.value("time_zone") == after.value("time_zone"):
                seed = "organizations" if after is now else "earlier_time_zones"
                yield (
                    f"earlier_time_zones.csv: row {before.line}: {now.value('organization_id')} keeps "
                    f"{before.value('time_zone')} until {before.value('valid_to')} and, by row "
                    f"{after.line} of {seed}.csv, after it"
                )


def _without_stage(pages: Sequence[_Placed], services: Sequence[_Placed]) -> Iterator[str]:
    """A page of a stage that its service does not have."""
    stages = {placed.value("service_id"): str(placed.value("stages")).split("|") for placed in services}
    for placed in pages:
        stage, service = placed.value("journey_stage"), placed.value("service_id")
        if stage is not None and service in stages and stage not in stages[service]:
            yield (
                f"web_pages.csv: row {placed.line}: journey_stage {stage!r} is none of {service}'s, which "
                f"services.csv gives as {', '.join(stages[service])}"
            )


def _without_attribute(rules: Sequence[_Placed]) -> Iterator[str]:
    """A second attribute that is none: its type has no row, or one that makes identity by itself."""
    attributes = {rule.value("identifier_type") for rule in rules if rule.value("tier") == "attribute"}
    for rule in rules:
        second = rule.value("second_attribute")
        if second is not None and second not in attributes:
            yield (
                f"identity_rules.csv: row {rule.line}: second_attribute {second!r} has no row of the tier "
                "attribute"
            )


def _with_two_meanings(events: Sequence[_Placed]) -> Iterator[str]:
    """Rows of one event that read different parameters, or that any value and one value both match."""
    first: dict[object, _Placed] = {}
    for placed in events:
        before = first.setdefault(placed.value("event_name"), placed)
        if before is placed:
            continue
        name = placed.value("event_name")
        if placed.value("parameter") != before.value("parameter"):
            yield (
                f"web_events.csv: row {placed.line}: {name} is told by another parameter in row {before.line}"
            )
        elif None in (placed.value("value"), before.value("value")):
            yield f"web_events.csv: row {placed.line}: {name} has any value, or one, in row {before.line}"


def _unmeasured(dbt_project: Path, goals: Sequence[_Placed]) -> Iterator[str]:
    """Goals that name a table or column which isn't there, or isn't what it is named as."""
    for placed in goals:
        if not isinstance(goal := placed.row, PriorityGoal):
            continue
        at = f"priority_goals.csv: row {placed.line}"
        columns = measure_columns(dbt_project, goal.table_name)
        if columns is None:
            yield f"{at}: table_name {goal.table_name!r} is no public table of measures"
            continue
        for column in [*NEEDED, *goal.figures.values(), *goal.filtered]:
            if column not in columns:
                yield f"{at}: there is no column {column!r} in {goal.table_name}"
        for name, column in goal.figures.items():
            held = "count" if name == "n_column" else "number"
            if column in columns and columns[column] not in _TYPES[held]:
                yield f"{at}: {name} {column!r} holds no {held}"
        key = measure_key(dbt_project, goal.table_name)
        for column in goal.filtered:
            if column in columns and column not in key:
                yield (
                    f"{at}: row_filter names {column!r}, which is not what tells the rows of "
                    f"{goal.table_name} apart: {', '.join(key)}"
                )

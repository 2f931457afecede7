"""What changed from one release to another: tables, batches, and published figures, each with its cause.

A period is closed where its last day lay within what the earlier release was complete to; a figure of it that
changes is restated, if its table told of that period at all: of a quarter that isn't settled some tell
nothing. Nobody can know of one figure which record moved it, so a cause says what is certain: the method is
another one; a person took a batch that holds records of its days out or in; batches with records of its days
came; or nothing of its days came, and it changed with something else (a customer who was joined, a cell that
is withheld with it).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb

from voxpop.config import Settings
from voxpop.raw.manifests import Manifest as RawManifest
from voxpop.raw.manifests import visible
from voxpop.release import store
from voxpop.release.compared import COMPARED, shared_figures, shared_keys
from voxpop.release.manifest import Cause, Manifest, Restatement, complete_to
from voxpop.release.tables import quoted

__all__ = [
    "Diff",
    "FigureChange",
    "TableChange",
    "changed_figures",
    "diff",
    "ordered_batches",
    "restatements",
    "shared_keys",
]

_DAY = timedelta(days=1)
"""A record's day is its source's own, which may lie a day beside the local one."""


@dataclass(frozen=True)
class TableChange:
    """A table whose rows or content are not the same; rows are None where a release hasn't got it."""

    name: str
    rows_before: int | None
    rows_after: int | None


@dataclass(frozen=True)
class FigureChange:
    """A published figure that is not the same; None where it is withheld or not there.

    Attributes:
        table: where it stands.
        period_label: as people call its period.
        period_start: its first day.
        last_day: its last day; None for a kind of period that nobody knows the end of.
        key: what else tells it from others, by column; no column that either release lacks.
        column: which figure of the row.
        before: in the earlier release.
        after: in the later one.
        is_restated: its period lay within what the earlier release was complete to, and its table told of it.
    """

    table: str
    period_label: str
    period_start: date
    last_day: date | None
    key: Mapping[str, str]
    column: str
    before: float | None
    after: float | None
    is_restated: bool

    @property
    def name(self) -> str:
        """What tells it from others, in words."""
        parts = (self.table, self.period_label, *self.key.values(), self.column)
        return " ".join(part for part in parts if part)


@dataclass(frozen=True)
class Diff:
    """All that differs from one release to another; `not_compared` are tables with other columns now."""

    before: str
    after: str
    is_same_method: bool
    tables: Sequence[TableChange]
    batches_added: Sequence[str]
    batches_removed: Sequence[str]
    figures: Sequence[FigureChange]
    restated: Sequence[Restatement]
    not_compared: Sequence[str]

    def rows(self) -> list[dict[str, str | float | None]]:
        """Give it as a table of `what`, `name`, `before`, `after`, `why`: tables, figures, batches.

        Figures that aren't restated, of periods that were open or not told of, are a count.
        """
        found: list[dict[str, str | float | None]] = []
        if not self.is_same_method:
            found.append(_row("method", "fingerprint", None, "changed"))
        found += [_row("table", table.name, table.rows_before, table.rows_after) for table in self.tables]
        for table in self.not_compared:
            found.append(_row("figures", table, None, "not compared: the tables have other columns"))
        restated = [figure for figure in self.figures if figure.is_restated]
        others = len(self.figures) - len(restated)
        if others:
            found.append(_row("figures", "of periods that were open, or not told of", None, others))
        found += [
            _row("restated", figure.name, figure.before, figure.after, one["cause"])
            for figure, one in zip(restated, self.restated, strict=True)
        ]
        # Last: there may be hundreds, and they explain what the rows before them say.
        found += [
            _row("batch", name, None, change)
            for change, names in (("added", self.batches_added), ("removed", self.batches_removed))
            for name in names
        ]
        return found


def _row(
    what: str, name: str, before: float | None, after: str | float | None, why: str | None = None
) -> dict[str, str | float | None]:
    return {"what": what, "name": name, "before": before, "after": after, "why": why}


def diff(settings: Settings, before: str, after: str) -> Diff:
    """Compare two kept releases.

    Raises:
        UsageError: there is no such release.
    """
    old, new = store.show(settings, before), store.show(settings, after)
    old_tables, new_tables = old.manifest["tables"], new.manifest["tables"]
    old_batches, new_batches = _ids(old.manifest), _ids(new.manifest)
    with duckdb.connect() as connection:
        keys = shared_keys(connection, old.folder, new.folder)
        figures = changed_figures(connection, old, new.folder)
    moved = _moved(visible(settings), old.manifest, new_batches, _excluded(new.manifest))
    is_same_method = old.manifest["fingerprint"] == new.manifest["fingerprint"]
    return Diff(
        before=old.release_id,
        after=new.release_id,
        is_same_method=is_same_method,
        tables=[
            TableChange(
                name,
                old_tables[name]["rows"] if name in old_tables else None,
                new_tables[name]["rows"] if name in new_tables else None,
            )
            for name in sorted({*old_tables, *new_tables})
            if old_tables.get(name) != new_tables.get(name)
        ],
        batches_added=sorted(new_batches - old_batches),
        batches_removed=sorted(old_batches - new_batches),
        figures=figures,
        restated=[
            _restatement(figure, moved, is_same_method=is_same_method)
            for figure in figures
            if figure.is_restated
        ],
        not_compared=[table for table, key in keys.items() if key is None and COMPARED[table].figures],
    )


def changed_figures(
    connection: duckdb.DuckDBPyConnection, before: store.Release, after: Path
) -> list[FigureChange]:
    """Find the published figures that differ, of every table that can be compared.

    Args:
        connection: any.
        before: the earlier release.
        after: the later release's or candidate's folder.

    Returns:
        By table, then by time.
    """
    until = complete_to(before.manifest)
    found: list[FigureChange] = []
    for table, key in shared_keys(connection, before.folder, after).items():
        if key is not None and COMPARED[table].figures:
            found += _of_table(connection, table, key, (before.folder, after), until)
    return found


def _of_table(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    key: Sequence[str],
    folders: tuple[Path, Path],
    until: date | None,
) -> Iterator[FigureChange]:
    old, new = (quoted(str(folder / "parquet" / f"{table}.parquet")) for folder in folders)
    figures = shared_figures(connection, table, *folders)
    periods = {"period_type", "period_start", "period_label"}
    named = [column for column in key if column not in periods]
    span = ", ".join(column for column in key if column in periods)
    values = ", ".join(
        f"{{'figure': '{one}', 'was': old.{one}::double, 'is': new.{one}::double}}" for one in figures
    )
    same = " and ".join(f"old.{column} is not distinct from new.{column}" for column in key)
    names = "".join(f", coalesce(old.{column}, new.{column})::varchar as {column}" for column in named)
    period = ", ".join(
        f"coalesce(old.{column}, new.{column}) as {column}"
        for column in dict.fromkeys((*key, *COMPARED[table].needed))
        if column not in named
    )
    rows = connection.execute(
        f"""
        with told as (select distinct ({span}) from read_parquet({old})),
        joined as (
            select {period} {names}, old, new, unnest([{values}]) as one
            from read_parquet({old}) as old
            full join read_parquet({new}) as new on {same}
        )
        select
            period_label, period_start, {COMPARED[table].last_day} as last_day,
            coalesce(last_day <= $until, false) and ({span}) in (from told) as is_restated,
            one.figure, one.was, one.is
            {"".join(f", {column}" for column in named)}
        from joined
        where one.was is distinct from one.is
        order by period_start, period_type {"".join(f", {column}" for column in named)}, one.figure
        """,  # noqa: S608 - paths and columns of our own
        {"until": until},
    ).fetchall()
    for label, start, last, is_restated, figure, was, is_now, *cells in rows:
        said = {column: cell for column, cell in zip(named, cells, strict=True) if cell is not None}
        yield FigureChange(table, label, start, last, said, figure, was, is_now, is_restated)


@dataclass(frozen=True)
class _Moved:
    """A batch that only one of two releases rests on; `days` are None where raw has lost them."""

    batch_id: str
    source: str
    stream: str
    days: Collection[date] | None
    cause: Cause

    def may_be_behind(self, figure: FigureChange) -> bool:
        """Whether it holds records of the figure's days, from what the figure counts."""
        streams = COMPARED[figure.table].streams
        source = figure.key.get("source_system")
        if streams is not None and self.stream not in streams and source is None:
            return False
        if source is not None and self.source != source:
            return False
        if self.days is None or figure.last_day is None:
            return True
        return any(figure.period_start - _DAY <= day <= figure.last_day + _DAY for day in self.days)


def restatements(
    connection: duckdb.DuckDBPyConnection,
    before: store.Release,
    folder: Path,
    *,
    landed: Sequence[RawManifest],
    batches: Collection[str],
    excluded: Collection[str],
    is_same_method: bool,
) -> list[Restatement]:
    """Give the figures of closed periods that a candidate changes, each with its cause.

    Of tables that can't be compared there are none: the gate warns of that.

    Args:
        connection: any.
        before: the current release.
        folder: the candidate's.
        landed: what raw knows of batches.
        batches: ids of those that the candidate rests on.
        excluded: ids of those that a person has taken out.
        is_same_method: whether the same models, seeds and policy made both.
    """
    moved = _moved(landed, before.manifest, set(batches), set(excluded))
    return [
        _restatement(figure, moved, is_same_method=is_same_method)
        for figure in changed_figures(connection, before, folder)
        if figure.is_restated
    ]


def _restatement(figure: FigureChange, moved: Sequence[_Moved], *, is_same_method: bool) -> Restatement:
    behind = [one for one in moved if one.may_be_behind(figure)]
    causes: list[Cause] = ["excluded", "included", "records"]
    cause: Cause = next((each for each in causes if any(one.cause == each for one in behind)), "indirect")
    return {
        "table": figure.table,
        "period_label": figure.period_label,
        "key": dict(figure.key),
        "column": figure.column,
        "before": figure.before,
        "after": figure.after,
        "cause": cause if is_same_method else "method",
        "batches": sorted(one.batch_id for one in behind),
    }


def ordered_batches(before: Manifest, after: Manifest) -> set[str]:
    """Give the ids of batches that a person took out of the earlier release, or back into the later one.

    A batch that is excluded and that the earlier release never held changes nothing, so it is not among them.
    """
    return _ids(before) & _excluded(after) | _ids(after) & _excluded(before)


def _moved(
    landed: Sequence[RawManifest], before: Manifest, batches: set[str], excluded: set[str]
) -> list[_Moved]:
    known = {batch.batch_id: batch for batch in landed}
    old, was_excluded = _ids(before), _excluded(before)
    found = []
    for batch_id in sorted(batches ^ old):
        cause: Cause = "records"
        if batch_id in old and batch_id in excluded:
            cause = "excluded"
        elif batch_id in batches and batch_id in was_excluded:
            cause = "included"
        source, stream = batch_id.split(".")[:2]
        days = {date.fromisoformat(day) for day in known[batch_id].days} if batch_id in known else None
        found.append(_Moved(batch_id, source, stream, days, cause))
    return found


def _ids(manifest: Manifest) -> set[str]:
    return {batch["batch_id"] for batch in manifest["batches"]}


def _excluded(manifest: Manifest) -> set[str]:
    return {batch["batch_id"] for batch in manifest["excluded"]}

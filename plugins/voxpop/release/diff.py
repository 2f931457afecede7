"""What changed from one release to another: tables, batches, and published figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from voxpop.config import Settings
from voxpop.release import store
from voxpop.release.manifest import Restatement
from voxpop.release.tables import quoted


@dataclass(frozen=True)
class _Compared:
    """The columns that name a row, if rows are compared, and those that no comparison can lack."""

    key: Sequence[str]
    needed: Sequence[str]


_PERIODS = ("period_type", "period_start", "breakdown", "member")
_COMPARED: Mapping[str, _Compared] = {
    "cx_index": _Compared(
        (*_PERIODS, "scale", "measure", "driver"),
        (*_PERIODS, "period_label", "measure", "value", "suppressed", "low_n"),
    ),
    "contact_center_performance": _Compared(
        (*_PERIODS, "source_system"), (*_PERIODS, "period_label", "suppressed", "low_n")
    ),
    "fct_survey_responses": _Compared((), ("source_system", "answered_local_date")),
    "fct_interactions": _Compared((), ("source_system", "started_local_date")),
    "fct_comments": _Compared((), ("source_system", "commented_date")),
}


@dataclass(frozen=True)
class TableChange:
    """A table whose rows or content are not the same; rows are None where a release hasn't got it."""

    name: str
    rows_before: int | None
    rows_after: int | None


@dataclass(frozen=True)
class FigureChange:
    """A cell of `cx_index` whose value is not the same; None where it is withheld or not there.

    `scale` and `driver` are empty where a release has no such column.

    `is_closed`: its period had ended when the earlier release was made, so this is a restatement.
    """

    period_label: str
    breakdown: str
    member: str
    scale: str
    measure: str
    driver: str
    before: float | None
    after: float | None
    is_closed: bool

    @property
    def name(self) -> str:
        """What tells the cell from others; what a release has no column for is left out."""
        parts = (self.period_label, self.breakdown, self.member, self.scale, self.measure, self.driver)
        return " ".join(part for part in parts if part)


@dataclass(frozen=True)
class Diff:
    """All that differs from one release to another; `figures` is None where they can't be compared."""

    before: str
    after: str
    is_same_method: bool
    tables: Sequence[TableChange]
    batches_added: Sequence[str]
    batches_removed: Sequence[str]
    figures: Sequence[FigureChange] | None

    def rows(self) -> list[dict[str, str | float | None]]:
        """Give it as a table of `what`, `name`, `before`, `after`: tables, figures, batches.

        Figures of open periods are a count.
        """
        found: list[dict[str, str | float | None]] = []
        if not self.is_same_method:
            found.append({"what": "method", "name": "fingerprint", "before": None, "after": "changed"})
        found += [
            {"what": "table", "name": table.name, "before": table.rows_before, "after": table.rows_after}
            for table in self.tables
        ]
        if self.figures is None:
            shape = "not compared: the tables have other columns"
            found.append({"what": "figures", "name": "cx_index", "before": None, "after": shape})
        figures = self.figures or ()
        still_open = sum(not figure.is_closed for figure in figures)
        if still_open:
            found.append({"what": "figures", "name": "of open periods", "before": None, "after": still_open})
        found += [
            {"what": "restated", "name": f.name, "before": f.before, "after": f.after}
            for f in figures
            if f.is_closed
        ]
        # Last: there may be hundreds, and they explain what the rows before them say.
        found += [
            {"what": "batch", "name": name, "before": None, "after": change}
            for change, names in (("added", self.batches_added), ("removed", self.batches_removed))
            for name in names
        ]
        return found


def diff(settings: Settings, before: str, after: str) -> Diff:
    """Compare two kept releases.

    Raises:
        UsageError: there is no such release.
    """
    old, new = store.show(settings, before), store.show(settings, after)
    old_tables, new_tables = old.manifest["tables"], new.manifest["tables"]
    old_batches = {batch["batch_id"] for batch in old.manifest["batches"]}
    new_batches = {batch["batch_id"] for batch in new.manifest["batches"]}
    with duckdb.connect() as connection:
        figures = changed_figures(connection, old.folder, new.folder)
    return Diff(
        before=old.release_id,
        after=new.release_id,
        is_same_method=old.manifest["fingerprint"] == new.manifest["fingerprint"],
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
    )


def shared_keys(
    connection: duckdb.DuckDBPyConnection, before: Path, after: Path
) -> dict[str, tuple[str, ...] | None]:
    """Find which tables can be compared, though the models may have changed in between.

    Args:
        connection: any.
        before: the earlier release's folder.
        after: the later release's or candidate's folder.

    Returns:
        Each table that is compared → the columns of its key that both have. None where these don't name one
        row in both, or where one of them lacks the table or a column that the comparison rests on.
    """
    found: dict[str, tuple[str, ...] | None] = dict.fromkeys(_COMPARED)
    for table, compared in _COMPARED.items():
        files = [folder / "parquet" / f"{table}.parquet" for folder in (before, after)]
        if not all(file.exists() for file in files):
            continue
        rows = [f"read_parquet({quoted(str(file))})" for file in files]
        columns = [
            {name for name, *_ in connection.execute(f"describe from {one}").fetchall()} for one in rows
        ]
        shared = columns[0] & columns[1]
        key = tuple(column for column in compared.key if column in shared)
        if shared.issuperset(compared.needed) and all(_is_key(connection, one, key) for one in rows if key):
            found[table] = key
    return found


def _is_key(connection: duckdb.DuckDBPyConnection, rows: str, key: Sequence[str]) -> bool:
    repeated = connection.execute(
        f"select 1 from {rows} group by {', '.join(key)} having count(*) > 1 limit 1"  # noqa: S608
    ).fetchone()
    return repeated is None


def changed_figures(
    connection: duckdb.DuckDBPyConnection, before: Path, after: Path
) -> list[FigureChange] | None:
    """Find the cells of `cx_index` whose value differs.

    Args:
        connection: any.
        before: the earlier release's folder.
        after: the later release's or candidate's folder.

    Returns:
        The changes, or None where the tables' columns differ too much to tell a cell of one in the other.
    """
    keys = shared_keys(connection, before, after)
    key = keys["cx_index"]
    if key is None or keys["fct_survey_responses"] is None:
        return None
    old, new = (quoted(str(folder / "parquet" / "cx_index.parquet")) for folder in (before, after))
    responses = quoted(str(before / "parquet" / "fct_survey_responses.parquet"))
    names = ", ".join(c if c in key else f"'' as {c}" for c in ("scale", "measure", "driver"))
    rows = connection.execute(
        f"""
        with known as (select max(answered_local_date) as until from read_parquet({responses}))
        select
            coalesce(old.period_label, new.period_label), breakdown, member, {names},
            old.value, new.value,
            coalesce(
                period_start + if(period_type = 'month', interval 1 month, interval 3 months) <= known.until,
                false
            )
        from read_parquet({old}) as old
        full join read_parquet({new}) as new using ({", ".join(key)})
        cross join known
        where old.value is distinct from new.value
        order by period_start, period_type, {", ".join(key[2:])}
        """  # noqa: S608 - paths of our own
    ).fetchall()
    return [FigureChange(*row) for row in rows]


def restatements(
    connection: duckdb.DuckDBPyConnection, before: store.Release, folder: Path, *, is_same_method: bool
) -> list[Restatement]:
    """Give the figures of closed periods that a candidate changes.

    It is empty where they can't be compared too: the gate warns of that.

    Args:
        connection: any.
        before: the current release.
        folder: the candidate's.
        is_same_method: whether the same models, seeds and policy made both; else the method is the cause.
    """
    return [
        {
            "period_label": figure.period_label,
            "breakdown": figure.breakdown,
            "member": figure.member,
            "scale": figure.scale,
            "measure": figure.measure,
            "driver": figure.driver,
            "before": figure.before,
            "after": figure.after,
            "cause": "records" if is_same_method else "method",
        }
        for figure in changed_figures(connection, before.folder, folder) or ()
        if figure.is_closed
    ]

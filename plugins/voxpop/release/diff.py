"""What changed from one release to another: tables, batches, and published figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from voxpop.config import Settings
from voxpop.release import store
from voxpop.release.manifest import Restatement
from voxpop.release.tables import quoted

_KEY = ("period_type", "period_start", "breakdown", "member", "scale", "measure", "driver")


@dataclass(frozen=True)
class TableChange:
    """A table whose rows or content are not the same; rows are None where a release hasn't got it."""

    name: str
    rows_before: int | None
    rows_after: int | None


@dataclass(frozen=True)
class FigureChange:
    """A cell of `cx_index` whose value is not the same; None where it is withheld or not there.

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


@dataclass(frozen=True)
class Diff:
    """All that differs from one release to another."""

    before: str
    after: str
    is_same_method: bool
    tables: Sequence[TableChange]
    batches_added: Sequence[str]
    batches_removed: Sequence[str]
    figures: Sequence[FigureChange]

    def rows(self) -> list[dict[str, str | float | None]]:
        """Give it as a table of `what`, `name`, `before`, `after`; figures of open periods as a count."""
        found: list[dict[str, str | float | None]] = []
        if not self.is_same_method:
            found.append({"what": "method", "name": "fingerprint", "before": None, "after": "changed"})
        found += [
            {"what": "batch", "name": name, "before": None, "after": "added"} for name in self.batches_added
        ]
        found += [
            {"what": "batch", "name": name, "before": None, "after": "removed"}
            for name in self.batches_removed
        ]
        found += [
            {"what": "table", "name": table.name, "before": table.rows_before, "after": table.rows_after}
            for table in self.tables
        ]
        still_open = sum(not figure.is_closed for figure in self.figures)
        if still_open:
            found.append({"what": "figures", "name": "of open periods", "before": None, "after": still_open})
        found += [
            {
                "what": "restated",
                "name": " ".join((f.period_label, f.breakdown, f.member, f.scale, f.measure, f.driver)),
                "before": f.before,
                "after": f.after,
            }
            for f in self.figures
            if f.is_closed
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


def changed_figures(connection: duckdb.DuckDBPyConnection, before: Path, after: Path) -> list[FigureChange]:
    """Find the cells of `cx_index` whose value differs.

    Args:
        connection: any.
        before: the earlier release's folder.
        after: the later release's or candidate's folder.
    """
    old, new = (quoted(str(folder / "parquet" / "cx_index.parquet")) for folder in (before, after))
    responses = quoted(str(before / "parquet" / "fct_survey_responses.parquet"))
    key = ", ".join(_KEY)
    rows = connection.execute(
        f"""
        with known as (select max(answered_local_date) as until from read_parquet({responses}))
        select
            coalesce(old.period_label, new.period_label), breakdown, member, scale, measure, driver,
            old.value, new.value,
            coalesce(
                period_start + if(period_type = 'month', interval 1 month, interval 3 months) <= known.until,
                false
            )
        from read_parquet({old}) as old
        full join read_parquet({new}) as new using ({key})
        cross join known
        where old.value is distinct from new.value
        order by period_start, period_type, breakdown, member, scale, measure, driver
        """  # noqa: S608 - paths of our own
    ).fetchall()
    return [FigureChange(*row) for row in rows]


def restatements(
    connection: duckdb.DuckDBPyConnection, before: store.Release, folder: Path, *, is_same_method: bool
) -> list[Restatement]:
    """Give the figures of closed periods that a candidate changes.

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
        for figure in changed_figures(connection, before.folder, folder)
        if figure.is_closed
    ]

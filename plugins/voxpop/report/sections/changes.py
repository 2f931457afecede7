"""What changed, and what is not shown to have: the comparisons of a quarter."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

import duckdb

from voxpop.report.figure import Figure, Key
from voxpop.report.numbers import SHARES, between, chance, difference

NOT_COMPARED = {
    "break": "asked in another way",
    "no variance": "all answered alike",
    "other drivers": "other drivers",
    "withheld": "withheld",
    "open period": "not over yet",
    "partial period": "the earlier one is not whole",
    "weights": "weights or sampling units",
    "held": "shows an earlier release",
}
"""Why there is no evidence either way: the reasons of `cx_comparisons`, as the page says them."""


@dataclass(frozen=True)
class Change:
    """A figure against another: the difference, and whether there is evidence that it is more than chance.

    Attributes:
        measure: which measure, for rounding.
        difference: this figure less the other, with its 95% interval, `low` to `high`; None where none.
        adjusted_p: the p-value of no difference, adjusted for all comparisons of its family.
        verdict: up, down or no evidence; None where not compared.
        not_compared: why not; None where it is.
        drivers: those that both indexes rest on, by comma; None for other measures.
        within: of a whole's change what its services' own changes make of it; None where it isn't known.
        mix: the rest of it, which comes from another mix of services.
    """

    measure: str
    difference: float | None
    low: float | None
    high: float | None
    adjusted_p: float | None
    verdict: str | None
    not_compared: str | None
    drivers: str | None
    within: float | None
    mix: float | None

    @property
    def size(self) -> str:
        """The difference with its sign, in points or percentage points."""
        return "" if self.difference is None else difference(self.measure, self.difference)

    @property
    def distance(self) -> str:
        """How far it is from the other, as a sentence says it: `2.3 higher than`."""
        size = self.size.removeprefix("−")
        if not size.strip("0."):
            return "within rounding of"
        unit = " percentage points" if self.measure in SHARES else ""
        return f"{size}{unit} {'lower' if self.size.startswith('−') else 'higher'} than"

    @property
    def interval(self) -> str:
        """The 95% interval of the difference."""
        return between(self.measure, self.low, self.high)

    @property
    def says(self) -> str:
        """The verdict in words, or why there is none."""
        if self.not_compared is not None:
            return NOT_COMPARED[self.not_compared]
        return {"up": "higher", "down": "lower", "no evidence": "no evidence"}[self.verdict or ""]

    @property
    def asked(self) -> str:
        """The drivers that both indexes rest on, as a sentence names them: `Ease, Trust`."""
        return ", ".join(driver.capitalize() for driver in (self.drivers or "").split(","))

    @property
    def parts(self) -> str:
        """What of a whole's change its services make, and what their mix; empty where that isn't known."""
        if self.within is None or self.mix is None:
            return ""
        within, mix = (difference(self.measure, part) for part in (self.within, self.mix))
        return f"within services {within}, by their mix {mix}"

    @property
    def p_text(self) -> str:
        """The adjusted p-value."""
        return chance(self.adjusted_p)


Changes = Mapping[Key, Mapping[str, Change]]
"""By figure, and by what it is compared with; what has no other figure is left out."""


def read(connection: duckdb.DuckDBPyConnection, start: date) -> Changes:
    """All that is compared in a quarter."""
    rows = connection.execute(
        """
        select
            breakdown, member, scale, measure, driver, comparison, measure, difference, low, high, adjusted_p,
            verdict, not_compared, drivers, within_change, mix_change
        from marts.cx_comparisons
        where period_type = 'quarter' and period_start = ?
        """,
        [start],
    ).fetchall()
    found: dict[Key, dict[str, Change]] = {}
    for row in rows:
        found.setdefault(row[:5], {})[row[5]] = Change(*row[6:])
    return found


@dataclass(frozen=True)
class Row:
    """A figure, and its change against each of the others; None where there is no such other figure."""

    figure: Figure
    changes: tuple[Change | None, ...]


@dataclass(frozen=True)
class Compared:
    """Figures in groups, each with a change for every label."""

    labels: tuple[str, ...]
    groups: Mapping[str, tuple[Row, ...]]

    @property
    def evidence(self) -> list[tuple[Figure, str, Change]]:
        """The changes on which there is evidence, with the figure and the label of the other."""
        return [
            (row.figure, label, change)
            for rows in self.groups.values()
            for row in rows
            for label, change in zip(self.labels, row.changes, strict=True)
            if change is not None and change.verdict in ("up", "down")
        ]

    @property
    def count(self) -> int:
        """How many comparisons have a verdict."""
        return sum(
            change is not None and change.verdict is not None
            for rows in self.groups.values()
            for row in rows
            for change in row.changes
        )


def compared(
    changes: Changes, earlier: Mapping[str, str], groups: Mapping[str, Iterable[Figure]]
) -> Compared:
    """Put figures beside what they are compared with.

    Args:
        changes: of the quarter.
        earlier: comparison → label of the quarter that it is with.
        groups: name → figures; those that nothing is compared with are left out, and then empty groups.
    """
    columns = {**earlier, "rest": "the rest"}
    found = {
        name: tuple(
            Row(one, tuple(changes[one.key].get(column) for column in columns))
            for one in figures
            if one.key in changes
        )
        for name, figures in groups.items()
    }
    return Compared(tuple(columns.values()), {name: rows for name, rows in found.items() if rows})

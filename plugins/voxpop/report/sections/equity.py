"""Gaps between each segment of people and all others, and whether enough is known to claim any."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import duckdb

from voxpop.report.figure import Figure
from voxpop.report.numbers import between, chance, difference, shown
from voxpop.report.sections.changes import NOT_COMPARED


@dataclass(frozen=True)
class Gap:
    """A segment against all others; a figure is None where it is withheld.

    Attributes:
        segment: its name.
        measure: which measure, for rounding.
        is_suppressed: whether its figures are withheld.
        is_low_n: whether it is of fewer answers than what is marked.
        n: how many of the segment answered.
        value: their figure.
        rest: everybody else's, those of whom no segment is known among them.
        gap: the first less the second, with its 95% interval, `low` to `high`.
        adjusted_p: the p-value of no gap, adjusted for all gaps of its family.
        verdict: up, down or no evidence; None where nothing may be claimed.
        not_compared: why not; None where it is.
        held_from: the release whose figures these still are; None where they are this one's.
    """

    segment: str
    measure: str
    is_suppressed: bool
    is_low_n: bool
    n: int | None
    value: float | None
    rest: float | None
    gap: float | None
    low: float | None
    high: float | None
    adjusted_p: float | None
    verdict: str | None
    not_compared: str | None
    held_from: str | None

    @property
    def text(self) -> str:
        """The segment's figure."""
        return self._or_withheld(None if self.value is None else shown(self.measure, self.value))

    @property
    def rest_text(self) -> str:
        """The others' figure."""
        return self._or_withheld(None if self.rest is None else shown(self.measure, self.rest))

    @property
    def gap_text(self) -> str:
        """The gap with its sign, in points or percentage points."""
        return self._or_withheld(None if self.gap is None else difference(self.measure, self.gap))

    @property
    def interval(self) -> str:
        """The 95% interval of the gap."""
        return between(self.measure, self.low, self.high)

    @property
    def p_text(self) -> str:
        """The adjusted p-value."""
        return chance(self.adjusted_p)

    @property
    def says(self) -> str:
        """Whether there is evidence of a gap."""
        if self.verdict is None:
            return self._or_withheld(self.not_compared and NOT_COMPARED[self.not_compared])
        return {"up": "rated higher", "down": "rated lower", "no evidence": "no evidence"}[self.verdict]

    def _or_withheld(self, text: str | None) -> str:
        return text if text is not None else "withheld" if self.is_suppressed else "—"


@dataclass(frozen=True)
class Equity:
    """The segments of all who answered.

    Attributes:
        known: the share of answers whose segment is known; None where withheld.
        is_claim_allowed: whether that is enough to claim a gap.
        gaps: by segment; none where nobody's segment is known.
    """

    known: float | None
    is_claim_allowed: bool
    gaps: tuple[Gap, ...]


def read(connection: duckdb.DuckDBPyConnection, start: date, first: Figure) -> Equity:
    """The gaps of a quarter in the page's first measure."""
    rows = connection.execute(
        """
        select
            known_segment_share, is_claim_allowed, segment_name, measure, suppressed, low_n, n,
            value, rest_value, gap, low, high, adjusted_p, verdict, not_compared, held_from
        from marts.equity_gaps
        where period_type = 'quarter' and breakdown = 'all' and period_start = ? and scale = ? and measure = ?
            and driver = ?
        order by segment
        """,
        [start, first.scale, first.measure, first.driver],
    ).fetchall()
    if not rows:
        return Equity(None, False, ())
    known, is_claim_allowed = rows[0][:2]
    return Equity(known, is_claim_allowed, tuple(Gap(*row[2:]) for row in rows))

"""Which cells go on showing an earlier release, so that no sum tells what a few people's records changed.

Two releases show two values of a cell; their difference is of the people whose records came, went or changed
in between. Where these are few the cell is held. What is held must not come out by subtraction either, so
sums are closed over: services in an organization, members in all, months in a quarter, both in a fiscal year.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from datetime import date
from typing import NamedTuple


class Cell(NamedTuple):
    """What is published of one item (what adds up only with itself), period and member."""

    item: str
    period_type: str
    period_start: date
    breakdown: str
    member: str


Change = tuple[int, ...]
"""For each earlier release how much of a cell differs from it, in halves of a person: a record that came or
went is a whole one, and so are both versions of one that changed, together. So changes add up as cells do."""


def held(
    changes: Mapping[Cell, Change],
    *,
    shown: Set[Cell],
    known: Sequence[Set[Cell]],
    organizations: Mapping[str, str],
    minimum: int,
    longer: Set[Cell] = frozenset(),
) -> set[Cell]:
    """Find the cells that are to be held.

    Args:
        changes: every cell in which something differs from an earlier release.
        shown: the cells that the new release would show.
        known: for each earlier release the cells that it showed of its own.
        organizations: service → its organization.
        minimum: how many people's records a difference has to be of; fewer are few.
        longer: cells that are to be held for another reason.

    Returns:
        Cells of `shown`: those that differ from a known one by few, and those that would give such a
        difference away. The smallest change is held first (tie: by name), the whole of a sum last.
    """
    least = 2 * minimum
    found = {
        cell
        for cell, change in changes.items()
        if any(0 < one < least and cell in cells for one, cells in zip(change, known, strict=True))
    }
    found = (found | longer) & shown
    sums: dict[tuple[Cell, str], list[Cell]] = {}
    for cell in changes:
        for whole, kind in _wholes(cell, organizations):
            if whole in changes:
                sums.setdefault((whole, kind), []).append(cell)
    # Held cells open the sums that they are part of, so this goes round until nothing is added.
    is_settled = False
    while not is_settled:
        is_settled = True
        for (whole, _), parts in sorted(sums.items()):
            seen = {cell for cell in (whole, *parts) if cell in shown and cell not in found}
            if seen and any(
                _is_open(
                    whole,
                    {cell: changes[cell][place] for cell in (whole, *parts)},
                    seen=seen,
                    known=cells,
                    held=found,
                    least=least,
                )
                for place, cells in enumerate(known)
            ):
                found.add(min(seen, key=lambda cell: (cell == whole, max(changes[cell]), cell)))
                is_settled = False
    return found


def _is_open(
    whole: Cell,
    changes: Mapping[Cell, int],
    *,
    seen: Set[Cell],
    known: Set[Cell],
    held: Set[Cell],
    least: int,
) -> bool:
    """Whether a sum tells of few people what is other than in an earlier release, or of a held cell alone."""
    if known.isdisjoint(changes):
        return False
    parts = {part: change for part, change in changes.items() if part != whole}
    in_whole = changes[whole] if whole in seen else 0
    told = [
        abs(in_whole - sum(change for part, change in parts.items() if part in read))
        # what the earlier release hides together can be had of this one too
        for read in (seen, seen & known)
    ]
    hidden = [cell for cell, change in changes.items() if change and cell not in seen]
    beside = changes[whole] - sum(parts.values())
    is_alone = len(hidden) == 1 and not beside and hidden[0] in held
    return is_alone or any(0 < one < least for one in told)


def _wholes(cell: Cell, organizations: Mapping[str, str]) -> Iterator[tuple[Cell, str]]:
    """The wholes that a cell is part of, each with the kind of the sum."""
    if cell.breakdown != "all":
        yield cell._replace(breakdown="all", member="all"), cell.breakdown
    if cell.breakdown == "service" and cell.member in organizations:
        yield cell._replace(breakdown="organization", member=organizations[cell.member]), "services"
    if cell.period_type == "month":
        yield cell._replace(period_type="quarter", period_start=_quarter(cell.period_start)), "months"
    if cell.period_type in {"month", "quarter"}:
        start = _fiscal_year(cell.period_start)
        yield cell._replace(period_type="year", period_start=start), f"{cell.period_type}s of a year"


def _quarter(day: date) -> date:
    return day.replace(month=(day.month - 1) // 3 * 3 + 1)


def _fiscal_year(day: date) -> date:
    """October 1, with which the fiscal year begins."""
    return date(day.year if day.month >= 10 else day.year - 1, 10, 1)

"""Which cells go on showing an earlier release, so that no sum tells what a few people's records changed.

Two releases show two values of a cell; their difference is of the people whose records came, went or changed
in between. Where these are few the cell is held. What is held must not come out by subtraction either, so
sums are closed over: services in an organization, pages in a site, members in all, months in a quarter, both
in a fiscal year, and what two tables tell of the same people.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence, Set
from datetime import date
from typing import NamedTuple


class Cell(NamedTuple):
    """What is published of one item (what adds up only with itself), period and member."""

    item: str
    period_type: str
    period_start: date
    breakdown: str
    member: str


class Move(NamedTuple):
    """How much of a cell differs from a release, in halves of a person; it adds up as cells do.

    A record that came or went is a whole person, and so are both versions of one that changed, together.
    Where only counts are known it is by how many each of two parts of the cell is larger now: a record that
    changed is one more of the one, and one less of the other.
    """

    one: float
    other: float = 0

    @property
    def size(self) -> float:
        """The fewest that can have made it."""
        return max(abs(self.one), abs(self.other), abs(self.one + self.other))


class Sum(NamedTuple):
    """A whole and what its parts are.

    Attributes:
        whole: the cell that the parts add up to.
        kind: what the parts are.
        has_others: whether those who are in none of them are people of some cell too.
        is_by_count: whether its parts are compared by counts, and so is the whole beside them: it did not
            change where a record moved from one of them to another.
        is_of_periods: whether the parts are shorter periods.
        is_exact: whether nobody is in the whole alone: what all but one of these cells tell, tells that one.
    """

    whole: Cell
    kind: str
    has_others: bool = True
    is_by_count: bool = False
    is_of_periods: bool = False
    is_exact: bool = False


Wholes = Callable[[Cell], Iterable[Sum]]
"""The sums that a cell is a part of."""

_NONE = Move(0)


def held(
    changes: Mapping[Cell, Sequence[Move | None]],
    *,
    shown: Set[Cell],
    known: Sequence[Set[Cell]],
    untold: Sequence[Set[Cell]],
    wholes: Wholes,
    minimum: int,
    by_count: Mapping[Cell, Sequence[Move | None]],
    followers: Mapping[Cell, Set[Cell]],
    told_elsewhere: Set[Cell],
) -> set[Cell]:
    """Find the cells that are to be held.

    Args:
        changes: every cell in which something differs from an earlier release, and by how much from each;
            None where nobody knows.
        shown: the cells that the new release would show.
        known: for each earlier release the cells that it showed of its own.
        untold: for each earlier release the cells that it had, and withheld or held.
        wholes: the sums.
        minimum: how many people's records a difference has to be of; fewer are few.
        by_count: how much the wholes of sums that go by counts differ in these.
        followers: cell → those that are held where it is.
        told_elsewhere: cells whose number other tables tell, in every release, so that none can be held.

    Returns:
        Cells of `shown`: those that differ from a known one by few, those that would give such a
        difference away, and those that are as an earlier release had them and did not tell them: what it
        withheld beside them would follow. The smallest change is held first (tie: by name), the whole of a
        sum last, but a longer period that no release has shown first of all.
    """
    least = 2 * minimum
    nothing = [_NONE] * len(known)
    found = {
        cell
        for place, kept_back in enumerate(untold)
        for cell in kept_back & shown
        if changes.get(cell, nothing)[place] == _NONE
    }
    sums: dict[Sum, list[Cell]] = {}
    for cell in sorted(changes.keys() | found):
        for each in wholes(cell):
            if each.whole in changes or each.whole in shown:
                sums.setdefault(each, []).append(cell)
    exact = [{each.whole, *parts} for each, parts in sums.items() if each.is_exact]
    known = [_with_told(cells, exact) for cells in known]
    few = {
        cell
        for cell, moves in changes.items()
        if any(
            one is not None and 0 < one.size < least and cell in cells
            for one, cells in zip(moves, known, strict=True)
        )
    }
    found |= shown & few
    # many cells have the very same followers
    asked_for = {id(more): more for cell in found | few if (more := followers.get(cell))}
    found |= shown & set().union(*asked_for.values())
    told_before = set().union(*known)
    sizes = {
        cell: max((one.size for one in moves if one is not None), default=0)
        for cell, moves in changes.items()
    }
    of_cell: dict[Cell, list[Sum]] = {}
    for each, parts in sums.items():
        for cell in (each.whole, *parts):
            of_cell.setdefault(cell, []).append(each)

    def compared(each: Sum, cell: Cell) -> Sequence[Move | None]:
        if each.is_by_count and cell == each.whole:
            return by_count.get(cell, nothing)
        return changes.get(cell, nothing)

    # a sum of which the build withholds nothing can tell but a held cell, and never does: it is asked below
    to_follow = [each for each, parts in sums.items() if not shown >= {each.whole, *parts}]
    telling = [
        [
            _telling(each, {cell: compared(each, cell)[place] for cell in (each.whole, *sums[each])}, least)
            for each in to_follow
        ]
        for place in range(len(known))
    ]
    told_by_sums: list[Set[Cell]] = [set() for _ in known]

    def readings(hidden: Set[Cell], place: int) -> Iterator[tuple[Set[Cell], Set[Cell]]]:
        """What is told of a sum's hidden cells, nothing first, and the held ones that are a secret then."""
        yield frozenset(), found
        # a held one that a sum tells is told anyway
        for told, secret in ((told_elsewhere, found), (told_by_sums[place], frozenset[Cell]())):
            if not hidden.isdisjoint(told):
                yield hidden & told, secret

    # Held cells open the sums that they are part of, so this goes round until nothing is added.
    asked = sorted(sums)
    while asked:
        again: set[Sum] = set()
        before = told_by_sums
        told_by_sums = [
            _with_told(cells, sets) - cells
            for cells, sets in zip([(shown & cells) - found for cells in known], telling, strict=True)
        ]
        not_any_more = set().union(*(was - now for was, now in zip(before, told_by_sums, strict=True)))
        for each in sorted({*asked, *(one for cell in not_any_more for one in of_cell.get(cell, ()))}):
            cells = (each.whole, *sums[each])
            seen = [cell for cell in cells if cell in shown and cell not in found]
            hidden = {*cells} - {*seen}
            if seen and any(
                _is_open(
                    each,
                    {cell: compared(each, cell)[place] for cell in cells},
                    hidden=hidden - told,
                    known=known_cells | told,
                    held=secret,
                    least=least,
                )
                for place, known_cells in enumerate(known)
                for told, secret in readings(hidden, place)
            ):
                # a longer period that no release has shown yet is withheld before a shorter one stays behind
                rank = -1 if each.is_of_periods and each.whole not in told_before else 1
                least_told = min(
                    seen, key=lambda cell: (rank * (cell == each.whole), sizes.get(cell, 0), cell)
                )
                more = shown & {least_told, *followers.get(least_told, ())} - found
                found |= more
                again.update(one for cell in more for one in of_cell.get(cell, ()))
        asked = sorted(again)
    return found


def _with_told(known: Set[Cell], sums: Collection[Set[Cell]]) -> set[Cell]:
    """The cells that are known, and those that these tell in sums of nothing else."""
    found = set(known)
    while told := {cell for cells in sums if len(rest := cells - found) == 1 for cell in rest}:
        found |= told
    return found


def _telling(each: Sum, moves: Mapping[Cell, Move | None], least: int) -> set[Cell]:
    """The cells of a sum that changed, if whichever of them is withheld alone is told: nobody else changed.

    None where few may be told: whether they are is asked of the sum itself.
    """
    if None in moves.values() or _rest(each.whole, moves, moves.keys()).size:
        return set()
    sizes = {cell: one.size for cell, one in moves.items() if one is not None and one.size}
    return {*sizes} if all(size >= least for size in sizes.values()) else set()


def _is_open(
    each: Sum,
    moves: Mapping[Cell, Move | None],
    *,
    hidden: Set[Cell],
    known: Set[Cell],
    held: Set[Cell],
    least: int,
) -> bool:
    """Whether a sum tells of few people what is other than in an earlier release, or of a held cell alone."""
    if not (each.has_others or hidden):
        return False
    seen = moves.keys() - hidden
    if each.is_by_count and seen <= {each.whole}:
        # beside nothing that is counted so, the whole is judged by its records
        return False
    # what the earlier release hides together can be had of this one too
    reads: list[Set[Cell]] = [seen, seen & known]
    if all(moves[cell] is not None for cell in hidden):
        # of what only some cells are known any more, the hidden ones may be
        reads.append(hidden)
    told = [_rest(each.whole, moves, read).size for read in reads]
    secret = [cell for cell in hidden if cell in held or moves[cell] != _NONE]
    is_alone = (
        len(secret) == 1
        and secret[0] in held
        and (None in moves.values() or not _rest(each.whole, moves, moves.keys()).size)
    )
    # what is told now tells a held cell alone, whatever was known before
    return is_alone or (not known.isdisjoint(moves) and any(0 < one < least for one in told))


def _rest(whole: Cell, moves: Mapping[Cell, Move | None], read: Set[Cell]) -> Move:
    """The whole less its parts, of the cells that are read."""
    signed = [(1 if cell == whole else -1, moves[cell] or _NONE) for cell in read]
    return Move(
        sum(sign * move.one for sign, move in signed), sum(sign * move.other for sign, move in signed)
    )


def of_periods_and_members(
    cell: Cell, inside: Mapping[tuple[str, str], tuple[str, str]], by_count: Collection[str] = ()
) -> Iterator[Sum]:
    """The sums of the same item that a cell is part of.

    Args:
        cell: a part.
        inside: breakdown and member (service, survey, page) → those that it lies in (organization, site).
        by_count: the breakdowns whose members are compared by counts, all by records.
    """
    if cell.breakdown != "all":
        whole = cell._replace(breakdown="all", member="all")
        yield Sum(whole, cell.breakdown, is_by_count=cell.breakdown in by_count)
    outer = inside.get((cell.breakdown, cell.member))
    if outer is not None:
        breakdown, member = outer
        yield Sum(cell._replace(breakdown=breakdown, member=member), f"{cell.breakdown}s")
    if cell.period_type == "month":
        of_months = cell._replace(period_type="quarter", period_start=quarter(cell.period_start))
        yield Sum(of_months, "months", is_of_periods=True)
    if cell.period_type in {"month", "quarter"}:
        start = fiscal_year(cell.period_start)
        year = cell._replace(period_type="year", period_start=start)
        yield Sum(year, f"{cell.period_type}s of a year", is_of_periods=True)


def quarter(day: date) -> date:
    """The first day of its quarter."""
    return day.replace(month=(day.month - 1) // 3 * 3 + 1)


def fiscal_year(day: date) -> date:
    """October 1, with which the fiscal year begins."""
    return date(day.year if day.month >= 10 else day.year - 1, 10, 1)

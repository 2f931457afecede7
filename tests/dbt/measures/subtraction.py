"""What a reader works out by subtraction of all that is public together, in one release or in several."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from itertools import combinations

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

MINIMUM = 10
ORDERS = {
    "one after the other": [[], [0], [1, 0]],
    "the first is kept no more": [[], [0], [1]],
    "made after going back to the first": [[], [0], [0, 1]],
}
"""The releases that each of three is compared with, the current one first. A reader has all of them."""

Sum = tuple[Hashable, Sequence[Hashable]]
"""A whole with its parts."""


def leaks(
    known: Sequence[set[Hashable]],
    truth: Sequence[Mapping[Hashable, set[Hashable]]],
    sums: Iterable[Sum],
) -> list[str]:
    """Differences of 1 to 9 people between two releases that can be worked out.

    Args:
        known: for each release the cells whose value of then somebody can read.
        truth: for each release who was in its cells, each with what else is told of them.
        sums: each whole with its parts, as a reader of the tables knows them.

    Returns:
        A line for each cell, and for each group of cells (what a sum hides in either release, or shows),
        whose values then and later both follow from what was published, and which differs by few.
    """
    cells = sorted(set().union(*truth), key=str)
    place = {cell: number for number, cell in enumerate(cells)}
    equations, groups = [], {(cell,) for cell in cells}
    for whole, parts in sums:
        row = np.zeros(len(cells))
        row[place[whole]] = 1
        row[[place[part] for part in parts]] -= 1
        equations.append(row)
        for then in known:
            groups.add(tuple(part for part in parts if part not in then))
            groups.add(tuple(part for part in parts if part in then))
    groups.discard(())
    wanted = np.zeros((len(groups), len(cells)))
    for number, group in enumerate(groups):
        wanted[number, [place[cell] for cell in group]] = 1
    told = [_is_determined(np.array(equations), wanted, [cell in then for cell in cells]) for then in known]
    found = []
    for number, group in enumerate(groups):
        for early, late in combinations([at for at, rows in enumerate(told) if rows[number]], 2):
            before, after = (
                set().union(*(truth[one].get(cell, set()) for cell in group)) for one in (early, late)
            )
            people = {name for name, *_ in before ^ after}
            if 0 < len(people) < MINIMUM:
                found.append(f"{group} of {late} less {early}: {len(people)}")
    return found


def _is_determined(equations: np.ndarray, wanted: np.ndarray, is_known: Sequence[bool]) -> np.ndarray:
    """Which sums of cells follow from the known ones: nothing that the equations leave free changes them."""
    unknown = ~np.array(is_known)
    of_unknown = equations[:, unknown]
    sizes, directions = np.linalg.eigh(of_unknown.T @ of_unknown)
    return np.abs(wanted[:, unknown] @ directions[:, sizes < 1e-9]).max(axis=1, initial=0) < 1e-6


def pinned(
    truth: Mapping[Hashable, float],
    known: set[Hashable],
    sums: Iterable[Sum],
    wholes: Iterable[Sum] = (),
    least: Callable[[Hashable], float] = lambda _: 1,
) -> dict[Hashable, tuple[float, float]]:
    """Withheld counts of 1 to 9 that one release narrows down to less than 1, by its sums and its order.

    The attacker's problem of cell suppression: the least and the most that each can be, as linear programs
    (Fischetti and Salazar-Gonzalez 2000, Models and algorithms for optimizing cell suppression).

    Args:
        truth: every cell's count.
        known: the cells whose count is shown.
        sums: wholes that are their parts' sum.
        wholes: wholes that are at least it.
        least: what a reader knows that a withheld cell has at least: 1 where only what has some has a row.

    Returns:
        Each such cell with its bounds.
    """
    cells = [cell for cell in truth if cell not in known]
    place = {cell: number for number, cell in enumerate(cells)}
    true = np.array([truth[cell] for cell in cells], dtype=float)
    floor = np.array([least(cell) for cell in cells], dtype=float)
    assert (true >= floor).all()
    rows, rests, is_equal = [], [], []
    for equal, each in [*((True, each) for each in sums), *((False, each) for each in wholes)]:
        row, rest = np.zeros(len(cells)), 0.0
        for cell, factor in [(each[0], 1.0), *((part, -1.0) for part in each[1])]:
            if cell in known:
                rest -= factor * truth[cell]
            else:
                row[place[cell]] += factor
        if row.any():
            left = row @ true - rest
            assert abs(left) < 1e-6 if equal else left > -1e-6, f"{each[0]} is no such sum"
            rows.append(row)
            rests.append(rest)
            is_equal.append(equal)
    if not rows:
        return {}
    matrix, rest_of, is_sum = np.array(rows), np.array(rests), np.array(is_equal)
    is_in = csr_array(matrix != 0, dtype=float)
    _, group_of = connected_components(is_in.T @ is_in, directed=False)
    found = {}
    for group in np.unique(group_of):
        inside = np.flatnonzero(group_of == group)
        touching = matrix[:, inside].any(axis=1)
        some, exact = csr_array(matrix[touching][:, inside]), is_sum[touching]
        program = {
            "A_eq": some[exact],
            "b_eq": rest_of[touching][exact],
            "A_ub": -some[~exact],
            "b_ub": -rest_of[touching][~exact],
            "bounds": [(each, None) for each in floor[inside]],
        }
        # each solution says of every cell that it can be so: most cells need no program of their own
        low, high = true[inside].copy(), true[inside].copy()
        for at in np.flatnonzero((true[inside] > 0) & (true[inside] < MINIMUM)):
            for sign in (1, -1):
                if high[at] - low[at] < 1 - 1e-6:
                    goal = np.zeros(len(inside))
                    goal[at] = sign
                    solved = linprog(goal, **program)
                    if solved.status == 3:
                        high[at] = np.inf
                        continue
                    assert solved.status == 0, solved.message
                    low, high = np.minimum(low, solved.x), np.maximum(high, solved.x)
            if high[at] - low[at] < 1 - 1e-6:
                found[cells[inside[at]]] = (round(float(low[at]), 6), round(float(high[at]), 6))
    return found

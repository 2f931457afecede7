"""What a reader of several releases works out by subtraction, of all that is public together."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from itertools import combinations

import numpy as np

MINIMUM = 10
ORDERS = {
    "one after the other": [[], [0], [1, 0]],
    "the first is kept no more": [[], [0], [1]],
    "made after going back to the first": [[], [0], [0, 1]],
}
"""The releases that each of three is compared with, the current one first. A reader has all of them."""


def leaks(
    known: Sequence[set[Hashable]],
    truth: Sequence[Mapping[Hashable, set[Hashable]]],
    sums: Iterable[tuple[Hashable, Sequence[Hashable]]],
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

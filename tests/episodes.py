"""The journeys that there are in truth, and how far journeys that were found begin and end where these do."""

from __future__ import annotations

import pandas as pd

GAP = pd.Timedelta(days=7)
"""A contact that comes later than that after the one before it begins another journey."""

Boundaries = set[tuple[str, str]]


def true_episodes(touches: pd.DataFrame, whose: list[str]) -> pd.Series:
    """Number the journeys of each person and service.

    Args:
        touches: one row per contact, in the order of `at`.
        whose: the columns that say who it was and what it was about.
    """
    pause = touches.groupby(whose)["at"].diff()
    is_first = pause.isna() | (pause > GAP)
    return is_first.groupby([touches[column] for column in whose]).cumsum()


def boundaries(touches: pd.DataFrame, journey: list[str]) -> tuple[Boundaries, Boundaries]:
    """The contacts that begin a journey and those that end one; and of journeys of several contacts, both.

    Args:
        touches: one row per contact, `interaction_id` among its columns, in the order of time.
        journey: the columns that name a contact's journey.
    """
    by = touches.groupby(journey)["interaction_id"]
    first, last = by.first(), by.last()
    several = by.size() > 1
    ends = {("begins", contact) for contact in first} | {("ends", contact) for contact in last}
    return ends, set(zip(first[several], last[several], strict=True))


def f1(found: Boundaries, true: Boundaries) -> float:
    """The harmonic mean of precision and recall."""
    return 2 * len(found & true) / (len(found) + len(true))

"""How the agency's tools misbehave, as real ones do: in the same way every time for the same records."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from voxpop.sample_agency.draws import Draws, Flags, Floats, Ints, Keys


@dataclass(frozen=True)
class Misbehavior:
    """Shares of records, and how often requests are turned away."""

    duplicated: float
    """Share of records that a tool's list holds twice, some places apart."""
    displaced: float
    """Share of records out of order."""
    late: float
    """Share of records that a tool shows only days after their time."""
    edited: float
    """Share of records that change later."""
    too_many_requests_every: int
    """One request in so many is answered 429 with `Retry-After`; 0: none."""
    unavailable_every: int
    """One request in so many is answered 503; 0: none."""
    totals_of_days: int
    """Of how many days a published report gives totals; its rows are of 30."""


LEVELS = {
    "not": Misbehavior(0.0, 0.0, 0.0, 0.0, 0, 0, 30),
    "a-little": Misbehavior(0.002, 0.01, 0.006, 0.03, 37, 53, 30),
    "a-lot": Misbehavior(0.04, 0.20, 0.06, 0.15, 5, 11, 90),
}
FAULTS = {
    "always_429": "every request for data is answered 429",
    "cut_off_json": "every page of data but a tool's first breaks off in the middle",
    "record_without_id": "the first record of every page has lost its id",
    "unknown_question": "the first submission of every page answers a question that the form doesn't have",
    "refuse_credentials": "no key, client or token is accepted",
    "failed_job": "every conversation job ends as FAILED",
}
"""What a test may ask for beyond a level, by name."""

LATE_DAYS = 3
EDIT_DAYS = 28
"""An edit comes so many days after the record at most, its lateness included."""

_APART = 7
_FAR = 40


def late_days(keys: Keys, misbehavior: Misbehavior) -> Ints:
    """After how many days a tool shows each record: 0, or 1 … `LATE_DAYS` for the late ones."""
    draws = Draws(keys)
    return (1 + draws.below("late by", LATE_DAYS)) * draws.happens("late", misbehavior.late)


def edits(keys: Keys, misbehavior: Misbehavior) -> tuple[Flags, Floats]:
    """Which records change later, and how many days after their time."""
    draws = Draws(keys)
    days = LATE_DAYS + 1.0 + (EDIT_DAYS - LATE_DAYS - 1.0) * draws.uniform("edited after")
    return draws.happens("edited", misbehavior.edited), days


def delivery(keys: Keys, misbehavior: Misbehavior) -> Ints:
    """Positions of the records in the order in which a tool lists them; duplicated ones come twice."""
    draws = Draws(keys)
    positions = np.arange(len(keys), dtype=np.int64)
    place = positions + draws.happens("displaced", misbehavior.displaced) * draws.below("displaced by", _FAR)
    again = np.flatnonzero(draws.happens("duplicated", misbehavior.duplicated))
    everything = np.concatenate([positions, again])
    return everything[np.argsort(np.concatenate([place, place[again] + _APART]), kind="stable")]


def shuffled(keys: Keys, misbehavior: Misbehavior) -> Ints:
    """The same for a file, whose rows come in no order at all."""
    draws = Draws(keys)
    again = np.flatnonzero(draws.happens("duplicated", misbehavior.duplicated))
    everything = np.concatenate([np.arange(len(keys), dtype=np.int64), again])
    place = np.concatenate([draws.uniform("place"), draws.uniform("other place")[again]])
    return everything[np.argsort(place, kind="stable")]

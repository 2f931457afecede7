"""What people think of what they went through, and which of them answer a survey.

A driver's opinion is the service's baseline and trend, plus what channel, wait, outcome and pain point
do to it, plus a part that a person's drivers share (so that they correlate) and a part of its own.
Satisfaction and trust are weighted sums of the drivers with noise, and ratings of ten or eleven points are
of these two, stretched and with noise of their own. Rounding to an answer comes last.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from voxpop.sample_agency.agency import Agency
from voxpop.sample_agency.causes import DRIVERS, KIOSK, OUTBOUND, VISIT, WEBSITE
from voxpop.sample_agency.clock import DAY_MS
from voxpop.sample_agency.columns import stack, take
from voxpop.sample_agency.draws import Draws, Flags, Floats, Ints, Keys, keys
from voxpop.sample_agency.journeys import (
    NO_PAIN_POINT,
    Contacts,
    Journeys,
    hours_from,
    local_offsets_ms,
    quarters,
)

ITEMS = 7
"""Satisfaction, trust, and the five drivers: columns of every array over items, as the a11 form asks them."""

RATINGS = {
    "acsi_overall": (1, 10),
    "acsi_expectations": (1, 10),
    "acsi_ideal": (1, 10),
    "recommendation": (0, 10),
}
"""What some forms ask besides, in the order of the columns of every array over ratings → least and most."""

LONGEST_DELAY_MS = 5 * DAY_MS
_SATISFACTION = 0
_SKIPPED, _REFUSED = 0, 9
_KIOSK_ITEMS = {"rating": 0, "easy": 3}
"""The kiosk's questions → columns of `Experiences.scores`: satisfaction and ease."""


@dataclass(frozen=True)
class Experiences:
    """One entry for each time that somebody could have been asked."""

    key: Keys
    journey: Ints
    contact_key: Keys
    """The contact after which it comes; 0 after a visit to the website."""
    person: Ints
    service: Ints
    channel: Ints
    pain_point: Ints
    kiosk: Flags
    """Asked by the kiosk at the office's door, not by the service's form."""
    end_ms: Ints
    offered: Flags
    responds: Flags
    created_ms: Ints
    """When the answer came, if one did."""
    opinions: Floats
    """Before rounding, shape (n, 7)."""
    scores: NDArray[np.int8]
    """1 … 5, shape (n, 7)."""
    rating_opinions: Floats
    """Before rounding, shape (n, 4)."""
    ratings: NDArray[np.int8]
    """Within the scales of `RATINGS`, shape (n, 4)."""


def experiences_of(agency: Agency, journeys: Journeys, contacts: Contacts) -> Experiences:
    """What people think at the end of each of these journeys, and at the kiosk after each visit.

    Args:
        agency: whose journeys.
        journeys: the journeys.
        contacts: all their contacts.
    """
    last = take(contacts, contacts.is_last & contacts.answered & (contacts.channel != OUTBOUND))
    at_kiosk = take(
        contacts,
        contacts.answered
        & np.isin(contacts.channel, (VISIT, KIOSK))
        & (contacts.service == agency.catalogue.kiosk_service),
    )
    return stack(
        [
            _after_contacts(agency, journeys, last, kiosk=False),
            _after_contacts(agency, journeys, at_kiosk, kiosk=True),
            _after_website(agency, journeys, np.flatnonzero(journeys.settled_on_website)),
        ]
    )


def is_offered(agency: Agency, contacts: Contacts) -> Flags:
    """Whether the service's form is offered after each of these contacts."""
    ends = contacts.is_last & contacts.answered & (contacts.channel != OUTBOUND)
    chance = np.array(agency.causes.offered)[contacts.channel]
    offered: Flags = ends & _draws_after(agency, contacts, "form").happens("offered", chance)
    return offered


def _draws_after(agency: Agency, contacts: Contacts, name: str) -> Draws:
    return Draws(keys(agency.seed, name, contacts.key.astype(np.int64)))


def _after_contacts(agency: Agency, journeys: Journeys, contacts: Contacts, *, kiosk: bool) -> Experiences:
    return _experiences(
        agency,
        _draws_after(agency, contacts, "kiosk" if kiosk else "form"),
        journeys,
        journey=contacts.journey,
        contact_key=contacts.key,
        channel=contacts.channel,
        end_ms=contacts.end_ms,
        waited=(contacts.wait_ms + contacts.scheduled_ms) / 1000.0,
        settled=contacts.resolved,
        transferred=contacts.transferred,
        further=contacts.number,
        kiosk=np.full(len(contacts.key), kiosk),
    )


def _after_website(agency: Agency, journeys: Journeys, rows: Ints) -> Experiences:
    draws = Draws(keys(agency.seed, "website", journeys.key[rows].astype(np.int64)))
    day, count = journeys.day[rows], len(rows)
    time_ms = hours_from(draws.uniform("time of day"), agency.causes.written_hours) * 3_600_000
    offset = local_offsets_ms(agency, journeys.service[rows], day)
    return _experiences(
        agency,
        draws,
        journeys,
        journey=rows,
        contact_key=np.zeros(count, dtype=np.uint64),
        channel=np.full(count, WEBSITE),
        end_ms=day * DAY_MS + time_ms.astype(np.int64) - offset,
        waited=np.ones(count),
        settled=np.ones(count, dtype=np.bool_),
        transferred=np.zeros(count, dtype=np.bool_),
        further=np.zeros(count, dtype=np.int64),
        kiosk=np.zeros(count, dtype=np.bool_),
    )


def _experiences(
    agency: Agency,
    draws: Draws,
    journeys: Journeys,
    *,
    journey: Ints,
    contact_key: Keys,
    channel: Ints,
    end_ms: Ints,
    waited: Floats,
    settled: Flags,
    transferred: Flags,
    further: Ints,
    kiosk: Flags,
) -> Experiences:
    causes, each = agency.causes, agency.service_causes
    service, person = journeys.service[journey], journeys.person[journey]
    pain_point = journeys.pain_point[journey]
    segment = agency.people.segment[person]
    effects = np.zeros((len(each), NO_PAIN_POINT + 1, len(DRIVERS)))
    for row, cause in enumerate(each):
        for column, pain in enumerate(cause.pain_points):
            effects[row, column] = pain.effects

    drivers = np.array([cause.baseline for cause in each])[service]
    drivers = (
        drivers
        + np.array([cause.trend for cause in each])[service] * quarters(causes, end_ms // DAY_MS)[:, None]
    )
    drivers += np.array(causes.channel_effects)[channel] + np.array(causes.segment_effects)[segment]
    drivers += effects[service, pain_point]
    slowness = np.log2(1.0 + waited / np.array(causes.wait_reference_seconds)[channel]) - 1.0
    drivers += np.array(causes.wait_effects) * slowness[:, None]
    drivers += np.where(settled[:, None], causes.settled_effects, causes.unsettled_effects)
    drivers += np.array(causes.transfer_effects) * transferred[:, None]
    drivers += np.array(causes.further_contact_effects) * further[:, None]
    drivers += causes.shared_opinion * draws.normal("mood")[:, None]
    for column in range(drivers.shape[1]):
        drivers[:, column] += causes.own_opinion * draws.normal(f"driver {column}")

    satisfaction = (np.array([cause.satisfaction_weights for cause in each])[service] * drivers).sum(axis=1)
    satisfaction += causes.satisfaction_noise * draws.normal("satisfaction")
    trust = (np.array([cause.trust_weights for cause in each])[service] * drivers).sum(axis=1)
    trust = (1.0 - causes.trust_from_experience) * causes.trust_base + causes.trust_from_experience * trust
    trust += causes.trust_noise * draws.normal("trust")
    opinions = np.column_stack([satisfaction, trust, drivers])
    by_trust = causes.recommended_by_trust
    rated = [satisfaction, satisfaction, satisfaction, by_trust * trust + (1.0 - by_trust) * satisfaction]
    least, most = np.array(list(RATINGS.values())).T
    ratings = least + (most - least) * (np.column_stack(rated) - 1.0) / 4.0 + causes.rating_shifts
    for column, name in enumerate(RATINGS):
        ratings[:, column] += causes.rating_noise * draws.normal(name)

    offered = draws.happens(
        "offered", np.where(kiosk, causes.kiosk_offered, np.array(causes.offered)[channel])
    )
    chance = np.where(kiosk, causes.kiosk_responds, np.array(causes.responds)[channel])
    with np.errstate(divide="ignore"):
        odds = np.log(chance / (1.0 - chance))
    odds += causes.dissatisfied_respond * (causes.response_neutral - opinions[:, _SATISFACTION])
    odds += np.where(opinions[:, _SATISFACTION] > 4.5, causes.delighted_respond, 0.0)
    responds = offered & draws.happens("responds", 1.0 / (1.0 + np.exp(-odds)))
    delay_ms = draws.lognormal(
        "delay", np.array(causes.answer_delay_hours)[channel] * 3_600_000.0, causes.answer_delay_spread
    )
    delay_ms = np.where(kiosk, 60_000.0 + 120_000.0 * draws.uniform("delay at kiosk"), delay_ms)
    return Experiences(
        key=draws.keys,
        journey=journey,
        contact_key=contact_key,
        person=person,
        service=service,
        channel=channel,
        pain_point=pain_point,
        kiosk=kiosk,
        end_ms=end_ms,
        offered=offered,
        responds=responds,
        created_ms=end_ms + np.minimum(delay_ms, LONGEST_DELAY_MS).astype(np.int64),
        opinions=opinions,
        scores=np.clip(np.floor(opinions + 0.5), 1, 5).astype(np.int8),
        rating_opinions=ratings,
        ratings=np.clip(np.floor(ratings + 0.5), least, most).astype(np.int8),
    )


def kiosk_score(agency: Agency, answers: Experiences, name: str) -> Ints:
    """What was pressed for one of the kiosk's questions: 1 to 5, 0 skipped, 9 "prefer not to say"."""
    draw = Draws(answers.key).uniform("kiosk " + name)
    score = answers.scores[:, _KIOSK_ITEMS[name]].astype(np.int64)
    score = np.where(draw < agency.causes.item_skipped, _SKIPPED, score)
    return np.where(draw > 1.0 - agency.causes.item_refused, _REFUSED, score)


def answers_between(experiences: Experiences, start_ms: int, end_ms: int) -> Experiences:
    """Those who answered in [start, end), ordered by the time of the answer and key."""
    rows = np.flatnonzero(
        experiences.responds & (experiences.created_ms >= start_ms) & (experiences.created_ms < end_ms)
    )
    return take(experiences, rows[np.lexsort((experiences.key[rows], experiences.created_ms[rows]))])

"""All that happens between two days, as tables."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from voxpop.sample_agency.agency import Agency
from voxpop.sample_agency.clock import DAY_MS, day_number
from voxpop.sample_agency.columns import take
from voxpop.sample_agency.genesys import is_conversation
from voxpop.sample_agency.journeys import HORIZON_DAYS, Contacts, Journeys, between, contacts_of, journeys_of
from voxpop.sample_agency.opinions import Experiences, answers_between, experiences_of


@dataclass(frozen=True)
class Events:
    """What happens from `first` to `last` (UTC days, both included), each table ordered by time."""

    first: date
    last: date
    journeys: Journeys
    """Also those that began up to `HORIZON_DAYS` before; other tables point into it."""
    conversations: Contacts
    visits: Contacts
    submissions: Experiences
    kiosk: Experiences
    experiences: Experiences
    """Everybody who could have been asked, whenever their journey ended."""


def events_between(agency: Agency, first: date, last: date) -> Events:
    """Make what happens from `first` to `last`, both included.

    Contacts count by their start, answers by when they were given. Each day's events are the same however
    many other days are made with it.
    """
    start_ms, end_ms = day_number(first) * DAY_MS, (day_number(last) + 1) * DAY_MS
    journeys = journeys_of(agency, day_number(first) - HORIZON_DAYS, day_number(last))
    everything = contacts_of(agency, journeys)
    experiences = experiences_of(agency, journeys, everything)
    contacts = between(everything, start_ms, end_ms)
    answers = answers_between(experiences, start_ms, end_ms)
    seen_by_center = is_conversation(contacts)
    return Events(
        first=first,
        last=last,
        journeys=journeys,
        conversations=take(contacts, seen_by_center),
        visits=take(contacts, ~seen_by_center),
        submissions=take(answers, ~answers.kiosk),
        kiosk=take(answers, answers.kiosk),
        experiences=experiences,
    )

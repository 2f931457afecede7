"""All that happens between two days, as tables."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from voxpop.sample_agency.agency import Agency
from voxpop.sample_agency.causes import TEXT
from voxpop.sample_agency.clock import DAY_MS, day_number
from voxpop.sample_agency.columns import take
from voxpop.sample_agency.genesys import is_conversation
from voxpop.sample_agency.journeys import (
    HORIZON_DAYS,
    Contacts,
    Journeys,
    between,
    contacts_of,
    journeys_of,
    local_offsets_ms,
)
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
    texts: Contacts
    submissions: Experiences
    kiosk: Experiences
    experiences: Experiences
    """Everybody who could have been asked, whenever their journey ended."""


def events_between(agency: Agency, first: date, last: date) -> Events:
    """Make what happens from `first` to `last`, both included.

    Contacts count by their start, answers by when they were given. Each day's events are the same however
    many other days are made with it.
    """
    start_ms, end_ms = span_ms(agency, first, last)
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
        visits=take(contacts, ~seen_by_center & (contacts.channel != TEXT)),
        texts=take(contacts, contacts.channel == TEXT),
        submissions=take(answers, ~answers.kiosk),
        kiosk=take(answers, answers.kiosk),
        experiences=experiences,
    )


def span_ms(agency: Agency, first: date, last: date) -> tuple[int, int]:
    """When events from `first` to `last` begin and end, in ms.

    History begins when its first day has begun at the westernmost division, so that no local day before it
    has an event.
    """
    day = day_number(agency.causes.history_starts)
    services = np.arange(len(agency.catalogue.services))
    westernmost_ms = int(local_offsets_ms(agency, services, np.full_like(services, day)).min())
    return max(day_number(first) * DAY_MS, day * DAY_MS - westernmost_ms), (day_number(last) + 1) * DAY_MS

"""What people go through: journeys that begin on a day, and the contacts that they are made of.

A journey is one person's matter with one service. It may begin on the website, end there, or lead to
contacts in one channel after another until one settles it or the person gives up.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from voxpop.sample_agency.agency import Agency
from voxpop.sample_agency.causes import (
    CALLBACK,
    CHAT,
    EMAIL,
    KIOSK,
    OUTBOUND,
    PHONE,
    SEGMENTS,
    TEXT,
    VISIT,
    Causes,
)
from voxpop.sample_agency.clock import DAY_MS, day_number, day_of, offsets_ms, weekday
from voxpop.sample_agency.columns import stack, take
from voxpop.sample_agency.draws import Draws, Flags, Floats, Ints, Keys, keys

HORIZON_DAYS = 60
"""No record of a journey is younger than its journey's first day by more."""

CONTACTS_AT_MOST = 4
AGENTS = 40
"""In each division."""
NO_PAIN_POINT = 2
"""A service has at most two, 0 and 1."""

_HOUR_MS = 3_600_000
_LONGEST_WAIT_SECONDS = 60 * 3600.0
_PAUSE_MS = 5 * 60_000
_SATURDAY, _SUNDAY = 5, 6


@dataclass(frozen=True)
class Journeys:
    """One entry a journey."""

    key: Keys
    day: Ints
    """Local day on which it begins."""
    person: Ints
    service: Ints
    pain_point: Ints
    """Position among the service's pain points, or `NO_PAIN_POINT`."""
    on_website: Flags
    """It begins on the website."""
    settled_on_website: Flags
    """It ends there: no contact follows."""


@dataclass(frozen=True)
class Contacts:
    """One entry a contact; durations in milliseconds, 0 where there was none."""

    key: Keys
    journey: Ints
    """Position in the table of journeys."""
    number: Ints
    """0 for a journey's first contact."""
    person: Ints
    service: Ints
    """The line that was called: at the wrong door it isn't the journey's service."""
    channel: Ints
    start_ms: Ints
    menu_ms: Ints
    """In the phone menu."""
    scheduled_ms: Ints
    """Between asking for a callback and its hour."""
    wait_ms: Ints
    """In the queue, until answered, abandoned or left for voicemail."""
    talk_ms: Ints
    hold_ms: Ints
    wrap_ms: Ints
    answered: Flags
    abandoned: Flags
    voicemail: Flags
    transferred: Flags
    resolved: Flags
    is_last: Flags
    """The journey's last contact."""
    agent: Ints

    @property
    def queued_ms(self) -> Ints:
        """When the wait begins."""
        return self.start_ms + self.menu_ms + self.scheduled_ms

    @property
    def met_ms(self) -> Ints:
        """When the wait ends."""
        return self.queued_ms + self.wait_ms

    @property
    def end_ms(self) -> Ints:
        """When the person is through."""
        return self.met_ms + self.talk_ms + self.hold_ms

    @property
    def done_ms(self) -> Ints:
        """When the agent is through as well."""
        return self.end_ms + self.wrap_ms


def quarters(causes: Causes, days: Ints) -> Floats:
    """Quarters since history began, between 0 and `causes.trend_quarters`."""
    passed = (days - day_number(causes.history_starts)) / 91.3125
    return np.asarray(np.clip(passed, 0.0, causes.trend_quarters))


def hours_from(draw: Floats, weights: tuple[float, ...]) -> Floats:
    """Hours of the day, 0 … 24, spread as the 24 weights say, from draws between 0 and 1."""
    steps = np.concatenate([[0.0], np.cumsum(weights)])
    return np.asarray(np.interp(draw, steps / steps[-1], np.arange(25.0)))


def local_offsets_ms(agency: Agency, service: Ints, day: Ints) -> Ints:
    """What to add to UTC for the time at the service's division on a local day, in ms."""
    zones = agency.time_zones
    zone = np.array([zones.index(one.time_zone) for one in agency.catalogue.services])
    return offsets_ms(zones, zone[service], day)


def journeys_of(agency: Agency, first: int, last: int) -> Journeys:
    """The journeys that begin from day `first` to day `last`, both included, in order of their days.

    Args:
        agency: whose journeys.
        first: local day number.
        last: local day number.
    """
    causes, people, services = agency.causes, agency.people, agency.catalogue.services
    days = np.arange(first, last + 1, dtype=np.int64)
    day_draws = Draws(keys(agency.seed, "day", days))
    months = np.array([day_of(day).month - 1 for day in range(first, last + 1)], dtype=np.int64)
    years = (days - day_number(causes.history_starts)) / 365.25
    expected = (
        causes.journeys_per_day
        * np.array(causes.weekday)[weekday(days)]
        * np.array(causes.month)[months]
        * np.exp(causes.journeys_growth_per_year * years)
        * np.exp(causes.journeys_day_to_day * day_draws.normal("demand"))
    )
    counts = np.floor(expected + day_draws.uniform("rounding")).astype(np.int64)
    day = np.repeat(days, counts)
    in_day = np.arange(len(day), dtype=np.int64) - np.repeat(np.cumsum(counts) - counts, counts)
    draws = Draws(keys(agency.seed, "journey", day, in_day))
    person = (len(people) * draws.uniform("person") ** causes.heavy_use).astype(np.int64)
    group = people.region[person] * len(SEGMENTS) + people.segment[person]
    service = draws.pick_by_row("service", _demand(agency), group)
    shares = np.zeros((len(services), NO_PAIN_POINT + 1))
    for row, cause in enumerate(agency.service_causes):
        for column, pain in enumerate(cause.pain_points):
            shares[row, column] = pain.share
        shares[row, NO_PAIN_POINT] = 1.0 - shares[row].sum()
    pain_point = draws.pick_by_row("pain point", shares, service)
    on_website = draws.happens("website", np.array(causes.begins_on_website)[people.segment[person]])
    settled = draws.happens("settled on website", causes.settled_on_website)
    return Journeys(
        key=draws.keys,
        day=day,
        person=person,
        service=service,
        pain_point=pain_point,
        on_website=on_website,
        settled_on_website=on_website & settled & (pain_point == NO_PAIN_POINT),
    )


def _demand(agency: Agency) -> Floats:
    """Weights of the services, shape (regions · segments, services)."""
    causes = agency.causes
    rows = []
    for region in range(len(causes.region_shares)):
        in_west = region == len(causes.region_shares) - 1
        for segment in range(len(SEGMENTS)):
            row = []
            for service, cause in zip(agency.catalogue.services, agency.service_causes, strict=True):
                weight = cause.demand * causes.segment_organizations[service.organization_id][segment]
                if service.organization_id == causes.field_organization:
                    weight *= causes.west_field_factor if in_west else causes.elsewhere_field_factor
                row.append(weight)
            rows.append(row)
    return np.array(rows)


def contacts_of(agency: Agency, journeys: Journeys) -> Contacts:
    """All contacts of these journeys: first contacts, then second ones, and so on.

    Args:
        agency: whose contacts.
        journeys: the journeys, any number of them.
    """
    causes = agency.causes
    lost = np.array([agency.catalogue.service(cause.wrong_door) for cause in agency.service_causes])
    journey = np.flatnonzero(~journeys.settled_on_website)
    day = journeys.day[journey]
    not_before = np.zeros(len(journey), dtype=np.int64)
    rounds: list[Contacts] = []
    for number in range(CONTACTS_AT_MOST):
        own_keys = journeys.key[journey].astype(np.int64)
        draws = Draws(keys(agency.seed, "contact", own_keys, np.full(len(journey), number)))
        service = journeys.service[journey]
        astray = np.zeros(len(journey), dtype=np.bool_)
        if number == 0:
            astray = draws.happens("wrong door", causes.wrong_door)
            service = np.where(astray, lost[service], service)
        channel = _channel(agency, draws, journeys.person[journey], service, day)
        if number:
            channel = np.where(draws.happens("agency calls", causes.agency_calls_back), OUTBOUND, channel)
        start_ms, offset = _start(agency, draws, channel, service=service, day=day, not_before=not_before)
        contacts = _outcomes(
            agency,
            draws,
            journeys,
            journey,
            number=number,
            service=service,
            channel=channel,
            astray=astray,
            start_ms=start_ms,
            offset=offset,
        )
        goes_on = draws.happens("goes on", np.where(contacts.abandoned, causes.calls_again, causes.continues))
        goes_on &= ~contacts.resolved
        goes_on |= astray
        goes_on &= number < CONTACTS_AT_MOST - 1
        rounds.append(replace(contacts, is_last=~goes_on))

        gap = draws.pick("gap", causes.gap_days)
        day = ((contacts.done_ms + offset) // DAY_MS + gap)[goes_on]
        not_before = (contacts.done_ms + _PAUSE_MS)[goes_on]
        journey = journey[goes_on]
    return stack(rounds)


def _channel(agency: Agency, draws: Draws, person: Ints, service: Ints, day: Ints) -> Ints:
    causes = agency.causes
    is_field = np.array(
        [one.organization_id == causes.field_organization for one in agency.catalogue.services],
        dtype=np.int64,
    )
    most = int(causes.trend_quarters) + 1
    rows = []
    for base in (causes.center_channels, causes.field_channels):
        for factors in causes.segment_channels:
            for passed in range(most):
                row = np.array(base) * np.array(factors)
                row[CHAT] *= 1.0 + causes.chat_growth_per_quarter * passed
                rows.append(row)
    kind = is_field[service] * len(SEGMENTS) + agency.people.segment[person]
    passed_quarters = np.floor(quarters(causes, day)).astype(np.int64)
    channel = draws.pick_by_row("channel", np.array(rows), kind * most + passed_quarters)
    texts = draws.happens("texts", causes.texts_instead_of_chat) & (day >= day_number(causes.texts_since))
    return np.where(texts & (channel == CHAT), TEXT, channel)


def _start(
    agency: Agency, draws: Draws, channel: Ints, *, service: Ints, day: Ints, not_before: Ints
) -> tuple[Ints, Ints]:
    """UTC start and the offset of local time, both in ms."""
    causes = agency.causes
    draw = draws.uniform("time of day")
    hours = np.empty(len(draw))
    at_office = (channel == VISIT) | (channel == KIOSK)
    written = (channel == EMAIL) | (channel == TEXT)
    for mask, weights in (
        (at_office, causes.office_hours),
        (written, causes.written_hours),
        (~at_office & ~written, causes.center_hours),
    ):
        hours[mask] = hours_from(draw[mask], weights)
    time_ms = (hours * _HOUR_MS).astype(np.int64)
    day = _open_day(day, at_office=at_office, always_open=written)
    start_ms = day * DAY_MS + time_ms - local_offsets_ms(agency, service, day)
    day = np.where(start_ms < not_before, _open_day(day + 1, at_office=at_office, always_open=written), day)
    offset = local_offsets_ms(agency, service, day)
    return day * DAY_MS + time_ms - offset, offset


def _open_day(day: Ints, *, at_office: Flags, always_open: Flags) -> Ints:
    """The same day, or Monday where the channel is closed: offices at weekends, lines on Sundays."""
    of_week = weekday(day)
    day = np.where((of_week == _SATURDAY) & at_office, day + 2, day)
    return np.where((of_week == _SUNDAY) & ~always_open, day + 1, day)


def _outcomes(
    agency: Agency,
    draws: Draws,
    journeys: Journeys,
    journey: Ints,
    *,
    number: int,
    service: Ints,
    channel: Ints,
    astray: Flags,
    start_ms: Ints,
    offset: Ints,
) -> Contacts:
    """What becomes of contacts: waits, who gives up, how long they take, whether they settle the matter."""
    causes, each = agency.causes, agency.service_causes
    phone, chat, email = channel == PHONE, channel == CHAT, channel == EMAIL
    callback, visit, kiosk = channel == CALLBACK, channel == VISIT, channel == KIOSK
    local_ms = start_ms + offset
    busy = np.array(causes.hour_wait)[(local_ms % DAY_MS) // _HOUR_MS]
    busy = busy * np.where(weekday(local_ms // DAY_MS) == 0, causes.monday_wait, 1.0)
    spiking, slower = _spikes(agency, service, local_ms // DAY_MS)

    median = np.select(
        [phone, callback, chat, email, visit, kiosk, channel == TEXT],
        [
            np.array([cause.phone_wait_seconds for cause in each])[service] * busy * slower,
            np.full(len(service), causes.callback_wait_seconds),
            causes.chat_wait_seconds * busy,
            np.full(len(service), causes.email_wait_seconds),
            causes.visit_wait_seconds * busy,
            causes.kiosk_wait_seconds * busy,
            causes.text_wait_seconds * busy,
        ],
        default=0.0,
    )
    wait = median * np.exp(np.array(causes.wait_spread)[channel] * draws.normal("wait"))
    wait = np.minimum(wait, _LONGEST_WAIT_SECONDS)
    patience = np.array(causes.patience_seconds)[channel] * np.exp(
        causes.patience_spread * draws.normal("patience")
    )
    voicemail = phone & draws.happens("voicemail", causes.left_for_voicemail)
    abandoned = ~voicemail & (wait > patience)
    abandoned |= callback & draws.happens("cancelled", causes.callback_cancelled)
    wait = np.where(abandoned, np.minimum(wait, patience), wait)
    answered = ~voicemail & ~abandoned

    talk = np.array([cause.talk_seconds for cause in each])[service] * np.array(causes.talk_factor)[channel]
    talk = np.clip(talk * np.exp(causes.talk_spread * draws.normal("talk")), 8.0, 5400.0)
    holds = (phone | (channel == OUTBOUND)) & draws.happens("holds", causes.hold_share)
    hold = np.minimum(draws.lognormal("hold", causes.hold_seconds, 0.7), 900.0) * holds
    wrap = np.minimum(draws.lognormal("wrap", causes.wrap_seconds, 0.5), 600.0) * ~(visit | kiosk)
    transferred = answered & (phone | chat) & draws.happens("transferred", causes.transferred)

    factors = np.ones((len(each), NO_PAIN_POINT + 1))
    for row, cause in enumerate(each):
        for column, pain in enumerate(cause.pain_points):
            factors[row, column] = pain.resolution
    settles = np.array([cause.resolution for cause in each])[service]
    settles = settles * factors[journeys.service[journey], journeys.pain_point[journey]]
    settles = settles * np.where(spiking, causes.spikes_resolution, 1.0)
    resolved = answered & ~astray & draws.happens("settles", settles)

    earliest, latest = causes.callback_delay_hours
    ahead = 3600.0 * (earliest + (latest - earliest) * draws.uniform("scheduled"))
    menu = 12.0 + 30.0 * draws.uniform("menu")
    organizations = list(dict.fromkeys(one.organization_id for one in agency.catalogue.services))
    organization = np.array([organizations.index(one.organization_id) for one in agency.catalogue.services])
    return Contacts(
        key=draws.keys,
        journey=journey,
        number=np.full(len(service), number, dtype=np.int64),
        person=journeys.person[journey],
        service=service,
        channel=channel,
        start_ms=start_ms,
        menu_ms=_ms(menu * phone),
        scheduled_ms=_ms(ahead * callback),
        wait_ms=_ms(wait),
        talk_ms=_ms(talk * answered),
        hold_ms=_ms(hold * answered),
        wrap_ms=_ms(wrap * answered),
        answered=answered,
        abandoned=abandoned,
        voicemail=voicemail,
        transferred=transferred,
        resolved=resolved,
        is_last=np.zeros(len(service), dtype=np.bool_),
        agent=organization[service] * AGENTS + draws.below("agent", AGENTS),
    )


def _spikes(agency: Agency, service: Ints, day: Ints) -> tuple[Flags, Floats]:
    """Which contacts fall into a time of slow phones, and the factor on their waits."""
    spiking = np.zeros(len(service), dtype=np.bool_)
    slower = np.ones(len(service))
    for spike in agency.causes.spikes:
        inside = (
            (service == agency.catalogue.service(spike.service_id))
            & (day >= day_number(spike.first))
            & (day <= day_number(spike.last))
        )
        spiking |= inside
        slower = np.where(inside, spike.factor, slower)
    return spiking, slower


def _ms(seconds: Floats) -> Ints:
    return np.asarray((seconds * 1000.0).astype(np.int64))


def between(contacts: Contacts, start_ms: int, end_ms: int) -> Contacts:
    """The contacts that begin in [start, end), ordered by start and key."""
    rows = np.flatnonzero((contacts.start_ms >= start_ms) & (contacts.start_ms < end_ms))
    return take(contacts, rows[np.lexsort((contacts.key[rows], contacts.start_ms[rows]))])

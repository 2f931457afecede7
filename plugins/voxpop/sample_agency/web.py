"""What people do on the website: visits that begin on a day, and the events that they leave.

Some visits begin a journey, before its first contact or in place of one; most are of people who never call.
A visit is of a browser, which a cookie names until it is deleted; households share some, people have several.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from voxpop.sample_agency.agency import Agency
from voxpop.sample_agency.causes import Web
from voxpop.sample_agency.clock import DAY_MS, day_number, day_of, offsets_ms, weekday
from voxpop.sample_agency.columns import stack, take
from voxpop.sample_agency.draws import Draws, Flags, Ints, Keys, keys
from voxpop.sample_agency.journeys import (
    NO_PAIN_POINT,
    Journeys,
    contacts_of,
    hours_from,
    quarters,
)

TIME_ZONE = "America/Los_Angeles"
"""The website's own: its days are those of the westernmost division."""

PAGES = ("/", "{}", "{}/how-to", "{}/start", "{}/done", "{}/status", "/search", "/contact")
HOME, SERVICE, HOW_TO, START, DONE, STATUS, SEARCH, CONTACT = range(len(PAGES))
SESSION_START, PAGE_VIEW, USER_ENGAGEMENT, VOTE = range(4)

_NO_PAGE = -1
_PLANS = np.array(
    [
        [SERVICE, _NO_PAGE, _NO_PAGE, _NO_PAGE, _NO_PAGE],
        [HOME, SERVICE, _NO_PAGE, _NO_PAGE, _NO_PAGE],
        [SERVICE, HOW_TO, _NO_PAGE, _NO_PAGE, _NO_PAGE],
        [SEARCH, SERVICE, HOW_TO, _NO_PAGE, _NO_PAGE],
        [STATUS, _NO_PAGE, _NO_PAGE, _NO_PAGE, _NO_PAGE],
        [SERVICE, HOW_TO, CONTACT, _NO_PAGE, _NO_PAGE],
        [SERVICE, START, DONE, _NO_PAGE, _NO_PAGE],
        [HOME, SERVICE, HOW_TO, START, DONE],
    ]
)
"""Pages one after another; where a task isn't done, DONE is left out."""
_LOOKS = (0.46, 0.18, 0.17, 0.07, 0.12)
"""Weights of the first plans, of visits that look something up."""
_BEFORE_CONTACT = (0.0, 0.10, 0.20, 0.15, 0.10, 0.45)
_TASKS = (0.72, 0.28)
"""Weights of the last two."""
_STATUS_ALONE = 4
_FIRST_TASK = 6
_DEVICES = 3
_NOBODY = -1
_PEOPLE, _CRAWLER, _MONITOR = range(3)
_MINUTE_MS = 60_000
_LONGEST_DWELL_MS = 25 * _MINUTE_MS
_SUNDAY, _MONDAY = 6, 0


@dataclass(frozen=True)
class Visits:
    """One entry a visit."""

    key: Keys
    day: Ints
    """The website's local day on which it begins."""
    kind: Ints
    """0: a person's; 1: the link checker's; 2: the monitor's."""
    person: Ints
    """-1: nobody whom the agency knows."""
    browser_owner: Ints
    """Whose browser it is: a person, a household or a stranger, each in a range of its own."""
    journey: Keys
    """Key of the journey that it begins; 0: none."""
    service: Ints
    plan: Ints
    is_done: Flags
    """Its task is done, if it has one."""
    start_ms: Ints


@dataclass(frozen=True)
class WebEvents:
    """One entry an event, ordered by visit and time."""

    visit: Ints
    """Position in the table of visits."""
    key: Keys
    kind: Ints
    page: Ints
    """Position in `PAGES`: the one that it happened on."""
    at_ms: Ints
    front_ms: Ints
    """For how long the page before it was in front."""
    is_signed_in: Flags
    is_partner: Flags
    """The person's partner had signed in by then, at the same browser."""
    session_ms: Ints
    """When the tool's own session began."""


def visits_of(agency: Agency, journeys: Journeys, first: int, last: int) -> Visits:
    """The visits that begin from day `first` to day `last` of the website, both included.

    Args:
        agency: whose website.
        journeys: those that begin on these days are looked up here; others may be among them.
        first: day number.
        last: day number.
    """
    days = np.arange(max(first, day_number(agency.causes.history_starts)), last + 1, dtype=np.int64)
    return stack(
        [
            _of_journeys(agency, take(journeys, np.isin(journeys.day, days) & journeys.on_website)),
            _of_others(agency, days),
            _of_programs(agency, days, _CRAWLER, _SUNDAY),
            _of_programs(agency, days, _MONITOR, _MONDAY),
        ]
    )


def _midnights_ms(days: Ints) -> Ints:
    """When these local days begin, UTC; an hour off on a day on which clocks change."""
    return days * DAY_MS - offsets_ms((TIME_ZONE,), np.zeros(len(days), dtype=np.int64), days)


def _of_journeys(agency: Agency, journeys: Journeys) -> Visits:
    """A visit on the journey's first day; where contacts follow, before the first of them."""
    web = agency.causes.web
    draws = Draws(keys(agency.seed, "web journey", journeys.key.astype(np.int64)))
    begin = _midnights_ms(journeys.day)
    contacts = contacts_of(agency, journeys)
    first = contacts.number == 0
    latest = begin + 2 * DAY_MS
    latest[contacts.journey[first]] = contacts.start_ms[first] - 5 * _MINUTE_MS
    usual = begin + (hours_from(draws.uniform("hour"), agency.causes.written_hours) * 3_600_000).astype(
        np.int64
    )
    hurried = begin + (draws.uniform("before the contact") * (latest - begin)).astype(np.int64)
    start = np.where(usual < latest, usual, hurried)
    plan = np.where(
        journeys.settled_on_website,
        _FIRST_TASK + draws.pick("task", _TASKS),
        draws.pick("before contact", _BEFORE_CONTACT),
    )
    tries = ~journeys.settled_on_website & draws.happens("tries the task", web.does_task)
    plan = np.where(tries, _FIRST_TASK, plan)
    visits = _visits(
        agency,
        draws,
        day=journeys.day,
        person=journeys.person,
        service=journeys.service,
        plan=plan,
        start=start,
    )
    is_done = visits.is_done & (journeys.pain_point == NO_PAIN_POINT) & ~tries
    visits = replace(visits, journey=journeys.key, is_done=is_done | journeys.settled_on_website)
    return take(visits, np.flatnonzero(latest > begin))


def _of_others(agency: Agency, days: Ints) -> Visits:
    """Visits that no contact follows."""
    causes, web = agency.causes, agency.causes.web
    day_draws = Draws(keys(agency.seed, "web day", days))
    months = np.array([day_of(day).month - 1 for day in days.tolist()], dtype=np.int64)
    years = (days - day_number(causes.history_starts)) / 365.25
    expected = (
        web.visits_per_day
        * np.array(causes.weekday)[weekday(days)]
        * np.array(causes.month)[months]
        * np.exp(causes.journeys_growth_per_year * years)
        * np.exp(causes.journeys_day_to_day * day_draws.normal("demand"))
    )
    counts = np.floor(expected + day_draws.uniform("rounding")).astype(np.int64)
    day = np.repeat(days, counts)
    in_day = np.arange(len(day), dtype=np.int64) - np.repeat(np.cumsum(counts) - counts, counts)
    draws = Draws(keys(agency.seed, "web visit", day, in_day))
    known = (len(agency.people) * draws.uniform("person") ** causes.heavy_use).astype(np.int64)
    service = draws.pick("service", tuple(cause.demand for cause in agency.service_causes))
    strangers = np.where(is_behind_sign_in(agency, service), web.is_stranger_there, web.is_stranger)
    person = np.where(draws.happens("stranger", strangers), _NOBODY, known)
    task = draws.happens("task", web.does_task)
    plan = np.where(task, _FIRST_TASK + draws.pick("which task", _TASKS), draws.pick("looks", _LOOKS))
    hours = hours_from(draws.uniform("hour"), causes.written_hours)
    start = _midnights_ms(day) + (hours * 3_600_000).astype(np.int64)
    return _visits(agency, draws, day=day, person=person, service=service, plan=plan, start=start)


def _visits(
    agency: Agency, draws: Draws, *, day: Ints, person: Ints, service: Ints, plan: Ints, start: Ints
) -> Visits:
    web, people = agency.causes.web, agency.people
    stranger = draws.below("stranger's number", web.strangers)
    known = np.maximum(person, 0)
    shares = Draws(keys(agency.seed, "household", people.household[known])).happens(
        "browser", web.shares_desktop
    )
    households = people.household[known] + len(people) + web.strangers
    at_desktop = draws.pick("device", web.devices) == 0
    owner = np.where(shares & at_desktop, households, known)
    owner = np.where(person == _NOBODY, len(people) + stranger, owner)
    ease = np.array([cause.baseline[1] for cause in agency.service_causes])
    trend = np.array([cause.trend[1] for cause in agency.service_causes])
    now = ease[service] + trend[service] * quarters(agency.causes, day)
    done = draws.happens("done", np.clip(web.done_at_ease_4 + web.done_by_ease * (now - 4.0), 0.05, 0.95))
    return Visits(
        key=draws.keys,
        day=day,
        kind=np.full(len(day), _PEOPLE),
        person=person,
        browser_owner=owner,
        journey=np.zeros(len(day), dtype=np.uint64),
        service=service,
        plan=plan,
        is_done=done,
        start_ms=start,
    )


def is_behind_sign_in(agency: Agency, service: Ints) -> Flags:
    """Of services by their position: whether their pages want people to sign in."""
    names = [one.service_id for one in agency.catalogue.services]
    return np.isin(names, agency.causes.web.behind_sign_in)[service]


def _of_programs(agency: Agency, days: Ints, kind: int, of_week: int) -> Visits:
    """Visits of a program on one day of the week, beginning five minutes after midnight."""
    day = days[weekday(days) == of_week]
    nothing = np.zeros(len(day), dtype=np.int64)
    return Visits(
        key=keys(agency.seed, "web program", day, nothing + kind),
        day=day,
        kind=nothing + kind,
        person=nothing + _NOBODY,
        browser_owner=nothing - kind,
        journey=nothing.astype(np.uint64),
        service=nothing,
        plan=nothing,
        is_done=nothing > 0,
        start_ms=_midnights_ms(day) + 5 * _MINUTE_MS,
    )


def devices(agency: Agency, visits: Visits) -> Ints:
    """0: desktop, 1: mobile, 2: tablet."""
    picked = Draws(visits.key).pick("device", agency.causes.web.devices)
    return np.where(visits.kind == _PEOPLE, picked, 0)


def cookies(agency: Agency, visits: Visits) -> NDArray[np.bytes_]:
    """Each visit's `user_pseudo_id`; empty where cookies are refused."""
    web = agency.causes.web
    device = devices(agency, visits)
    browser = Draws(keys(agency.seed, "browser", visits.browser_owner * _DEVICES + device))
    lives = np.array(web.cookie_days)[browser.pick("cookie kept", web.cookie_kept)]
    age = visits.day + (browser.uniform("phase") * lives).astype(np.int64)
    lives = np.where(visits.kind == _PEOPLE, lives, 1)
    number = age // lives
    cookie = Draws(keys(agency.seed, "cookie", browser.keys.astype(np.int64), number))
    made_s = (visits.day - age % lives) * (DAY_MS // 1000) + cookie.below("second", DAY_MS // 1000)
    ids = (cookie.bits("id") % np.uint64(2_000_000_000)).astype("S10")
    texts = np.char.add(np.char.add(ids, b"."), made_s.astype("S10"))
    refused = (visits.kind == _PEOPLE) & Draws(visits.key).happens("refuses cookies", web.refuses_cookies)
    return np.where(refused, b"", texts)


def events_of(agency: Agency, visits: Visits) -> WebEvents:
    """The events of these visits: a session's start, page views, and some others behind them."""
    web = agency.causes.web
    draws = Draws(visits.key)
    planned = (_PLANS[visits.plan] != _NO_PAGE).sum(axis=1)
    has_done = (visits.plan >= _FIRST_TASK) & ~visits.is_done
    pages = np.select(
        [visits.kind == _CRAWLER, visits.kind == _MONITOR],
        [web.crawler_pages, web.monitor_pages],
        default=planned - has_done,
    )
    leaves = (visits.kind == _PEOPLE) & draws.happens("seen to leave", web.seen_to_leave)
    votes = (visits.kind == _PEOPLE) & (pages > 1) & draws.happens("votes", web.votes)
    counts = 1 + pages + leaves + votes
    visit = np.repeat(np.arange(len(counts), dtype=np.int64), counts)
    place = np.arange(len(visit), dtype=np.int64) - np.repeat(np.cumsum(counts) - counts, counts)
    key = keys(agency.seed, "web event", visits.key[visit].astype(np.int64), place)
    each = Draws(key)
    kind = np.select(
        [place == 0, place <= pages[visit], leaves[visit] & (place == pages[visit] + 1)],
        [SESSION_START, PAGE_VIEW, USER_ENGAGEMENT],
        default=VOTE,
    )
    on = np.clip(place - 1, 0, pages[visit] - 1)
    page = np.where(
        visits.kind[visit] == _PEOPLE,
        _PLANS[visits.plan[visit], np.minimum(on, _PLANS.shape[1] - 1)],
        np.where(visits.kind[visit] == _CRAWLER, on % len(PAGES), HOME),
    )
    front = each.lognormal("dwell", web.dwell_seconds * 1000.0, web.dwell_spread)
    front_ms = np.clip(front, 900, _LONGEST_DWELL_MS).astype(np.int64)
    front_ms = np.where(visits.kind[visit] == _CRAWLER, 4_500, front_ms)
    front_ms = np.where(visits.kind[visit] == _MONITOR, 20 * _MINUTE_MS, front_ms)
    front_ms = np.where(place <= 1, 0, front_ms)
    pause = draws.happens("pauses", web.pauses) & (visits.kind == _PEOPLE)
    pause_ms = np.where(pause, 30 * _MINUTE_MS + draws.below("pause", 45 * _MINUTE_MS), 0)
    passed = front_ms + np.where(place == 2, pause_ms[visit], 0)
    total = np.cumsum(passed)
    begin = np.cumsum(counts) - counts
    at_ms = visits.start_ms[visit] + total - (total[begin] if len(begin) else total)[visit]
    at_ms += each.below("moment", 900) * (place > 1)
    begins_anew = pause[visit] & (place >= 2)
    second = at_ms[np.minimum(begin + 2, max(len(at_ms) - 1, 0))] if len(begin) else at_ms
    known = visits.person >= 0
    behind = is_behind_sign_in(agency, visits.service)
    to_sign_in = behind | np.isin(visits.plan, (_STATUS_ALONE, _FIRST_TASK, _FIRST_TASK + 1))
    signs_in = (
        known & to_sign_in & draws.happens("signs in", np.where(behind, web.signs_in_there, web.signs_in))
    )
    from_first_page = behind | (visits.plan == _STATUS_ALONE)
    partner = signs_in & draws.happens("partner signs in", web.partner_signs_in_too)
    last = place == (counts - 1)[visit]
    return WebEvents(
        visit=visit,
        key=key,
        kind=kind,
        page=page,
        at_ms=at_ms,
        front_ms=front_ms,
        is_signed_in=signs_in[visit] & ((place >= 2) | from_first_page[visit]),
        is_partner=partner[visit] & last,
        session_ms=np.where(begins_anew, second[visit], visits.start_ms[visit]),
    )


def helpful(agency: Agency, visits: Visits) -> Flags:
    """What each visit's vote says, if it has one."""
    web: Web = agency.causes.web
    ease = np.array([cause.baseline[1] for cause in agency.service_causes])[visits.service]
    return Draws(visits.key).happens(
        "helpful", np.clip(web.helpful_at_ease_4 + web.done_by_ease * (ease - 4.0), 0.05, 0.95)
    )


def table_days(at_ms: Ints) -> Ints:
    """The website's local day of each moment."""
    days = at_ms // DAY_MS
    if not len(days):
        return days
    zone = np.zeros(len(days), dtype=np.int64)
    return np.asarray((at_ms + offsets_ms((TIME_ZONE,), zone, days)) // DAY_MS)


def last_table_day(last: date) -> int:
    """The newest local day that is over at the end of a day (UTC)."""
    end_ms = (day_number(last) + 1) * DAY_MS
    return int(table_days(np.array([end_ms]))[0]) - 1

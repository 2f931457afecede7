"""The website's events as Google Analytics exports them: a table a day, written anew while it changes.

A table is NDJSON, as BigQuery exports it, whole numbers as texts. For three days after its day events come
late, and some that were there are gone; others are in it twice.
"""

from __future__ import annotations

import gzip
from functools import cache
from pathlib import Path

import numpy as np

from voxpop.sample_agency.agency import Agency
from voxpop.sample_agency.clock import DAY_MS, day_number, day_of
from voxpop.sample_agency.columns import take
from voxpop.sample_agency.draws import Draws, Ints
from voxpop.sample_agency.events import Events
from voxpop.sample_agency.files import write_whole
from voxpop.sample_agency.misbehavior import LATE_DAYS, Misbehavior, delivery, late_days
from voxpop.sample_agency.templates import Columns, Template, compile_template
from voxpop.sample_agency.web import (
    DONE,
    PAGES,
    START,
    USER_ENGAGEMENT,
    VOTE,
    Visits,
    WebEvents,
    cookies,
    devices,
    events_of,
    helpful,
    last_table_day,
    table_days,
    visits_of,
)

FOLDER = "web"
HOST = "www.dps.example.gov"
NAMES = (b"session_start", b"page_view", b"user_engagement", b"page_helpful")

_DEVICES = (b"desktop", b"mobile", b"tablet")
_SYSTEMS = (b"Windows", b"iOS", b"Android")
_CAMPAIGN = b"?utm_source=newsletter&utm_campaign=spring"
_WITH_EMAIL = b"?email=ana.diaz%40mail.example.com"
_DAYS_AT_ONCE = 90
_ENGAGED_MS = 10_000


def write_tables(agency: Agency, events: Events, drop: Path, misbehavior: Misbehavior) -> list[Path]:
    """Write the daily tables that are due by the end of the events' last day, and anew what has changed.

    Args:
        agency: whose website.
        events: everything since history began.
        drop: folder that holds one folder a source.
        misbehavior: what is late, and what is there twice.

    Returns:
        The files written now; a table that is as it was stays as it is.
    """
    folder = drop / FOLDER
    for made in (drop, folder):
        made.mkdir(mode=0o700, parents=True, exist_ok=True)
    newest = last_table_day(events.last)
    first = day_number(max(events.first, agency.causes.history_starts))
    due = [
        day
        for day in range(first, newest + 1)
        if day > newest - LATE_DAYS - 1 or not _path(folder, day).exists()
    ]
    written = []
    while due:
        some = [day for day in due if day < due[0] + _DAYS_AT_ONCE]
        tables = _tables(agency, events, (some[0], some[-1]), newest=newest, misbehavior=misbehavior)
        for day, lines in tables.items():
            content = gzip.compress(b"".join(lines), compresslevel=1, mtime=0)
            path = _path(folder, day)
            if day in some and not (path.exists() and path.read_bytes() == content):
                write_whole(path, content)
                written.append(path)
        due = due[len(some) :]
    return written


def _path(folder: Path, day: int) -> Path:
    return folder / f"events_{day_of(day):%Y%m%d}.ndjson.gz"


def _tables(
    agency: Agency, events: Events, span: tuple[int, int], *, newest: int, misbehavior: Misbehavior
) -> dict[int, list[bytes]]:
    """The lines of each table from one day to another, as they are when `newest` is the last one."""
    first, last = span
    # A visit may go on into the next day's table.
    visits = visits_of(agency, events.journeys, first - 1, last)
    made = events_of(agency, visits)
    day = table_days(made.at_ms)
    late = late_days(made.key, misbehavior)
    vanished = Draws(made.key).happens("vanishes", agency.causes.web.vanishes * (misbehavior.late > 0))
    shown = (day >= first) & (day <= last) & (day + late <= newest) & ~(vanished & (day < newest))
    rows = np.flatnonzero(shown)
    rows = rows[np.lexsort((made.key[rows], made.at_ms[rows]))]
    rows = rows[delivery(made.key[rows], misbehavior)]
    # Late ones are among the others of their day.
    rows = rows[np.argsort(day[rows], kind="stable")]
    lines = render(agency, visits, take(made, rows), day[rows])
    tables: dict[int, list[bytes]] = {}
    days, begin = np.unique(day[rows], return_index=True)
    for number, (one, start) in enumerate(zip(days.tolist(), begin.tolist(), strict=True)):
        end = begin[number + 1] if number + 1 < len(begin) else len(lines)
        tables[one] = lines[start:end]
    return tables


def render(agency: Agency, visits: Visits, made: WebEvents, day: Ints) -> list[bytes]:
    """Events as lines of NDJSON, in their order.

    Args:
        agency: whose website.
        visits: what the events point into.
        made: the events.
        day: the table's day of each.
    """
    web = agency.causes.web
    draws = Draws(made.key)
    is_int = day >= day_number(web.engaged_is_int_since)
    repeated = draws.happens("repeated key", web.repeated_key)
    shape = (made.kind * 2 + is_int) * 2 + repeated
    order = np.argsort(shape, kind="stable")
    columns = _columns(agency, visits, take(made, order), day[order])
    codes, firsts, counts = np.unique(shape[order], return_index=True, return_counts=True)
    filled: list[bytes] = []
    for code, first, count in zip(codes.tolist(), firsts.tolist(), counts.tolist(), strict=True):
        template = _template(code // 4, bool(code // 2 % 2), bool(code % 2))
        filled += template.fill(columns, slice(first, first + count))
    back = np.empty(len(order), dtype=np.int64)
    back[order] = np.arange(len(order))
    return [filled[place] for place in back.tolist()]


@cache
def _template(kind: int, engaged_is_int: bool, repeats: bool) -> Template:
    location = {"key": "page_location", "value": {"string_value": "$location"}}
    home = {"key": "page_location", "value": {"string_value": f"https://{HOST}/"}}
    engaged = {"int_value" if engaged_is_int else "string_value": "$engaged"}
    parameters = [
        {"key": "ga_session_id", "value": {"int_value": "$session"}},
        *([home] if repeats else []),
        location,
        {"key": "session_engaged", "value": engaged} if kind else None,
        {"key": "engagement_time_msec", "value": {"int_value": "$front"}} if kind else None,
        {"key": "helpful", "value": {"string_value": "$helpful"}} if kind == VOTE else None,
    ]
    text = compile_template(
        {
            "event_date": "$date",
            "event_timestamp": "$micros",
            "event_name": NAMES[kind].decode(),
            "event_params": [parameter for parameter in parameters if parameter],
            "@user": None,
            "@visitor": None,
            "device": {"category": "$device", "operating_system": "$system", "language": "en-us"},
            "geo": {"country": "United States"},
            "stream_id": "2100450278",
            "platform": "WEB",
        }
    )
    return Template((*text.pieces[:-1], text.pieces[-1] + b"\n"), text.names)


def _columns(agency: Agency, visits: Visits, made: WebEvents, day: Ints) -> Columns:
    web, visit = agency.causes.web, made.visit
    draws = Draws(made.key)
    device = devices(agency, visits)[visit]
    is_engaged = (made.front_ms >= _ENGAGED_MS) | ((made.kind != USER_ENGAGEMENT) & (made.front_ms > 0))
    services = [service.service_id for service in agency.catalogue.services]
    pages = np.array(
        [[f"https://{HOST}{page.format('/services/' + one)}".encode() for page in PAGES] for one in services]
    )

    def location() -> list[bytes]:
        draw = draws.uniform("query")
        query = np.select(
            [draw < web.query_with_email, draw < web.query], [_WITH_EMAIL, _CAMPAIGN], default=b""
        ).astype("S64")
        is_task = np.isin(made.page, (START, DONE))
        found: list[bytes] = np.char.add(
            pages[visits.service[visit], made.page], np.where(is_task, b"", query)
        ).tolist()
        return found

    def user() -> list[bytes]:
        person = np.maximum(visits.person[visit], 0)
        other = np.minimum(person + 1, len(agency.people) - 1)
        account = agency.people.account[np.where(made.is_partner, other, person)]
        texts = np.char.add(np.char.add(b'"user_id":"', account), b'",')
        found: list[bytes] = np.where(made.is_signed_in, texts, b"").tolist()
        return found

    def visitor() -> list[bytes]:
        ids = cookies(agency, visits)
        texts = np.where(ids == b"", b"", np.char.add(np.char.add(b'"user_pseudo_id":"', ids), b'",'))
        found: list[bytes] = texts[visit].tolist()
        return found

    def dates() -> list[bytes]:
        known, place = np.unique(day, return_inverse=True)
        names = np.array([f"{day_of(one):%Y%m%d}".encode() for one in known.tolist()])
        found: list[bytes] = names[place].tolist()
        return found

    return Columns(
        {
            "date": dates,
            "micros": lambda: _texts(made.at_ms * 1000 + draws.below("micros", 1000)),
            "session": lambda: _texts(made.session_ms // 1000),
            "front": lambda: _texts(np.minimum(made.front_ms, DAY_MS)),
            "location": location,
            "engaged": lambda: _texts(is_engaged.astype(np.int64)),
            "helpful": np.where(helpful(agency, visits), b"yes", b"no")[visit].tolist,
            "device": np.array(_DEVICES)[device].tolist,
            "system": np.array(_SYSTEMS)[device].tolist,
            "user": user,
            "visitor": visitor,
        }
    )


def _texts(values: Ints) -> list[bytes]:
    found: list[bytes] = values.astype("S20").tolist()
    return found

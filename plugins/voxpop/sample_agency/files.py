"""The files that the offices send: visits as CSV, kiosk answers as NDJSON, counts of offered surveys as CSV.

One file a month of history, one a day after it. A file holds what was known when its days ended: late
rows come in a later file, and a corrected visit comes again with a later `Last Changed`.
"""

from __future__ import annotations

import calendar
import csv
import io
import re
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from voxpop.sample_agency.agency import Agency
from voxpop.sample_agency.causes import SEGMENTS, VISIT
from voxpop.sample_agency.clock import DAY_MS, day_number, local_stamps, offset_texts
from voxpop.sample_agency.columns import take
from voxpop.sample_agency.comments import comments_of, joined, languages
from voxpop.sample_agency.draws import Draws, Flags, Ints, Keys
from voxpop.sample_agency.events import Events
from voxpop.sample_agency.goals import goal_files
from voxpop.sample_agency.journeys import AGENTS, Contacts, local_offsets_ms
from voxpop.sample_agency.misbehavior import Misbehavior, edits, late_days, shuffled
from voxpop.sample_agency.offers import offers_csv
from voxpop.sample_agency.opinions import Experiences, kiosk_score
from voxpop.sample_agency.people import typed
from voxpop.sample_agency.templates import Columns, compile_template, texts
from voxpop.sample_agency.text_messages import texts_parquet

OFFICES = (
    "Oakland, Broadway",
    "Fresno, Tulare Street",
    "Portland, Lloyd Center",
    "Seattle Downtown",
    "Spokane",
    "Las Vegas, Sahara",
    "San Diego, Mission Valley",
    "Los Angeles, Wilshire",
)
VISIT_COLUMNS = (
    "Visit ID",
    "Office",
    "Checked In",
    "Finished",
    "Channel",
    "Service Code",
    "Service",
    "Segment",
    "Account Number",
    "Email",
    "Phone",
    "Wait Seconds",
    "Desk Seconds",
    "Clerk",
    "Left Before Served",
    "Resolved",
    "Last Changed",
)
_LONGEST_SPAN_DAYS = 40
_PERIOD = re.compile(r"(\d{4})-(\d{2})(?:-(\d{2}))?\.(?:csv|ndjson|parquet)$")


@dataclass(frozen=True)
class Source:
    """A folder that files are dropped into."""

    name: str
    ending: str


VISITS = Source("field_offices", "csv")
KIOSK = Source("kiosk_surveys", "ndjson")
TEXTS = Source("text_messages", "parquet")
OFFERS = Source("survey_offers", "csv")
GOALS = Source("goal_values", "csv")


def visit_ids(visits: Contacts) -> list[str]:
    """The `Visit ID` of each visit."""
    return [f"WFS-{value}" for value in (visits.key >> np.uint64(20)).tolist()]


def kiosk_ids(answers: Experiences) -> list[bytes]:
    """The `id` of each kiosk answer."""
    return [b"K-%d" % value for value in (answers.key >> np.uint64(20)).tolist()]


def _offices(key: Keys, person: Ints) -> Ints:
    """Mostly the office where the person always goes."""
    draws = Draws(key)
    return np.where(
        draws.happens("another office", 0.1), draws.below("office", len(OFFICES)), person % len(OFFICES)
    )


def visits_csv(agency: Agency, visits: Contacts, first: int, last: int, misbehavior: Misbehavior) -> bytes:
    """The file of the days `first` to `last`: the visits that became known then, and corrections.

    Args:
        agency: whose offices.
        visits: visits that began on those days or up to `_LONGEST_SPAN_DAYS` before.
        first: day number.
        last: day number.
        misbehavior: how many rows are late, doubled and corrected.

    Returns:
        UTF-8 CSV with a header, CRLF, rows in no order.
    """
    known_on = visits.start_ms // DAY_MS + late_days(visits.key, misbehavior)
    edited, after_days = edits(visits.key, misbehavior)
    changed_ms = visits.start_ms + (after_days * DAY_MS).astype(np.int64)
    corrected = edited & visits.answered & ~visits.resolved
    new = np.flatnonzero((known_on >= first) & (known_on <= last))
    again = np.flatnonzero(corrected & (changed_ms // DAY_MS >= first) & (changed_ms // DAY_MS <= last))
    rows = _visit_rows(agency, take(visits, new), np.zeros(len(new), dtype=np.bool_), changed_ms[new])
    rows += _visit_rows(agency, take(visits, again), np.ones(len(again), dtype=np.bool_), changed_ms[again])
    keys = np.concatenate([visits.key[new], ~visits.key[again]])
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(VISIT_COLUMNS)
    writer.writerows(rows[place] for place in shuffled(keys, misbehavior).tolist())
    return text.getvalue().encode()


def _visit_rows(
    agency: Agency, visits: Contacts, corrected: Flags, changed_ms: Ints
) -> list[tuple[str, ...]]:
    draws, rates = Draws(visits.key), agency.causes.identifiers
    people, person = agency.people, visits.person
    offset = local_offsets_ms(agency, visits.service, visits.start_ms // DAY_MS)
    attended = visits.channel == VISIT

    def identifier(kind: str, rate: float) -> list[str]:
        values = typed(
            draws,
            kind,
            getattr(people, kind)[person],
            draws.happens(kind, rate),
            placeholders=agency.catalogue.placeholders.get(kind, ()),
            rates=rates,
        )
        return [value.decode() for value in values.tolist()]

    def local(times_ms: Ints) -> list[str]:
        return [stamp.decode() for stamp in local_stamps(times_ms, offset, b" ")]

    def yes(flags: Flags) -> list[str]:
        words: list[str] = np.where(flags, "Yes", "No").tolist()
        return words

    office = np.array(OFFICES)[_offices(visits.key, person)].tolist()
    services = agency.catalogue.services
    known = draws.happens("segment known", rates.segment_known)
    phones = [
        f"({value[2:5]}) {value[5:8]}-{value[8:]}" if value.startswith("+1") else value
        for value in identifier("phone", rates.visit_phone)
    ]
    served = attended & visits.answered
    changed = local(np.where(corrected, changed_ms, visits.end_ms))
    return list(
        zip(
            visit_ids(visits),
            office,
            local(visits.start_ms),
            local(visits.end_ms),
            np.where(attended, "VISIT", "KIOSK").tolist(),
            np.array([service.service_id for service in services])[visits.service].tolist(),
            np.array([service.name for service in services])[visits.service].tolist(),
            np.where(known, np.array(SEGMENTS)[people.segment[person]], "").tolist(),
            identifier("account", rates.account["visit"]),
            identifier("email", rates.visit_email),
            phones,
            [str(value // 1000) for value in visits.wait_ms.tolist()],
            [str(value // 1000) if value else "" for value in visits.talk_ms.tolist()],
            [
                f"clerk-{value % AGENTS:02d}" if at else ""
                for value, at in zip(visits.agent.tolist(), served, strict=True)
            ],
            yes(visits.abandoned),
            np.where(visits.answered, np.where(visits.resolved | corrected, "Yes", "No"), "").tolist(),
            changed,
            strict=True,
        )
    )


def kiosk_ndjson(
    agency: Agency, answers: Experiences, first: int, last: int, misbehavior: Misbehavior
) -> bytes:
    """The file of the days `first` to `last`: the kiosk answers that became known then, one a line.

    Args:
        agency: whose kiosks.
        answers: kiosk answers given on those days or up to `_LONGEST_SPAN_DAYS` before.
        first: day number.
        last: day number.
        misbehavior: how many lines are late and doubled.
    """
    known_on = answers.created_ms // DAY_MS + late_days(answers.key, misbehavior)
    answers = take(answers, np.flatnonzero((known_on >= first) & (known_on <= last)))
    lines = _KIOSK_TEMPLATE.fill(_kiosk_columns(agency, answers), slice(0, len(answers.key)))
    return b"".join(lines[place] + b"\n" for place in shuffled(answers.key, misbehavior).tolist())


_KIOSK_TEMPLATE = compile_template(
    {
        "id": "$id",
        "form": "$form",
        "submitted": "$submitted",
        "kiosk": "$kiosk",
        "visit": "#visit",
        "service": "$service",
        "channel": "KIOSK",
        "language": "$language",
        "rating": "#rating",
        "easy": "#easy",
        "comment": "#comment",
        "account": "#account",
        "email": None,
        "changed": "$submitted",
    }
)


def _kiosk_columns(agency: Agency, answers: Experiences) -> Columns:
    draws, rates = Draws(answers.key), agency.causes.identifiers
    count = len(answers.key)
    service = agency.catalogue.services[agency.catalogue.kiosk_service]

    def submitted() -> list[bytes]:
        offset = local_offsets_ms(
            agency, np.full(count, agency.catalogue.kiosk_service), answers.created_ms // DAY_MS
        )
        local = local_stamps(answers.created_ms, offset, b"T")
        return [stamp + zone for stamp, zone in zip(local, offset_texts(offset), strict=True)]

    def item(name: str) -> list[bytes]:
        return [b"%d" % value for value in kiosk_score(agency, answers, name).tolist()]

    def comments() -> list[bytes]:
        written = comments_of(agency, answers)
        return texts([joined(*both) for both in zip(written.praise, written.complaint, strict=True)])

    def visits() -> list[bytes]:
        kept = draws.happens("ticket kept", rates.kiosk_ticket).tolist()
        keys = (answers.contact_key >> np.uint64(20)).tolist()
        return [b'"WFS-%d"' % key if has_it else b"null" for key, has_it in zip(keys, kept, strict=True)]

    def accounts() -> list[bytes]:
        values = typed(
            draws,
            "account",
            agency.people.account[answers.person],
            draws.happens("account", rates.kiosk_account),
            placeholders=agency.catalogue.placeholders.get("account", ()),
            rates=rates,
        )
        return [b'"%b"' % value if value else b"null" for value in values.tolist()]

    return Columns(
        {
            "id": lambda: kiosk_ids(answers),
            "form": lambda: [agency.catalogue.kiosk_form_id.encode()] * count,
            "submitted": submitted,
            "kiosk": lambda: [
                b"WFS-%02d-K%d" % (office + 1, person % 2 + 1)
                for office, person in zip(
                    _offices(answers.key, answers.person).tolist(), answers.person.tolist(), strict=True
                )
            ],
            "visit": visits,
            "service": lambda: [service.service_id.encode()] * count,
            "language": lambda: languages(agency, answers.person),
            "rating": lambda: item("rating"),
            "easy": lambda: item("easy"),
            "comment": comments,
            "account": accounts,
        }
    )


def drop_files(agency: Agency, events: Events, drop: Path, misbehavior: Misbehavior) -> list[Path]:
    """Write what the offices have sent by the end of the events' last day and isn't in the folder yet.

    Days that a file in the folder covers stay as they are; of the others, a whole month makes one file, else
    each day one. A day without rows makes none. A file appears under its name only when it is whole.

    Args:
        agency: whose offices.
        events: everything since history began.
        drop: folder that holds one folder a source.
        misbehavior: what is late, doubled and corrected.

    Returns:
        The files written now.
    """
    first, last = day_number(events.first), day_number(events.last)
    written = []
    for source in (VISITS, KIOSK, TEXTS, OFFERS):
        folder = drop / source.name
        for made in (drop, folder):
            made.mkdir(mode=0o700, parents=True, exist_ok=True)
        covered = {day for path in folder.iterdir() for day in _days_of(path.name)}
        for name, start, end in _periods(events.first, events.last, covered):
            if source is VISITS:
                began = events.visits.start_ms // DAY_MS
                recent = take(events.visits, (began <= end) & (began > start - _LONGEST_SPAN_DAYS))
                content = visits_csv(agency, recent, max(start, first), min(end, last), misbehavior)
                empty = content.count(b"\n") == 1
            elif source is TEXTS:
                began = events.texts.start_ms // DAY_MS
                recent = take(events.texts, (began <= end) & (began > start - _LONGEST_SPAN_DAYS))
                content = texts_parquet(agency, recent, max(start, first), min(end, last))
                empty = not content
            elif source is OFFERS:
                # Of the last day's evening the west's part comes after it has ended in UTC.
                content = offers_csv(agency, events.experiences, max(start - 1, first), min(end, last) - 1)
                empty = content.count(b"\n") == 1
            else:
                content = kiosk_ndjson(agency, events.kiosk, max(start, first), min(end, last), misbehavior)
                empty = not content
            if not empty:
                path = folder / f"{source.name}_{name}.{source.ending}"
                write_whole(path, content)
                written.append(path)
    return written + _goal_files(drop / GOALS.name, events.last)


def _goal_files(folder: Path, last: date) -> list[Path]:
    """Write the quarters' files that have been sent by then and aren't in the folder yet."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    written = []
    for quarter, content in goal_files(last):
        path = folder / f"{GOALS.name}_{quarter}.{GOALS.ending}"
        if not path.exists():
            write_whole(path, content)
            written.append(path)
    return written


def write_whole(path: Path, content: bytes) -> None:
    """Write a file that others see only when it is whole, readable by its owner alone."""
    unfinished = path.with_name(path.name + ".tmp")
    unfinished.touch(mode=0o600)
    unfinished.write_bytes(content)
    unfinished.replace(path)


def _days_of(name: str) -> range:
    """The day numbers that a file of this name covers."""
    match = _PERIOD.search(name)
    if match is None:
        return range(0)
    year, month = int(match[1]), int(match[2])
    if match[3]:
        day = day_number(date(year, month, int(match[3])))
        return range(day, day + 1)
    start = day_number(date(year, month, 1))
    return range(start, start + calendar.monthrange(year, month)[1])


def _periods(first: date, last: date, covered: set[int]) -> list[tuple[str, int, int]]:
    """Name, first and last day number of each file to write."""
    periods = []
    month = first.replace(day=1)
    while month <= last:
        length = calendar.monthrange(month.year, month.month)[1]
        end = month + timedelta(days=length - 1)
        days = range(day_number(max(first, month)), day_number(min(last, end)) + 1)
        if end <= last and not covered.intersection(days):
            periods.append((f"{month:%Y-%m}", days[0], days[-1]))
        else:
            periods += [
                (str(month + timedelta(days=day - day_number(month))), day, day)
                for day in days
                if day not in covered
            ]
        month = end + timedelta(days=1)
    return periods

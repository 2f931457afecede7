"""What only the agency knows: who is who, what they went through, and why. For comparison, never for a model.

`causes.json` holds every weight and rate. The tables are Parquet:

- `people`: person_id, account, email, phone, household_id, segment, region, speaks_spanish
- `journeys`: journey_id, person_id, service_id, first_day, pain_point (null: none), on_website,
  settled_on_website
- `contacts`: source, record_id, person_id, journey_id, service_id (the line called), channel, number,
  started_at, ended_at, waited_seconds, answered, abandoned, resolved
- `experiences`: everybody who could have been asked: record_id (null where nobody answered), source,
  person_id, journey_id, contact_record_id (null after the website), service_id, channel, pain_point, offered,
  ended_at, responds, answered_at, and for each item and rating the opinion before rounding and the score,
  whether or not the form asks it
- `personal_data`: record_id, kind, value: what the comments hold
- `web_visits`: visit_id, journey_id (null: it begins none), person_id (null: a stranger, or a program),
  visitor_id (its cookie; empty where refused), service_id, started_at, ended_at, event_count, signed_in,
  task_started, task_done, helpful (null: no vote), is_program
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from voxpop.sample_agency import web
from voxpop.sample_agency.agency import Agency
from voxpop.sample_agency.causes import CHANNELS, DRIVERS, REGIONS, SEGMENTS
from voxpop.sample_agency.clock import day_number
from voxpop.sample_agency.columns import take
from voxpop.sample_agency.comments import comments_of
from voxpop.sample_agency.draws import Ints, Keys
from voxpop.sample_agency.events import Events, span_ms
from voxpop.sample_agency.files import KIOSK, TEXTS, VISITS, kiosk_ids, visit_ids
from voxpop.sample_agency.genesys import conversation_ids
from voxpop.sample_agency.journeys import NO_PAIN_POINT, Contacts
from voxpop.sample_agency.opinions import RATINGS
from voxpop.sample_agency.text_messages import thread_ids
from voxpop.sample_agency.touchpoints import submission_ids

ITEM_NAMES = ("satisfaction", "trust", *DRIVERS)


def write_truth(agency: Agency, events: Events, folder: Path) -> None:
    """Write the truth about these events into a folder, each file whole."""
    for made in (folder.parent, folder):
        made.mkdir(mode=0o700, parents=True, exist_ok=True)
    causes = asdict(agency.causes) | {"seed": agency.seed, "channels": CHANNELS, "drivers": DRIVERS}
    _replace(folder / "causes.json", msgspec.json.encode(_finite(causes)))
    for name, columns in {
        "people": _people(agency),
        "journeys": _journeys(agency, events),
        "contacts": _contacts(agency, events),
        "experiences": _experiences(agency, events),
        "personal_data": _personal_data(agency, events),
        "web_visits": _web_visits(agency, events),
    }.items():
        unfinished = folder / f"{name}.parquet.tmp"
        pq.write_table(pa.table(columns), unfinished, compression="zstd")
        unfinished.chmod(0o600)
        unfinished.replace(folder / f"{name}.parquet")


def _replace(path: Path, content: bytes) -> None:
    unfinished = path.with_name(path.name + ".tmp")
    unfinished.write_bytes(content)
    unfinished.chmod(0o600)
    unfinished.replace(path)


def _finite(value: Any) -> Any:
    """Infinity, which JSON doesn't have, as null; dates as text."""
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    if isinstance(value, date):
        return value.isoformat()
    return None if value == float("inf") else value


def _times(times_ms: Ints) -> pa.Array:
    return pa.array(times_ms, type=pa.timestamp("ms", tz="UTC"))


def _services(agency: Agency, service: Ints) -> pa.Array:
    return pa.array(np.array([one.service_id for one in agency.catalogue.services])[service])


def _journey_ids(events: Events, journey: Ints) -> pa.Array:
    return pa.array(events.journeys.key[journey])


def _pain_points(agency: Agency, service: Ints, pain_point: Ints) -> pa.Array:
    names = [
        [pain.name for pain in cause.pain_points] + [None] * (NO_PAIN_POINT + 1 - len(cause.pain_points))
        for cause in agency.service_causes
    ]
    return pa.array(np.array(names, dtype=object)[service, pain_point].tolist(), type=pa.string())


def _people(agency: Agency) -> dict[str, Any]:
    people = agency.people
    return {
        "person_id": np.arange(len(people)),
        "account": people.account.astype(str),
        "email": people.email.astype(str),
        "phone": people.phone.astype(str),
        "household_id": people.household,
        "segment": np.array(SEGMENTS)[people.segment],
        "region": np.array(REGIONS)[people.region],
        "speaks_spanish": people.speaks_spanish,
    }


def _journeys(agency: Agency, events: Events) -> dict[str, Any]:
    journeys = events.journeys
    return {
        "journey_id": journeys.key,
        "person_id": journeys.person,
        "service_id": _services(agency, journeys.service),
        "first_day": pa.array(journeys.day.astype(np.int32), type=pa.date32()),
        "pain_point": _pain_points(agency, journeys.service, journeys.pain_point),
        "on_website": journeys.on_website,
        "settled_on_website": journeys.settled_on_website,
    }


def _contacts(agency: Agency, events: Events) -> dict[str, Any]:
    tables = (
        (events.conversations, "genesys", conversation_ids(events.conversations).astype(str)),
        (events.visits, VISITS.name, visit_ids(events.visits)),
        (events.texts, TEXTS.name, thread_ids(events.texts)),
    )
    return _stacked([_contact_columns(agency, events, *table) for table in tables])


def _contact_columns(
    agency: Agency, events: Events, contacts: Contacts, source: str, ids: Sequence[str]
) -> dict[str, Any]:
    return {
        "source": pa.array([source] * len(contacts.key)),
        "record_id": pa.array(ids, type=pa.string()),
        "person_id": pa.array(contacts.person),
        "journey_id": _journey_ids(events, contacts.journey),
        "service_id": _services(agency, contacts.service),
        "channel": pa.array(np.array(CHANNELS)[contacts.channel]),
        "number": pa.array(contacts.number),
        "started_at": _times(contacts.start_ms),
        "ended_at": _times(contacts.end_ms),
        "waited_seconds": pa.array(contacts.wait_ms / 1000.0),
        "answered": pa.array(contacts.answered),
        "abandoned": pa.array(contacts.abandoned),
        "resolved": pa.array(contacts.resolved),
    }


def _stacked(parts: list[dict[str, Any]]) -> dict[str, Any]:
    return {name: pa.chunked_array([part[name] for part in parts]) for name in parts[0]}


def _experiences(agency: Agency, events: Events) -> dict[str, Any]:
    start_ms, end_ms = span_ms(agency, events.first, events.last)
    everybody = events.experiences
    asked = take(everybody, (everybody.created_ms >= start_ms) & (everybody.created_ms < end_ms))
    record_ids = np.where(
        asked.kiosk, np.array(kiosk_ids(asked), dtype="S36"), np.array(submission_ids(asked), dtype="S36")
    )
    return {
        "record_id": pa.array(record_ids.astype(str), mask=~asked.responds),
        "source": np.where(asked.kiosk, KIOSK.name, "touchpoints"),
        "person_id": asked.person,
        "journey_id": _journey_ids(events, asked.journey),
        "contact_record_id": _contact_ids(events, asked.contact_key),
        "service_id": _services(agency, asked.service),
        "channel": np.array(CHANNELS)[asked.channel],
        "pain_point": _pain_points(agency, asked.service, asked.pain_point),
        "offered": asked.offered,
        "ended_at": _times(asked.end_ms),
        "responds": asked.responds,
        "answered_at": _times(asked.created_ms),
        **{f"{name}_opinion": asked.opinions[:, item] for item, name in enumerate(ITEM_NAMES)},
        **{f"{name}_score": asked.scores[:, item] for item, name in enumerate(ITEM_NAMES)},
        **{f"{name}_opinion": asked.rating_opinions[:, rating] for rating, name in enumerate(RATINGS)},
        **{f"{name}_score": asked.ratings[:, rating] for rating, name in enumerate(RATINGS)},
    }


def _contact_ids(events: Events, keys: Keys) -> pa.Array:
    """Record ids of the contacts with these keys; null where there is none between the events' days."""
    known: dict[int, str] = {}
    for contacts, ids in (
        (events.conversations, conversation_ids(events.conversations).astype(str).tolist()),
        (events.visits, visit_ids(events.visits)),
        (events.texts, thread_ids(events.texts)),
    ):
        known.update(zip(contacts.key.tolist(), ids, strict=True))
    return pa.array([known.get(key) for key in keys.tolist()], type=pa.string())


def _personal_data(agency: Agency, events: Events) -> dict[str, Any]:
    ids, kinds, values = [], [], []
    for answers, record_ids in (
        (events.submissions, submission_ids(events.submissions)),
        (events.kiosk, kiosk_ids(events.kiosk)),
    ):
        for row, kind, value in comments_of(agency, answers).personal:
            ids.append(record_ids[row].decode())
            kinds.append(kind)
            values.append(value)
    return {"record_id": ids, "kind": kinds, "value": values}


def _web_visits(agency: Agency, events: Events) -> dict[str, Any]:
    """The visits that begin on the website's days that are over."""
    visits = web.visits_of(agency, events.journeys, day_number(events.first), web.last_table_day(events.last))
    made = web.events_of(agency, visits)
    counts = np.bincount(made.visit, minlength=len(visits.key))
    ends = np.cumsum(counts) - 1
    happened = np.zeros((len(visits.key), len(web.PAGES)), dtype=np.bool_)
    happened[made.visit[made.kind == web.PAGE_VIEW], made.page[made.kind == web.PAGE_VIEW]] = True
    voted = np.zeros(len(visits.key), dtype=np.bool_)
    voted[made.visit[made.kind == web.VOTE]] = True
    signed_in = np.zeros(len(visits.key), dtype=np.bool_)
    signed_in[made.visit[made.is_signed_in]] = True
    is_program = visits.kind > 0
    return {
        "visit_id": visits.key,
        "journey_id": pa.array(visits.journey, mask=visits.journey == 0),
        "person_id": pa.array(visits.person, mask=visits.person < 0),
        "visitor_id": web.cookies(agency, visits).astype(str),
        "service_id": _services(agency, visits.service),
        "started_at": _times(visits.start_ms),
        "ended_at": _times(made.at_ms[ends]),
        "event_count": counts,
        "signed_in": signed_in,
        "task_started": happened[:, web.START] & ~is_program,
        "task_done": happened[:, web.DONE] & ~is_program,
        "helpful": pa.array(web.helpful(agency, visits), mask=~voted),
        "is_program": is_program,
    }

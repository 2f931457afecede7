"""The sample agency's contacts and answers with the identifiers that land from them, and whose they are.

What the tools show is rendered, and read by the sources' own parsers or the columns that config/sources.yml
names; so each record has what lands from it: typed wrongly, left out and shared as it is.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pandas as pd
import yaml
from voxpop.config import Settings
from voxpop.raw.identifiers import Tokenizer
from voxpop.sample_agency import genesys, touchpoints, web
from voxpop.sample_agency.agency import Agency, make_agency
from voxpop.sample_agency.causes import CAUSES, CHANNELS
from voxpop.sample_agency.clock import DAY_MS, day_number
from voxpop.sample_agency.columns import take
from voxpop.sample_agency.events import Events, events_between
from voxpop.sample_agency.files import kiosk_ids, kiosk_ndjson, visit_ids, visits_csv
from voxpop.sample_agency.misbehavior import LEVELS
from voxpop.sample_agency.text_messages import texts_table, thread_ids
from voxpop.sources.genesys.parse import Conversations
from voxpop.sources.touchpoints.parse import Submissions

FIRST, LAST = CAUSES.history_starts, date(2026, 9, 30)
SIZE = 4
"""The agency has a quarter of its people and of their matters: each comes as often as in the whole."""

Found = tuple[str, int, str, int | None, int, Sequence[tuple[str, str]]]
"""A record's id, person, channel, of a contact the number of its service, time in ms and identifiers."""


def agency_records(settings: Settings, seed: int, tokenizer: Tokenizer) -> pd.DataFrame:
    """One row per identifier of a record.

    Its columns are `seed, record, person, home, channel, service, seen_at, type, token`. A record without an
    identifier has one row, whose type and token are null; an answer has no service.
    """
    causes = replace(
        CAUSES,
        people=CAUSES.people // SIZE,
        journeys_per_day=CAUSES.journeys_per_day / SIZE,
        web=replace(
            CAUSES.web,
            visits_per_day=CAUSES.web.visits_per_day / SIZE,
            strangers=CAUSES.web.strangers // SIZE,
        ),
    )
    agency = make_agency(settings.seeds, seed, causes)
    events = events_between(agency, FIRST, LAST)
    sources = yaml.safe_load(settings.sources_file.read_text())["sources"]
    services = [service.service_id for service in agency.catalogue.services]
    rows = []
    for name, records in {
        "genesys": _conversations(agency, events, sources["genesys"]),
        "touchpoints": _submissions(agency, events, sources["touchpoints"]),
        "field_offices": _visits(agency, events, sources["field_offices"]),
        "kiosk_surveys": _kiosk(agency, events, sources["kiosk_surveys"]),
        "text_messages": _texts(agency, events, sources["text_messages"]),
        "web": _sessions(agency, events, sources["web"]),
    }.items():
        for record_id, person, channel, number, at_ms, identifiers in records:
            service = None if number is None else services[number]
            head = (seed, f"{seed}/{name}/{record_id}", person, channel, service, at_ms)
            tokens = tokenizer.tokens(identifiers)
            rows += [(*head, token.type, token.token) for token in tokens]
            if not tokens:
                rows.append((*head, None, None))
    columns = ["seed", "record", "person", "channel", "service", "seen_at", "type", "token"]
    frame = pd.DataFrame(rows, columns=columns)
    frame["home"] = agency.people.household[frame["person"]]
    frame["seen_at"] = pd.to_datetime(frame["seen_at"], unit="ms")
    return frame


def _conversations(agency: Agency, events: Events, source: dict[str, Any]) -> Iterator[Found]:
    parser, contacts = Conversations(source["identifiers"]), events.conversations
    payloads = genesys.render(agency, contacts, (day_number(LAST) + 1) * DAY_MS)
    for payload, person, channel, service, at in zip(
        payloads,
        contacts.person.tolist(),
        contacts.channel.tolist(),
        contacts.service.tolist(),
        contacts.start_ms.tolist(),
        strict=True,
    ):
        record = parser.record(payload)
        yield record.record_id, person, CHANNELS[channel], service, at, record.identifiers


def _submissions(agency: Agency, events: Events, source: dict[str, Any]) -> Iterator[Found]:
    forms = {form["id"]: form["identifiers"] for form in source["forms"]}
    for form in agency.catalogue.forms:
        answers = take(events.submissions, events.submissions.service == form.service)
        changes = touchpoints.changes_of(answers, LEVELS["not"])
        payloads = touchpoints.render(agency, answers, changes, (day_number(LAST) + 1) * DAY_MS)
        records, rejected = Submissions(form.form_id, forms[form.form_id]).records(
            b'{"data":[' + b",".join(payloads) + b"]}"
        )
        assert not rejected
        for record, person, channel, at in zip(
            records,
            answers.person.tolist(),
            answers.channel.tolist(),
            answers.created_ms.tolist(),
            strict=True,
        ):
            yield record.record_id, person, CHANNELS[channel], None, at, record.identifiers


def _visits(agency: Agency, events: Events, source: dict[str, Any]) -> Iterator[Found]:
    visits = events.visits
    content = visits_csv(agency, visits, day_number(FIRST), day_number(LAST), LEVELS["not"])
    rows = {row["Visit ID"]: row for row in csv.DictReader(io.StringIO(content.decode()))}
    for visit_id, person, channel, service, at in zip(
        visit_ids(visits),
        visits.person.tolist(),
        visits.channel.tolist(),
        visits.service.tolist(),
        visits.start_ms.tolist(),
        strict=True,
    ):
        yield visit_id, person, CHANNELS[channel], service, at, _identified(rows[visit_id], source)


def _kiosk(agency: Agency, events: Events, source: dict[str, Any]) -> Iterator[Found]:
    answers = events.kiosk
    content = kiosk_ndjson(agency, answers, day_number(FIRST), day_number(LAST), LEVELS["not"])
    rows = {row["id"]: row for row in map(json.loads, content.splitlines())}
    for answer_id, person, at in zip(
        kiosk_ids(answers), answers.person.tolist(), answers.created_ms.tolist(), strict=True
    ):
        yield answer_id.decode(), person, "kiosk", None, at, _identified(rows[answer_id.decode()], source)


def _texts(agency: Agency, events: Events, source: dict[str, Any]) -> Iterator[Found]:
    texts = events.texts
    table = texts_table(agency, texts, day_number(FIRST), day_number(LAST) + 1)
    rows = {row["thread"]: row for row in table.to_pylist()}
    for thread, person, service, at in zip(
        thread_ids(texts),
        texts.person.tolist(),
        texts.service.tolist(),
        texts.start_ms.tolist(),
        strict=True,
    ):
        yield thread, person, "text", service, at, _identified(rows[thread], source)


def _sessions(agency: Agency, events: Events, source: dict[str, Any]) -> Iterator[Found]:
    """Visits to the website: who signed in, unless somebody else did too; a cookie makes no identity."""
    visits = web.visits_of(agency, events.journeys, day_number(FIRST), day_number(LAST))
    made = web.events_of(agency, visits)
    signed_in = set(made.visit[made.is_signed_in].tolist()) - set(made.visit[made.is_partner].tolist())
    accounts = agency.people.account.astype(str)
    whose = zip(visits.person.tolist(), visits.service.tolist(), visits.start_ms.tolist(), strict=True)
    for place, (person, service, at) in enumerate(whose):
        if person >= 0:
            known = [(source["user_id"], accounts[person])] if place in signed_in else []
            yield str(place), person, "website", service, at, known


def _identified(row: dict[str, Any], source: dict[str, Any]) -> list[tuple[str, str]]:
    return [(kind, row[column]) for column, kind in source["identifiers"].items() if row[column]]

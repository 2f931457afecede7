"""Staging's tables filled by hand, so that what is built on them is tested without landing anything.

A `Version` is what staging keeps of one record as it was delivered once; `fill` writes the newest version of
each record into the tables of the schema `staging`, and what a build would call touched.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import duckdb

ROWS_AT_ONCE = 200

COMMON = """
    _record_key varchar, source_system varchar, record_id varchar, record_date date,
    _source_updated_at timestamp, _fetched_at timestamp, _payload_hash varchar, _batch_id varchar
"""

WEB_COUNTS = """
    report varchar, first_date date, last_date date, dimension varchar, member varchar, vote varchar,
    site varchar, visits bigint, users bigint, pageviews bigint, event_count bigint,
    engaged_share decimal(18, 12), bounce_share decimal(18, 12)
"""

COLUMNS = {
    "stg_touchpoints__responses": """
        form_id varchar, created_at timestamp, updated_at timestamp, location_code varchar, language varchar,
        answers map(varchar, varchar), is_flagged boolean, is_archived boolean, is_deleted boolean,
        is_spam boolean, submission_state varchar""",
    "stg_file_drop__survey_responses": """
        form_id varchar, answered_at timestamp, answered_on date, is_date_only boolean, updated_at timestamp,
        source_channel varchar, source_service varchar, language varchar, weight decimal(18, 9),
        cluster_id varchar, source_interaction varchar, answers map(varchar, varchar)""",
    "stg_file_drop__survey_offers": """
        survey_id varchar, offered_on date, offered_until date, source_channel varchar,
        source_service varchar, customer_count bigint, offered_count bigint, complete_count bigint,
        partial_count bigint, refused_count bigint, not_reached_count bigint, other_count bigint,
        unknown_eligibility_count bigint, updated_at timestamp""",
    "stg_genesys__conversations": """
        conversation_id varchar, started_at timestamp, ended_at timestamp, media_type varchar,
        direction varchar, queue_id varchar, last_queue_id varchar, is_offered boolean, is_answered boolean,
        is_abandoned boolean, is_transferred boolean,
        wait_seconds decimal(18, 3), talk_seconds decimal(18, 3),
        hold_seconds decimal(18, 3), wrap_seconds decimal(18, 3), handled_by varchar, agent_user_id varchar,
        agent_count integer, disconnect_type varchar, wrap_up_code varchar, is_resolved boolean,
        segment varchar, is_survey_offered boolean""",
    "stg_file_drop__interactions": """
        started_at timestamp, ended_at timestamp, responded_at timestamp, source_channel varchar,
        source_service varchar, source_organization varchar, direction varchar, wait_seconds decimal(18, 3),
        talk_seconds decimal(18, 3), hold_seconds decimal(18, 3), wrap_seconds decimal(18, 3),
        handled_by varchar, is_abandoned boolean, is_transferred boolean, is_resolved boolean,
        is_survey_offered boolean, journey_stage varchar, segment varchar, updated_at timestamp""",
    "stg_ga4__events": """
        event_at timestamp, event_name varchar, visitor_token varchar, user_identifier_type varchar,
        user_token varchar, ga_session_id varchar, site varchar, page_path varchar, device varchar,
        engaged_seconds decimal(18, 3), is_session_engaged boolean, parameter_value varchar""",
    "stg_dap__rows": f"{WEB_COUNTS}, is_withdrawn boolean",
    "stg_file_drop__web_aggregates": WEB_COUNTS,
}

STREAMS = {
    "stg_file_drop__survey_offers": "survey_offers",
    "stg_touchpoints__responses": "responses",
    "stg_file_drop__survey_responses": "survey_responses",
    "stg_genesys__conversations": "conversations",
    "stg_file_drop__interactions": "interactions",
    "stg_ga4__events": "events",
    "stg_dap__rows": "reports",
    "stg_file_drop__web_aggregates": "web_aggregates",
}

NOBODY_WAS_DENIED = (
    "create table if not exists _build.denied_pairs "
    "(identifier_type varchar, token varchar, other_identifier_type varchar, other_token varchar)"
)
BUILD_ENDED = (
    "create or replace table _build.denied_pairs as "
    "select identifier_type, token, other_identifier_type, other_token from seeds.identity_denied"
)
"""What the end of a build remembers of the seed."""


@dataclass(frozen=True)
class Version:
    """A record as one batch delivered it; `at` is when it happened, by the source's clock (UTC, naive)."""

    table: str
    source_system: str
    record_id: str
    at: datetime
    revision: int
    batch_id: str
    values: Mapping[str, Any]
    identifiers: tuple[tuple[str, str], ...] = ()
    day: date | None = None

    @property
    def key(self) -> str:
        return f"{self.source_system}/{STREAMS[self.table]}/{self.record_id}"

    @property
    def head(self) -> tuple[Any, ...]:
        """What the lists of staging say of a record first."""
        stream = STREAMS[self.table]
        return self.key, self.source_system, stream, self.record_id, self.record_date

    @property
    def record_date(self) -> date:
        return self.day or self.at.date()


def insert(connection: duckdb.DuckDBPyConnection, into: str, rows: Sequence[Sequence[Any]]) -> None:
    """Insert rows of one length, hundreds a statement: one a row takes twice as long."""
    for first in range(0, len(rows), ROWS_AT_ONCE):
        some = rows[first : first + ROWS_AT_ONCE]
        row = f"({', '.join('?' for _ in some[0])})"
        values = [value for each in some for value in each]
        connection.execute(f"insert into {into} values {', '.join(row for _ in some)}", values)


@dataclass
class Staging:
    """What has been delivered so far."""

    versions: list[Version] = field(default_factory=list)

    def newest(self) -> dict[str, Version]:
        found: dict[str, Version] = {}
        for version in sorted(self.versions, key=lambda version: version.revision):
            found[version.key] = version
        return found

    def fill(
        self,
        connection: duckdb.DuckDBPyConnection,
        touched: Iterable[Version],
        run_id: str,
        *,
        takes_over: bool = False,
    ) -> None:
        """Write the tables of staging, and `stg_touched_records` with every day of the touched records."""
        connection.execute("create schema if not exists staging; create schema if not exists _build")
        connection.execute("begin")
        connection.execute(
            f"create or replace table _build.run as select '{run_id}' as run_id, {takes_over} as takes_over"
        )
        connection.execute(NOBODY_WAS_DENIED)
        connection.execute(
            "create or replace table _build.record_links "
            "(_record_key varchar, link varchar, seen_at timestamp)"
        )
        connection.execute(
            "create or replace table _build.pending_batches as "
            f"select 'b' as batch_id, {takes_over} as is_unsettled"
        )
        # nobody knows of files what is still to come
        connection.execute("create or replace table _build.complete_to (day date)")
        newest = self.newest()
        for table, columns in COLUMNS.items():
            connection.execute(f"create or replace table staging.{table} ({COMMON}, {columns})")
            rows: dict[tuple[str, ...], list[list[Any]]] = defaultdict(list)
            for version in newest.values():
                if version.table != table:
                    continue
                row = {
                    "_record_key": version.key,
                    "source_system": version.source_system,
                    "record_id": version.record_id,
                    "record_date": version.record_date,
                    "_source_updated_at": version.at + timedelta(seconds=version.revision),
                    "_fetched_at": version.at + timedelta(days=1),
                    "_payload_hash": str(version.revision),
                    "_batch_id": version.batch_id,
                    **version.values,
                }
                rows[tuple(row)].append([*row.values()])
            for names, alike in rows.items():
                insert(connection, f"staging.{table} ({', '.join(names)})", alike)
        connection.execute(
            "create or replace table staging.base_ga4__events (_record_key varchar, source_system varchar, "
            "visitor_token varchar, event_at timestamp)"
        )
        insert(
            connection,
            "staging.base_ga4__events",
            [
                [version.key, version.source_system, version.values["visitor_token"], version.at]
                for version in self.versions
                if version.table == "stg_ga4__events"
            ],
        )
        connection.execute(
            "create or replace table staging.stg_identifiers (_record_key varchar, source_system varchar, "
            "stream varchar, record_id varchar, record_date date, identifier_type varchar, token varchar, "
            "key_version integer, seen_at timestamp, _batch_id varchar)"
        )
        insert(
            connection,
            "staging.stg_identifiers",
            [
                [*version.head, kind, token, 1, version.at, version.batch_id]
                for version in newest.values()
                for kind, token in version.identifiers
            ],
        )
        keys = {version.key for version in touched}
        connection.execute(
            "create or replace table staging.stg_touched_records (_record_key varchar, "
            "source_system varchar, stream varchar, record_id varchar, record_date date)"
        )
        insert(
            connection,
            "staging.stg_touched_records",
            [[*version.head] for version in self.versions if version.key in keys],
        )
        connection.execute("commit")


FORMS = {"569499e0": "a11", "f8e3fbc3": "a11", "6fe08e16": "a11_v2", "unknown1": "a11"}
QUEUES = [
    "191a29cb-cdb8-5878-bbc0-40d4ca6310a7",
    "55dcdca5-92df-598a-a2fd-d3047af468d3",
    "no-such-queue",
    None,
]


def random_batches(seed: int, count: int, batches: int) -> list[list[Version]]:
    """Deliveries of every stream: most records in the first, the rest in ever smaller ones, with edits.

    An edit moves a record to another day, takes it back, or gives it to somebody else. People have an
    account, two emails, a phone number and a name that they nearly always give; some share one of them, some
    mistype their account, and one email is everybody's. Two in three come within days of one another. So
    later batches join customers, bring earlier tokens and conflicts, show that a token is shared or an
    account no slip, and most of the 400 days are touched by none of them.
    """
    draw = random.Random(seed)
    first = datetime.fromisoformat("2025-01-20")
    people = [f"{person:05d}" for person in range(count // 4)]

    def identifiers(person: str) -> tuple[tuple[str, str], ...]:
        number = int(person)
        email = f"e{number // 2 if number % 7 == 0 else number:05d}" if number % 11 else "everybody"
        chosen = [
            ("account", f"a{person}" if draw.random() < 0.95 else f"a{person}-{draw.randrange(3)}"),
            ("email", email),
            ("email", f"x{person}"),
            ("phone", f"p{number // 2:05d}"),
            ("name", f"n{number // 2 if number % 9 == 0 else number:05d}"),
        ]
        return tuple(token for token in chosen if draw.random() < (0.9 if token[0] == "name" else 0.35))

    def version(number: int, revision: int, batch: int) -> Version:
        person = draw.choice(people)
        # what most come for is over in days
        days = 37 * int(person) % 396 if draw.random() < 2 / 3 else draw.randrange(396)
        at = first + timedelta(days=days, minutes=draw.randrange(60 * 24 * 4))
        shared = {"at": at, "revision": revision, "batch_id": f"b{batch}"}
        who = identifiers(person)
        kind = number % 4
        if kind == 0:
            form = draw.choice(list(FORMS))
            answers = {
                f"answer_{item:02d}": draw.choice("0123456") for item in range(1, 8) if draw.random() < 0.8
            }
            if FORMS[form] == "a11_v2":
                answers = {
                    "answer_01": draw.choice("01"),
                    "answer_02": "ease,employee",
                    "answer_04": "Thank you",
                }
            elif draw.random() < 0.5:
                answers |= {"answer_08": "Write to [EMAIL]", "answer_20": "nobody asked"}
            values = {
                "form_id": form,
                "created_at": at,
                "location_code": draw.choice(["website", "phone", "moon", None]),
                "answers": answers,
                "is_flagged": draw.random() < 0.1,
                "is_archived": False,
                "is_deleted": draw.random() < 0.1,
                "is_spam": False,
            }
            return Version(
                "stg_touchpoints__responses",
                "touchpoints",
                f"t{number}",
                **shared,
                values=values,
                identifiers=who,
            )
        if kind == 1:
            values = {
                "form_id": "fld-kiosk",
                "answered_at": at,
                "answered_on": at.date(),
                "is_date_only": False,
                "source_channel": draw.choice(["KIOSK", "a channel that no seed knows"]),
                "source_interaction": draw.choice([None, None, f"f{4 * draw.randrange(count // 4) + 3}"]),
                "source_service": draw.choice(["fld-card", "fld-records", None]),
                "answers": {"rating": draw.choice("0123459"), "easy": draw.choice("012345")},
            }
            return Version(
                "stg_file_drop__survey_responses",
                "kiosk_surveys",
                f"k{number}",
                **shared,
                values=values,
                identifiers=who,
            )
        if kind == 2:
            values = {
                "started_at": at,
                "media_type": draw.choice(["voice", "chat", "pigeon"]),
                "direction": "inbound",
                "queue_id": draw.choice(QUEUES),
                "wait_seconds": draw.randrange(600),
                "handled_by": "agent",
                "is_abandoned": False,
                "segment": draw.choice(["veterans", "older_adults", "martians", None]),
            }
            return Version(
                "stg_genesys__conversations",
                "genesys",
                f"g{number}",
                **shared,
                values=values,
                identifiers=who,
            )
        values = {
            "started_at": at,
            "source_channel": "VISIT",
            "source_service": "fld-card",
            "direction": "inbound",
            "handled_by": "clerk-07",
            "is_abandoned": False,
        }
        return Version(
            "stg_file_drop__interactions",
            "field_offices",
            f"f{number}",
            **shared,
            values=values,
            identifiers=who,
        )

    def offers(number: int, revision: int, batch: int) -> Version:
        """A day's, and once corrected a day's of which nobody knows the offers."""
        at = first + timedelta(days=number)
        values = {
            "survey_id": draw.choice(["ben-apply-cx", "nobody-knows"]),
            "offered_on": at.date(),
            "offered_until": at.date(),
            "source_channel": "website",
            "customer_count": 50 + number,
            "offered_count": None if revision else 20 + number,
        }
        table = "stg_file_drop__survey_offers"
        return Version(table, "survey_offers", f"o{number}", at, revision, f"b{batch}", values)

    def visits(number: int, revision: int, batch: int) -> Version:
        """A day's visits to a website as a tool counted them, and once corrected."""
        at = first + timedelta(days=number)
        values = {
            "report": "site",
            "first_date": at.date(),
            "last_date": at.date(),
            "dimension": "site",
            "member": "www.dps.example.gov",
            "site": "all",
            "visits": 100 + number + revision,
            "pageviews": 300 + number,
        }
        if number % 2:
            counted_by_dap = values | {"is_withdrawn": number % 11 == 0}
            return Version("stg_dap__rows", "dap", f"d{number}", at, revision, f"b{batch}", counted_by_dap)
        return Version(
            "stg_file_drop__web_aggregates", "old_analytics", f"d{number}", at, revision, f"b{batch}", values
        )

    begun = [first + timedelta(minutes=draw.randrange(60 * 24 * 400)) for _ in range(count // 15 + 1)]

    def view(number: int, revision: int, batch: int) -> Version:
        """One of three views of a visitor's page, up to 40 minutes apart, some by people who signed in."""
        at = begun[number // 3] + timedelta(minutes=draw.randrange(40))
        values = {
            "event_at": at,
            "event_name": "page_view",
            "visitor_token": f"v{number // 3}",
            "user_identifier_type": "account" if number % 2 else None,
            "user_token": f"a{people[number // 3 % len(people)]}" if number % 2 else None,
            "site": "www.dps.example.gov",
            "page_path": draw.choice(["/", "/services/fld-card", "/services/fld-card/start", "/elsewhere"]),
            "engaged_seconds": draw.randrange(20),
            "is_session_engaged": False,
        }
        return Version("stg_ga4__events", "web", f"w{number}", at, revision, f"b{batch}", values)

    delivered: list[list[Version]] = [[] for _ in range(batches)]
    for number in range(40):
        delivered[number % batches].append(offers(number, 0, number % batches))
        if number % 9 == 0:
            delivered[-1].append(offers(number, 1, batches - 1))
        delivered[number % batches].append(visits(number, 0, number % batches))
        if number % 7 == 0:
            delivered[-1].append(visits(number, 1, batches - 1))
    for number in range(count):
        start = min(int(draw.expovariate(1.5)), batches - 1)
        for revision, batch in enumerate(range(start, batches)):
            if revision == 0 or draw.random() < 0.03:
                delivered[batch].append(version(number, revision, batch))
    for number in range(count // 5):
        start = draw.randrange(batches)
        for revision, batch in enumerate(range(start, batches)):
            if revision == 0 or draw.random() < 0.03:
                delivered[batch].append(view(number, revision, batch))
    return delivered

"""An attack over several releases on the tables that tell counts, all of them together.

Contacts, journeys and responses are made up, and the public tables are their plain counts: nothing is
withheld, so that only holding can hide what a few people changed. That is why it is apart from
`test_releases_of_contacts`, which takes the same tables as the models make them: most cells of few are
withheld there, and that alone may hide what is held beside them. Here there are more people than a test's
models are made of, and each row's figures are compared too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from voxpop.release import changed, held, told
from voxpop.release.compared import COMPARED

from tests.untold import NOTHING_WITHHELD

from .subtraction import MINIMUM, ORDERS, leaks
from .tables import SERVICES

SOURCES = {"phone": "calls", "live_chat": "calls"}
"""Channels where people wait for an answer; by e-mail nobody does."""
TABLES = (
    "contact_center_performance",
    "identity_quality",
    "journey_measures",
    "journey_paths",
    "survey_quality",
)
PATHS = ("phone", "phone > email", "website > phone")

Var = tuple[str, str, str, str, str]
"""Who is counted, period, its first day, breakdown, member."""
World = dict[str, pd.DataFrame]
Row = tuple[str, tuple[str, ...]]
"""A table and its row's key."""


def worlds(seed: int, number: int) -> list[World]:
    """What an agency knew on three days: some came late, a few were taken out, a few read otherwise."""
    draw = np.random.default_rng(seed)
    services = draw.choice(list(SERVICES), number, p=draw.dirichlet(np.full(len(SERVICES), 2)))
    everyone = pd.DataFrame(
        {
            "id": [f"p{place}" for place in range(number)],
            "service": services,
            "organization": [SERVICES[name] for name in services],
            "channel": draw.choice(["phone", "live_chat", "email"], number, p=[0.6, 0.25, 0.15]),
            "day": pd.to_datetime("2025-10-01") + pd.to_timedelta(draw.integers(0, 180, number), unit="D"),
            "is_known": draw.random(number) < 0.7,
            "is_pending": draw.random(number) < 0.15,
            "is_seen": draw.random(number) < 0.2,
            "is_repeat": draw.random(number) < 0.1,
            "path": draw.choice(PATHS, number, p=[0.6, 0.25, 0.15]),
            "score": np.where(draw.random(number) < 0.5, draw.integers(1, 6, number), 0),
            "is_counted": draw.random(number) < 0.9,
            "is_tied": draw.random(number) < 0.6,
        }
    )
    # a customer, who stays with a channel, comes several times: so few new ones come with many records
    everyone["customer"] = everyone["channel"] + (everyone.index // 60).astype(str)
    kinds = draw.choice(["contacts", "responses"], number, p=[0.7, 0.3])
    rank = draw.permutation(number) / number
    found = []
    for place, share in enumerate((0.85, 0.93, 1)):
        frame = everyone.copy()
        is_there = rank < share
        if place:
            turned = (rank < 0.004) & is_there
            for column in ("is_pending", "is_seen", "is_repeat", "is_tied"):
                frame.loc[turned, column] = ~frame.loc[turned, column]
            frame.loc[turned & (frame["score"] > 0), "score"] = 1
        if place == 2:
            is_there &= rank > 0.002
        found.append({kind: frame[is_there & (kinds == kind)] for kind in set(kinds)})
    return found


def spread(
    frame: pd.DataFrame, *breakdowns: str, months: bool = False
) -> Iterator[tuple[tuple[str, ...], pd.DataFrame]]:
    """Each cell with its rows."""
    for period_type in ("month", "quarter") if months else ("quarter",):
        starts = frame["day"].dt.to_period(period_type[0].upper()).dt.start_time
        for breakdown in ("all", *breakdowns):
            members = pd.Series("all", frame.index) if breakdown == "all" else frame[breakdown]
            for (start, member), rows in frame.groupby([starts, members]):
                yield (period_type, f"{start:%Y-%m-%d}", breakdown, member), rows


class Told:
    """The public tables of a day, and what each of their rows tells.

    Attributes:
        rows: by table.
        shows: row → who is counted in it.
        numbers: row → its figures, and the people behind them, each with what else is told of them.
        truth: who is counted → the people.
    """

    def __init__(self, world: World) -> None:
        self.rows: dict[str, list[dict[str, object]]] = {}
        self.shows: dict[Row, set[Var]] = {}
        self.numbers: dict[Row, tuple[tuple[object, ...], set[tuple[object, ...]]]] = {}
        self.truth: dict[Var, set[tuple[str]]] = {}
        contacts, responses = world["contacts"], world["responses"]
        self._contacts(contacts)
        self._journeys(contacts[contacts["is_known"]])
        self._responses(responses)
        self._records(contacts, responses)

    def _who(self, name: str, cell: tuple[str, ...], people: pd.DataFrame) -> Var:
        var = (name, *cell)
        self.truth[var] = {(one,) for one in people["id"]}
        return var

    def _row(
        self,
        table: str,
        cell: tuple[str, ...],
        counts: dict[str, object],
        shows: list[Var],
        told: pd.DataFrame | None = None,
        **key: str,
    ) -> None:
        names = dict(zip(("period_type", "period_start", "breakdown", "member"), cell, strict=True)) | key
        row = (table, tuple(names[column] for column in COMPARED[table].key))
        self.rows.setdefault(table, []).append(names | counts)
        self.shows[row] = set(shows)
        behind = pd.DataFrame({"id": []}) if told is None else told
        self.numbers[row] = (tuple(counts.values()), set(behind.itertuples(index=False, name=None)))

    def _measure(
        self,
        measure: str,
        cell: tuple[str, ...],
        rows: pd.DataFrame,
        unknown: int,
        shows: list[Var],
        seen: str,
    ) -> None:
        ended = (
            rows if measure in {"repeat_contact_share", "survey_linked_share"} else rows[~rows["is_pending"]]
        )
        self._row(
            "journey_measures",
            cell,
            {
                "n": len(ended),
                "value": ended[seen].mean() if len(ended) else None,
                "pending_count": len(rows) - len(ended),
                "unknown_count": unknown,
            },
            shows,
            ended[["id", seen]],
            measure=measure,
            page="all",
        )

    def _contacts(self, contacts: pd.DataFrame) -> None:
        for cell, rows in spread(contacts, "organization", "service", "channel"):
            known = rows[rows["is_known"]]
            waited = rows["channel"].isin(SOURCES)
            self._who("contacts", cell, rows)
            calls = self._who("calls", cell, rows[waited])
            self._who("other contacts", cell, rows[~waited])
            knowns = self._who("known", cell, known)
            unknown = self._who("unknown", cell, rows[~rows["is_known"]])
            ended = self._who("ended", cell, known[~known["is_pending"]])
            pending = self._who("pending", cell, known[known["is_pending"]])
            less = len(rows) - len(known)
            self._measure(
                "first_contact_resolution_share", cell, known, less, [ended, pending, unknown], "is_seen"
            )
            self._measure("repeat_contact_share", cell, known, less, [knowns, unknown], "is_repeat")
            if waited.any():
                self._row(
                    "contact_center_performance",
                    cell,
                    {"offered": int(waited.sum())},
                    [calls],
                    rows.loc[waited, ["id"]],
                    source_system="calls",
                )

    def _journeys(self, journeys: pd.DataFrame) -> None:
        for cell, rows in spread(journeys, "organization", "service"):
            over = self._who("journeys", cell, rows[~rows["is_pending"]])
            still = self._who("open journeys", cell, rows[rows["is_pending"]])
            unknown = ("unknown", *cell)
            less = len(self.truth[unknown])
            for measure, seen in (("channel_shift_share", "is_seen"), ("division_change_share", "is_repeat")):
                self._measure(measure, cell, rows, less, [over, still, unknown], seen)
            if cell[2] == "organization":
                continue
            ended = rows[~rows["is_pending"]]
            for path in ("all", *PATHS):
                of_path = ended if path == "all" else ended[ended["path"] == path]
                scored = of_path[of_path["score"] > 0]
                who = over if path == "all" else self._who(path, cell, of_path)
                if len(of_path):
                    self._row(
                        "journey_paths",
                        cell,
                        {
                            "journey_count": len(of_path),
                            "share": len(of_path) / len(ended),
                            "score_n": len(scored),
                            "mean_score": scored["score"].mean() if len(scored) else None,
                        },
                        [who],
                        of_path[["id", "score"]],
                        path=path,
                    )

    def _responses(self, responses: pd.DataFrame) -> None:
        for cell, rows in spread(responses, "organization", "service", "channel", months=True):
            counted = rows[rows["is_counted"]]
            landed = self._who("responses", cell, rows)
            respondents = self._who("respondents", cell, counted)
            self._who("uncounted", cell, rows[~rows["is_counted"]])
            if cell[0] == "quarter":
                self._measure("survey_linked_share", cell, counted, 0, [respondents], "is_tied")
            if cell[2] != "channel":
                survey = (*cell[:2], cell[2].replace("service", "survey"), cell[3])
                self._row(
                    "survey_quality",
                    survey,
                    {
                        "response_count": len(rows),
                        "respondent_count": len(counted),
                        "tied_share": counted["is_tied"].mean() if len(counted) else None,
                    },
                    [landed, respondents],
                    rows[["id", "is_tied"]],
                )

    def _records(self, contacts: pd.DataFrame, responses: pd.DataFrame) -> None:
        respondents = responses[responses["is_counted"]]
        for cell, rows in spread(pd.concat([contacts, respondents]), "channel"):
            customers = rows[rows["is_known"]].drop_duplicates("customer")
            self._row(
                "identity_quality",
                cell,
                {"record_count": len(rows), "customer_count": len(customers)},
                [
                    self._who("records", cell, rows),
                    self._who("customers", cell, customers.assign(id=customers["customer"])),
                ],
            )

    def sums(self) -> Iterator[tuple[Var, list[Var]]]:
        """Each whole with its parts, as a reader of all tables knows them."""
        for whole in self.truth:
            name, period_type, start, breakdown, member = whole
            same = [var for var in self.truth if var[:3] == (name, period_type, start)]
            for each in ("organization", "service", "channel") if breakdown == "all" else ():
                if parts := [var for var in same if var[3] == each]:
                    yield whole, parts
            if breakdown == "organization":
                yield whole, [var for var in same if var[3] == "service" and SERVICES[var[4]] == member]
            if period_type == "quarter":
                months = [
                    f"{pd.Timestamp(start) + pd.DateOffset(months=place):%Y-%m-%d}" for place in range(3)
                ]
                parts = [(name, "month", month, breakdown, member) for month in months]
                if found := [part for part in parts if part in self.truth]:
                    yield whole, found
            for others in {
                "contacts": [["known", "unknown"], ["calls", "other contacts"]],
                "known": [["ended", "pending"]],
                "responses": [["respondents", "uncounted"]],
                "records": [["contacts", "responses"]],
                "journeys": [list(PATHS)],
            }.get(name, []):
                parts = [(other, *whole[1:]) for other in others]
                if found := [part for part in parts if part in self.truth]:
                    yield whole, found


def publish(
    days: list[Told], known: list[World], folder: Path, order: list[list[int]] | None
) -> list[set[Row]]:
    """The rows that each release shows of its own, made one after the other.

    Args:
        days: the public tables without regard to releases.
        known: the records behind them.
        folder: where the releases are.
        order: for each release those that it is compared with, see `ORDERS`; None: nothing is held.
    """
    services = pd.DataFrame({"service_id": list(SERVICES), "organization_id": list(SERVICES.values())})
    own = []
    with duckdb.connect() as connection:
        connection.register("services", services)
        connection.execute(
            """
            create table dim_services as from services;
            create table dim_surveys as
            select service_id as survey_id, organization_id, 1 as survey_version from services;
            create table dim_channels as select * from (
                values ('phone', 'phone', '80/20'), ('live_chat', 'chat', '80/20'), ('email', 'email', null)
            ) as channels (channel, channel_group, service_level);
            create table fct_web_sessions (source_system text)
            """
        )
        connection.execute(NOTHING_WITHHELD.format(schema="main"))
        for place, (day, world) in enumerate(zip(days, known, strict=True)):
            names = [*day.rows]
            for name, rows in day.rows.items():
                connection.register("rows", pd.DataFrame(rows))
                connection.execute(
                    f"""
                    create or replace table {name} as
                    select * replace (period_start::date as period_start), false as suppressed,
                        null::varchar as held_from
                    from rows
                    """
                )
            connection.register("contacts", world["contacts"])
            connection.register("responses", world["responses"])
            connection.execute(
                """
                create or replace table fct_interactions as
                select
                    id as interaction_id, organization as organization_id, service as service_id, channel,
                    'inbound' as direction, day::date as started_local_date,
                    'calls' as source_system, if(is_known, id, null) as customer_id
                from contacts;
                create or replace table int_measures__journey_units as
                select id as unit_id, 'first_contact_resolution_share' as measure
                from contacts
                where is_known;
                create or replace table fct_survey_responses as
                select
                    organization as organization_id, service as service_id, channel, is_counted,
                    day::date as answered_local_date, 'forms' as source_system, null::text as customer_id
                from responses
                """
            )
            policy = {"suppression_min_n": MINIMUM, "short_abandon_seconds": 5}
            sums = changed.sums(connection, "main", ["contact_center_performance"])
            told.count(connection, "main", names, policy=policy)
            queries = {}
            if order is not None:
                queries = held.rows(
                    connection,
                    "main",
                    names,
                    [changed.Earlier(f"r{one}", folder / str(one)) for one in order[place]],
                    sums=sums,
                    policy=policy,
                )
            for part in ("parquet", "audit"):
                (folder / str(place) / part).mkdir(parents=True)
            told.keep(connection, folder / str(place) / told.NAME)
            own.append(set())
            for name in (*names, "fct_interactions", "dim_channels"):
                file = folder / str(place) / "parquet" / f"{name}.parquet"
                connection.execute(f"copy ({queries.get(name, f'from {name}')}) to '{file}'")
                if name in names:
                    key = ", ".join(f"{column}::varchar" for column in COMPARED[name].key)
                    shown = connection.execute(
                        f"select {key} from '{file}' where held_from is null"
                    ).fetchall()
                    own[-1] |= {(name, row) for row in shown}
    return own


def attack(own: list[set[Row]], days: list[Told]) -> list[str]:
    """All differences of few people that a reader of these releases can work out."""
    known = [set().union(*(day.shows[row] for row in rows)) for rows, day in zip(own, days, strict=True)]
    found = [
        line
        for line in leaks(known, [day.truth for day in days], days[-1].sums())
        # that somebody doesn't count tells nothing of what was said
        if not line.startswith("(('uncounted'")
    ]
    for early, late in combinations(range(len(days)), 2):
        for row in own[early] & own[late]:
            (before, people), (after, others) = (days[one].numbers[row] for one in (early, late))
            if before != after and 0 < len({name for name, *_ in people ^ others}) < MINIMUM:
                found.append(f"{row} of {late} and {early}: {before} {after}")
    return found


@pytest.mark.parametrize(
    ("seed", "order"),
    [(1, "one after the other"), (2, "one after the other"), *enumerate([*ORDERS][1:], start=3)],
)
def test_no_release_tells_what_a_few_people_changed(tmp_path: Path, seed: int, order: str) -> None:
    known = worlds(seed, 9_000)
    days = [Told(world) for world in known]
    assert sorted(days[0].rows) == sorted(TABLES)
    own = publish(days, known, tmp_path, ORDERS[order])
    assert attack(own, days) == []
    for rows, day in zip(own[1:], days[1:], strict=True):
        assert 0.1 < len(rows) / len(day.shows) < 0.9


@pytest.mark.parametrize("seed", [1, 4])
def test_the_attack_finds_what_is_not_held(tmp_path: Path, seed: int) -> None:
    known = worlds(seed, 9_000)
    days = [Told(world) for world in known]
    assert len(attack(publish(days, known, tmp_path, None), days)) > 10


def test_the_attack_finds_what_two_tables_tell_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known = worlds(3, 9_000)
    days = [Told(world) for world in known]
    monkeypatch.setattr(told, "ALIKE", ())
    assert attack(publish(days, known, tmp_path, ORDERS["the first is kept no more"]), days) != []


def test_the_attack_finds_how_many_customers_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = worlds(3, 9_000)
    days = [Told(world) for world in known]
    identity = told.TOLD["identity_quality"]
    others = {name: count for name, count in identity.counts.items() if name != "customer_count"}
    monkeypatch.setattr(told, "TOLD", {**told.TOLD, "identity_quality": replace(identity, counts=others)})
    found = attack(publish(days, known, tmp_path, ORDERS["one after the other"]), days)
    assert found
    assert all(line.startswith("(('customers'") for line in found), found

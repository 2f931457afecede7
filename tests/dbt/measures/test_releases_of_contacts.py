"""An attack over several releases on what public tables say of contacts, journeys and answers.

What a reader doesn't know are atoms, see `test_suppression_across_tables`: here those of three days, as in
`test_releases_of_answers`.
"""

from __future__ import annotations

from ast import literal_eval
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from voxpop.release import overlaps, told

from . import test_suppression_across_tables as across
from .sql import Measures
from .subtraction import ORDERS
from .test_releases import publish
from .test_releases_of_answers import together, untold_before
from .test_suppression_across_tables import MINIMUM, Told, World, recovered

TABLES = (
    "contact_center_performance",
    "cx_index",
    "identity_quality",
    "journey_measures",
    "journey_paths",
    "survey_nonresponse",
    "survey_quality",
    "web_performance",
)

Day = tuple[pd.DataFrame, dict[str, pd.DataFrame]]
"""Whom a day's tables tell of, and their rows."""


FEW_LATE = (0.95, 0.97, 1)
MANY_LATE = (0.57, 0.6, 1)


SETTLED = (across.ALL_SETTLED,) * 3
ONE_MORE_EACH_DAY = ("2025-07-01", "2025-10-01", across.ALL_SETTLED)
"""Two quarters settle one after the other, the first of them with its fiscal year."""
NOT_ANY_MORE = ("2025-10-01", "2025-07-01", "2025-10-01")
"""On the second day a source is behind, and a quarter that was settled isn't any more."""


def three_days(
    seed: int,
    number: int,
    shares: Sequence[float] = FEW_LATE,
    *of_contacts: object,
    days: int = 1,
    unsettled_from: Sequence[str] = SETTLED,
) -> list[World]:
    """What an agency knew: contacts came late, a batch was taken out, some came to be matched.

    Args:
        seed: of chance.
        number: how many people it has.
        shares: how much of everything it has on each day.
        of_contacts: see `across.contacts`.
        days: how much later people answer.
        unsettled_from: on each day, see `across.World`.
    """
    rows, people, points, _ = across.world(seed, number, *of_contacts, days=days)
    draw = np.random.default_rng(seed)
    order = draw.permutation(len(rows)) / len(rows)
    matched = draw.permutation(len(rows)) / len(rows)
    named = pd.factorize(rows["customer_id"])[0] / len(rows)
    answered = draw.permutation(len(people)) / len(people)
    found = []
    for place, share in enumerate(shares):
        is_out = place == 2
        is_there = (order < share) & ~(is_out & (order < 0.003))
        of_day = rows.copy()
        of_day.loc[matched > (0.985, 0.99, 1)[place], ["customer_id", "customer_tier"]] = None
        # an account came beside their email
        known = of_day["customer_tier"].notna() & (named < (0, 0.05, 0.1)[place])
        of_day.loc[known, "customer_tier"] = "strong"
        has_answered = (answered < share) & ~(is_out & (answered < 0.003))
        of_people = people[has_answered].reset_index(drop=True)
        ids = set(of_people["response_id"])
        of_points = [each[each["response_id"].isin(ids)] for each in points]
        found.append((of_day[is_there].reset_index(drop=True), of_people, of_points, unsettled_from[place]))
    return found


def published(
    measures: Measures, known: list[World], folder: Path, order: list[list[int]] | None
) -> tuple[list[Day], list[Day]]:
    """The journeys of each day and what its release says or withholds of them; and the records."""
    journeys, records, counted = [], [], []

    def make(measures: Measures, *day: object) -> None:
        across.make(measures, *day)
        journeys.append(across.journeys_of(measures))
        records.append(across.records_of(measures))
        counted.append(measures.frame("from int_measures__journeys"))

    publish(measures, known, folder, order, make=make, tables=TABLES)
    found: tuple[list[Day], list[Day]] = ([], [])
    for place, of_day in enumerate(zip(journeys, records, strict=True)):
        measures.table("int_measures__journeys", counted[place])
        for name in TABLES:
            file = folder / str(place) / "parquet" / f"{name}.parquet"
            measures.connection.execute(f"create or replace table {name} as from '{file}'")
        for days, mine, rows_of in zip(
            found, of_day, (across.ROWS_OF_JOURNEYS, across.ROWS_OF_RECORDS), strict=True
        ):
            tables = {name: measures.frame(rows) for name, rows in rows_of.items()}
            # what a release holds another said
            own = {name: rows[rows["held_from"].isna() | rows["suppressed"]] for name, rows in tables.items()}
            days.append((mine, own))
    return found


def published_of(measures: Measures, world: tuple[Any, ...], folder: Path) -> tuple[list[Day], list[Day]]:
    """As `published`, of a world of the lists below."""
    seed, number, shares, order, unsettled_from, *of_contacts = world
    days = three_days(seed, number, shares, *of_contacts, unsettled_from=unsettled_from)
    return published(measures, days, folder, ORDERS[order])


def said_of_journeys(days: Sequence[Day]) -> Iterator[list[Told]]:
    """What all releases say of the journeys of each fiscal year; and again, with what changed as withheld.

    An atom's path is known by its names on each of the days.
    """
    kinds = across.OF_JOURNEYS
    members = ["period", "service", "organization"]
    everybody = pd.concat([mine for mine, _ in days])
    for year, of_all_days in everybody.groupby("year_start"):
        of_year = [mine[mine["year_start"] == year] for mine, _ in days]
        named = [
            {
                path: (path if path in of_service else "other", path if path in of_all else "rest")
                for path in set(of_all_days["path"])
            }
            for of_service, of_all in ((set(mine["item"]), set(mine["item_of_all"])) for mine in of_year)
        ]
        names = {path: str([of_day[path] for of_day in named]) for path in named[0]}
        whole = of_all_days.assign(path=of_all_days["path"].map(names))
        atoms = whole[members].drop_duplicates()
        atoms = atoms.merge(whole[["path", *kinds]].drop_duplicates(), how="cross")
        people, told = [], []
        for place, (mine, (_, tables)) in enumerate(zip(of_year, days, strict=True)):
            of_day = with_people(atoms, mine.assign(path=mine["path"].map(names)), [*members, "path", *kinds])
            item, item_of_all = zip(*(literal_eval(path)[place] for path in of_day["path"]), strict=True)
            of_day = of_day.assign(item=item, item_of_all=item_of_all)
            has_row = mine[["period", "service", "item"]].drop_duplicates().assign(has_row=True)
            is_there = of_day.merge(has_row, how="left")["has_row"].notna().to_numpy()
            here = {name: rows[rows["year"] == year] for name, rows in tables.items()}
            people.append(of_day["people"].to_numpy())
            told.append(
                [replace(each, of=each.of * is_there) for each in across.told_of_journeys(of_day, here)]
            )
        yield from of_levels_and_changes(people, told)


def said_of_records(days: Sequence[Day]) -> Iterator[list[Told]]:
    """What all releases say of the records of each fiscal quarter; and again, with what changed."""
    everybody = pd.concat([mine for mine, _ in days])
    for quarter, whole in everybody.groupby(everybody["period"].dt.to_period("Q")):
        atoms = across.atoms_of_records(whole)
        people, told = [], []
        for everything, tables in days:
            mine = everything[everything["period"].dt.to_period("Q") == quarter]
            of_day = with_people(atoms, mine, [*across.KINDS, *across.STATES, "period"])
            here = {
                name: rows[pd.to_datetime(rows["period_start"]).dt.to_period("Q") == quarter]
                for name, rows in tables.items()
            }
            people.append(of_day["people"].to_numpy())
            told.append(across.told_of_records(of_day, across.of_quarters(here)))
        levels, changes = of_levels_and_changes(people, told)
        yield [each for each in levels if each.is_shown or not is_told_of_many(each, levels)]
        # of many more records few may be undecided
        yield [each for each in changes if each.is_shown or ": undecided " not in each.name]


def is_told_of_many(withheld: Told, levels: Sequence[Told]) -> bool:
    """Whether a row of many says as a share of them how many these are, which may be few.

    A row of records says how many are undecided: of one that was withheld, later on. A coverage of visits
    says how many are known: of a source that has them all, those that are matched.
    """
    names = {"undecided": "undecided", "matched_count": "known_visits", "unmatched": "unknown_visits"}
    by = next((other for name, other in names.items() if f" {name} " in withheld.name), None)
    return by is not None and any(
        each.is_shown and f" {by} " in each.name and (each.of == withheld.of).all() for each in levels
    )


def said_of_coverages(days: Sequence[Day]) -> Iterator[list[Told]]:
    """How all releases say that coverages of each fiscal year, and of its quarters, changed."""
    kinds = ["organization", "service", "channel", "is_judged"]
    contacts = [mine[across.is_contact(mine)] for mine, _ in days]
    everybody = pd.concat(contacts)
    for year, whole in everybody.groupby(everybody["period"].dt.to_period("Y-SEP")):
        quarters = whole["period"].dt.to_period("Q").dt.start_time
        atoms = whole.assign(period=quarters)[[*kinds, "period"]].drop_duplicates()
        people, told = [], []
        for everything, (_, tables) in zip(contacts, days, strict=True):
            mine = everything[everything["period"].dt.to_period("Y-SEP") == year]
            mine = mine.assign(period=mine["period"].dt.to_period("Q").dt.start_time)
            of_day = with_people(atoms, mine, [*kinds, "period"])
            here = {
                name: rows[pd.to_datetime(rows["period_start"]).dt.to_period("Y-SEP") == year]
                for name, rows in tables.items()
            }
            people.append(of_day["people"].to_numpy())
            told.append(across.told_of_coverages(of_day, here))
        yield together(people, told, is_of_changes=True)


def of_levels_and_changes(
    people: Sequence[np.ndarray], told: Sequence[Sequence[Told]]
) -> Iterator[list[Told]]:
    """What all days say of how many there are, less what an earlier one told; and of how many changed it."""
    yield [*untold_before(people, together(people, told, is_of_changes=False))]
    yield together(people, told, is_of_changes=True)


def with_people(atoms: pd.DataFrame, mine: pd.DataFrame, key: list[str]) -> pd.DataFrame:
    """The atoms with how many are in each, and who."""
    found = mine.groupby(key)["id"].agg(lambda ids: frozenset((one, "") for one in ids)).rename("people")
    of_day = atoms.merge(found.reset_index(), how="left", on=key)
    people = of_day["people"].map(lambda one: one if isinstance(one, frozenset) else frozenset())
    return of_day.assign(people=people, count=people.map(len).astype(float))


VISITS = (10, 500, FEW_LATE, "made after going back to the first", ONE_MORE_EACH_DAY)
"""Beside paths it is told anew how many visits there were, after web_performance told it."""
TIES = (1, 1500, FEW_LATE, "one after the other", ONE_MORE_EACH_DAY, *across.CALLERS)
"""How many answers are tied to contacts surveys tell at once, and journeys later on."""
ONE_SERVICE = (6, 800, MANY_LATE, "one after the other", SETTLED)
"""All that came to a withheld organization came to one service, which is shown."""
RECORDS_OF_CHANNELS = (8, 1200, FEW_LATE, "made after going back to the first", ONE_MORE_EACH_DAY)
"""A channel's records are its contacts and its answers, and both are told before them."""

WORLDS = [
    (1, 600, FEW_LATE, "one after the other", ONE_MORE_EACH_DAY),
    (33, 2249, MANY_LATE, "made after going back to the first", NOT_ANY_MORE),
    (205, 1855, MANY_LATE, "the first is kept no more", SETTLED),
    VISITS,
    TIES,
    RECORDS_OF_CHANNELS,
    ONE_SERVICE,
]

OF_SOURCES = (42, 1500, MANY_LATE, "one after the other", SETTLED)
"""A source is a channel by another name, or some of them together."""


@pytest.mark.parametrize("world", [*WORLDS, OF_SOURCES])
def test_no_withheld_contacts_or_journeys_can_be_worked_out_of_three_releases(
    measures: Measures, tmp_path: Path, world: tuple[Any, ...]
) -> None:
    journeys, records = published_of(measures, world, tmp_path)
    for spans in (list(said_of_journeys(journeys)), list(said_of_records(records))):
        told = [each for span in spans for each in span]
        assert sum(each.is_shown for each in told) > 50
        assert sum(not each.is_shown and 0 < each.count < MINIMUM for each in told) > 20
        assert [name for span in spans for name in recovered(span)] == []
    assert [name for span in said_of_coverages(records) for name in recovered(span)] == []
    of_pages = [
        each for span in said_of_journeys(journeys) for each in span if each.table == across.PAGES_BEFORE
    ]
    assert any(not each.is_shown and 0 < each.count < MINIMUM for each in of_pages)


def test_no_change_of_a_years_coverage_can_be_worked_out(measures: Measures, tmp_path: Path) -> None:
    """It is shown where it is of each quarter: there have to be many people for that."""
    days = three_days(5, 12_000)
    _, records = published(measures, days, tmp_path, ORDERS["one after the other"])
    told = list(said_of_coverages(records))
    assert any(each.is_shown and " year " in each.name for span in told for each in span)
    assert [name for span in told for name in recovered(span)] == []


def test_the_attack_finds_what_is_not_held(measures: Measures, tmp_path: Path) -> None:
    seed, number, shares, _, _, *of_contacts = TIES
    days = three_days(seed, number, shares, *of_contacts)
    journeys, records = published(measures, days, tmp_path, None)
    of_journeys = [name for span in said_of_journeys(journeys) for name in recovered(span)]
    of_records = [name for span in said_of_records(records) for name in recovered(span)]
    assert any(" less " not in name for name in of_records)
    assert any(recovered(span) for span in said_of_coverages(records))
    changes = (
        (of_journeys, ("journey_count", across.PAGES_BEFORE, *across.SHARES)),
        # by month cx_index alone has an n
        (of_records, (": n month", "source touchpoints", across.LINKED, across.FIRST, across.REPEAT)),
        (of_records, ("offered", "record_count", "respondent_count", "rated_count", "response_count")),
        (of_records, ("known_contacts", "known_visits", "unknown_visits")),
    )
    for found, names in changes:
        for of in names:
            assert any(" less " in name and of in name for name in found), of


def attacked_records(measures: Measures, world: tuple[Any, ...], folder: Path) -> list[str]:
    """What can be worked out of three releases' records."""
    _, records = published_of(measures, world, folder)
    return [name for span in said_of_records(records) for name in recovered(span)]


def test_the_attack_finds_a_source_that_is_channels_by_another_name(
    measures: Measures, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(overlaps, "sums", lambda *_: {})
    assert any(across.REPEAT in name for name in attacked_records(measures, OF_SOURCES, tmp_path))


SETTLING = [
    (VISITS, {"sessions", "visits"}, "visits quarter"),
    (TIES, {"tied"}, across.LINKED),
    (RECORDS_OF_CHANNELS, {"records"}, "channel phone"),
    (RECORDS_OF_CHANNELS, {"sessions", "visits"}, "source web"),
]
"""A world, counts of which one is told from the first day on, and what then could be worked out."""


@pytest.mark.parametrize(("world", "counts", "number"), SETTLING)
def test_the_attack_finds_what_was_told_before_a_quarter_is_settled(
    measures: Measures,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    world: tuple[Any, ...],
    counts: set[str],
    number: str,
) -> None:
    """Were these compared with none that is told once a quarter is settled."""
    alike = [each for each in told.ALIKE if counts.isdisjoint(part.name for part in each.parts)]
    of_records = [each for each in overlaps.OF_RECORDS if each.count.name not in counts]
    assert len(alike) < len(told.ALIKE)
    monkeypatch.setattr(told, "ALIKE", alike)
    monkeypatch.setattr(overlaps, "OF_RECORDS", of_records)
    if "tied" in counts:
        monkeypatch.setattr(overlaps, "TIED", overlaps.TIED[:1] * 2)
    found = attacked_records(measures, world, tmp_path)
    assert any(" less " in name and number in name for name in found)

"""An attack over several releases: take what one showed from what the next shows, and all that follows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from voxpop.release import changed, held, told
from voxpop.release.counted import COUNTED, MADE_OF_PUBLISHED

from .sql import CX_INDEX, Measures
from .subtraction import MINIMUM, ORDERS, leaks
from .tables import SERVICES, agency, answers, load, responses

CELL = ["period_type", "period_start", "breakdown", "member"]
COLUMNS = {
    "organization": "organization_id",
    "service": "service_id",
    "channel": "channel",
    "segment": "segment",
}
NOBODY = "of no known member"
"""Who has no channel, say: no row shows them, but a whole less its members does."""

People = tuple[pd.DataFrame, list[pd.DataFrame]]
Cells = dict[tuple[str, ...], set[tuple[str, float]]]
"""Cell → its people, each with the answer."""


FEW_LATE = (0.93, 0.96, 1)
MANY_LATE = (0.57, 0.6, 1)
"""How much of everything an agency has on each of three days."""


def three_releases(
    people: pd.DataFrame, items: list[pd.DataFrame], seed: int, shares: Sequence[float] = FEW_LATE
) -> list[People]:
    """What an agency knew on three days: answers came late, one was edited, a batch was taken out.

    And who people are came to be known better: 4 are of another segment on the second day, 20 on the third.
    """
    number = len(people)
    random = np.random.default_rng(seed)
    order = random.permutation(number)
    seen = [set(order[: int(number * share)]) for share in shares]
    seen[2] -= set(order[:7])
    movers = random.permutation(number)[:20]
    segments = [*sorted(people["segment"].dropna().unique()), None]
    others = pd.Series(random.choice(segments, len(movers)), index=movers, dtype="string")
    found = []
    for place, rows in enumerate(seen):
        of_now = people.copy()
        moved = movers[: (0, 4, 20)[place]]
        of_now.loc[moved, "segment"] = others[moved]
        ids = set(people.loc[sorted(rows), "response_id"])
        of_day = [item[item["response_id"].isin(ids)].copy() for item in items]
        if place:
            likert = of_day[0].index[:3]
            of_day[0].loc[likert, "score"] = 6 - of_day[0].loc[likert, "score"]
            of_day[0].loc[likert, "raw_value"] = (
                of_day[0].loc[likert, "score"].map(lambda score: f"{score:g}")
            )
        found.append((of_now[of_now["response_id"].isin(ids)].reset_index(drop=True), of_day))
    return found


def make_index(measures: Measures, people: pd.DataFrame, items: list[pd.DataFrame], **survey: Any) -> None:
    """Make cx_index of what is known."""
    load(measures, people, *items, organization_id="all", **survey)
    services = pd.DataFrame({"service_id": list(SERVICES), "organization_id": list(SERVICES.values())})
    measures.table("dim_services", services)
    measures.build(*CX_INDEX)


def publish(
    measures: Measures,
    known: Sequence[tuple[Any, ...]],
    folder: Path,
    order: list[list[int]] | None,
    *,
    make: Callable[..., object] = make_index,
    tables: tuple[str, ...] = ("cx_index",),
) -> list[dict[str, pd.DataFrame]]:
    """The public tables of each release, made one after the other.

    Args:
        measures: the database.
        known: what the agency knows on each day.
        folder: where the releases are.
        order: for each the earlier ones that it is compared with, see `ORDERS`; None: nothing is held.
        make: what makes the tables of what is known.
        tables: their names.
    """
    connection = measures.connection
    releases: list[changed.Earlier] = []
    public = []
    for place, day in enumerate(known):
        make(measures, *day)
        release = changed.Earlier(f"r{place}", folder / str(place))
        queries = {}
        policy = {
            "suppression_min_n": MINIMUM,
            "short_abandon_seconds": 5,
            "unit_response_min_share": 0.8,
        }
        for part in ("parquet", "audit"):
            (release.folder / part).mkdir(parents=True)
        if order is not None:
            sums = changed.sums(connection, "main", tables)
            told.count(connection, "main", tables, policy=policy)
            earlier = [releases[one] for one in order[place]]
            queries = held.rows(connection, "main", tables, earlier, sums=sums, policy=policy)
            told.keep(connection, release.folder / told.NAME)
        facts = {name for table in COUNTED.keys() & {*tables} for name in COUNTED[table].reads}
        rows = {name: f"from {name}" for name in (*facts, *tables)} | queries
        files = {name: release.folder / "parquet" / f"{name}.parquet" for name in rows}
        again = [name for name in MADE_OF_PUBLISHED if name in tables and queries]
        for name in again:
            others = {other: f"read_parquet('{files[other]}')" for other in MADE_OF_PUBLISHED[name]}
            rows[name] = measures.model(name, **others)
        for name in (*(rows.keys() - {*again}), *again):
            connection.execute(f"copy ({rows[name]}) to '{files[name]}' (format parquet)")
        releases.append(release)
        public.append({name: connection.execute(f"from {release.table(name)}").df() for name in tables})
    return public


def periods(day: pd.Timestamp) -> list[tuple[str, str]]:
    year = day.year + (day.month >= 10)
    quarter = f"{day.year}-{(day.month - 1) // 3 * 3 + 1:02d}-01"
    return [("month", f"{day:%Y-%m}-01"), ("quarter", quarter), ("year", f"{year - 1}-10-01")]


def cells_of(people: pd.DataFrame, item: pd.DataFrame) -> Cells:
    """The people in every cell of an item, those without a member as well."""
    found: Cells = {}
    rows = item.merge(people[people["is_counted"]], on="response_id")
    for row in rows.itertuples(index=False):
        members = [("all", "all")]
        for breakdown, column in COLUMNS.items():
            member = getattr(row, column, None)
            members.append((breakdown, NOBODY if member is None or pd.isna(member) else member))
        for period in periods(pd.Timestamp(row.answered_local_date)):
            for member in members:
                found.setdefault((*period, *member), set()).add((row.response_id, float(row.raw_value)))
    return found


def sums(cells: set[tuple[str, ...]]) -> Iterator[tuple[tuple[str, ...], list[tuple[str, ...]]]]:
    """Each whole with its parts, as a reader of the table knows them."""
    for whole in sorted(cells):
        period_type, start, breakdown, member = whole
        same = [cell for cell in cells if cell[:2] == (period_type, start)]
        if breakdown == "all":
            for each in COLUMNS:
                yield whole, [cell for cell in same if cell[2] == each]
        if breakdown == "organization":
            yield whole, [cell for cell in same if cell[2] == "service" and SERVICES.get(cell[3]) == member]
        for part in {"quarter": ["month"], "year": ["month", "quarter"]}.get(period_type, []):
            of_member = [cell for cell in cells if cell[0] == part and cell[2:] == (breakdown, member)]
            yield (
                whole,
                [cell for cell in of_member if (period_type, start) in periods(pd.Timestamp(cell[1]))],
            )


def attack(public: list[pd.DataFrame], known: list[People]) -> list[str]:
    """All differences of few people that a reader of these releases can work out."""
    found = []
    for number, item in enumerate(known[-1][1]):
        scale, driver = item["scale"].iloc[0], item["driver"].iloc[0]
        truth = [cells_of(people, items[number]) for people, items in known]
        told = []
        for rows in public:
            own = rows[(rows["scale"] == scale) & (rows["driver"] == driver) & ~rows["suppressed"]]
            own = own[own["held_from"].isna()].assign(period_start=own["period_start"].astype(str).str[:10])
            told.append(set(own[CELL].itertuples(index=False, name=None)))
        found += leaks(told, truth, list(sums(set().union(*truth))))
    return found


@pytest.mark.parametrize(
    ("seed", "number", "order"),
    [
        (1, 400, ORDERS["one after the other"]),
        (2, 800, ORDERS["one after the other"]),
        (4, 400, ORDERS["made after going back to the first"]),
        (3, 400, ORDERS["the first is kept no more"]),
        (5, 800, ORDERS["the first is kept no more"]),
    ],
)
def test_no_release_tells_what_a_few_people_changed(
    measures: Measures, tmp_path: Path, seed: int, number: int, order: list[list[int]]
) -> None:
    known = three_releases(*agency(seed, number), seed)
    public = [release["cx_index"] for release in publish(measures, known, tmp_path, order)]
    assert attack(public, known) == []
    for after, others in zip(public, order, strict=True):
        same = after[after["held_from"].notna()]
        assert (len(same) > 0) == bool(others)
        assert after["held_from"].isna().sum() > 50
        if others:
            rows = [frame.drop(columns="held_from") for frame in (public[others[0]], same)]
            assert len(rows[0].merge(rows[1])) == len(same), "a held row is the current one's, all of it"


def test_the_attack_finds_what_is_not_held(measures: Measures, tmp_path: Path) -> None:
    known = three_releases(*agency(1, 400), 1)
    public = [release["cx_index"] for release in publish(measures, known, tmp_path, None)]
    assert len(attack(public, known)) > 10


ASKED_TWICE = ("ben-apply", "tax-file", "trv-new")
"""Services of whom everybody who answers on the scale of the index does so on another one too."""


def asked_twice(seed: int) -> list[People]:
    """What an agency knew on three days, some of whose people answered on two scales."""
    people, items = agency(seed, 800)
    is_likert = people["response_id"].isin(pd.concat(items[:-1])["response_id"])
    is_asked = is_likert & people["service_id"].isin(ASKED_TWICE)
    points = pd.Series(np.random.default_rng(seed).integers(0, 11, len(people))).where(is_asked)
    items = [*items, answers(people["response_id"], "recommendation", points, "nps_11")]
    return three_releases(people, items, seed)


def told_by_another_scale(
    measures: Measures, known: list[People], folder: Path, order: str
) -> tuple[int, list[str]]:
    """How many cells one scale withholds or holds, and what another one tells that as many answered.

    Either that number itself, in the same release; or, of what one told in an earlier release, what differs
    by few in the other, where as many answered both then and now.
    """
    withheld = []

    def make(measures: Measures, people: pd.DataFrame, items: list[pd.DataFrame]) -> None:
        make_index(measures, people, items)
        withheld.append(measures.frame("from int_withheld_items"))

    publish(measures, known, folder, ORDERS[order], make=make)
    secrets, found = 0, []
    before: list[dict[tuple[str, ...], set[str]]] = []
    for place, (people, (*likert, _, twice)) in enumerate(known):
        measures.table("withheld", withheld[place])
        pairs = measures.query(
            f"""
            with cells as (
                select
                    counts.*, coalesce(counts.is_told, false) as is_shown,
                    withheld.reason is not null or not coalesce(counts.is_told, true) as is_secret
                from (
                    select *, string_split_regex(item, '[|\x1f]') as names
                    from read_parquet('{folder / str(place) / told.NAME}')
                    where release is null and member <> 'unknown'
                        and names[2:3] in (['likert_5', 'all'], ['nps_11', 'recommendation'])
                ) as counts
                left join withheld
                    on withheld.scale = names[2] and withheld.driver = names[3]
                        and {" and ".join(f"withheld.{name} = counts.{name}" for name in CELL)}
            )
            select
                {", ".join(f"one.{name}::text" for name in CELL)}, one.names[2], other.names[2],
                one.is_secret, one.is_shown, other.is_shown
            from cells as one
            inner join cells as other using (people, {", ".join(CELL)})
            where one.item <> other.item
            """
        )
        assert len(pairs) > 20
        answered = {
            "likert_5": cells_of(
                people, pd.concat(likert).drop_duplicates("response_id").assign(raw_value=0)
            ),
            "nps_11": cells_of(people, twice.assign(raw_value=0)),
        }
        of_now: dict[tuple[str, ...], set[str]] = {}
        for *cell, one, other, is_secret, is_one_shown, is_other_shown in pairs:
            key = (*cell, one)
            secrets += is_secret
            if is_secret and is_other_shown:
                found.append(f"{place}: {key}")
            who = {name for name, _ in answered[one][tuple(cell)]}
            if is_one_shown:
                of_now[key] = who
            if is_other_shown:
                for of_then in before:
                    few = len(of_then.get(key, who) ^ who)
                    if 0 < few < MINIMUM:
                        found.append(f"{place}: {few} of {key}, by {other}")
        before.append(of_now)
    return secrets, found


TWICE = [(2, "one after the other"), (3, "the first is kept no more")]


@pytest.mark.parametrize(("seed", "order"), TWICE)
def test_no_scale_tells_what_another_one_that_as_many_answered_does_not(
    measures: Measures, tmp_path: Path, seed: int, order: str
) -> None:
    secrets, found = told_by_another_scale(measures, asked_twice(seed), tmp_path, order)
    assert secrets > 20
    assert found == []


NOTHING = "select '' as a, null::date as b, '' as c, '' as d, [''] as items, [''] as answered limit 0"


@pytest.mark.parametrize(("seed", "order"), TWICE)
def test_another_scale_tells_what_is_held_where_nothing_follows(
    measures: Measures, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int, order: str
) -> None:
    monkeypatch.setattr(told, "of_the_same_people", lambda _: NOTHING)
    _, found = told_by_another_scale(measures, asked_twice(seed), tmp_path, order)
    assert [name for name in found if not name.startswith("0")] != []


def index_beside_another_scale(measures: Measures, folder: Path, recommending: int) -> int:
    """How many rows of a second release tell an index's n, whose first one told it by another scale.

    On the first day 30 people answer one of four items of the index, so that each item is of 7 or 8 and the
    index has a driver that is withheld. On the second they are 33 and answer two items each, and as many as
    `recommending` say whether they recommend it.
    """
    drivers = ("satisfaction", "trust", "ease", "employee")
    days = []
    for number, asked in ((30, 1), (33, 2)):
        people = responses(
            number,
            survey_id="tax-file",
            service_id="tax-file",
            organization_id="tax",
            channel="phone",
            answered_local_date=pd.Timestamp("2025-10-07").date(),
            is_counted=True,
        )
        person = pd.Series(range(number))
        likert = [
            answers(people["response_id"], driver, (person % 5 + 1).where((person - place) % 4 < asked))
            for place, driver in enumerate(drivers)
        ]
        points = (person % 11).where(person < (30 if asked == 1 else recommending))
        days.append((people, [*likert, answers(people["response_id"], "recommendation", points, "nps_11")]))
    first, second = (
        rows["cx_index"] for rows in publish(measures, days, folder, ORDERS["one after the other"][:2])
    )
    assert set(first.loc[first["measure"] == "nps", "n"]) == {30}
    assert first.loc[first["measure"] == "cx_index", "suppressed"].all()
    index = second[second["measure"] == "cx_index"]
    assert len(index) > 3
    return int((index["n"] == 33).sum())


@pytest.mark.parametrize("recommending", [31, 0])
def test_a_first_index_tells_no_few_who_came_since_another_scale_told_them(
    measures: Measures, tmp_path: Path, recommending: int
) -> None:
    assert index_beside_another_scale(measures, tmp_path, recommending) == 0


@pytest.mark.parametrize("recommending", [31, 0])
def test_a_first_index_tells_few_where_another_scale_says_nothing_of_it(
    measures: Measures, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, recommending: int
) -> None:
    whole = told.of_the_same_people
    monkeypatch.setattr(
        told, "of_the_same_people", lambda counts: whole(counts) if counts == "counts" else NOTHING
    )
    assert index_beside_another_scale(measures, tmp_path, recommending) > 3


IN_A_PAIR = {
    "mean": lambda points: points,
    "top_box": lambda points: points == 5,
    "top_two": lambda points: points >= 4,
    "bottom_two": lambda points: points <= 2,
}
"""Measure → what an answer adds to it."""


def pairs_in_one_unit(before: pd.DataFrame, after: pd.DataFrame) -> list[tuple[int, int]]:
    """What two people can have said of whom a second release takes together what they answered.

    Weights are 1. Each unit adds the square of the sum of its people's distances from the mean, so two units
    made one add twice the product of two distances.
    """
    sides = [frame.set_index("measure") for frame in (before, after)]
    found = []
    for one in range(1, 6):
        for other in range(one, 6):
            expected, told = [], []
            for measure, added in IN_A_PAIR.items():
                rows = [side.loc[measure] for side in sides]
                units = [row["sampling_unit_count"] for row in rows]
                squares = [
                    (row["n"] * row["weighted_standard_error"]) ** 2 * (number - 1) / number
                    for row, number in zip(rows, units, strict=True)
                ]
                told.append((squares[1] - squares[0]) / 2)
                mean = rows[0]["weighted_value"]
                expected.append((added(one) - mean) * (added(other) - mean))
            if np.allclose(told, expected, atol=1e-5):
                found.append((one, other))
    return found


@pytest.mark.parametrize("is_held", [True, False])
def test_two_people_who_turn_out_to_be_one_tell_nobody_what_they_said(
    measures: Measures, tmp_path: Path, *, is_held: bool
) -> None:
    """Or of whom a source says later that they were drawn together; 120 answered a weighted survey."""
    services = np.repeat(["ben-apply", "trv-new", "tax-file"], 40)
    people = responses(
        120,
        service_id=services,
        survey_id=services,
        organization_id=pd.Series(services).map(SERVICES),
        customer_id=pd.Series([f"c{place}" for place in range(120)], dtype="string"),
    )
    points = np.tile([3, 5, 4, 4, 2, 5, 1, 4], 15)
    item = answers(people["response_id"], "satisfaction", points)
    of_one, of_a_cluster = people.copy(), people.copy()
    of_one.loc[5, "customer_id"] = "c6"
    of_a_cluster.loc[[5, 6], "cluster_id"] = "office 1"
    make = partial(make_index, is_weighted=True)
    theirs = {"all", "ben", "ben-apply", "website"}
    for name, later in (("one", of_one), ("cluster", of_a_cluster)):
        order = [[], [0]] if is_held else None
        known = [(people, [item]), (later, [item])]
        public = publish(measures, known, tmp_path / name, order, make=make)
        before, after = (
            frame["cx_index"][
                lambda rows: rows["driver"].eq("satisfaction") & rows["period_type"].eq("quarter")
            ]
            for frame in public
        )
        mine = [frame[frame["member"] == "ben-apply"] for frame in (before, after)]
        assert pairs_in_one_unit(*mine) == ([] if is_held else [(1, 5)])
        assert before["weighted_value"].notna().all()
        # beside a row that stays behind, others have no weighted figures
        held = after["held_from"].notna()
        assert {*after.loc[held, "member"]} == (theirs if is_held else set())
        assert (after["weighted_value"].notna() == (held | (not is_held))).all()


def test_who_people_are_is_nothing_to_an_unweighted_survey(measures: Measures, tmp_path: Path) -> None:
    """With clusters or not: there each answer counts for itself, so a merge holds no row."""
    people, items = agency(1, 400)
    people["cluster_id"] = pd.Series(np.where(people.index % 2, "office", None), dtype="string")
    later = people.assign(customer_id=people["customer_id"].replace({"c1": "c2", "c3": "c5", "c4": "c7"}))
    public = publish(measures, [(people, items), (later, items)], tmp_path, [[], [0]])
    before, after = (
        release["cx_index"].query("breakdown != 'segment'").sort_values([*CELL, "scale", "measure", "driver"])
        for release in public
    )
    assert after["held_from"].isna().all()
    before, after = (frame.drop(columns="held_from").reset_index(drop=True) for frame in (before, after))
    pd.testing.assert_frame_equal(before, after)

"""An attack over several releases: take what one showed from what the next shows, and all that follows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from voxpop.release import changed, held, told
from voxpop.release.counted import COUNTED, MADE_OF_PUBLISHED

from .sql import CX_INDEX, Measures
from .subtraction import MINIMUM, ORDERS, leaks
from .tables import SERVICES, agency, load

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


def make_index(measures: Measures, people: pd.DataFrame, items: list[pd.DataFrame]) -> None:
    """Make cx_index of what is known."""
    load(measures, people, *items, organization_id="all")
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

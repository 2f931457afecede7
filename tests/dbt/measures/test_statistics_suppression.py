"""Attacks on what is public: take all that is shown from all that it adds up to, and see what is left."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest

from .sql import CONTACT_CENTER, CX_INDEX, Measures
from .subtraction import Sum as Parts
from .subtraction import pinned
from .tables import CHANNELS, SERVICES, agency, answers, fiscal_quarter, load, responses, touched_quarters

BREAKDOWNS = ("organization", "service", "channel", "segment")
SPANS = {"quarter": [("month", 3, 1)], "year": [("month", 12, 1), ("quarter", 4, 3)]}
"""Period type → the periods that add up to it: their type, how many, and how many months each has."""
CELL = ["period_type", "period_start", "breakdown", "member"]
UNKNOWN = "not known"
MINIMUM = 10


@dataclass(frozen=True)
class Sum:
    """What adds up: places of the whole and of its parts in a table of cells."""

    whole: int
    parts: list[int]


def sums(cells: pd.DataFrame) -> Iterator[Sum]:
    """Every sum that a reader of the public table knows, services' organizations (dim_services) included."""
    place = {tuple(key): number for number, key in enumerate(cells[CELL].itertuples(index=False))}
    for (period_type, start, breakdown, member), whole in place.items():
        if breakdown == "all":
            for each in BREAKDOWNS:
                yield Sum(whole, [at for key, at in place.items() if key[:3] == (period_type, start, each)])
        if breakdown == "organization":
            inside = [(period_type, start, "service", name) for name, of in SERVICES.items() if of == member]
            yield Sum(whole, [place[key] for key in inside if key in place])
        for part, count, step in SPANS.get(period_type, ()):
            starts = [start + pd.DateOffset(months=step * number) for number in range(count)]
            keys = [(part, each, breakdown, member) for each in starts]
            yield Sum(whole, [place[key] for key in keys if key in place])


def leaks(cells: pd.DataFrame, additive: list[str]) -> list[str]:
    """What can be worked out of one item's cells.

    Args:
        cells: one row a cell, `n` and what else adds up (`additive`) null where withheld.
        additive: columns that add up, `n` first; n, total and squares also find answers that are all alike.

    Returns:
        A line for each cell that the sums determine together, and for each difference between a whole and
        the parts shown of it that is of 1 to 9 people or of people who all answered alike.
    """
    # whose segment is not known has no row, but counts in the whole: how many they are, nobody is told here
    rest = cells[cells["breakdown"] == "all"].assign(breakdown="segment", member=UNKNOWN)
    rest[additive] = np.nan
    cells = pd.concat([cells, rest], ignore_index=True)
    known = cells["n"].notna().to_numpy()
    names, figures = cells[CELL].to_numpy().tolist(), cells[additive].to_numpy(float)
    found, equations = [], []
    for each in sums(cells):
        row = np.zeros(len(cells))
        row[each.whole] = 1
        row[each.parts] -= 1
        equations.append(row)
        shown = [part for part in each.parts if known[part]]
        if not known[each.whole] or not shown:
            continue
        n, *moments = rest = figures[each.whole] - figures[shown].sum(axis=0)
        alike = len(moments) == 2 and abs(n * moments[1] - moments[0] ** 2) < 0.5
        if 0 < n < MINIMUM or (n > 0 and alike):
            found.append(f"{names[each.whole]} less what is shown: {rest.tolist()}")
    unknown = np.flatnonzero(~known)
    if len(unknown):
        matrix = np.array(equations)[:, unknown]
        _, sizes, directions = np.linalg.svd(matrix)
        free = directions[int((sizes > 1e-9).sum()) :]
        for column, place in enumerate(unknown):
            is_determined = not len(free) or np.abs(free[:, column]).max() < 1e-9
            if is_determined and names[place][-1] != UNKNOWN:
                found.append(f"{names[place]} is determined")
    return found


def narrowed_by_sums(cells: pd.DataFrame, truth: pd.Series, least: int) -> list[str]:
    """Cells of 1 to 9 for which one item's sums leave room for one number only.

    Args:
        cells: one row a cell, `n` null where withheld.
        truth: the n of each.
        least: what n is at least where there is a row.
    """
    counts = dict(enumerate(truth.astype(float)))
    exact, others = [], []
    for whole, parts in ((each.whole, each.parts) for each in sums(cells)):
        # a whole may count who has no service, say; where nobody is so, the reader is taken to know it
        is_exact = counts[whole] == sum(counts[part] for part in parts)
        (exact if is_exact else others).append((whole, parts))
    known = set(np.flatnonzero(cells["n"].notna()))
    found = pinned(counts, known, exact, others, least=lambda _: least)
    return [f"{cells[CELL].iloc[at].tolist()}: {found[at]}" for at in found]


def items_of(public: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """The cells of each scale and driver, with n and the sums that n, mean and standard error give away."""
    public = public[public["measure"].isin(["mean", "thumbs_up"])].copy()
    is_thumb = public["measure"] == "thumbs_up"
    public["total"] = public["n"] * public["value"]
    variance = public["standard_error"] ** 2 * public["n"] * (public["n"] - 1)
    public["squares"] = np.where(is_thumb, public["total"], variance + public["total"] * public["value"])
    for _, cells in public.groupby(["scale", "driver"]):
        yield cells


def attack(public: pd.DataFrame) -> list[str]:
    """All that can be worked out of a cx_index."""
    found = []
    for cells in items_of(public):
        found += leaks(cells, ["n", "total", "squares"])
    found += leaks(public[public["measure"] == "cx_index"], ["n"])
    for key, cell in public[public["scale"] == "likert_5"].groupby(CELL):
        (index,) = cell.loc[cell["measure"] == "cx_index", "suppressed"]
        means = cell.loc[cell["measure"] == "mean", "value"]
        if not index and means.isna().sum() == 1:
            found.append(f"{key}: the index less the other drivers is the one that is withheld")
    return found


def narrowed(measures: Measures, public: pd.DataFrame) -> dict[Hashable, tuple[float, float]]:
    """Withheld numbers of 1 to 9 that all items of a scale together leave room for alone, with their bounds.

    Whoever answered an item counts in the index, and a cell without a row has nobody. Where rows are of
    several items, which of these a member's people answered is not told.
    """
    key = [*CELL, "scale", "driver"]
    counts = measures.frame("select * from int_measures__estimates").drop_duplicates(key).set_index(key)["n"]
    public = public[public["measure"].isin(["mean", "thumbs_up", "cx_index"])]
    found = {}
    for scale, rows in public.groupby("scale"):
        truth: dict[Hashable, float] = {}
        equal: list[Parts] = []
        least: list[Parts] = []
        for driver, cells in rows.groupby("driver"):
            names = [(*cell, scale, driver) for cell in cells[CELL].itertuples(index=False, name=None)]
            truth |= {name: counts.get(name, 0) for name in names}
            for each in sums(cells):
                parts = [names[part] for part in each.parts]
                # whose channel nobody knows, or whose segment, counts in the whole alone
                whole, rest = names[each.whole], sum(truth[part] for part in parts)
                is_all = truth[whole] == rest and not any("segment" in part for part in parts)
                (equal if is_all else least).append((whole, parts))
        index = {name for name in truth if name[-1] == "all"}
        least += [
            ((*name[:-1], "all"), [name]) for name in truth.keys() - index if (*name[:-1], "all") in index
        ]
        known = set(rows.loc[rows["n"].notna(), key].itertuples(index=False, name=None))
        sure = truth.keys() if rows["driver"].nunique() == 1 else index
        found |= pinned(truth, known, equal, least, least=lambda name, sure=sure: int(name in sure))
    return found


def built(measures: Measures, seed: int, number: int) -> pd.DataFrame:
    people, items = agency(seed, number)
    load(measures, people, *items)
    measures.build(*CX_INDEX)
    return measures.frame("select * from cx_index")


FIGURES = ["n", "value", "low", "high", "standard_error", "weighted_value", "weighted_low", "weighted_high"]
FIGURES += ["design_effect", "effective_n", "band", "band_uncertain"]
FIGURES += ["volume_value", "volume_low", "volume_high", "volume"]


def by_people_served(public: pd.DataFrame) -> list[str]:
    """Figures by volume that are of a withheld service too: with the others' they would give it away."""
    services = public[public["breakdown"] == "service"]
    item = ["period_type", "period_start", "scale", "measure", "driver"]
    hidden = services.groupby(item)["suppressed"].any()
    of_all = public[(public["breakdown"] == "all") & public["volume_value"].notna()].set_index(item)
    found = [f"{key} of all" for key in of_all.index if hidden[key]]
    hidden = (
        services.assign(member=services["member"].map(SERVICES))
        .groupby([*item, "member"])["suppressed"]
        .any()
    )
    of_one = public[(public["breakdown"] == "organization") & public["volume_value"].notna()]
    return found + [f"{key}" for key in of_one.set_index([*item, "member"]).index if hidden[key]]


@pytest.mark.parametrize(("seed", "number"), [(1, 250), (2, 900), (3, 900), (4, 2_500), (5, 6_000)])
def test_nothing_withheld_in_cx_index_can_be_worked_out(measures: Measures, seed: int, number: int) -> None:
    public = built(measures, seed, number)
    withheld = public[public["suppressed"]]
    assert withheld[FIGURES].isna().all(axis=None)
    assert not withheld["low_n"].any()
    assert not [name for name in public if "reason" in name], "which cell is the small one is not told"
    reasons = measures.query("select distinct reason from int_withheld_items")
    assert {("small_n",), ("complement",)} <= set(reasons)
    assert (public.loc[~public["suppressed"], "n"] >= MINIMUM).all()
    assert (~public["suppressed"]).sum() > 50
    assert attack(public) == []
    assert narrowed(measures, public) == {}
    assert by_people_served(public) == []
    figures = [*CELL[:2], "scale", "measure", "driver"]
    of_withheld = withheld[[*CELL, "scale"]].drop_duplicates().merge(public[figures].drop_duplicates())
    assert len(of_withheld.merge(public)) == len(of_withheld), (
        "a row that is missing tells who left an item out"
    )
    assert withheld["drivers"].isna().all()
    if number >= 2_500:
        assert public["volume_value"].notna().sum() > 10, "or nothing is tested"


def test_the_attack_finds_what_small_n_alone_gives_away(measures: Measures) -> None:
    """The same agency with only its small cells withheld: the attack has to succeed, or it proves nothing."""
    public = built(measures, 4, 2_500)
    key = [*CELL, "scale", "measure", "driver"]
    estimates = measures.frame("select * from int_measures__estimates").set_index(key)
    careless = public.copy()
    keys = pd.MultiIndex.from_frame(public[key])
    again = public["suppressed"].to_numpy() & (estimates["n"].reindex(keys) >= MINIMUM).to_numpy()
    for name in ("n", "value", "standard_error"):
        careless.loc[again, name] = estimates.loc[keys[again], name].to_numpy()
    careless.loc[again, "suppressed"] = False
    found = attack(careless)
    assert any("is determined" in each for each in found)
    assert any("less what is shown" in each for each in found)
    assert any("the index less" in each for each in found)


def test_a_missing_row_tells_who_left_an_item_out(measures: Measures) -> None:
    """Of 43 one called, and rated ease but not trust; without a row of phone's 43 less 42 is that one."""
    people = responses(43, channel=["phone"] + ["email"] * 12 + ["website"] * 30)
    points = np.array([4, 5, 3] * 14 + [4.0])
    trust = np.where(people["channel"] == "phone", np.nan, points)
    load(
        measures,
        people,
        answers(people["response_id"], "ease", points),
        answers(people["response_id"], "trust", trust),
    )
    measures.build(*CX_INDEX)
    public = measures.frame(
        "select * from cx_index where period_type = 'month' and breakdown <> 'organization'"
    )
    assert narrowed(measures, public) == {}
    is_trust = public["driver"] == "trust"
    careless = public[~is_trust | (public["member"] != "phone")].copy()
    careless.loc[is_trust & (careless["member"] == "email"), "n"] = 12
    assert set(narrowed(measures, careless).values()) == {(1, 1)}


SHARES = ("top_box", "top_two", "bottom_two")
WEIGHTED = ["weighted_value", "weighted_low", "weighted_high", "weighted_standard_error"]
WEIGHTED += ["sampling_unit_count", "design_effect", "effective_n"]


def with_and_without_care(
    measures: Measures, people: pd.DataFrame, points: Any, **survey: Any
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """cx_index of answers on satisfaction, and the same with all weighted figures of what is not withheld."""
    load(measures, people, answers(people["response_id"], "satisfaction", points), **survey)
    measures.build(*CX_INDEX)
    key = [*CELL, "scale", "measure", "driver"]
    public = measures.frame("select * from cx_index")
    estimates = measures.frame("select * from int_measures__estimates")
    careless = public.drop(columns=WEIGHTED).merge(estimates[[*key, *WEIGHTED]], on=key)
    return public, careless


def of_period(public: pd.DataFrame, period_type: str, *cell: str, measure: str = "mean") -> pd.DataFrame:
    """The shown rows of a measure in the first such period, of a cell or of all cells of a breakdown."""
    rows = public[(public["period_type"] == period_type) & ~public["suppressed"]]
    rows = rows[(rows["measure"] == measure) & (rows["breakdown"] == cell[0])]
    return rows[rows["member"].isin(cell[1:])] if cell[1:] else rows


def one(value: Any) -> int:
    assert value == pytest.approx(round(value), abs=1e-5)
    return round(value)


def people_of(services: Mapping[str, int], **columns: Any) -> pd.DataFrame:
    names = [name for name, number in services.items() for _ in range(number)]
    organizations = [SERVICES[name] for name in names]
    return responses(len(names), service_id=names, organization_id=organizations, survey_id=names, **columns)


@pytest.mark.parametrize(("with_weight", "is_shown"), [(9, False), (20, False), (29, False), (30, True)])
def test_weighted_figures_are_of_all_who_answered_or_of_nobody(
    measures: Measures, with_weight: int, is_shown: bool
) -> None:
    """Of 30 the unweighted mean is shown; beside it a weighted one tells what those without a weight said."""
    people = responses(30, weight=[2.0 if place < with_weight else None for place in range(30)])
    public, careless = with_and_without_care(measures, people, [4, 5, 3, 4, 5] * 6, is_weighted=True)
    assert (public["n"] == 30).all() and public["value"].notna().all()
    assert (public[WEIGHTED].notna() == is_shown).all(axis=None)
    row = of_period(careless, "month", "all").iloc[0]
    weighted = one(row["design_effect"] * row["effective_n"])
    assert row["n"] - weighted == 30 - with_weight
    points = ([4, 5, 3, 4, 5] * 6)[with_weight:]
    assert one(row["n"] * row["value"] - weighted * row["weighted_value"]) == sum(points)


def test_answers_without_weights_beside_others_tell_no_weighted_figure(measures: Measures) -> None:
    """Four of 104 at the desk answered a survey of weight 3: weighted figures would tell what they said."""
    people = people_of({"ben-apply": 100, "ben-status": 104})
    people["survey_id"] = people["service_id"].map({"ben-apply": "open", "ben-status": "drawn"})
    people["weight"] = np.where(people["survey_id"] == "drawn", 3.0, 1.0)
    people["channel"] = ["in_person"] * 104 + ["website"] * 100
    points = np.tile([5, 4, 3, 2, 1, 4], 34)
    public, _ = with_and_without_care(measures, people, points, is_weighted=[True, False])
    assert not public["suppressed"].any()
    told = public[public["weighted_value"].notna()]
    assert {*told["member"]} == {"ben-status", "website"}


def test_weighted_figures_do_not_tell_two_withheld_services_apart(measures: Measures) -> None:
    """7 answers of weight 1 and 4 of 2.5 are withheld, their organization's 11 shown, by both weightings."""
    services = {"ben-apply": 60, "ben-status": 55, "tax-file": 50, "trv-new": 7, "trv-urgent": 4}
    people = people_of(services)
    people["weight"] = np.where(people["service_id"] == "trv-urgent", 2.5, 1.0)
    points = np.r_[np.tile([5, 4, 3, 2, 1], 33), [5, 4, 4, 3, 5, 2, 5], [1, 2, 1, 5]]
    public, careless = with_and_without_care(measures, people, points, is_weighted=True)
    assert {*public.loc[public["suppressed"], "member"]} == {"trv-new", "trv-urgent"}

    def apart(rows: pd.DataFrame) -> set[tuple[int, ...]]:
        """How many of the 11 may have the weight 2.5, and how many of these are fives, happy and unhappy."""
        found = set()
        shares = [of_period(rows, "quarter", "organization", "trv", measure=name).iloc[0] for name in SHARES]
        for number in range(1, 11):
            # the sum by weights is that without them and 1.5 times that of the heavier
            weight = 11 + 1.5 * number
            some = [(weight * row["weighted_value"] - 11 * row["value"]) / 1.5 for row in shares]
            if all(abs(x - np.round(x)) < 1e-6 and -1e-6 < x < number + 1e-6 for x in some):
                found.add((number, *(round(x) for x in some)))
        return found

    assert apart(careless) == {(4, 1, 1, 3)}
    assert apart(public) == set()


def test_a_quarters_weighted_figures_do_not_tell_a_months(measures: Measures) -> None:
    """In January 6 of 40 have a weight, and none is told; a quarter of 61 less 25 and 30 would tell it."""
    people = responses(120, answered_local_date=[date(2026, 1 + place // 40, 10) for place in range(120)])
    has = np.r_[np.arange(40) < 6, np.arange(40) < 25, np.arange(40) < 30]
    people["weight"] = np.where(has, 0.5 + np.arange(120) % 7, np.nan)
    public, careless = with_and_without_care(measures, people, np.arange(120) % 5 + 1, is_weighted=True)
    sizes = [
        one(row["design_effect"] * row["effective_n"])
        for name in ("month", "quarter")
        for _, row in of_period(careless, name, "all").sort_values("period_start").iterrows()
    ]
    assert sizes == [6, 25, 30, 61]
    assert public[WEIGHTED].isna().all(axis=None)


def test_sampling_units_are_not_told_beside_withheld_services(measures: Measures) -> None:
    """37 clusters of all less 15, 10 and 10 would be the two of two services that are withheld."""
    units = {"ben-apply": (60, 15), "ben-status": (50, 10), "trv-new": (40, 10)}
    units |= {"trv-renew": (6, 1), "trv-urgent": (7, 1)}
    people = people_of({name: number for name, (number, _) in units.items()})
    place = people.groupby("service_id").cumcount()
    people["cluster_id"] = (
        place % people["service_id"].map({name: of for name, (_, of) in units.items()})
    ).map("c{}".format)
    public, careless = with_and_without_care(measures, people, np.arange(163) % 5 + 1)
    of_all, of_services = (
        of_period(careless, "quarter", breakdown)["sampling_unit_count"].sum()
        for breakdown in ("all", "service")
    )
    assert (of_all, of_services) == (37, 35)
    assert public["is_weighted"].all() and public[WEIGHTED].isna().all(axis=None)


def test_a_quarter_that_does_not_settle_is_withheld_whole(measures: Measures) -> None:
    """One step is too few here: what it leaves open takes its quarter with it, and nothing is given away."""
    people, items = agency(seed=4, number=2_500)
    load(measures, people, *items)
    measures.build(*CX_INDEX[: CX_INDEX.index("int_measures__items") + 1])
    query = """
        select cells.*, withheld.reason
        from (
            select concat_ws('/', scale, driver) as item, points_total as total, points_squares as squares, *,
                case
                    when n < 10 then 'small_n'
                    when breakdown <> 'all' and is_unanimous then 'unanimous'
                end as own_reason
            from int_measures__items
        ) as cells
        left join ({{ withheld_cells("(select concat_ws('/', scale, driver) as item, points_total as total,
            points_squares as squares, *, case when n < 10 then 'small_n'
            when breakdown <> 'all' and is_unanimous then 'unanimous' end as reason
            from int_measures__items) as items",
            breakdowns=['organization', 'service', 'channel', 'segment'],
            told_gaps=['segment'], periods=['month', 'quarter', 'year'],
            is_alike_secret=true, steps=STEPS) }}) as withheld
        using (item, period_type, period_start, breakdown, member)
    """
    whole, shown = {}, {}
    for steps in (1, 8):
        cells = measures.frame(query.replace("STEPS", str(steps)))
        hidden = cells["reason"].notna()
        year = cells["period_start"].dt.to_period("Y-SEP")
        whole[steps] = int(hidden.groupby([cells["item"], year]).all().sum())
        shown[steps] = int((~hidden).sum())
        cells.loc[hidden, ["n", "total", "squares"]] = None
        assert [
            leak for _, item in cells.groupby("item") for leak in leaks(item, ["n", "total", "squares"])
        ] == []
    assert whole[1] > whole[8]
    assert shown[1] < shown[8]


def known(values: Any, told: Any) -> pd.Series:
    """Booleans; null where it isn't told."""
    return pd.Series(values, dtype="boolean").where(pd.Series(told))


def contacts(seed: int, number: int) -> pd.DataFrame:
    """Inbound contacts of a contact center over two fiscal quarters, many cells small."""
    random = np.random.default_rng(seed)
    service = random.choice(list(SERVICES), number, p=random.dirichlet(np.full(len(SERVICES), 1.2)))
    fate = random.choice(["agent", "abandoned", "automation"], number, p=[0.8, 0.15, 0.05])
    days = (pd.to_datetime("2025-10-01") + pd.to_timedelta(random.integers(0, 182, number), unit="D")).date
    return pd.DataFrame(
        {
            "source_system": "genesys",
            "organization_id": [SERVICES[name] for name in service],
            "service_id": pd.Series(np.where(random.random(number) < 0.98, service, None), dtype="string"),
            "channel": random.choice(CHANNELS, number, p=[0.04, 0.8, 0.15, 0.01]),
            "started_local_date": days,
            "fiscal_quarter": [fiscal_quarter(day) for day in days],
            "wait_seconds": random.integers(0, 90, number),
            "talk_seconds": [300 if each == "agent" else None for each in fate],
            "hold_seconds": 0,
            "wrap_seconds": 30,
            "handled_by": [None if each == "abandoned" else each for each in fate],
            "is_abandoned": fate == "abandoned",
            "is_transferred": known(random.random(number) < 0.1, random.random(number) < 0.7),
            "direction": "inbound",
        }
    )


def contact_center(measures: Measures, rows: pd.DataFrame) -> pd.DataFrame:
    measures.table("fct_interactions", rows)
    levels = {
        "phone": "service_level_seconds",
        "website": "service_level_message_seconds",
        "email": "service_level_email_seconds",
        "in_person": "service_level_message_seconds",
    }
    measures.table(
        "dim_channels", pd.DataFrame({"channel": list(levels), "service_level": list(levels.values())})
    )
    measures.table("int_touched_quarters", touched_quarters(pd.to_datetime(rows["started_local_date"])))
    measures.build(*CONTACT_CENTER)
    return measures.frame("select *, offered as n from contact_center_performance")


@pytest.mark.parametrize(("seed", "number"), [(1, 300), (2, 1_500), (3, 6_000)])
def test_nothing_withheld_of_contacts_can_be_worked_out(measures: Measures, seed: int, number: int) -> None:
    public = contact_center(measures, contacts(seed, number))
    withheld = public[public["suppressed"]]
    figures = [name for name in public.columns[7:] if name not in ("suppressed", "low_n")]
    assert withheld[figures].isna().all(axis=None)
    assert not [name for name in public if "reason" in name]
    reasons = measures.query("select distinct reason from int_measures__withheld_contacts")
    assert set(reasons) == {("small_n",), ("complement",)}
    assert (public.loc[~public["suppressed"], "offered"] >= MINIMUM).all()
    assert leaks(public, ["n"]) == []
    # what is over answered contacts (their wait, say) is not to be had of a few of them either
    for part in [name for name in public if name == "handled" or name.endswith("_count")]:
        assert leaks(public.assign(n=public[part]), ["n"]) == [], part
    truth = measures.frame("select * from int_measures__contacts").set_index(CELL)
    truth = truth.loc[pd.MultiIndex.from_frame(public[CELL])].reset_index()
    assert narrowed_by_sums(public, truth["offered"], least=1) == []
    assert narrowed_by_sums(public.assign(n=public["handled"]), truth["handled"], least=0) == []
    careless = public.copy()
    hidden = careless["suppressed"] & (truth["offered"] >= MINIMUM)
    careless.loc[hidden, "n"] = truth.loc[hidden, "offered"]
    assert leaks(careless, ["n"]) != []
    assert narrowed_by_sums(careless, truth["offered"], least=1) != []


def test_contacts_add_up(measures: Measures) -> None:
    rows = contacts(4, 800)
    public = contact_center(measures, rows)
    shown = public[~public["suppressed"]]
    assert (shown["offered"] == shown["handled"] + shown["abandoned"] + shown["other"]).all()
    quarters = shown[(shown["breakdown"] == "all") & (shown["period_type"] == "quarter")]
    assert quarters["offered"].sum() == 800
    assert quarters["abandoned"].sum() == rows["is_abandoned"].sum()
    assert (shown["abandonment_low"] <= shown["abandonment_share"]).all()
    assert (shown["abandonment_share"] <= shown["abandonment_high"]).all()
    answered = rows[rows["handled_by"] == "agent"]
    speed = (quarters["average_speed_of_answer_seconds"] * quarters["handled"]).sum() / quarters[
        "handled"
    ].sum()
    assert speed == pytest.approx(answered["wait_seconds"].mean(), abs=1e-6)
    assert quarters["average_handle_seconds"].tolist() == [330, 330]

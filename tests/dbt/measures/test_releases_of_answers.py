"""An attack over several releases on what public tables say of answers, withhold and hold.

What a reader doesn't know are atoms, see `test_suppression_of_answers`: here those of three days. An atom
that the same people are in on two days is one number, for an attacker may know of all that did not change.
So a number that one release withholds follows where another tells what the first one hid it with. And how the
answers of a few people changed a number is no more to be known than a number of few.

Contacts are in no number here. Where answers are counted among records, `test_releases_of_contacts` takes
both together; votes on pages are neither, see `test_releases_of_website`.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from voxpop.release import overlaps
from voxpop.release.compared import COMPARED

from . import test_suppression_of_answers as answers
from .sql import Measures
from .subtraction import ORDERS
from .test_releases import MANY_LATE, People, publish, three_releases
from .test_suppression_across_tables import MINIMUM, Told, recovered

TABLES = ("cx_index", "survey_quality", "survey_nonresponse", "equity_gaps", "cx_comparisons")


def published(
    measures: Measures, known: list[People], folder: Path, order: list[list[int]] | None
) -> list[dict[str, pd.DataFrame]]:
    """What each release says or withholds, by what `answers.ROWS` names; what it holds another said."""
    surveys = []

    def make(measures: Measures, people: pd.DataFrame, items: list[pd.DataFrame]) -> None:
        answers.make(measures, people, items)
        surveys.append(measures.frame("from int_measures__surveys"))

    publish(measures, known, folder, order, make=make, tables=TABLES)
    found = []
    for place, made in enumerate(surveys):
        measures.table("int_measures__surveys", made)
        for name in TABLES:
            file = folder / str(place) / "parquet" / f"{name}.parquet"
            measures.connection.execute(f"create or replace table {name} as from '{file}'")
        tables = {name: measures.frame(rows) for name, rows in answers.ROWS.items()}
        found.append(
            {name: rows[rows["held_from"].isna() | rows["suppressed"]] for name, rows in tables.items()}
        )
    return found


def said(known: list[People], public: list[dict[str, pd.DataFrame]]) -> Iterator[list[Told]]:
    """What all releases say of the answers of each span; and again, with what changed as withheld."""
    days = [
        list(answers.spans(answers.kinds_of(answers.with_items(*of_day)), tables))
        for of_day, tables in zip(known, public, strict=True)
    ]
    for of_span in zip(*days, strict=True):
        atoms = answers.atoms_of(pd.concat([mine for mine, _ in of_span]))
        of_days = [answers.told_within(atoms, *each) for each in of_span]
        for is_of_changes in (False, True):
            people = [_people(atoms, mine, is_of_changes) for mine, _ in of_span]
            told = together(people, of_days, is_of_changes=is_of_changes)
            yield told if is_of_changes else [*untold_before(people, told)]


def together(
    people: Sequence[np.ndarray], of_days: Sequence[Sequence[Told]], *, is_of_changes: bool
) -> list[Told]:
    """What several days say, as one system: an atom of the same people is the same number.

    Args:
        people: for each day who is in each atom, each with what is told of them.
        of_days: for each day what it says of these atoms.
        is_of_changes: whether what is withheld is how much changed, and not how much there is.
    """
    numbers = numbers_of(people)
    told = []
    for place, of_day in enumerate(of_days):
        for each in of_day:
            of = np.zeros(numbers.max() + 1)
            of[numbers[place]] = each.of
            told.append(replace(each, name=f"{place} {each.name}", of=of))
    if is_of_changes:
        told = [each for each in told if each.is_shown]
        every = {each.of.tobytes(): each for of_day in of_days for each in of_day}
        told += _differences(people, numbers, [*every.values()])
    return told


def untold_before(people: Sequence[np.ndarray], told: Sequence[Told]) -> Iterator[Told]:
    """What several days say, less what is withheld of a number that an earlier one told.

    It is the same number where it is of the same atoms, or counts the same of the same people: of one of them
    something else is known by now, and they are in other atoms.
    """
    numbers = numbers_of(people)
    who = np.empty(numbers.max() + 1, dtype=object)
    for of_day, everybody in zip(numbers, people, strict=True):
        who[of_day] = everybody
    before: set[Hashable] = set()
    for each in told:
        _, counts, *_ = each.name.split()
        number = {each.of.tobytes(), (counts, frozenset().union(*who[each.of != 0]))}
        if each.is_shown or before.isdisjoint(number):
            yield each
        if each.is_shown:
            before |= number


def numbers_of(people: Sequence[np.ndarray]) -> np.ndarray:
    """Which unknown number each atom of each day is."""
    named = [(place, said) for day in people for place, said in enumerate(day)]
    return pd.factorize(pd.Series(named, dtype="object"))[0].reshape(len(people), len(people[0]))


def _people(atoms: pd.DataFrame, mine: pd.DataFrame, is_of_changes: bool) -> np.ndarray:
    """Who is in each atom on a day; of changes each with the answer."""
    value = mine["raw_value"].where((mine["kind"] == mine["item"]) & is_of_changes, "").fillna("")
    people = mine.assign(people=list(zip(mine["response"], value, strict=True)))
    found = people.groupby(answers.ATOM)["people"].agg(frozenset).reset_index()
    of_atom = atoms.merge(found, how="left", on=answers.ATOM)["people"]
    return of_atom.map(lambda one: one if isinstance(one, frozenset) else frozenset()).to_numpy()


def _differences(people: Sequence[np.ndarray], numbers: np.ndarray, told: Sequence[Told]) -> Iterator[Told]:
    """How each of these numbers differs between two days, and of how many people's answers.

    Nobody learns of one who came and one who went from a count that is the same.
    """
    for early, late in combinations(range(len(people)), 2):
        is_changed = people[early] != people[late]
        for each in told:
            changed = np.flatnonzero(is_changed & (each.of != 0))
            before, after = (frozenset().union(*people[day][changed]) for day in (early, late))
            of = np.zeros(numbers.max() + 1)
            of[numbers[late][changed]] += 1
            of[numbers[early][changed]] -= 1
            count = len({response for response, _ in before ^ after})
            earlier, later = ({response for response, _ in people} for people in (before, after))
            if earlier != later and len(earlier) == len(later):
                continue
            yield Told(each.table, f"{late} less {early}: {each.name}", of, is_shown=False, count=count)


WORLDS = [
    # organizations less their other surveys are few of a known segment
    (110, 700, MANY_LATE, "the first is kept no more"),
    # the respondents tell how many an index is of, and those of a survey what its service's is
    (7, 600, MANY_LATE, "one after the other"),
    (8, 1000, MANY_LATE, "made after going back to the first"),
]


@pytest.mark.parametrize(("seed", "number", "shares", "order"), WORLDS)
def test_no_withheld_answers_can_be_worked_out_of_three_releases(
    measures: Measures, tmp_path: Path, seed: int, number: int, shares: Sequence[float], order: str
) -> None:
    known = three_releases(*answers.surveyed(seed, number), seed, shares)
    public = published(measures, known, tmp_path, ORDERS[order])
    spans = list(said(known, public))
    told = [each for span in spans for each in span]
    assert sum(each.is_shown for each in told) > 50
    assert sum(not each.is_shown and 0 < each.count < MINIMUM for each in told) > 20
    assert [name for span in spans for name in recovered(span)] == []


def test_the_attack_finds_what_is_not_held(measures: Measures, tmp_path: Path) -> None:
    known = three_releases(*answers.surveyed(1, 500), 1)
    found = [
        name for span in said(known, published(measures, known, tmp_path, None)) for name in recovered(span)
    ]
    assert sum(" less " in name for name in found) > 10
    assert any(" less " not in name for name in found)


def test_the_attack_finds_what_respondents_tell_of_a_held_item(
    measures: Measures, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed, number, shares, order = WORLDS[1]
    monkeypatch.setattr(overlaps, "of_respondents", lambda *_: {})
    known = three_releases(*answers.surveyed(seed, number), seed, shares)
    public = published(measures, known, tmp_path, ORDERS[order])
    found = [name for span in said(known, public) for name in recovered(span)]
    assert "2 less 0: n quarter 2024-10-01 00:00:00 organization trv thumbs_up trust" in found


def test_three_late_answers_change_no_quotient_of_a_row_that_is_not_held(
    measures: Measures, tmp_path: Path
) -> None:
    """Respondents of a class by its share are those of all classes, whatever the row of all shows."""
    people, items = answers.surveyed(9, 1_500)
    is_late = people["is_counted"] & (people["channel"] == "in_person")
    is_late &= pd.to_datetime(people["answered_local_date"]).dt.to_period("Q") == "2025Q2"
    late = set(people.loc[is_late, "response_id"].head(3))
    assert len(late) == 3
    known = [
        (people[~people["response_id"].isin(ids)], [item[~item["response_id"].isin(ids)] for item in items])
        for ids in (late, set[str]())
    ]
    days = published(measures, known, tmp_path, ORDERS["one after the other"][:2])
    before, after = (
        day["wholes"].set_index(["period_start", "path"])["respondents_of_share"].dropna() for day in days
    )
    assert len(after) > 10
    assert (after - before[after.index] == 0).all()
    # those that three more would change, and what a year would tell of their quarter
    held = measures.frame("select distinct period_start from survey_nonresponse where held_from is not null")
    assert "2025-04-01" in set(held["period_start"].astype(str))


FIGURES = {
    "n": "if(is_third, 12, row_.n + 5)",
    "value": "row_.value * 0.9",
    # in some of them nobody differs any more
    "standard_error": "if(is_third, 0, row_.standard_error * 1.1)",
    "volume": "row_.volume + 100",
    "volume_value": "row_.volume_value * 0.9",
    "volume_low": "row_.volume_low * 0.8",
    "volume_high": "row_.volume_high * 1.1",
}
"""Figures of cx_index, and what they might be as well."""

SUMS = ("n", "total_a", "total_b", "products")


def other_figures(measures: Measures, public: pd.DataFrame) -> None:
    """Change each figure of cx_index that a release doesn't show, and the sums that an index is made of."""
    measures.table("public_index", public)
    figures = ", ".join(
        f"if(old.held_from is null and old.{name} is not null, row_.{name}, {other}) as {name}"
        for name, other in FIGURES.items()
    )
    sums = ", ".join(f"{name} * if(held, 2, 1) as {name}" for name in SUMS)
    measures.connection.execute(
        f"""
        create or replace table cx_index as
        select row_.* exclude (is_third) replace ({figures})
        from (select *, hash(n, value) % 3 = 0 as is_third from cx_index) as row_
        inner join public_index as old using ({", ".join(COMPARED["cx_index"].key)});
        create or replace table int_index_pairs as
        select pairs.* exclude (held) replace ({sums})
        from (
            select
                *,
                exists (
                    select 1 from public_index as old
                    where
                        old.measure = 'cx_index' and old.held_from is not null
                        and old.period_type = pairs.period_type and old.period_start = pairs.period_start
                        and old.breakdown = pairs.breakdown and old.member = pairs.member
                ) as held
            from int_index_pairs as pairs
        ) as pairs
        """
    )
    measures.build(*OF_INDEX)


OF_INDEX = ("cx_comparisons", "cx_control_limits", "equity_gaps")
"""What is made of cx_index."""


def test_nothing_that_is_published_rests_on_a_figure_that_is_held(measures: Measures, tmp_path: Path) -> None:
    """Whatever they said who are held, all else comes out the same."""
    people, items = answers.surveyed(3, 1_500)
    known = three_releases(people, items, 3, (0.97, 0.985, 1.0))[:2]
    made: list[pd.DataFrame] = []
    public: list[dict[str, pd.DataFrame]] = []
    for change in (False, True):

        def make(
            measures: Measures, people: pd.DataFrame, items: list[pd.DataFrame], change: bool = change
        ) -> None:
            answers.make(measures, people, items)
            measures.build("cx_control_limits")
            if change and len(people) == len(known[1][0]):
                other_figures(measures, public[0]["cx_index"])
            made.append(measures.frame("from cx_comparisons order by all"))

        folder = tmp_path / str(change)
        order = ORDERS["one after the other"][:2]
        tables = (*TABLES, "cx_control_limits")
        public.append(publish(measures, known, folder, order, make=make, tables=tables)[1])
    before, _ = public
    for name in before:
        key = [*COMPARED[name].key]
        pd.testing.assert_frame_equal(*(one[name].sort_values(key, ignore_index=True) for one in public))
    # the warehouse's own rows would have told it
    key = [*COMPARED["cx_comparisons"].key]
    shown = before["cx_comparisons"].dropna(subset=["p_value"])[key]
    own, other = (shown.merge(frame, on=key) for frame in (made[1], made[3]))
    assert (own["p_value"] == other["p_value"]).all()
    assert (own["adjusted_p"] != other["adjusted_p"]).sum() > 20
    assert (before["cx_comparisons"]["not_compared"] == "held").sum() > 20

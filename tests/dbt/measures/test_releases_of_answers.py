"""An attack over several releases on what public tables say of answers, withhold and hold.

What a reader doesn't know are atoms, see `test_suppression_of_answers`: here those of three days. An atom
that the same people are in on two days is one number, for an attacker may know of all that did not change.
So a number that one release withholds follows where another tells what the first one hid it with.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from . import test_suppression_of_answers as answers
from .sql import Measures
from .subtraction import ORDERS
from .test_releases import People, publish, three_releases
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
    """What all releases say of the answers of each span."""
    days = [
        list(answers.spans(answers.kinds_of(answers.with_items(*of_day)), tables))
        for of_day, tables in zip(known, public, strict=True)
    ]
    for of_span in zip(*days, strict=True):
        atoms = answers.atoms_of(pd.concat([mine for mine, _ in of_span]))
        numbers = _numbers(atoms, [mine for mine, _ in of_span])
        told = []
        for place, (mine, tables) in enumerate(of_span):
            for each in answers.told_within(atoms, mine, tables):
                of = np.zeros(numbers.max() + 1)
                of[numbers[place]] = each.of
                told.append(replace(each, name=f"{place} {each.name}", of=of))
        yield told


def _numbers(atoms: pd.DataFrame, days: Sequence[pd.DataFrame]) -> np.ndarray:
    """For each day and atom the number of what a reader doesn't know; of the same people it is the same."""
    people = [
        atoms.merge(
            mine.groupby(answers.ATOM)["response"].agg(lambda ids: " ".join(sorted(ids))).reset_index(),
            how="left",
            on=answers.ATOM,
        )["response"].fillna("")
        for mine in days
    ]
    named = pd.concat([each.index.astype(str) + " " + each for each in people])
    return pd.factorize(named)[0].reshape(len(days), len(atoms))


@pytest.mark.parametrize(("seed", "number", "order"), [(1, 500, "one after the other")])
def test_no_withheld_answers_can_be_worked_out_of_three_releases(
    measures: Measures, tmp_path: Path, seed: int, number: int, order: str
) -> None:
    known = three_releases(*answers.surveyed(seed, number), seed)
    public = published(measures, known, tmp_path, ORDERS[order])
    spans = list(said(known, public))
    told = [each for span in spans for each in span]
    assert sum(each.is_shown for each in told) > 50
    assert sum(not each.is_shown and 0 < each.count < MINIMUM for each in told) > 20
    assert [name for span in spans for name in recovered(span)] == []


def test_the_attack_finds_what_is_not_held(measures: Measures, tmp_path: Path) -> None:
    known = three_releases(*answers.surveyed(1, 500), 1)
    spans = said(known, published(measures, known, tmp_path, None))
    assert any(recovered(span) for span in spans)

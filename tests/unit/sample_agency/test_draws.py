"""Draws belong to their record and their name, and are as random as they claim."""

from __future__ import annotations

from uuid import UUID

import numpy as np
from scipy import stats
from voxpop.sample_agency.draws import Draws, keys

NUMBERS = np.arange(50_000, dtype=np.int64)


def test_a_record_draws_the_same_whatever_other_records_there_are() -> None:
    everybody = Draws(keys(7, "person", NUMBERS))
    few = Draws(keys(7, "person", NUMBERS[[5, 49_999]]))
    assert few.uniform("a").tolist() == everybody.uniform("a")[[5, 49_999]].tolist()
    assert few.normal("b").tolist() == everybody.normal("b")[[5, 49_999]].tolist()


def test_uniform_draws_are_uniform_and_names_are_independent() -> None:
    draws = Draws(keys(7, "person", NUMBERS))
    one, other = draws.uniform("one"), draws.uniform("other")
    assert one.min() > 0.0 and one.max() < 1.0
    assert stats.kstest(one, "uniform").pvalue > 0.001
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.02
    assert abs(np.corrcoef(one[1:], one[:-1])[0, 1]) < 0.02, "neighboring keys"


def test_normal_draws_are_normal() -> None:
    assert stats.kstest(Draws(keys(7, "person", NUMBERS)).normal("x"), "norm").pvalue > 0.001


def test_seeds_and_kinds_give_other_keys() -> None:
    variants = [keys(7, "person", NUMBERS), keys(8, "person", NUMBERS), keys(7, "day", NUMBERS)]
    assert len(np.unique(np.concatenate(variants))) == 3 * len(NUMBERS)


def test_picks_come_as_often_as_their_weights_say() -> None:
    draws = Draws(keys(7, "person", NUMBERS))
    shares = np.bincount(draws.pick("pick", (1.0, 0.0, 3.0))) / len(NUMBERS)
    assert np.allclose(shares, [0.25, 0.0, 0.75], atol=0.01)
    weights = np.array([[1.0, 0.0], [1.0, 4.0]])
    chosen = draws.pick_by_row("row", weights, NUMBERS % 2)
    assert (chosen[NUMBERS % 2 == 0] == 0).all()
    assert abs(chosen[NUMBERS % 2 == 1].mean() - 0.8) < 0.01


def test_uuids_are_version_4_and_unlike_each_other() -> None:
    made = Draws(keys(7, "person", NUMBERS)).uuids("id").tolist()
    assert len(set(made)) == len(NUMBERS)
    for text in made[:200]:
        parsed = UUID(text.decode())
        assert (parsed.version, str(parsed)) == (4, text.decode())
        assert parsed.variant == "specified in RFC 4122"

"""However the same records arrive, the release is the same: in parts, in another order, twice, at once."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from voxpop.raw.manifests import Manifest

from .home import END, LATELY, SPLITS, Home, window


def test_split_and_a_part_at_a_time_is_the_same_as_all_at_once(history: Home, published: Home) -> None:
    assert len(history.published()) == 3
    # what a release holds of one before it is its own: the tables that it is made from are the same
    assert history.warehouse_hashes() == published.hashes()
    assert len(history.batches()) > len(published.batches())


def test_twice_is_the_same_as_once(history: Home, tmp_path: Path) -> None:
    home = history.copy(tmp_path / "var")
    before, batches = home.current().release_id, home.batches()
    home.land(*reversed(SPLITS))
    assert home.batches() == batches, "what landed already is not landed again"
    assert home.publish() is None
    # the same records once more, in a batch of their own: it is built, and nothing that is published changes
    hashes = home.hashes()
    home.land(window(LATELY, END))
    assert len(home.batches()) > len(batches)
    assert home.publish() is not None
    assert home.current().release_id != before
    assert home.hashes() == hashes


def test_days_that_settle_a_quarter_later_are_the_same_as_at_once(
    earlier: Home, settled: Home, tmp_path: Path
) -> None:
    """By the first build nothing of what people went through in the quarter is told, by the second all is."""
    home = earlier.copy(tmp_path / "var")
    landed = {batch.batch_id for batch in earlier.batches()}
    bring(home, (batch for batch in settled.batches() if batch.batch_id not in landed))
    home.build()
    for table in ("journey_measures", "journey_paths", "identity_quality"):
        assert earlier.sql(f"select count(*) from marts.{table}") == [(0,)]
        assert settled.sql(f"select count(*) > 0 from marts.{table}") == [(True,)]
    assert home.warehouse_hashes() == settled.hashes()


def test_in_another_order_is_the_same_and_a_full_refresh_too(
    agency: Home, settled: Home, tmp_path: Path
) -> None:
    """The batches become visible the newest first."""
    home = agency.copy(tmp_path / "var")
    shutil.rmtree(home.settings.raw)
    *older, newest = sorted(settled.batches(), key=lambda batch: (batch.dt, batch.started_at))
    for batches in ([newest], reversed(older)):
        bring(home, batches)
        home.build()
    assert home.warehouse_hashes() == settled.hashes()
    assert home.build(full_refresh=True).is_full_refresh
    assert home.warehouse_hashes() == settled.hashes()


def bring(home: Home, batches: Iterable[Manifest]) -> None:
    """Let batches of another home become visible in this one, one after another."""
    for batch in batches:
        shutil.copytree(batch.folder, home.settings.raw.joinpath(*batch.folder.parts[-4:]))

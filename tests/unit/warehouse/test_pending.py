"""What the next build has to change: by what landed, is excluded, is built and was left unfinished."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from voxpop.raw.manifests import Manifest, Part
from voxpop.warehouse.pending import Change, State, all_batches, pending_batches

AT = datetime(2026, 3, 2, tzinfo=UTC)


def manifest(batch_id: str) -> Manifest:
    return Manifest(
        batch_id=batch_id,
        source="touchpoints",
        kind_of_source="touchpoints",
        stream="responses",
        window=None,
        started_at=AT,
        finished_at=AT,
        dt="2026-03-02",
        parts=(Part("part-00000.parquet", 3, 100, "ab"), Part("part-00001.parquet", 1, 50, "cd")),
        records=4,
        quarantined=0,
        duplicates=0,
        received=4,
        sha256="ef",
        key_version=1,
        original=None,
        days={},
        folder=Path("/raw") / batch_id,
    )


@pytest.mark.parametrize(
    ("is_excluded", "state", "is_unsettled", "change"),
    [
        (False, None, False, "land"),
        (False, "built", False, None),
        (False, "excluded", False, "include"),
        (True, "built", False, "exclude"),
        (True, "excluded", False, None),
        (True, None, False, None),
        # a build that didn't end had it before it
        (False, None, True, "land"),
        (False, "built", True, "include"),
        (False, "excluded", True, "include"),
        (True, "built", True, "exclude"),
        (True, "excluded", True, "exclude"),
        (True, None, True, "exclude"),
    ],
)
def test_the_change_of_a_batch(
    is_excluded: bool, state: State | None, is_unsettled: bool, change: Change | None
) -> None:
    found = pending_batches(
        [manifest("b")],
        {"b"} if is_excluded else set(),
        {"b": state} if state else {},
        {"b"} if is_unsettled else set(),
    )
    assert [(batch.change, batch.is_unsettled) for batch in found] == (
        [(change, is_unsettled)] if change else []
    )


def test_an_excluded_batch_has_no_files_to_read() -> None:
    (excluded,) = pending_batches([manifest("b")], {"b"}, {"b": "built"}, set())
    (landed,) = pending_batches([manifest("b")], set(), {}, set())
    assert excluded.files == ()
    assert landed.files == ("/raw/b/part-00000.parquet", "/raw/b/part-00001.parquet")


def test_from_nothing_everything_lands_but_what_is_excluded() -> None:
    found = all_batches([manifest("c"), manifest("a"), manifest("b")], {"b"})
    assert [batch.manifest.batch_id for batch in found] == ["a", "c"]
    assert all(batch.change == "land" and batch.is_unsettled for batch in found)

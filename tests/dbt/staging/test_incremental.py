"""Whatever is landed, excluded and included, in any order: staging is what a full refresh would build."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from voxpop.errors import BuildError
from voxpop.raw.exclusions import exclude, include
from voxpop.raw.manifests import Manifest
from voxpop.raw.records import Record
from voxpop.warehouse import build
from voxpop.warehouse.state import BuildState

from .conftest import Home, new_home
from .raw_zone import T0, contact, conversation, submission, survey_response

LANDED = T0 + timedelta(days=60)


@dataclass(frozen=True)
class Version:
    """One payload of one record: `rating` tells payloads apart, `created` moves between days."""

    record_id: str
    rating: int
    created: datetime
    updated: datetime

    def record(self) -> Record:
        return submission(
            self.record_id,
            self.created,
            updated_at=self.updated,
            identifiers=[("email", f"{self.record_id}@example.org")],
            answer_01=str(self.rating),
        )


@dataclass
class Expected:
    """The rule of staging in Python: the first landing of a payload, the newest payload of a record."""

    landed: list[tuple[Manifest, datetime, list[Version]]] = field(default_factory=list)
    excluded: set[str] = field(default_factory=set)

    def rows(self) -> list[tuple[object, ...]]:
        first: dict[Version, tuple[datetime, str]] = {}
        for manifest, at, versions in self.landed:
            if manifest.batch_id in self.excluded:
                continue
            for version in versions:
                arrival = (at, manifest.batch_id)
                first[version] = min(first.get(version, arrival), arrival)
        newest: dict[str, Version] = {}
        for version in first:
            other = newest.setdefault(version.record_id, version)
            if (version.updated, first[version][0]) > (other.updated, first[other][0]):
                newest[version.record_id] = version
        return sorted(
            (
                version.record_id,
                str(version.rating),
                version.created.date(),
                version.updated.replace(tzinfo=None),
                first[version][1],
            )
            for version in newest.values()
        )


def staged(home: Home) -> list[tuple[object, ...]]:
    return home.rows(
        "select record_id, answers['answer_01'], record_date, updated_at, _batch_id "
        "from staging.stg_touchpoints__responses order by record_id"
    )


def histories(draw: random.Random) -> Iterator[list[Version]]:
    """Batches of few records, so that the same ones come again: changed, unchanged, on another day, older."""
    for _ in range(30):
        yield [
            Version(
                f"r{draw.randrange(12)}",
                draw.randrange(1, 3),
                T0 + timedelta(days=draw.randrange(3)),
                T0 + timedelta(days=5, hours=draw.randrange(4)),
            )
            for _ in range(draw.randrange(1, 7))
        ]


def test_every_build_gives_what_the_rule_says(home: Home) -> None:
    draw = random.Random(1)
    expected = Expected()
    batches = histories(draw)
    arrivals = draw.sample(range(1000), 30)  # not in the order in which they are built
    for _ in range(5):
        for _ in range(draw.randrange(1, 4)):
            versions = list(dict.fromkeys(next(batches)))
            at = LANDED + timedelta(hours=arrivals.pop())
            manifest = home.raw.land("touchpoints", [version.record() for version in versions], at=at)
            if not manifest.already_landed:
                expected.landed.append((manifest, at, versions))
        for manifest, _, _ in draw.sample(expected.landed, min(2, len(expected.landed))):
            if manifest.batch_id in expected.excluded:
                include(home.settings, manifest.batch_id, "it was right", LANDED)
                expected.excluded.remove(manifest.batch_id)
            else:
                exclude(home.settings, manifest.batch_id, "it looks wrong", LANDED)
                expected.excluded.add(manifest.batch_id)
        home.build_staging()
        assert staged(home) == expected.rows()
        tokens = home.rows("select record_id from staging.stg_identifiers order by all")
        assert tokens == [(row[0],) for row in expected.rows()]
    incremental = home.content()
    assert home.build_staging(full_refresh=True).is_full_refresh
    assert home.content() == incremental


def history() -> list[tuple[str, list[Record], datetime]]:
    """Source, records and time of landing of batches in which records of every stream change."""
    day = timedelta(days=1)
    later = LANDED + day
    people = [("account", "1001001")]
    return [
        ("touchpoints", [submission("a", identifiers=people), submission("b", T0 + day)], LANDED),
        ("genesys", [conversation("c", []), conversation("d", [])], LANDED),
        ("field_offices", [contact("e"), contact("f")], LANDED),
        ("kiosk_surveys", [survey_response("g")], LANDED),
        (
            "touchpoints",
            [submission("a", T0 + day, updated_at=T0 + 2 * day), submission("b", T0 + day)],
            later,
        ),
        (
            "genesys",
            [conversation("c", [], started_at=T0 - day, ended_at=T0 + day, identifiers=people)],
            later,
        ),
        ("field_offices", [contact("e", T0 + day, segment="veterans"), contact("h")], later),
        ("kiosk_surveys", [survey_response("g", T0 + day), survey_response("i")], later),
    ]


@pytest.fixture(scope="module")
def at_once(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """The history landed, and built by one full refresh."""
    home = new_home(tmp_path_factory.mktemp("at_once"))
    for source, records, at in history():
        home.raw.land(source, records, at=at)
    home.build_staging()
    content = home.content()
    assert {table: len(rows) for table, rows in content.items() if rows} == {
        "stg_touchpoints__responses": 2,
        "stg_genesys__conversations": 2,
        "stg_file_drop__interactions": 3,
        "stg_file_drop__survey_responses": 2,
        "stg_identifiers": 1,
    }
    return content


def test_batches_backwards_and_one_at_a_time(home: Home, at_once: dict[str, list[str]]) -> None:
    backwards = history()[::-1]
    for first, second in zip(backwards[::2], backwards[1::2], strict=True):
        home.raw.land(first[0], first[1], at=first[2])
        home.raw.land(second[0], second[1], at=second[2])
        home.build_staging()
    assert home.content() == at_once


def test_landed_again_nothing_changes_and_nothing_is_touched(
    home: Home, at_once: dict[str, list[str]]
) -> None:
    for source, records, at in history():
        home.raw.land(source, records, at=at)
    home.build_staging()
    for source, records, at in history()[:2]:
        later = home.raw.land(source, records, day=T0 + timedelta(days=7), at=at + timedelta(days=9))
        assert not later.already_landed
    plan = home.build_staging()
    assert [batch.change for batch in plan.batches] == ["land", "land"]
    assert home.rows("from staging.stg_touched_records") == []
    assert home.content() == at_once


def test_only_what_changed_is_touched_with_every_day_of_it(home: Home) -> None:
    day = timedelta(days=1)
    home.raw.land("touchpoints", [submission("moved", T0), submission("same", T0)])
    home.build_staging()
    home.raw.land("touchpoints", [submission("moved", T0 + day, updated_at=T0 + day), submission("same", T0)])
    home.build_staging()
    touched = home.rows("select record_id, record_date from staging.stg_touched_records order by all")
    assert touched == [("moved", T0.date()), ("moved", (T0 + day).date())]


def test_a_version_without_a_key_fails_the_build(home: Home) -> None:
    home.raw.land("touchpoints", [submission("whole", T0)])
    home.build_staging()
    landed = home.raw.land("touchpoints", [submission("damaged", T0), submission("sound", T0)], at=LANDED)
    (part,) = landed.part_files
    rows = pq.read_table(part)
    ids = [None if one == "damaged" else one for one in rows["record_id"].to_pylist()]
    place = rows.schema.get_field_index("record_id")
    pq.write_table(rows.set_column(place, "record_id", pa.array(ids, pa.string())), part)
    with pytest.raises(BuildError, match=r"unique_together_stg_touched_records.*: Got 1 result"):
        home.build_staging()


def test_a_build_that_did_not_end_is_made_good(home: Home, at_once: dict[str, list[str]]) -> None:
    """What it took in is excluded before the next one begins; then it is included before that one ends."""
    batches = history()
    for source, records, at in batches[:4]:
        home.raw.land(source, records, at=at)
    home.build_staging()
    before = home.content()
    manifests = [home.raw.land(source, records, at=at) for source, records, at in batches[4:]]

    home.begin()
    build.run_layer(home.settings, "seeds")
    build.run_layer(home.settings, "staging")
    assert home.content() == at_once, "the tables show them already, but nobody has finished"
    for manifest in manifests:
        exclude(home.settings, manifest.batch_id, "refused", LANDED)
    plan = home.begin()
    assert {(batch.change, batch.is_unsettled) for batch in plan.batches} == {("exclude", True)}
    build.run_layer(home.settings, "seeds")
    build.run_layer(home.settings, "staging")
    assert home.content() == before
    for manifest in manifests:
        include(home.settings, manifest.batch_id, "it was right", LANDED)
    plan = home.build_staging()
    assert {(batch.change, batch.is_unsettled) for batch in plan.batches} == {("land", True)}
    assert home.content() == at_once
    assert home.begin().nothing_to_do


def test_batches_are_built_together_or_not_at_all(
    home: Home, at_once: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last transaction breaks off in its midst. (Kills of whole processes: tests/end_to_end.)"""
    for source, records, at in history()[:4]:
        home.raw.land(source, records, at=at)
    home.build_staging()
    built = home.rows("from _build.built_batches order by all")
    landed = [home.raw.land(source, records, at=at).batch_id for source, records, at in history()[4:]]

    replace = BuildState._replace

    def break_off(state: BuildState, table: str, rows: Sequence[tuple[object, ...]]) -> None:
        if table == "fingerprint":
            raise KeyboardInterrupt
        replace(state, table, rows)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(BuildState, "_replace", break_off)
        home.build_staging()
    assert home.content() == at_once, "the tables were written"
    assert home.rows("from _build.built_batches order by all") == built
    assert home.rows("select count(*) from _build.pending_batches") == [(4,)]

    plan = home.build_staging()
    assert sorted(batch.manifest.batch_id for batch in plan.batches) == sorted(landed)
    assert home.content() == at_once
    assert home.begin().nothing_to_do

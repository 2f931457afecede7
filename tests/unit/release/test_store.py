"""Publishing, keeping, going back. The candidates are folders made by hand: nothing reads their data."""

from __future__ import annotations

import stat
import threading
from datetime import UTC, datetime, timedelta

import pytest
from voxpop.config import Settings
from voxpop.errors import Locked, UsageError, VoxpopError
from voxpop.raw import files
from voxpop.release import candidate, manifest, store

NOW = datetime(2026, 5, 2, 6, 0, tzinfo=UTC)
PASSED = {"passed": True, "expectations": 1, "failed": 0, "warnings": 0, "page": "audit/index.html"}


@pytest.fixture
def settings(tmp_path):
    return Settings(home=tmp_path, sources_file=tmp_path / "sources.yml", seeds=tmp_path / "seeds")


def make_candidate(settings, day=0, audit=PASSED, pages=("reports/index.html",)):
    """A candidate of a later day that would follow what is current."""
    release_id = f"{NOW + timedelta(days=day):%Y%m%dT%H%M%SZ}-0000000{day}"
    folder = settings.releases / f".tmp-{release_id}"
    (folder / "parquet").mkdir(parents=True)
    (folder / "voxpop.duckdb").write_text(f"database {day}")
    (folder / "parquet" / "cx_index.parquet").write_text("rows")
    for page in pages:
        (folder / page).parent.mkdir()
        (folder / page).write_text("<p>page</p>")
    current = store.current(settings)
    manifest.write(
        folder,
        {
            "release_id": release_id,
            "supersedes": current.release_id if current else None,
            "audit": audit,
            "files": {
                name: manifest.file_hash(folder / name)
                for name in ("voxpop.duckdb", "parquet/cx_index.parquet")
            },
        },
    )
    return store.Candidate(release_id, folder)


def publish(settings, day):
    made = make_candidate(settings, day)
    store.publish(settings, made, now=NOW + timedelta(days=day))
    return made.release_id


def test_current_is_the_published_release(settings):
    assert store.current(settings) is None
    made = make_candidate(settings)
    folder = store.publish(settings, made, now=NOW)
    assert folder == settings.releases / made.release_id
    current = store.current(settings)
    assert current is not None and current.folder == folder
    assert (settings.releases / "current").readlink().name == made.release_id
    assert list(settings.releases.glob(".tmp-*")) == []
    assert current.manifest["files"]["reports/index.html"]["bytes"] == 11


def test_what_is_published_is_read_only_and_not_for_others(settings):
    folder = store.publish(settings, make_candidate(settings), now=NOW)
    paths = list(folder.rglob("*"))
    assert any(path.is_dir() for path in paths) and any(path.is_file() for path in paths)
    for path in [folder, *paths]:
        assert stat.S_IMODE(path.stat().st_mode) == (0o750 if path.is_dir() else 0o440), path


def test_the_folder_of_releases_is_not_for_others(settings):
    with store.locked(settings, "publish"):
        assert stat.S_IMODE(settings.releases.stat().st_mode) == 0o750


@pytest.mark.parametrize(
    ("audit", "said"),
    [
        (None, r"is not audited yet, .* Run `voxpop audit \S+`\.$"),
        (
            PASSED | {"passed": False},
            r"was refused by the gate, .* Exclude the batch or mend the cause, then run",
        ),
    ],
)
def test_only_what_passed_the_gate_is_published(settings, audit, said):
    made = make_candidate(settings, audit=audit)
    with pytest.raises(UsageError, match=said):
        store.publish(settings, made, now=NOW)
    assert store.current(settings) is None


def test_nothing_is_published_without_the_page_that_people_read(settings):
    made = make_candidate(settings, pages=())
    with pytest.raises(UsageError, match=r"has no page yet, .* Run `voxpop report \S+`\.$"):
        store.publish(settings, made, now=NOW)
    assert store.current(settings) is None


def test_a_file_changed_since_it_was_staged_stops_it(settings):
    made = make_candidate(settings)
    (made.folder / "parquet" / "cx_index.parquet").write_text("other rows")
    with pytest.raises(VoxpopError, match=r"parquet/cx_index\.parquet changed"):
        store.publish(settings, made, now=NOW)
    assert store.current(settings) is None


def test_a_candidate_made_to_follow_another_release_is_not_published(settings):
    made = make_candidate(settings, 1)
    publish(settings, 0)
    with pytest.raises(UsageError, match="Stage anew"):
        store.publish(settings, made, now=NOW)


@pytest.mark.parametrize("broken", ["move_folder", "_point", "_log"])
def test_publishing_goes_on_after_a_crash(settings, monkeypatch, broken):
    first = publish(settings, 0)
    made = make_candidate(settings, 1)

    def crash(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(files if broken == "move_folder" else store, broken, crash)
    with pytest.raises(KeyboardInterrupt):
        store.publish(settings, made, now=NOW)
    assert store.show(settings, None).release_id == (made.release_id if broken == "_log" else first)
    monkeypatch.undo()
    again = candidate.find(settings, made.release_id)
    store.publish(settings, again, now=NOW)
    assert store.show(settings, None).release_id == made.release_id


def test_a_release_that_a_crash_kept_from_becoming_current_is_known(settings, monkeypatch):
    first = publish(settings, 0)
    publish(settings, 1)
    store.rollback(settings, first, "wrong", NOW)
    made = make_candidate(settings, 2)
    monkeypatch.setattr(store, "_point", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        store.publish(settings, made, now=NOW)
    monkeypatch.undo()
    # the one that was left by going back is another matter
    assert [release.release_id for release in store.never_current(settings)] == [made.release_id]
    store.publish(settings, candidate.find(settings, made.release_id), now=NOW)
    assert store.never_current(settings) == []


def test_two_at_once(settings):
    made = make_candidate(settings)
    with store.locked(settings, "publish"), pytest.raises(Locked, match=r"releases: process \d+ on"):
        store.publish(settings, made, now=NOW)


def test_only_so_many_are_kept_and_never_without_the_current(settings, monkeypatch):
    monkeypatch.setattr(store, "KEEP_RELEASES", 2)
    ids = [publish(settings, day) for day in range(4)]
    assert [release.release_id for release in store.list_releases(settings)] == ids[:0:-1]
    removed = [line["release_id"] for line in store.log(settings) if line["action"] == "remove"]
    assert removed == ids[:1]
    store.rollback(settings, ids[1], "test", NOW)
    assert store.show(settings, None).release_id == ids[1]


def test_what_a_quarter_was_exported_from_is_kept(settings, monkeypatch):
    monkeypatch.setattr(store, "KEEP_RELEASES", 1)
    ids = [publish(settings, 0)]
    store.note_export(settings, ids[0])
    store.note_export(settings, ids[0])
    assert [line["action"] for line in store.log(settings)] == ["publish", "export"]
    ids += [publish(settings, day) for day in range(1, 4)]
    assert [release.release_id for release in store.list_releases(settings)] == [ids[3], ids[2], ids[0]]


def test_going_back_moves_the_link_and_says_why(settings):
    first, second = publish(settings, 0), publish(settings, 1)
    assert store.rollback(settings, None, "wrong file", NOW).release_id == first
    assert store.show(settings, None).release_id == first
    assert store.log(settings)[-1] == {
        "at": NOW.isoformat(),
        "action": "rollback",
        "release_id": first,
        "before": second,
        "reason": "wrong file",
    }
    assert {release.release_id for release in store.list_releases(settings)} == {first, second}


def test_going_forward_again_takes_it_back(settings):
    _, second = publish(settings, 0), publish(settings, 1)
    store.rollback(settings, None, "wrong file", NOW)
    assert [release.release_id for release in store.withdrawn(settings)] == [second]
    store.rollback(settings, second, "it was right", NOW)
    assert second not in {release.release_id for release in store.withdrawn(settings)}


def test_publishing_ends_what_was_withdrawn(settings):
    publish(settings, 0)
    publish(settings, 1)
    store.rollback(settings, None, "wrong file", NOW)
    publish(settings, 2)
    assert store.withdrawn(settings) == []


def test_going_back_where_it_cannot(settings):
    only = publish(settings, 0)
    with pytest.raises(UsageError, match="no earlier release"):
        store.rollback(settings, None, "why", NOW)
    with pytest.raises(UsageError, match="is the current release already"):
        store.rollback(settings, only, "why", NOW)
    with pytest.raises(UsageError, match="reason"):
        store.rollback(settings, only, " ", NOW)
    with pytest.raises(UsageError, match=r"personal data \(card\).*Nothing was rolled back\."):
        store.rollback(settings, only, "card 4111 1111 1111 1111 is in it", NOW)
    with pytest.raises(UsageError, match="no such release"):
        store.rollback(settings, "../secrets", "why", NOW)


def test_a_damaged_release_is_not_gone_back_to(settings):
    first, second = publish(settings, 0), publish(settings, 1)
    database = settings.releases / first / "voxpop.duckdb"
    database.chmod(0o640)
    database.write_bytes(b"damaged")
    with pytest.raises(VoxpopError, match="is not what was published"):
        store.rollback(settings, None, "why", NOW)
    assert store.show(settings, None).release_id == second


def test_readers_never_see_half_a_release(settings):
    first, second = publish(settings, 0), publish(settings, 1)
    seen, wrong, done = set(), [], threading.Event()

    def read():
        while not done.is_set():
            try:
                seen.add(manifest.read(settings.releases / "current")["release_id"])
            except (OSError, ValueError) as error:
                wrong.append(error)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    try:
        for flip in range(60):
            store.rollback(settings, (first, second)[flip % 2], "flip", NOW)
    finally:
        done.set()
        for reader in readers:
            reader.join()
    assert wrong == []
    assert seen == {first, second}

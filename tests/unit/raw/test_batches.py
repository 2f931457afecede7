"""Batches: verbatim, durable page by page, visible whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from voxpop.config import Settings
from voxpop.errors import Locked, VoxpopError
from voxpop.raw.batches import BatchWriter
from voxpop.raw.identifiers import Tokenizer
from voxpop.raw.manifests import Manifest, quarantine_file, visible
from voxpop.raw.parts import QUARANTINE_SCHEMA, SCHEMA
from voxpop.raw.records import Record, Rejected, Window

from .conftest import NOW, WINDOW, Opens

ODD = '{ "id" : "a1",\t"n": 1.0e2, "ü": "\\u00e9\\n", "id" : "a1" }'.encode()
DAY = date(2026, 1, 5)


def record(record_id: str, payload: bytes | None = None, *identifiers: tuple[str, str]) -> Record:
    body = json.dumps({"id": record_id}).encode() if payload is None else payload
    return Record(record_id, datetime(2026, 1, 5, 12, tzinfo=UTC), body, identifiers, "conversation", DAY)


def rows(manifest: Manifest) -> list[dict[str, object]]:
    return [row for path in manifest.part_files for row in pq.read_table(path).to_pylist()]


def test_payloads_are_kept_byte_for_byte(opens: Opens) -> None:
    with opens() as writer:
        writer.write_page([record("a1", ODD)], [], None)
        manifest = writer.finish()
    table = pq.read_table(manifest.part_files[0])
    assert table.schema.equals(SCHEMA)
    (row,) = table.to_pylist()
    assert row["payload"].encode() == ODD
    assert row["payload_hash"] == hashlib.sha256(ODD).hexdigest()[:32]
    assert row["record_id"] == "a1"
    assert row["source_updated_at"] == datetime(2026, 1, 5, 12, tzinfo=UTC)
    assert row["fetched_at"] == NOW
    assert row["batch_id"] == manifest.batch_id
    assert row["kind"] == "conversation"
    assert row["identifiers"] == []
    assert pq.ParquetFile(manifest.part_files[0]).metadata.row_group(0).column(5).compression == "ZSTD"


def test_the_manifest_says_what_is_there(opens: Opens, settings: Settings) -> None:
    with opens() as writer:
        writer.write_page([record("a"), record("b"), record("a")], [], {"page": 2})
        writer.write_page([record("b"), record("c")], [Rejected(b"{", "cut off", day=DAY)], None)
        manifest = writer.finish()
    batch_id = "genesys.conversations.20260105T000000Z.20260106T000000Z.20260106T040506000789Z"
    folder = settings.raw / "genesys" / "conversations" / "dt=2026-01-05" / batch_id
    assert manifest.folder == folder
    said = json.loads((folder / "manifest.json").read_bytes())
    assert said == {
        "schema_version": 1,
        "batch_id": batch_id,
        "source": "genesys",
        "kind_of_source": "genesys",
        "stream": "conversations",
        "window": {"from": "2026-01-05T00:00:00Z", "to": "2026-01-06T00:00:00Z"},
        "started_at": "2026-01-06T04:05:06.000789Z",
        "finished_at": "2026-01-06T04:05:06.000789Z",
        "dt": "2026-01-05",
        "parts": said["parts"],
        "records": 3,
        "quarantined": 1,
        "duplicates": 2,
        "received": 6,
        "sha256": manifest.sha256,
        "key_version": 1,
        "blocked": {},
        "original": None,
        "tables": {},
        "days": {"2026-01-05": {"records": 3, "quarantined": 1}},
    }
    assert [(part["name"], part["records"]) for part in said["parts"]] == [
        ("part-00000.parquet", 2),
        ("part-00001.parquet", 1),
    ]
    for part in said["parts"]:
        content = (folder / part["name"]).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (part["bytes"], part["sha256"])
    assert sorted(path.name for path in folder.iterdir()) == [
        "manifest.json",
        "part-00000.parquet",
        "part-00001.parquet",
    ]
    assert visible(settings) == [manifest]


def test_identifiers_become_tokens_once_each_and_none_is_left(
    opens: Opens, settings: Settings, tokenizer: Tokenizer
) -> None:
    identifiers = (
        ("phone", "(510) 555-0123"),
        ("email", "Ann@x.org"),
        ("email", "ann@x.org "),
        ("email", "?"),
    )
    with opens() as writer:
        writer.write_page([record("a", b"{}", *identifiers)], [], None)
        manifest = writer.finish()
    (row,) = rows(manifest)
    email, phone = tokenizer.token("email", "ann@x.org"), tokenizer.token("phone", "+15105550123")
    assert email and phone
    assert row["identifiers"] == [
        {"type": "email", "token": email.token, "key_version": 1},
        {"type": "phone", "token": phone.token, "key_version": 1},
    ]
    for path in settings.raw.rglob("*"):
        if path.is_file():
            assert b"x.org" not in path.read_bytes() and b"5550123" not in path.read_bytes()


def test_placeholders_are_counted_by_type_also_where_a_landing_goes_on(
    opens: Opens, tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three of two records; a value that is no email is none, nor counts what came again."""
    blocked = frozenset({("email", "none@none.com"), ("phone", "+15105550123")})
    monkeypatch.setattr(tokenizer, "_placeholders", blocked)
    none = ("email", " NONE@none.com")
    with opens() as writer:
        first = record("a", b"{}", none, ("phone", "(510) 555-0123"), ("email", "?"), ("account", "1"))
        writer.write_page([first, first], [], {"page": 2})
    with opens() as writer:
        writer.write_page([record("b", b"{}", none), record("c", b"{}", ("email", "a@b.org"))], [], None)
        assert writer.finish().blocked == {"email": 2, "phone": 1}


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b'{"id": "b"', "not valid JSON"),
        (b'{"id": "b"} x', "not valid JSON"),
        (b'{"id": "\\ud800"}', "not valid JSON"),
        (b'{"id": NaN}', "not valid JSON"),
        (b'{"id": "\xff"}', "not UTF-8 at byte 8"),
        (b"[" * 5000 + b"]" * 5000, "nested too deep"),
    ],
)
def test_what_a_query_would_choke_on_goes_to_quarantine(
    opens: Opens, settings: Settings, payload: bytes, reason: str
) -> None:
    with opens() as writer:
        writer.write_page([record("a"), record("b", payload)], [], None)
        manifest = writer.finish()
    assert [row["record_id"] for row in rows(manifest)] == ["a"]
    assert (manifest.records, manifest.quarantined, manifest.received) == (1, 1, 2)
    table = pq.read_table(quarantine_file(settings, "genesys", "conversations", manifest.batch_id))
    assert table.schema.equals(QUARANTINE_SCHEMA)
    (rejected,) = table.to_pylist()
    assert rejected["body"] == payload
    assert reason in rejected["reason"]


def test_a_record_without_an_id_goes_to_quarantine(opens: Opens, settings: Settings) -> None:
    with opens() as writer:
        writer.write_page([record("", b'{"id": ""}')], [Rejected(b"x", "no JSON", position=7)], {"page": 1})
        writer.write_page([], [Rejected(b"y", "no JSON either")], None)
        manifest = writer.finish()
    assert manifest.records == 0 and manifest.parts == ()
    found = pq.read_table(
        quarantine_file(settings, "genesys", "conversations", manifest.batch_id)
    ).to_pylist()
    assert [(row["position"], row["body"], row["reason"]) for row in found] == [
        (7, b"x", "no JSON"),
        (1, b'{"id": ""}', "The record has no id."),
        (2, b"y", "no JSON either"),
    ]


def test_an_empty_window_is_a_batch(opens: Opens, settings: Settings) -> None:
    with opens() as writer:
        manifest = writer.finish()
    assert (manifest.records, manifest.parts, manifest.days) == (0, (), {})
    assert visible(settings) == [manifest]


def test_nothing_is_visible_before_the_end(opens: Opens, settings: Settings) -> None:
    with opens() as writer:
        writer.write_page([record("a")], [], None)
        assert visible(settings) == []
    assert visible(settings) == []


def test_a_landing_goes_on_where_it_ended(opens: Opens, settings: Settings) -> None:
    with opens() as writer:
        assert writer.cursor is None and not writer.is_done
        writer.write_page([record("a"), record("b")], [Rejected(b"?", "odd")], {"page": 2})
    with opens(now=NOW + timedelta(hours=1)) as writer:
        assert writer.cursor == {"page": 2} and writer.received == 3
        writer.write_page([record("b"), record("c")], [Rejected(b"!", "odd")], None)
        assert writer.is_done
    with opens(now=NOW + timedelta(hours=2)) as writer:
        assert writer.is_done
        manifest = writer.finish()
    assert (manifest.records, manifest.duplicates, manifest.quarantined) == (3, 1, 2)
    assert manifest.started_at == NOW and manifest.finished_at == NOW + timedelta(hours=2)
    assert [row["fetched_at"] for row in rows(manifest)] == [NOW, NOW, NOW + timedelta(hours=1)]
    found = pq.read_table(quarantine_file(settings, "genesys", "conversations", manifest.batch_id))
    assert found["body"].to_pylist() == [b"?", b"!"]


def test_a_part_that_is_not_as_it_was_makes_the_landing_begin_anew(opens: Opens, settings: Settings) -> None:
    with opens() as writer:
        writer.write_page([record("a")], [], {"page": 2})
    (part,) = settings.raw.rglob("part-*.parquet")
    part.write_bytes(part.read_bytes()[:-1])
    with opens() as writer:
        assert writer.cursor is None and writer.received == 0
    assert list(settings.raw.rglob("part-*.parquet")) == []


def test_another_key_makes_the_landing_begin_anew(settings: Settings, opens: Opens) -> None:
    with opens() as writer:
        writer.write_page([record("a", None, ("account", "1"))], [], {"page": 2})
    newer = Tokenizer(b"\2" * 32, 2, frozenset())
    with BatchWriter(
        settings,
        source="genesys",
        kind_of_source="genesys",
        stream="conversations",
        window=WINDOW,
        configuration="one",
        tokenizer=newer,
        now=NOW,
    ) as writer:
        assert writer.cursor is None


def test_another_configuration_makes_the_landing_begin_anew(opens: Opens) -> None:
    with opens() as writer:
        writer.write_page([record("a")], [], {"page": 2})
    with opens(configuration="other") as writer:
        assert writer.cursor is None and writer.received == 0
        writer.write_page([record("b")], [], {"page": 2})
    with opens(configuration="other") as writer:
        assert writer.cursor == {"page": 2} and writer.received == 1


def test_the_same_window_again_changes_nothing(opens: Opens, settings: Settings) -> None:
    with opens() as writer:
        writer.write_page([record("a"), record("b")], [Rejected(b"?", "odd")], None)
        first = writer.finish()
    with opens(now=NOW + timedelta(days=1)) as writer:
        writer.write_page([record("b")], [Rejected(b"?", "odd")], {"page": 2})
        writer.write_page([record("a"), record("b")], [], None)
        again = writer.finish()
    assert again.already_landed and not first.already_landed
    assert again.batch_id == first.batch_id
    assert visible(settings) == [first]
    assert list((settings.raw / "genesys" / "conversations" / ".landing").iterdir()) == []
    assert len(list(settings.raw.glob("_quarantine/*/*/*"))) == 1


@pytest.mark.parametrize(
    "changed",
    [
        [record("a", b'{"id": "a", "v": 2}')],
        [record("a"), record("b")],
        [record("a", None, ("account", "1"))],
        [],
    ],
    ids=["a new version", "one more", "a new identifier", "one less"],
)
def test_a_window_that_changed_is_landed_again(
    opens: Opens, settings: Settings, changed: list[Record]
) -> None:
    with opens() as writer:
        writer.write_page([record("a")], [], None)
        first = writer.finish()
    with opens() as writer:  # at the same microsecond, even
        writer.write_page(changed, [], None)
        second = writer.finish()
    assert not second.already_landed
    assert [manifest.batch_id for manifest in visible(settings)] == [first.batch_id, second.batch_id]
    with opens(now=NOW + timedelta(days=1)) as writer:  # and back: the newest is what counts
        writer.write_page([record("a")], [], None)
        assert not writer.finish().already_landed


def test_other_windows_are_not_compared(opens: Opens, settings: Settings) -> None:
    following = Window(WINDOW.end, WINDOW.end + timedelta(days=1))
    for window in (WINDOW, following):
        with opens(window=window) as writer:
            writer.write_page([record("a")], [], None)
            assert not writer.finish().already_landed
    assert [manifest.dt for manifest in visible(settings)] == ["2026-01-05", "2026-01-06"]


def test_two_at_once_one_fails_and_names_the_other(opens: Opens) -> None:
    with opens() as first:
        first.write_page([record("a")], [], {"page": 2})
        what = "genesys: conversations 20260105T000000Z.20260106T000000Z"
        with pytest.raises(Locked, match=rf"^{what}: process {os.getpid()} on \S+ \(landing, since "):
            opens().__enter__()
        first.write_page([record("b")], [], None)
        assert first.finish().records == 2
    with opens() as third:
        third.finish()


def test_another_window_is_free(opens: Opens) -> None:
    with opens() as first, opens(window=Window(WINDOW.end, WINDOW.end + timedelta(days=1))) as second:
        first.finish()
        second.finish()


def test_only_the_owner_reads_whatever_the_umask(opens: Opens, settings: Settings) -> None:
    old = os.umask(0)
    try:
        with opens() as writer:
            writer.write_page([record("a")], [Rejected(b"?", "odd")], {"page": 2})
            inside = list(settings.raw.rglob("*"))
            modes = {path: stat.S_IMODE(path.stat().st_mode) for path in inside}
            writer.finish()
    finally:
        os.umask(old)
    paths = [settings.raw, *settings.raw.rglob("*")]
    modes |= {path: stat.S_IMODE(path.stat().st_mode) for path in paths}
    assert len(modes) > 10
    assert {mode for path, mode in modes.items() if path in paths and path.is_dir()} == {0o700}
    assert {mode for path, mode in modes.items() if path.suffix} - {0o700} == {0o600}
    assert all(mode in (0o700, 0o600) for mode in modes.values())


def test_a_raw_folder_that_was_open_is_closed(opens: Opens, settings: Settings) -> None:
    settings.raw.mkdir(parents=True)
    settings.raw.chmod(0o755)
    with opens() as writer:
        writer.finish()
    assert stat.S_IMODE(settings.raw.stat().st_mode) == 0o700


def test_a_broken_manifest_is_named(opens: Opens, settings: Settings) -> None:
    with opens() as writer:
        manifest = writer.finish()
    (manifest.folder / "manifest.json").write_text("{")
    with pytest.raises(VoxpopError, match=r"manifest\.json: not a manifest"):
        visible(settings)


def test_sigkill_anywhere_loses_nothing(tmp_path: Path) -> None:
    """Before each step that touches the disk; then a rerun gives what was to be."""
    script = Path(__file__).with_name("killed_landing.py")
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path)], capture_output=True, text=True, timeout=550, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert int(done.stdout.split()[-2]) > 80, "how often it was killed"


def test_a_part_reads_back_in_one_table_with_its_list_type(opens: Opens) -> None:
    with opens() as writer:
        writer.write_page([record("a", None, ("account", "1")), record("b")], [], {"page": 2})
        writer.write_page([record("c")], [], None)
        manifest = writer.finish()
    whole = pa.concat_tables([pq.read_table(path) for path in manifest.part_files])
    assert [len(each) for each in whole["identifiers"].to_pylist()] == [1, 0, 0]

"""GA4's daily tables: which a window is about, what an event becomes, what lands of a folder or bucket."""

from __future__ import annotations

import gzip
import io
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from moto.server import ThreadedMotoServer
from pyarrow import fs
from voxpop.config import PROJECT, Settings
from voxpop.errors import ConfigError, SourceError, SourceUnavailable
from voxpop.raw.identifiers import Tokenizer
from voxpop.raw.manifests import Manifest, visible
from voxpop.raw.records import Window
from voxpop.sources import ga4, land_tables
from voxpop.sources.connections import Connection
from voxpop.sources.ga4.parse import as_exported
from voxpop.sources.land import land
from voxpop.sources.registry import find_sources, load_sources
from voxpop.sources.verbatim import NotARecord

NOW = datetime(2026, 7, 5, 4, tzinfo=UTC)
SECRET = "not-to-be-shown-in-any-message"
IN_FOLDER = """\
sources:
  web:
    kind: ga4
    tables: tables
    time_zone: America/New_York
    user_id: account
"""
IN_BUCKET = """\
sources:
  web:
    kind: ga4
    tables: s3://export/analytics_1
    connection: analytics
    region: us-east-1
    time_zone: America/New_York
"""


def event(number: int, day: str = "20260701", **fields: Any) -> dict[str, Any]:
    return {
        "event_date": day,
        "event_timestamp": str(1_782_921_600_000_000 + number),
        "event_name": "page_view",
        "event_params": [{"key": "ga_session_id", "value": {"int_value": "1"}}],
        "user_pseudo_id": "12.34",
        **fields,
    }


def ndjson(*events: dict[str, Any]) -> bytes:
    return b"".join(msgspec.json.encode(one) + b"\n" for one in events)


@dataclass
class Export:
    """A folder of tables, and what landing them says."""

    settings: Settings
    said: list[str] = field(default_factory=list)
    landings: int = 0

    @property
    def folder(self) -> Path:
        return self.settings.home / "tables"

    def put(self, name: str, content: bytes) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def land(
        self, first: str = "2026-07-01", to: str = "2026-07-05", connection: Connection | None = None
    ) -> list[Manifest]:
        self.landings += 1
        (web,) = find_sources(self.settings, ["web"])
        return land(
            self.settings,
            web,
            Window(*(datetime.fromisoformat(day).replace(tzinfo=UTC) for day in (first, to))),
            connection=connection,
            now=NOW + timedelta(minutes=self.landings),
            widen=False,
            progress=lambda what, _: self.said.append(what),
        )

    def rows(self, manifest: Manifest) -> list[dict[str, Any]]:
        return [row for part in manifest.part_files for row in pq.ParquetFile(part).read().to_pylist()]


@pytest.fixture
def export(tmp_path: Path) -> Export:
    (tmp_path / "identity_blocklist.csv").write_text("identifier_type,value,reason\n")
    made = Export(Settings(home=tmp_path, sources_file=tmp_path / "sources.yml", seeds=tmp_path))
    made.settings.sources_file.write_text(IN_FOLDER)
    return made


# Days


def test_a_day_is_of_the_window_in_which_it_ends() -> None:
    """July 1 in New York ends at 04:00 UTC of July 2; in winter a day ends at 05:00."""
    windows = [
        Window(datetime(2026, 7, day, tzinfo=UTC), datetime(2026, 7, day + 1, tzinfo=UTC))
        for day in (1, 2, 3)
    ]
    assert [ga4.days_ended(window, "America/New_York") for window in windows] == [
        [date(2026, 6, 30)],
        [date(2026, 7, 1)],
        [date(2026, 7, 2)],
    ]
    assert ga4.end_of(date(2026, 7, 1), "America/New_York") == datetime(2026, 7, 2, 4, tzinfo=UTC)
    assert ga4.end_of(date(2026, 1, 1), "America/New_York") == datetime(2026, 1, 2, 5, tzinfo=UTC)
    assert ga4.days_ended(windows[0], "UTC") == [date(2026, 7, 1)]
    assert ga4.days_ended(windows[0], "Asia/Tokyo") == [date(2026, 7, 1)]


# Events


def record(found: dict[str, Any], user_id: str | None = "account") -> Any:
    return ga4.Events("events_20260701", user_id).record(msgspec.json.encode(found))


def test_an_event_is_a_record_of_its_table() -> None:
    made = record(event(1, user_id="A-1"))
    assert (made.record_id, made.kind, made.day) == ("events_20260701", "event", date(2026, 7, 1))
    assert made.identifiers == (("visitor", "12.34"), ("account", "A-1"))
    assert json.loads(made.payload) == event(1, user_id="A-1")
    assert record(event(1, user_id="A-1"), None).identifiers == (("visitor", "12.34"),)
    assert record(event(1, user_pseudo_id=None)).identifiers == ()


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"event_date": "20260702"}, "event_date"),
        ({"event_date": None}, "event_date"),
        ({"event_timestamp": None}, "event_timestamp"),
        ({"event_timestamp": "yesterday"}, "event_timestamp"),
        ({"event_timestamp": "-1"}, "event_timestamp"),
    ],
)
def test_what_has_no_time_or_another_day_is_no_event(changed: dict[str, Any], reason: str) -> None:
    with pytest.raises(NotARecord, match=reason):
        record(event(1) | changed)


def test_a_whole_number_may_come_as_one(sample: Any) -> None:
    assert record(event(1) | {"event_timestamp": 1_782_921_600_000_000, "event_date": 20260701}).day
    real = sample("ga4/obfuscated_sample_event.ndjson").read_bytes().strip()
    made = ga4.Events("events_20210128", None).record(real)
    assert made.payload == real
    assert made.identifiers == (("visitor", "1146540.1921992520"),)


def test_a_parquet_row_reads_as_the_exports_json() -> None:
    row = {
        "event_timestamp": 5,
        "value": 1.5,
        "is_active_user": True,
        "user_id": None,
        "ecommerce": {"total_item_quantity": None},
        "event_params": [{"key": "n", "value": {"int_value": 7, "string_value": None}}],
    }
    assert as_exported(row) == {
        "event_timestamp": "5",
        "value": 1.5,
        "is_active_user": True,
        "ecommerce": {},
        "event_params": [{"key": "n", "value": {"int_value": "7"}}],
    }


# Landing


def test_tables_land_verbatim_with_tokens_and_their_files(export: Export) -> None:
    lines = ndjson(event(1, user_id="A-1"), event(2), event(2))
    packed = gzip.compress(lines)
    export.put("events_20260701.ndjson.gz", packed)
    export.put("events_intraday_20260702.ndjson", ndjson(event(1, "20260702")))
    export.put("events_20260702.ndjson.tmp", ndjson(event(1, "20260702")))
    (manifest,) = export.land()
    assert (manifest.records, manifest.duplicates, manifest.quarantined) == (2, 1, 0), "equal events are one"
    assert list(manifest.tables) == ["events_20260701"]
    (original,) = manifest.tables["events_20260701"]
    assert (manifest.folder / "original" / original.name).read_bytes() == packed
    rows = export.rows(manifest)
    assert [row["payload"].encode() + b"\n" for row in rows] == lines.splitlines(keepends=True)[:2]
    tokenizer = Tokenizer.load(export.settings, create=False)
    expected = {tokenizer.token("visitor", "12.34"), tokenizer.token("account", "A-1")}
    assert {identifier["token"] for identifier in rows[0]["identifiers"]} == {
        one.token for one in expected if one
    }
    assert manifest.days["2026-07-01"].records == 2
    assert manifest.window is not None
    assert manifest.window.end == datetime(2026, 7, 2, 4, tzinfo=UTC), "nobody can say more of the days after"
    assert [word for word in export.said if "not there yet" in word] == [
        f"web: events_{day}: it is not there yet; left for the next run"
        for day in ("20260630", "20260702", "20260703")
    ]


def test_only_what_has_changed_lands_again_and_replaces_its_day(export: Export) -> None:
    path = export.put("events_20260701.ndjson", ndjson(event(1), event(2)))
    export.put("events_20260702.ndjson", ndjson(event(1, "20260702")))
    assert export.land()[0].records == 3
    assert export.land() == []
    os.utime(path, (1, 1))
    assert export.land() == [], "another time, and the same bytes"
    assert len(visible(export.settings)) == 1
    path.write_bytes(ndjson(event(2), event(3)))
    (again,) = export.land("2026-07-04", "2026-07-05")
    assert list(again.tables) == ["events_20260701"], "of the days before the window too, up to three"
    assert again.records == 2
    path.write_bytes(ndjson(event(1), event(2)))
    (back,) = export.land()
    assert back.records == 2, "as it was first, and not as it landed last"
    path.write_bytes(ndjson(event(9)))
    assert export.land("2026-07-06", "2026-07-07") == [], "and no older ones"


def test_another_reading_lands_everything_anew(export: Export) -> None:
    export.put("events_20260701.ndjson", ndjson(event(1, user_id="A-1")))
    export.land()
    export.settings.sources_file.write_text(IN_FOLDER.replace("    user_id: account\n", ""))
    (again,) = export.land()
    assert [len(row["identifiers"]) for row in export.rows(again)] == [1]


def damaged_parquet() -> bytes:
    """A table whose footer is whole and whose pages are not."""
    file = io.BytesIO()
    pq.write_table(pa.table({"event_name": [str(number) for number in range(3_000)]}), file)
    content = bytearray(file.getvalue())
    content[1_000:3_000] = b"\xff" * 2_000
    return bytes(content)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("events_20260701.ndjson.gz", gzip.compress(ndjson(event(1)))[:-9], "cut off"),
        ("events_20260701.ndjson", ndjson(event(1))[:-9], "last line is cut off"),
        ("events_20260701.ndjson", b"", "no event"),
        ("events_20260701.parquet", b"PAR1 and no more", "no whole Parquet"),
        ("events_20260701.parquet", damaged_parquet(), "no whole Parquet"),
        ("events_20260701.ndjson.gz", b"no gzip", "no gzip"),
    ],
)
def test_an_unfinished_table_waits_and_the_others_land(
    export: Export, name: str, content: bytes, reason: str
) -> None:
    export.put(name, content)
    export.put("events_20260702.ndjson", ndjson(event(1, "20260702")))
    (manifest,) = export.land()
    assert list(manifest.tables) == ["events_20260702"]
    assert any(reason in word and "left for the next run" in word for word in export.said)
    assert [path.name for path in (manifest.folder / "original").iterdir()] == ["events_20260702.ndjson"]


def test_a_table_that_changes_while_it_is_read_waits(export: Export, monkeypatch: pytest.MonkeyPatch) -> None:
    path = export.put("events_20260701.ndjson", ndjson(event(1)))
    copy = ga4.Store.copy

    def slowly(self: ga4.Store, file: ga4.TableFile, target: Path) -> str:
        copied = copy(self, file, target)
        path.write_bytes(ndjson(event(1), event(2)))
        return copied

    with monkeypatch.context() as patch:
        patch.setattr(ga4.Store, "copy", slowly)
        assert export.land() == []
    assert "web: events_20260701: it changes while it is read; left for the next run" in export.said
    assert export.land()[0].records == 2


def test_shards_are_one_table_and_what_is_no_event_goes_to_quarantine(export: Export) -> None:
    export.put("events_20260701/000.ndjson", ndjson(event(1)) + b'{"event_date":"20260701"}\n[]\n{"a\n')
    export.put("events_20260701/001.ndjson", ndjson(event(2)))
    (manifest,) = export.land()
    assert (manifest.records, manifest.quarantined) == (2, 3)
    assert [original.name for original in manifest.tables["events_20260701"]] == [
        "events_20260701.000.ndjson",
        "events_20260701.001.ndjson",
    ]


def test_parquet_gives_the_rows_that_json_gives(export: Export) -> None:
    rows = [
        {**event(number), "event_timestamp": 1_782_921_600_000_000 + number, "user_id": None}
        for number in (1, 2)
    ]
    for row in rows:
        row["event_params"] = [{"key": "ga_session_id", "value": {"string_value": None, "int_value": 1}}]
    pq.write_table(pa.Table.from_pylist(rows), export.put("events_20260701.parquet", b""))
    (manifest,) = export.land()
    assert [json.loads(row["payload"]) for row in export.rows(manifest)] == [event(1), event(2)]


def test_a_landing_that_was_interrupted_goes_on(export: Export, monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of two events: the first table is whole, the second is half in, when the process ends."""
    monkeypatch.setattr(ga4, "EVENTS_A_PART", 2)
    monkeypatch.setattr("voxpop.sources.ga4.tables.EVENTS_A_PART", 2)
    export.put("events_20260701.ndjson", ndjson(event(1)))
    export.put("events_20260702.ndjson", ndjson(*(event(number, "20260702") for number in range(5))))
    write, pages = land_tables.TablesLanding._write_page, []

    def dies(self: Any, *arguments: Any) -> None:
        if len(pages) == 1:
            raise KeyboardInterrupt
        pages.append(arguments)
        write(self, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(land_tables.TablesLanding, "_write_page", dies)
        with pytest.raises(KeyboardInterrupt):
            export.land()
    assert visible(export.settings) == []
    (manifest,) = export.land()
    assert list(manifest.tables) == ["events_20260701", "events_20260702"]
    assert sorted(row["payload"] for row in export.rows(manifest)) == sorted(
        ndjson(event(1), *(event(number, "20260702") for number in range(5))).decode().splitlines()
    )


def test_an_interrupted_landing_whose_table_has_changed_begins_anew(
    export: Export, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ga4, "EVENTS_A_PART", 2)
    monkeypatch.setattr("voxpop.sources.ga4.tables.EVENTS_A_PART", 2)
    path = export.put("events_20260701.ndjson", ndjson(*(event(number) for number in range(5))))
    write, pages = land_tables.TablesLanding._write_page, []

    def dies(self: Any, *arguments: Any) -> None:
        if pages:
            raise KeyboardInterrupt
        pages.append(arguments)
        write(self, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(land_tables.TablesLanding, "_write_page", dies)
        with pytest.raises(KeyboardInterrupt):
            export.land()
    path.write_bytes(ndjson(event(7)))
    with pytest.raises(SourceUnavailable, match="begins anew"):
        export.land()
    assert export.land()[0].records == 1


def test_a_folder_that_is_not_there_is_said(export: Export) -> None:
    with pytest.raises(SourceError, match=r"web: the folder .*tables isn't there"):
        export.land()


# A bucket


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    running = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    yield f"http://{host}:{port}"
    running.stop()


def connection(url: str) -> Connection:
    return Connection(base_url=url, client_id="an-access-key", client_secret=SECRET)


def bucket(url: str) -> fs.S3FileSystem:
    return fs.S3FileSystem(
        access_key="an-access-key",
        secret_key=SECRET,
        endpoint_override=url.removeprefix("http://"),
        scheme="http",
        region="us-east-1",
        allow_bucket_creation=True,
    )


def test_tables_of_a_bucket_land_once_and_again_when_they_change(export: Export, server: str) -> None:
    export.settings.sources_file.write_text(IN_BUCKET)
    store = bucket(server)
    store.create_dir("export/analytics_1", recursive=True)

    def put(name: str, content: bytes) -> None:
        with store.open_output_stream(f"export/analytics_1/{name}", compression=None) as file:
            file.write(content)

    put("events_20260701/000.json.gz", gzip.compress(ndjson(event(1))))
    put("events_20260701/001.json.gz", gzip.compress(ndjson(event(2))))
    put("events_intraday_20260702/000.json.gz", gzip.compress(ndjson(event(1, "20260702"))))
    (manifest,) = export.land(connection=connection(server))
    assert (manifest.records, list(manifest.tables)) == (2, ["events_20260701"])
    assert export.land(connection=connection(server)) == []
    put("events_20260701/001.json.gz", gzip.compress(ndjson(event(2), event(3))))
    assert export.land(connection=connection(server))[0].records == 3
    assert SECRET not in "".join(export.said)


@pytest.mark.parametrize(
    ("tables", "url", "error", "says"),
    [
        ("s3://no-such-bucket/x", None, SourceError, "NO_SUCH_BUCKET"),
        ("s3://export/nothing-there", None, SourceError, "isn't there"),
        ("s3://export/analytics_1", "http://127.0.0.1:1", SourceUnavailable, "NETWORK_CONNECTION"),
    ],
)
def test_what_a_store_refuses_is_said_without_the_credential(
    export: Export, server: str, tables: str, url: str | None, error: type[Exception], says: str
) -> None:
    bucket(server).create_dir("export/analytics_1", recursive=True)
    export.settings.sources_file.write_text(IN_BUCKET.replace("s3://export/analytics_1", tables))
    with pytest.raises(error, match=says) as raised:
        export.land(connection=connection(url or server))
    assert SECRET not in str(raised.value) and "an-access-key" not in str(raised.value)
    assert raised.value.__cause__ is None and raised.value.__suppress_context__


def test_a_bucket_needs_a_connection_with_a_key(export: Export) -> None:
    export.settings.sources_file.write_text(IN_BUCKET.replace("    connection: analytics\n", ""))
    with pytest.raises(ConfigError, match="need a connection"):
        load_sources(export.settings)
    export.settings.sources_file.write_text(IN_BUCKET)
    with pytest.raises(ConfigError, match="no access key"):
        export.land(connection=Connection(base_url="https://storage.example.gov"))


def test_the_sample_agencys_tables_lie_in_a_folder() -> None:
    settings = Settings(Path("/nowhere"), PROJECT / "config" / "sources.yml", Path("/nowhere"))
    web = load_sources(settings)["web"]
    assert web.is_windowed and web.connection is None


def test_duckdb_reads_every_part_that_lands(export: Export) -> None:
    export.put("events_20260701.ndjson", ndjson(event(1), event(2)))
    (manifest,) = export.land()
    with duckdb.connect() as connection:
        (count,) = connection.execute(
            "select count(json_extract_string(payload, '$.event_name')) from read_parquet(?)",
            [[str(path) for path in manifest.part_files]],
        ).fetchall()[0]
    assert count == 2

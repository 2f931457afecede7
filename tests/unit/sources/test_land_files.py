"""The file drop, from the folder to the raw zone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest
from voxpop.config import PROJECT
from voxpop.errors import Locked, SourceError
from voxpop.raw.batches import BatchWriter
from voxpop.raw.manifests import Manifest, visible
from voxpop.sources import file_drop, land
from voxpop.sources.land import land as land_source
from voxpop.sources.registry import find_sources

from .drop import CSV, HEADER, NDJSON, NOW, ROW, Drop, payloads


def test_a_csv_file_becomes_a_batch(drop: Drop) -> None:
    content = HEADER + ROW
    drop.put("january.csv", content)
    (manifest,) = drop.land()
    assert payloads(manifest) == [
        {
            "interaction_id": "V-1",
            "started_at": "2026-01-05T10:00:00Z",
            "ended_at": None,
            "source_channel": "VISIT",
            "source_service": None,
            "source_organization": None,
            "direction": None,
            "responded_at": None,
            "wait_seconds": None,
            "talk_seconds": None,
            "hold_seconds": None,
            "wrap_seconds": None,
            "handled_by": "José",
            "is_abandoned": None,
            "is_transferred": None,
            "is_resolved": None,
            "is_survey_offered": None,
            "journey_stage": None,
            "segment": None,
            "updated_at": None,
            "row": 2,
            "file": "january.csv",
        }
    ]
    (row,) = pq.read_table(manifest.part_files[0]).to_pylist()
    assert (row["record_id"], row["kind"], row["source_updated_at"]) == ("V-1", "interaction", None)
    assert [each["type"] for each in row["identifiers"]] == ["email"]
    assert (manifest.stream, manifest.dt, manifest.window) == ("interactions", "2026-01-06", None)
    assert {day: count.records for day, count in manifest.days.items()} == {"2026-01-05": 1}
    assert manifest.original is not None
    assert manifest.batch_id == f"visits.interactions.{manifest.original.sha256[:16]}.20260106T040000000000Z"
    assert (manifest.folder / "original" / "january.csv").read_bytes() == content.encode()


def test_an_ndjson_file_becomes_a_batch(drop: Drop) -> None:
    drop.put(
        "k.ndjson",
        '{"id":7,"form":"f","at":"2026-01-05T10:00-08:00","weight":1.50,"rating":4,"more":"say \\"hi\\""}\n'
        "\n"
        '{"id":"8","form":"f","at":"2026-01-05T11:00:00Z","rating":null,"more":true,"note":{"a":[1]}}',
    )
    (manifest,) = drop.land("kiosk")
    first, second = payloads(manifest)
    assert list(first) == [
        *("response_id", "form_id", "answered_at", "answered_on", "source_channel", "source_service"),
        *("language", "weight", "cluster_id", "source_interaction", "updated_at", "answers", "row", "file"),
    ]
    assert (first["response_id"], first["answered_at"]) == ("7", "2026-01-05T18:00:00Z")
    assert (first["weight"], first["row"], second["row"]) == (1.5, 1, 3)
    assert first["answers"] == {"rating": "4", "more": 'say "hi"'}
    assert (second["weight"], second["answers"]) == (None, {"rating": "", "more": "true"})


def test_a_file_lands_once_whatever_its_name(drop: Drop) -> None:
    drop.put("a.csv", HEADER + ROW)
    drop.put("b.csv", HEADER + ROW)
    (manifest,) = drop.land()
    assert manifest.original is not None and manifest.original.name == "a.csv"
    drop.put("c.csv", HEADER + ROW)
    assert drop.land(now=NOW + timedelta(days=1)) == []
    assert visible(drop.settings) == [manifest]


def test_another_mapping_lands_a_file_again(drop: Drop) -> None:
    drop.put("a.csv", HEADER + ROW)
    drop.land()
    drop.configure(CSV.replace("handled_by: Clerk", "segment: Clerk"))
    (again,) = drop.land()
    assert payloads(again)[0]["segment"] == "José"
    assert len(visible(drop.settings)) == 2


@pytest.mark.parametrize(
    ("encoding", "configured"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("utf-16", "utf-16"),
        ("utf-16-be", "utf-16"),
        ("latin-1", "latin-1"),
        ("cp1252", "windows-1252"),
    ],
)
def test_encodings_that_are_configured(drop: Drop, encoding: str, configured: str) -> None:
    drop.configure(CSV + f"    encoding: {configured}\n")
    bad = "V-2,soon,VISIT,é,\r\n"
    mark = b"\xfe\xff" if encoding == "utf-16-be" else b""
    drop.put("a.csv", mark + (HEADER + ROW + bad).encode(encoding))
    (manifest,) = drop.land()
    assert [each["handled_by"] for each in payloads(manifest)] == ["José"]
    (rejected,) = drop.quarantine(manifest)
    verbatim = {"utf-8-sig": "utf-8", "utf-16": "utf-16-le"}.get(encoding, encoding)
    assert rejected["body"] == bad.encode(verbatim)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ((HEADER + ROW).encode("latin-1"), r"byte 63 \(0xE9, in line 2\) is not UTF-8"),
        ((HEADER + ROW).encode("utf-16"), r"by its first bytes it is UTF-16, not UTF-8"),
        ((HEADER + ROW).encode("utf-16-le"), r"by its first bytes it is UTF-16, not UTF-8"),
        (HEADER.replace("In", "Arrived") + ROW, r'missing columns: "In"; unexpected columns: "Arrived"'),
        (HEADER.replace("Mail", "In") + ROW, r'missing columns: "Mail"; repeated columns: "In"'),
        (HEADER.replace(",", ";") + ROW, r'missing columns: "Visit", "In", "Channel", "Clerk", "Mail"'),
        (HEADER + ROW + '"open' + "x\r\n" * 60_000, r"in row 3 a quote is not closed"),
    ],
    ids=["latin-1", "utf-16", "utf-16 unmarked", "renamed", "twice", "semicolons", "open quote"],
)
def test_a_file_that_is_not_as_configured_is_refused_whole(
    drop: Drop, content: str | bytes, said: str
) -> None:
    drop.put("bad.csv", content)
    drop.put("good.csv", HEADER + ROW)
    with pytest.raises(SourceError, match=said) as raised:
        drop.land()
    assert str(raised.value).startswith("visits: 1 of 2 files can't be landed")
    assert "\nbad.csv: " in str(raised.value)
    (landed,) = visible(drop.settings)
    assert landed.original is not None and landed.original.name == "good.csv"
    assert list((drop.settings.raw / "visits" / "interactions" / ".landing").iterdir()) == []
    assert not (drop.settings.raw / "_quarantine").exists()


def test_utf16_without_a_mark_is_refused(drop: Drop) -> None:
    drop.configure(CSV + "    encoding: utf-16\n")
    drop.put("bad.csv", (HEADER + ROW).encode("utf-16-le"))
    drop.put("good.csv", (HEADER + ROW).encode("utf-16"))
    with pytest.raises(SourceError, match=r"bad\.csv: it begins with no byte-order mark"):
        drop.land()
    assert [landed.records for landed in visible(drop.settings)] == [1]


def test_files_of_one_fault_are_one_line_and_the_configuration_is_named(drop: Drop) -> None:
    drop.put("good.csv", HEADER + ROW)
    for number in range(1, 6):
        drop.put(f"bad{number}.csv", HEADER.replace("In", "Arrived") + ROW + f"{number}\r\n")
    with pytest.raises(SourceError) as raised:
        drop.land()
    first, *rest = str(raised.value).splitlines()
    assert first.endswith(f"Rerun when they are as {drop.settings.sources_file} says.")
    fault = 'missing columns: "In"; unexpected columns: "Arrived". Correct the file, or its mapping.'
    assert rest == [f"5 files (bad1.csv, bad2.csv, bad3.csv, …): {fault}"]
    drop.put("other.csv", HEADER.replace("Mail", "In") + ROW)
    with pytest.raises(SourceError) as raised:
        drop.land()
    assert len(str(raised.value).splitlines()) == 3


@pytest.mark.parametrize(
    "content",
    [
        "",
        "Visit,In",
        HEADER + ROW + "V-2,2026-01-05T10:00",
        HEADER + ROW + 'V-2,2026-01-05T10:00:00Z,VISIT,"Jo',
        HEADER + ROW + 'V-2,2026-01-05T10:00:00Z,VISIT,"Jo\r\n',
        (HEADER + ROW).encode()[:64],
    ],
    ids=["empty", "header", "row", "quote", "line in a quote", "character"],
)
def test_a_half_written_file_waits(drop: Drop, content: str | bytes) -> None:
    path = drop.put("a.csv", content)
    assert drop.land() == []
    assert visible(drop.settings) == []
    assert any("a.csv" in said and said.endswith("left for the next run") for said in drop.said)
    path.write_text(HEADER + ROW)
    (manifest,) = drop.land()
    assert manifest.records == 1


def test_a_half_written_line_of_ndjson_waits(drop: Drop) -> None:
    whole = '{"id":"1","form":"f","at":"2026-01-05T10:00:00Z","weight":1,"rating":4,"more":""}\n'
    drop.put("a.ndjson", whole + '{"id":"2","form":"f","at":"2026-')
    assert drop.land("kiosk") == []
    assert drop.said == ["kiosk: a.ndjson: its last line is cut off; left for the next run"]


def test_a_file_named_as_unfinished_waits(drop: Drop) -> None:
    drop.put("a.csv.tmp", HEADER + ROW)
    drop.put("b.csv.part", HEADER + ROW)
    drop.put(".c.csv", HEADER + ROW)
    assert drop.land() == []
    assert [said.split(": ")[1] for said in drop.said] == ["a.csv.tmp", "b.csv.part"]


def test_a_file_that_grows_while_it_is_read_waits(drop: Drop, monkeypatch: pytest.MonkeyPatch) -> None:
    path = drop.put("a.csv", HEADER + ROW)
    copy = land.files.copy_durably

    def copy_and_grow(source: Path, target: Path) -> str:
        digest: str = copy(source, target)
        path.write_text(HEADER + ROW + ROW.replace("V-1", "V-2"))
        return digest

    monkeypatch.setattr(land.files, "copy_durably", copy_and_grow)
    assert drop.land() == []
    assert drop.said == ["visits: a.csv: it changes while it is read; left for the next run"]
    monkeypatch.undo()
    (manifest,) = drop.land()
    assert manifest.records == 2


def test_a_file_that_goes_away_is_said_and_holds_up_no_other(
    drop: Drop, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop.put("b.csv", HEADER + ROW)
    gone = drop.put("a.csv", HEADER + ROW)
    waiting = land.waiting

    def and_goes(*given: Any) -> Any:
        found = waiting(*given)
        gone.unlink()
        return found

    monkeypatch.setattr(land, "waiting", and_goes)
    (manifest,) = drop.land()
    assert manifest.original is not None and manifest.original.name == "b.csv"
    assert drop.said[0] == "visits: a.csv: it went away while it was looked at; left for the next run"


def test_a_file_without_a_last_line_end_is_whole(drop: Drop) -> None:
    drop.put("a.csv", (HEADER + ROW).rstrip())
    (manifest,) = drop.land()
    assert manifest.records == 1


def test_quoted_newlines_and_blank_lines(drop: Drop) -> None:
    row = 'V-2,2026-01-05T10:00:00Z,VISIT,"two\r\nlines, ""quoted""",\r\n'
    drop.put("a.csv", HEADER + "\r\n" + row + ROW)
    (manifest,) = drop.land()
    assert [(each["handled_by"], each["row"]) for each in payloads(manifest)] == [
        ('two\r\nlines, "quoted"', 3),
        ("José", 4),
    ]


def test_rows_that_do_not_fit_go_to_quarantine_with_number_and_bytes(drop: Drop) -> None:
    rows = [
        ROW,
        "V-2,soon,VISIT,,\r\n",
        ",2026-01-05T10:00:00Z,VISIT,,\r\n",
        "V-3,2026-01-05T10:00:00Z\r\n",
        'V-4,"a"b,VISIT,,\r\n',
        ROW.replace("V-1", "V-5"),
    ]
    drop.put("a.csv", HEADER + "".join(rows))
    (manifest,) = drop.land()
    assert [each["interaction_id"] for each in payloads(manifest)] == ["V-1", "V-5"]
    found = [(each["position"], each["reason"], each["body"].decode()) for each in drop.quarantine(manifest)]
    assert found == [
        (3, "row 3: started_at is not a time of the form ISO 8601.", rows[1]),
        (4, "row 4: interaction_id is blank.", rows[2]),
        (5, "row 5: it has 2 columns, the header has 5.", rows[3]),
        (6, "row 6: not CSV (',' expected after '\"').", rows[4]),
    ]
    assert (manifest.received, manifest.records, manifest.quarantined) == (6, 2, 4)


def test_the_query_in_the_docs_shows_what_was_rejected(drop: Drop) -> None:
    drop.put("bad.csv", HEADER + ROW + "V-2,yesterday,VISIT,José,\r\n")
    (manifest,) = drop.land()
    docs = (PROJECT / "docs" / "file-drops.md").read_text()
    query = docs.split('duckdb.sql("""')[1].split('""")')[0]
    place = str(drop.settings.raw / "_quarantine" / "visits")
    assert query.count("var/raw/_quarantine/field_offices") == 1
    ((batch_id, position, reason, row),) = duckdb.sql(
        query.replace("var/raw/_quarantine/field_offices", place)
    ).fetchall()
    assert (batch_id, position) == (manifest.batch_id, 3)
    assert reason.startswith("row 3: ") and row == "V-2,yesterday,VISIT,José,\r\n"


def test_lines_that_are_no_object_go_to_quarantine(drop: Drop) -> None:
    good = '{"id":"1","form":"f","at":"2026-01-05T10:00:00Z","weight":1,"rating":4,"more":""}\n'
    bad = ["[1]\n", "{cut\n", '{"id":"2","form":"f","at":"\\ud800"}\n', '{"form":"f"}\n']
    drop.put("a.ndjson", good + "".join(bad) + good.replace('"1"', '"2"'))
    (manifest,) = drop.land("kiosk")
    assert manifest.records == 2
    found = drop.quarantine(manifest)
    assert [(each["position"], each["body"].decode()) for each in found] == list(enumerate(bad, start=2))
    assert found[3]["reason"] == "row 5: response_id is blank."


def test_a_key_that_no_line_has_refuses_the_file(drop: Drop) -> None:
    drop.put(
        "a.ndjson", '{"id":"1","form":"f","time":"2026-01-05T10:00:00Z","weight":1,"rating":4,"more":""}\n'
    )
    with pytest.raises(SourceError, match=r'a\.ndjson: missing columns: "at"; unexpected columns: "time"'):
        drop.land("kiosk")


def test_repeated_rows_are_counted_once(drop: Drop) -> None:
    other_mail = ROW.replace("a@x.org", "b@x.org")
    drop.put("a.csv", HEADER + ROW + ROW + other_mail + ROW)
    (manifest,) = drop.land()
    assert (manifest.received, manifest.records, manifest.duplicates) == (4, 2, 2)
    assert [each["row"] for each in payloads(manifest)] == [2, 4]


def test_a_header_alone_is_an_empty_batch(drop: Drop) -> None:
    drop.put("a.csv", HEADER)
    (manifest,) = drop.land()
    assert (manifest.received, manifest.parts) == (0, ())


def test_an_interrupted_file_goes_on(drop: Drop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_drop, "ROWS_A_PART", 2)
    rows = [ROW.replace("V-1", f"V-{number}") for number in range(5)]
    drop.put("a.csv", HEADER + "".join(rows) + rows[0])

    class Stopped(Exception):
        pass

    def stop(said: str, count: int) -> None:
        if count == 4:
            raise Stopped

    (visits,) = find_sources(drop.settings, ["visits"])
    with pytest.raises(Stopped):
        land_source(drop.settings, visits, None, connection=None, now=NOW, widen=False, progress=stop)
    assert visible(drop.settings) == []
    (manifest,) = drop.land(now=NOW + timedelta(hours=1))
    assert [part.records for part in manifest.parts] == [2, 2, 1]
    assert [each["interaction_id"] for each in payloads(manifest)] == [f"V-{number}" for number in range(5)]
    assert (manifest.duplicates, manifest.received) == (1, 6)
    assert manifest.started_at == NOW


def test_two_landings_of_a_file_at_once(drop: Drop) -> None:
    drop.put("a.csv", HEADER + ROW)
    inner: list[Callable[[], list[Manifest]]] = [drop.land]

    def land_again(said: str, count: int) -> None:
        if inner:
            with pytest.raises(Locked, match=r"visits: interactions [0-9a-f]{16}: process \d+ on "):
                inner.pop()()

    (visits,) = find_sources(drop.settings, ["visits"])
    land_source(drop.settings, visits, None, connection=None, now=NOW, widen=False, progress=land_again)
    assert inner == []
    assert len(visible(drop.settings)) == 1


def test_no_folder(drop: Drop) -> None:
    drop.folder.rmdir()
    with pytest.raises(SourceError, match=r"visits: there is no folder .*drop\. Nothing was landed"):
        drop.land()


def test_what_may_not_be_read_is_said_and_holds_up_no_other(
    drop: Drop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tests may run as root, who may read everything: the refusals are the system's, made by hand."""
    drop.put("good.csv", HEADER + ROW)
    closed = drop.put("closed.csv", HEADER + ROW)
    opened = Path.open

    def refuse(path: Path, *given: Any, **named: Any) -> Any:
        if path == closed:
            raise PermissionError(13, "Permission denied")
        return opened(path, *given, **named)

    with monkeypatch.context() as patch, pytest.raises(SourceError, match=r"closed\.csv: it may not be read"):
        patch.setattr(Path, "open", refuse)
        drop.land()
    assert [batch.records for batch in visible(drop.settings)] == [1]

    def closed_folder(path: Path) -> Any:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", closed_folder)
    with pytest.raises(SourceError, match=r"visits: the folder .*drop may not be read\. Nothing was landed"):
        drop.land()


@pytest.mark.parametrize("step", ["write_page", "_move"])
def test_a_landing_that_was_interrupted_under_another_mapping_begins_anew(
    drop: Drop, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    drop.put("a.csv", HEADER + ROW)

    def break_off(*arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(BatchWriter, step, break_off)
        drop.land()
    assert visible(drop.settings) == []
    drop.configure((CSV + NDJSON).replace("handled_by: Clerk", "source_service: Clerk"))
    (manifest,) = drop.land()
    assert payloads(manifest)[0]["source_service"] == "José"
    assert drop.land() == []
    left = (drop.settings.raw / "visits" / "interactions" / ".landing").iterdir()
    assert [path for path in left if path.suffix != ".lock"] == []

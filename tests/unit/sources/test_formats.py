"""The same visits in every format of a file: read, refused, waited for and landed once in the same way."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from voxpop.errors import SourceError
from voxpop.raw.manifests import Manifest, visible
from voxpop.sources import file_drop
from voxpop.sources.land import land as land_source
from voxpop.sources.registry import find_sources

from .drop import NOW, Drop, payloads

COLUMNS = ("Visit", "In", "Channel", "Clerk", "Mail")
ROWS = [
    ("V-1", "2026-01-05T10:00:00Z", "VISIT", "José", "a@x.org"),
    ("V-2", "2026-01-05T11:00:00Z", "VISIT", "", ""),
    ("V-3", "soon", "VISIT", "Ann", ""),
    ("V-4", "2026-01-05T12:00:00Z", "KIOSK", "Ann", "b@x.org"),
]
Rows = Sequence[Sequence[Any]]


def source(form: str, more: str = "", fields: str = "") -> str:
    return f"""\
  visits:
    kind: file_drop
    folder: drop
    pattern: "*.{form}"
    format: {form}
    maps_to: interaction
    fields:
      interaction_id: Visit
      started_at: In
      source_channel: Channel
      handled_by: Clerk
{fields}    identifiers: {{Mail: email}}
{more}"""


def as_csv(columns: Sequence[str], rows: Rows) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([columns, *rows])
    return text.getvalue().encode()


def objects(columns: Sequence[str], rows: Rows) -> list[dict[str, Any]]:
    return [dict(zip(columns, row, strict=True)) for row in rows]


def as_ndjson(columns: Sequence[str], rows: Rows) -> bytes:
    return "".join(json.dumps(each) + "\n" for each in objects(columns, rows)).encode()


def as_json(columns: Sequence[str], rows: Rows) -> bytes:
    return json.dumps(objects(columns, rows), indent=1).encode()


def as_parquet(columns: Sequence[str], rows: Rows) -> bytes:
    file = io.BytesIO()
    texts = [[cell or None for cell in column] for column in zip(*rows, strict=True)]
    pq.write_table(pa.table(dict(zip(columns, texts, strict=True))), file, row_group_size=2)
    return file.getvalue()


def as_xlsx(columns: Sequence[str], rows: Rows) -> bytes:
    book = openpyxl.Workbook()
    for row in (columns, *rows):
        book.active.append([cell if cell != "" else None for cell in row])
    return saved(book)


def saved(book: openpyxl.Workbook) -> bytes:
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


WRITERS: dict[str, Callable[[Sequence[str], Rows], bytes]] = {
    "csv": as_csv,
    "ndjson": as_ndjson,
    "json": as_json,
    "parquet": as_parquet,
    "xlsx": as_xlsx,
}
FIRST_ROW = {"csv": 2, "ndjson": 1, "json": 1, "parquet": 1, "xlsx": 2}
"""The number that a person who opens the file would give its first row of data."""


@pytest.fixture(params=list(WRITERS))
def form(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_every_format_brings_the_same_records(drop: Drop, form: str) -> None:
    drop.configure(source(form))
    content = WRITERS[form](COLUMNS, ROWS)
    drop.put(f"january.{form}", content)
    (manifest,) = drop.land()
    first = FIRST_ROW[form]
    found = [
        (each["interaction_id"], each["started_at"], each["source_channel"], each["handled_by"], each["row"])
        for each in payloads(manifest)
    ]
    assert found == [
        ("V-1", "2026-01-05T10:00:00Z", "VISIT", "José", first),
        ("V-2", "2026-01-05T11:00:00Z", "VISIT", None, first + 1),
        ("V-4", "2026-01-05T12:00:00Z", "KIOSK", "Ann", first + 3),
    ]
    (rejected,) = drop.quarantine(manifest)
    said = f"row {first + 2}: started_at is not a time of the form ISO 8601."
    assert (rejected["position"], rejected["reason"]) == (first + 2, said)
    assert b"V-3" in rejected["body"] and b"soon" in rejected["body"]
    assert (manifest.folder / "original" / f"january.{form}").read_bytes() == content


def test_the_same_file_under_two_names_lands_once(drop: Drop, form: str) -> None:
    drop.configure(source(form))
    content = WRITERS[form](COLUMNS, ROWS)
    drop.put(f"a.{form}", content)
    drop.put(f"b.{form}", content)
    (manifest,) = drop.land()
    drop.put(f"c.{form}", content)
    assert drop.land(now=NOW + timedelta(days=1)) == []
    assert visible(drop.settings) == [manifest]


def test_columns_that_moved_are_found_and_one_that_was_renamed_is_refused(drop: Drop, form: str) -> None:
    drop.configure(source(form))
    moved = [tuple(reversed(row)) for row in ROWS]
    drop.put(f"moved.{form}", WRITERS[form](COLUMNS[::-1], moved))
    (manifest,) = drop.land()
    assert [each["handled_by"] for each in payloads(manifest)] == ["José", None, "Ann"]
    drop.put(f"renamed.{form}", WRITERS[form](("Visit", "Arrived", *COLUMNS[2:]), ROWS))
    said = rf'renamed\.{form}: missing columns: "In"; unexpected columns: "Arrived"\. Correct the file'
    with pytest.raises(SourceError, match=said):
        drop.land()
    assert visible(drop.settings) == [manifest]


def test_a_file_that_is_cut_off_waits(drop: Drop, form: str) -> None:
    drop.configure(source(form))
    content = WRITERS[form](COLUMNS, ROWS)
    for part in (b"", content[: len(content) // 2], content[:-14]):
        path = drop.put(f"a.{form}", part)
        assert drop.land() == [], part
        assert drop.said.pop().endswith("left for the next run")
    assert list((drop.settings.raw / "visits" / "interactions" / ".landing").iterdir()) == []
    path.write_bytes(content)
    (manifest,) = drop.land()
    assert manifest.records == 3


def test_a_file_of_another_format_is_refused(drop: Drop, form: str) -> None:
    drop.configure(source(form))
    others = {each: WRITERS[each](COLUMNS, ROWS) for each in WRITERS if each != form}
    for other, content in others.items():
        drop.put(f"{other}.{form}", content)
    if form in ("csv", "ndjson", "json"):  # a text that is no such thing may look cut off: it waits
        with pytest.raises(SourceError, match=r"\.(csv|ndjson|json): .*not UTF-8"):
            drop.land()
    else:
        with pytest.raises(SourceError, match=r"visits: 4 of 4 files .*\n4 files .*by its first bytes"):
            drop.land()
    assert visible(drop.settings) == []


def test_a_landing_that_was_interrupted_goes_on(
    drop: Drop, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_drop, "ROWS_A_PART", 2)
    drop.configure(source(form))
    rows = [(f"V-{number}", *ROWS[0][1:]) for number in range(5)]
    drop.put(f"a.{form}", WRITERS[form](COLUMNS, rows))

    class Stopped(Exception):
        pass

    def stop(said: str, count: int) -> None:
        if count == 4:
            raise Stopped

    with pytest.raises(Stopped):
        (visits,) = find_sources(drop.settings, ["visits"])
        land_source(drop.settings, visits, None, connection=None, now=NOW, widen=False, progress=stop)
    (manifest,) = drop.land(now=NOW + timedelta(hours=1))
    assert [part.records for part in manifest.parts] == [2, 2, 1]
    assert [each["interaction_id"] for each in payloads(manifest)] == [row[0] for row in rows]


def test_blanks_are_what_the_mapping_says(drop: Drop, form: str) -> None:
    drop.configure(source(form, '    blanks: ["No Data", "#N/A"]\n'))
    rows = [("V-1", *ROWS[0][1:3], "No Data ", "#N/A"), ("V-2", *ROWS[0][1:3], "#REF!", "")]
    drop.put(f"a.{form}", WRITERS[form](COLUMNS, rows))
    (manifest,) = drop.land()
    assert [(each["interaction_id"], each["handled_by"]) for each in payloads(manifest)] == [("V-1", None)]
    (rejected,) = drop.quarantine(manifest)
    number, letter = FIRST_ROW[form] + 1, " D" if form in ("csv", "xlsx") else ""
    assert rejected["reason"] == (
        f'row {number}: column{letter} ("Clerk") holds #REF!, an error of a spreadsheet.'
    )


def only(drop: Drop) -> Manifest:
    (manifest,) = drop.land()
    return manifest


# CSV


def test_delimiters_and_blanks_behind_names(drop: Drop) -> None:
    drop.configure(source("csv", '    delimiter: "\\t"\n'))
    drop.put("a.csv", "Visit \tIn\tChannel\t Clerk\tMail\nV-1\t2026-01-05T10:00:00Z\tVISIT\tA, B\t\n")
    assert payloads(only(drop))[0]["handled_by"] == "A, B"


QUALTRICS = """\
    header_rows: 3
    names_row: 3
"""


def test_a_header_of_three_rows_is_keyed_by_the_row_that_the_mapping_names(drop: Drop) -> None:
    """As Qualtrics exports it: names, texts that may have new lines in them, and ids in JSON."""
    drop.configure(source("csv", QUALTRICS))
    ids = ",".join(f'"{{""ImportId"":""{name}""}}"' for name in COLUMNS)
    drop.put("a.csv", f'Q1,Q2,Q3,Q4,Q5\n"What, or\nwho?",b,c,d,e\n{ids}\nV-1,{ROWS[0][1]},VISIT,Ann,\n')
    (found,) = payloads(only(drop))
    assert (found["interaction_id"], found["handled_by"], found["row"]) == ("V-1", "Ann", 4)


# JSON


def test_an_array_under_a_key(drop: Drop) -> None:
    drop.configure(source("json", "    records: items\n"))
    whole = {"made": "today", "items": objects(COLUMNS, ROWS), "next": None}
    drop.put("a.json", json.dumps(whole))
    assert only(drop).records == 3
    drop.put("alone.json", json.dumps(objects(COLUMNS, ROWS[:1])))
    drop.put("other.json", json.dumps({"rows": []}))
    drop.put("text.json", json.dumps({"items": "none"}))
    drop.put("broken.json", '{"items": [{"Visit": x}]}')
    with pytest.raises(SourceError) as raised:
        drop.land()
    assert str(raised.value).splitlines()[1:] == [
        "alone.json: it holds an array. Correct the file, or name by `records` the key of its array.",
        "broken.json: no JSON from byte 21 on. Correct the file.",
        'other.json: it has no key "items". Correct the file, or its `records`.',
        'text.json: under "items" is no array. Correct the file, or its `records`.',
    ]


def test_an_array_without_elements_is_an_empty_batch(drop: Drop) -> None:
    drop.configure(source("json"))
    drop.put("a.json", "[]\n")
    assert only(drop).received == 0


def test_one_odd_element_of_an_array_goes_to_quarantine_alone(drop: Drop) -> None:
    drop.configure(source("json"))
    good = [json.dumps(each) for each in objects(COLUMNS, ROWS[:2])]
    drop.put("a.json", f'[{good[0]}, 7, {{"Visit": "\\ud800"}}, {good[1]}]')
    manifest = only(drop)
    assert manifest.records == 2
    assert [each["body"] for each in drop.quarantine(manifest)] == [b"7", b'{"Visit": "\\ud800"}']


# Parquet

LOCAL = datetime.fromisoformat("2026-07-05T09:00:00.250")
NEW_YORK = "    time_zone: America/New_York\n"
MORE = """\
      ended_at: Out
      wait_seconds: Wait
      is_resolved: {column: Done, values: {"true": true, "false": false}}
"""


def test_parquet_keeps_types(drop: Drop) -> None:
    drop.configure(source("parquet", NEW_YORK, MORE))
    table = pa.table(
        {
            "Visit": pa.array([64_345_465.0, None, 3.0]),
            "In": pa.array([LOCAL] * 3, pa.timestamp("ns")),
            "Out": pa.array([datetime(2026, 1, 5, 15, tzinfo=UTC)] * 3, pa.timestamp("us", "Asia/Tokyo")),
            "Wait": pa.array([Decimal("1204.50"), None, Decimal("0.00")], pa.decimal128(9, 2)),
            "Done": pa.array([True, False, None]),
            "Channel": pa.array(["VISIT", "VISIT", "VISIT"]).dictionary_encode(),
            "Clerk": pa.array([7, 8, 9], pa.int8()),
            "Mail": pa.array([None, None, None], pa.null()),
        }
    )
    pq.write_table(table, drop.folder / "a.parquet")
    manifest = only(drop)
    first, third = payloads(manifest)
    assert first["interaction_id"] == "64345465"
    assert (first["started_at"], first["ended_at"]) == ("2026-07-05T13:00:00.250000Z", "2026-01-05T15:00:00Z")
    assert (first["wait_seconds"], first["is_resolved"], first["handled_by"]) == (1204.5, True, "7")
    assert (third["wait_seconds"], third["is_resolved"]) == (0, None)
    (rejected,) = drop.quarantine(manifest)
    assert rejected["reason"] == "row 2: interaction_id is blank."
    assert json.loads(rejected["body"])["In"] == "2026-07-05T09:00:00.250000"


def test_parquet_that_can_not_be_read_is_refused(drop: Drop) -> None:
    drop.configure(source("parquet"))
    content = as_parquet(COLUMNS, [(f"V-{number}", *ROWS[0][1:]) for number in range(100)])
    footer = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
    drop.put("footer.parquet", content[:footer] + bytes(99) + content[footer + 99 :])
    drop.put("page.parquet", content[:4] + b"\xff" * 400 + content[404:])
    blob = pa.table({name: pa.array([b"x"]) for name in COLUMNS})
    pq.write_table(blob, drop.folder / "blob.parquet")
    with pytest.raises(SourceError) as raised:
        drop.land()
    first, second, third = str(raised.value).splitlines()[1:]
    assert first.startswith('blob.parquet: columns that hold no text, number or time: "Visit" (binary), ')
    assert second.startswith("footer.parquet: its footer can't be read (")
    assert third.startswith("page.parquet: after row 0 it can't be read (")
    assert visible(drop.settings) == []
    assert list((drop.settings.raw / "visits" / "interactions" / ".landing").iterdir()) == []


# XLSX


@pytest.mark.parametrize("epoch", [None, CALENDAR_MAC_1904])
def test_what_excel_holds_is_what_it_shows(drop: Drop, epoch: datetime | None) -> None:
    drop.configure(source("xlsx", NEW_YORK, MORE))
    book = openpyxl.Workbook()
    if epoch is not None:
        book.epoch = epoch
    book.active.append(["Visit", "In", "Out", "Wait", "Done", "Channel", "Clerk", "Mail "])
    book.active.append([64345465, LOCAL, "2026-07-05 09:20", 12.25, True, "VISIT", 7.0, None])
    book.active.append([None])
    book.active.append([12, date(2026, 7, 5), None, "1,204", False, "VISIT", None, "a@x.org"])
    drop.put("a.xlsx", saved(book))
    manifest = only(drop)
    (found,) = payloads(manifest)
    assert (found["interaction_id"], found["row"]) == ("64345465", 2)
    assert (found["started_at"], found["ended_at"]) == ("2026-07-05T13:00:00.250000Z", "2026-07-05T13:20:00Z")
    assert (found["wait_seconds"], found["is_resolved"], found["handled_by"]) == (12.25, True, "7")
    (rejected,) = drop.quarantine(manifest)
    assert rejected["reason"] == "row 4: started_at holds a date without a time."


def workbook(cells: dict[str, str]) -> bytes:
    """A workbook whose sheet is written by hand: cell → its XML inside `<c>`."""
    content = io.BytesIO(as_xlsx(COLUMNS, ROWS[:2]))
    rewritten = io.BytesIO()
    with zipfile.ZipFile(content) as old, zipfile.ZipFile(rewritten, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.namelist():
            text = old.read(part)
            if part == "xl/worksheets/sheet1.xml":
                for cell, inside in cells.items():
                    begin = text.index(f'<c r="{cell}"'.encode())
                    end = text.index(b"</c>", begin) if text[begin:].split(b">")[0][-1:] != b"/>" else begin
                    text = text[:begin] + f'<c r="{cell}" {inside}'.encode() + text[end:]
            new.writestr(part, text)
    return rewritten.getvalue()


def test_a_formula_counts_by_its_value_and_one_without_is_refused(drop: Drop) -> None:
    drop.configure(source("xlsx"))
    drop.put("a.xlsx", workbook({"D2": 't="str"><f>UPPER("ann")</f><v>ANN</v>'}))
    assert payloads(only(drop))[0]["handled_by"] == "ANN"
    drop.put("empty.xlsx", workbook({"D2": 't="str"><f>IF(1=2,"a","")</f><v></v>'}))
    assert payloads(only(drop))[0]["handled_by"] is None
    drop.put("none.xlsx", workbook({"D2": '><f>UPPER("ann")</f>'}))
    manifest = only(drop)
    (rejected,) = drop.quarantine(manifest)
    assert rejected["reason"] == (
        'row 2: column D ("Clerk") holds a formula without a value; have it calculated and saved.'
    )
    drop.put("openpyxl.xlsx", as_xlsx(COLUMNS, [(*ROWS[0][:3], "=1+1", "")]))  # with an empty <v>
    (rejected,) = drop.quarantine(only(drop))
    assert rejected["reason"].startswith('row 2: column D ("Clerk") holds a formula without a value')
    drop.put("last.xlsx", workbook({"E2": "><f>A2</f>"}))
    (rejected,) = drop.quarantine(only(drop))
    assert rejected["reason"].startswith('row 2: column E ("Mail") holds a formula without a value')
    drop.put("error.xlsx", workbook({"C2": 't="e"><f>A1/0</f><v>#DIV/0!</v>'}))
    (rejected,) = drop.quarantine(only(drop))
    assert rejected["reason"] == 'row 2: column C ("Channel") holds #DIV/0!, an error of a spreadsheet.'


def test_a_workbook_is_known_by_its_bytes_and_not_by_its_name(drop: Drop) -> None:
    drop.configure(source("xlsx").replace("*.xlsx", "*.xls"))
    drop.put("a.xls", as_xlsx(COLUMNS, ROWS[:1]))
    assert only(drop).records == 1


def test_an_error_in_a_column_that_is_not_read_is_nobodys_matter(drop: Drop) -> None:
    drop.configure(source("xlsx", "    other_columns: [Note, Sum]\n"))
    drop.put("a.xlsx", as_xlsx((*COLUMNS, "Note", "Sum"), [(*ROWS[0], "#REF!", "=1+1")]))
    assert only(drop).records == 1


def test_a_percentage_is_a_text_with_its_sign(drop: Drop) -> None:
    drop.configure(source("xlsx"))
    book = openpyxl.load_workbook(io.BytesIO(as_xlsx(COLUMNS, ROWS[:1])))
    book.active["D2"] = 0.17
    book.active["D2"].number_format = "0.0%"
    drop.put("a.xlsx", saved(book))
    assert payloads(only(drop))[0]["handled_by"] == "17%"


def test_merged_headers_and_rows_above_them(drop: Drop) -> None:
    mapping = source("xlsx", "    header_rows: 3\n", "      wait_seconds: Seconds / Wait\n")
    drop.configure(mapping.replace("Clerk", "At the desk / Clerk"))
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["", "", "", "At the desk", None, "Seconds", None])
    sheet.append([])
    sheet.append(["Visit", "In", "Channel", "Clerk", "Note", "Wait", "Talk"])
    sheet.append([*ROWS[0][:3], "Ann", "", 5, 6])
    for merged in ("D1:E1", "F1:G1"):
        sheet.merge_cells(merged)
    drop.put("a.xlsx", saved(book))
    with pytest.raises(
        SourceError, match=r'missing columns: "Mail"; unexpected columns: "At the desk / Note"'
    ):
        drop.land()
    drop.configure(
        mapping.replace("Clerk", "At the desk / Clerk").replace("{Mail: email}", "{}")
        + '    other_columns: ["At the desk / Note", "Seconds / Talk"]\n'
    )
    (found,) = payloads(only(drop))
    assert (found["handled_by"], found["wait_seconds"], found["row"]) == ("Ann", 5, 4)


def test_a_sheet_by_name(drop: Drop) -> None:
    book = openpyxl.load_workbook(io.BytesIO(as_xlsx(COLUMNS, ROWS[:1])))
    book.active.title = "Visits"
    book.create_sheet("Notes")
    drop.put("a.xlsx", saved(book))
    for more, said in (
        ("", r"it has 2 sheets \(Visits, Notes\)\. Name one by `sheet`"),
        ("    sheet: May\n", r'it has no sheet "May", but Visits, Notes\.'),
        ("    sheet: Notes\n", r"its sheet has no header\."),
    ):
        drop.configure(source("xlsx", more))
        with pytest.raises(SourceError, match=said):
            drop.land()
    drop.configure(source("xlsx", "    sheet: Visits\n"))
    assert only(drop).records == 1


def test_a_workbook_that_unpacks_to_too_much_is_refused_unread(
    drop: Drop, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop.configure(source("xlsx"))
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", bytes(5_000_000))
    drop.put("ratio.xlsx", bomb.getvalue())
    monkeypatch.setattr("voxpop.sources.formats.xlsx._UNPACKED_AT_MOST", 6_000_000)
    with zipfile.ZipFile(bomb, "a", zipfile.ZIP_STORED) as archive:
        archive.writestr("xl/media/film.bin", bytes(2_000_000))
    drop.put("size.xlsx", bomb.getvalue())
    with pytest.raises(SourceError) as raised:
        drop.land()
    first, second = str(raised.value).splitlines()[1:]
    assert first.startswith("ratio.xlsx: xl/worksheets/sheet1.xml unpacks to 5,000,000 bytes out of ")
    assert second.startswith("size.xlsx: it unpacks to 7,000,000 bytes, more than 6,000,000.")


def test_a_damaged_or_malicious_workbook_is_refused(drop: Drop) -> None:
    drop.configure(source("xlsx"))
    laughs = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 100}">' for n in range(1, 9))
    bomb = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e0 "ha">{laughs}]><x>&e8;</x>'
    rewritten = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(as_xlsx(COLUMNS, ROWS))) as old,
        zipfile.ZipFile(rewritten, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for part in old.namelist():
            new.writestr(part, bomb if part.endswith("sheet1.xml") else old.read(part))
    drop.put("entities.xlsx", rewritten.getvalue())
    drop.put("half.xlsx", workbook({"B2": "><v>1</v></row"}))
    drop.put("number.xlsx", workbook({"D2": 't="n"><v>Jane</v>'}))
    drop.put("string.xlsx", workbook({"D2": 't="s"><v>9999</v>'}))
    drop.put("nowhere.xlsx", workbook({"D2": "><f>1</f></c><c><f>2</f>"}))
    drop.put("other.xlsx", zipped({"a.txt": "no workbook"}))
    drop.put("old.xlsx", b"\xd0\xcf\x11\xe0" + bytes(600))
    with pytest.raises(SourceError) as raised:
        drop.land()
    lines = [line.split(": ", 1) for line in str(raised.value).splitlines()[1:]]
    said = {name: reason for names, reason in lines for name in names.split(", ")}
    assert said["old.xlsx"].startswith("it is an old or a locked workbook. Save it as XLSX")
    assert "Jane" not in str(raised.value)
    assert {name for name, reason in said.items() if "it can't be read (" in reason} == {
        "entities.xlsx",
        "half.xlsx",
        "nowhere.xlsx",
        "number.xlsx",
        "string.xlsx",
        "other.xlsx",
    }
    assert visible(drop.settings) == []


def zipped(parts: dict[str, str]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return file.getvalue()

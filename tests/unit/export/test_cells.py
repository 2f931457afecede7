"""What a spreadsheet must not run, and bytes that are the same twice."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from openpyxl import load_workbook
from voxpop.export.cells import Sheet, csv_bytes, plain, workbook_bytes

SHEET = Sheet(
    "a sheet",
    ("name", "number"),
    [
        ('say "hi", please', 1),
        ("two\nlines", -1),
        ("=1+1", Decimal("2.50")),
        ("-1", None),
        ("Fällt\u2028 aus \x0b\uffff", 0),
    ],
)


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=1+1", "'=1+1"),
        ('=HYPERLINK("http://evil.example","x")', '\'=HYPERLINK("http://evil.example","x")'),
        ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
        ("-2+3+cmd", "'-2+3+cmd"),
        ("@SUM(A1)", "'@SUM(A1)"),
        (" =1", "' =1"),
        ("\tx", "'\tx"),
        ("\rx", "'\rx"),
        ("\uff1d1+1", "'\uff1d1+1"),
        # numbers are none, and neither is a dash within a text
        ("-1", "-1"),
        ("+1.5", "+1.5"),
        ("a=b", "a=b"),
        ("null", "null"),
        (-1, -1),
        (Decimal("-1.50"), Decimal("-1.50")),
        (None, ""),
        (date(2026, 1, 5), "2026-01-05"),
        (datetime(2026, 1, 5, 17, 14, 5, 123456, tzinfo=UTC), "2026-01-05T17:14:05.123Z"),
    ],
)
def test_what_is_written_of_a_cell(cell: object, written: object) -> None:
    assert plain(cell) == written  # type: ignore[arg-type]


def test_csv_is_read_back_as_it_was() -> None:
    """RFC 4180: CR LF, quotes doubled, a quoted line end is part of the cell."""
    written = csv_bytes(SHEET)
    assert written.startswith(b'name,number\r\n"say ""hi"", please",1\r\n"two\nlines",-1\r\n')
    rows = list(csv.reader(io.StringIO(written.decode("utf-8"), newline="")))
    assert rows[3:5] == [["'=1+1", "2.50"], ["-1", ""]]
    assert rows[5] == ["Fällt\u2028 aus \x0b\uffff", "0"]


def test_a_workbook_holds_texts_and_numbers_and_no_formula() -> None:
    page = load_workbook(io.BytesIO(workbook_bytes([SHEET])))["a sheet"]
    cells = [[(cell.data_type, cell.value) for cell in row] for row in page.iter_rows(min_row=2)]
    assert cells[0] == [("s", 'say "hi", please'), ("n", 1)]
    assert cells[2] == [("s", "'=1+1"), ("n", 2.5)]
    assert cells[3] == [("s", "-1"), ("n", None)]
    assert cells[4][0] == ("s", "Fällt\u2028 aus \ufffd\ufffd")


def test_a_workbook_does_not_know_when_it_was_made() -> None:
    written = workbook_bytes([SHEET])
    assert workbook_bytes([SHEET]) == written
    with zipfile.ZipFile(io.BytesIO(written)) as file:
        assert {entry.date_time for entry in file.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        everything = b"".join(file.read(name) for name in file.namelist())
    assert b"dcterms" in everything and not re.search(rb"20\d\d-\d\d-\d\dT", everything)

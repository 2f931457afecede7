"""The offices' files: each day once, months of history, then days; corrections and lateness in later ones."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
from voxpop.sample_agency.agency import Agency
from voxpop.sample_agency.clock import DAY_MS, day_number
from voxpop.sample_agency.columns import take
from voxpop.sample_agency.events import Events, events_between
from voxpop.sample_agency.files import VISIT_COLUMNS, drop_files, kiosk_ids, visit_ids, visits_csv
from voxpop.sample_agency.misbehavior import LEVELS
from voxpop.sample_agency.opinions import is_offered
from voxpop.sample_agency.text_messages import texts_table, thread_ids

NOT, LITTLE, LOT = LEVELS["not"], LEVELS["a-little"], LEVELS["a-lot"]
FIRST, JUNE_END = date(2026, 5, 18), date(2026, 6, 30)


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_history_comes_by_month_and_later_days_by_day(agency: Agency, tmp_path: Path) -> None:
    names = []
    for last in (JUNE_END, JUNE_END + timedelta(days=1), JUNE_END + timedelta(days=2)):
        written = drop_files(agency, events_between(agency, FIRST, last), tmp_path, LITTLE)
        names.append(sorted(path.name for path in written if path.parent.name == "field_offices"))
    assert names[0] == ["field_offices_2026-05.csv", "field_offices_2026-06.csv"]
    assert names[1:] == [["field_offices_2026-07-01.csv"], ["field_offices_2026-07-02.csv"]]
    assert drop_files(agency, events_between(agency, FIRST, last), tmp_path, LITTLE) == []
    assert not list(tmp_path.rglob("*.tmp"))
    assert {path.stat().st_mode & 0o777 for path in tmp_path.rglob("*.*")} == {0o600}


def test_every_visit_comes_once_where_nothing_goes_wrong(agency: Agency, tmp_path: Path) -> None:
    events = events_between(agency, FIRST, JUNE_END)
    drop_files(agency, events, tmp_path, NOT)
    rows = [row for path in (tmp_path / "field_offices").iterdir() for row in _rows(path)]
    assert sorted(row["Visit ID"] for row in rows) == sorted(visit_ids(events.visits))
    lines = [
        json.loads(line)
        for path in (tmp_path / "kiosk_surveys").iterdir()
        for line in path.read_bytes().splitlines()
    ]
    assert sorted(line["id"].encode() for line in lines) == sorted(kiosk_ids(events.kiosk))


def test_days_and_a_month_hold_the_same_rows(agency: Agency) -> None:
    """The same days cut into one file or into thirty: the same rows in all."""
    events = events_between(agency, date(2026, 6, 1), JUNE_END)
    first, last = day_number(events.first), day_number(events.last)
    month = visits_csv(agency, events.visits, first, last, LOT).splitlines()[1:]
    days = [
        line
        for day in range(first, last + 1)
        for line in visits_csv(agency, events.visits, day, day, LOT).splitlines()[1:]
    ]
    assert sorted(month) == sorted(days)
    assert len(month) > len(events.visits.key), "some twice, some corrected"


def test_corrections_come_again_later_and_say_so(agency: Agency) -> None:
    events = events_between(agency, date(2026, 5, 1), JUNE_END)
    first, last = day_number(events.first), day_number(events.last)
    content = visits_csv(agency, events.visits, first, last, LOT).decode()
    versions: dict[str, set[tuple[str, str]]] = {}
    for row in csv.DictReader(io.StringIO(content)):
        versions.setdefault(row["Visit ID"], set()).add((row["Last Changed"], row["Resolved"]))
    corrected = [sorted(found) for found in versions.values() if len(found) == 2]
    assert corrected
    for (_, before), (_, after) in corrected:
        assert (before, after) == ("No", "Yes")


def test_visits_are_in_local_time_on_both_sides_of_the_change_of_clocks(
    agency: Agency, history: Events
) -> None:
    zone = ZoneInfo("America/Los_Angeles")
    for day in (date(2026, 3, 6), date(2026, 3, 9)):
        number = day_number(day)
        visits = take(history.visits, history.visits.start_ms // DAY_MS == number)
        starts = dict(zip(visit_ids(visits), visits.start_ms.tolist(), strict=True))
        text = visits_csv(agency, visits, number, number, NOT).decode()
        rows = list(csv.DictReader(io.StringIO(text)))
        assert len(rows) == len(starts) > 3
        for row in rows:
            local = datetime.fromisoformat(row["Checked In"]).replace(tzinfo=zone)
            assert 8 <= local.hour < 15
            assert local.timestamp() == starts[row["Visit ID"]] // 1000


def test_a_pacific_day_of_visits_is_a_utc_day(agency: Agency, history: Events) -> None:
    """So that a day's file is whole when the agency's day ends."""
    starts = [datetime.fromtimestamp(ms / 1000, UTC) for ms in history.visits.start_ms[::10].tolist()]
    zone = ZoneInfo("America/Los_Angeles")
    assert all(start.date() == start.astimezone(zone).date() for start in starts)


def test_the_header_and_the_kiosks_answers(agency: Agency, history: Events, tmp_path: Path) -> None:
    last = day_number(history.last)
    header, *_ = visits_csv(agency, history.visits, last, last, NOT).split(b"\r\n")
    assert header.decode().split(",") == list(VISIT_COLUMNS)
    drop_files(agency, history, tmp_path, NOT)
    lines = (tmp_path / "kiosk_surveys" / "kiosk_surveys_2025-05.ndjson").read_bytes().splitlines()
    answers = [json.loads(line) for line in lines]
    assert {answer["form"] for answer in answers} == {"fld-kiosk"}
    given = np.array([[answer["rating"], answer["easy"]] for answer in answers])
    assert set(np.unique(given)) <= {0, 1, 2, 3, 4, 5, 9}
    everything = b"".join(path.read_bytes() for path in (tmp_path / "kiosk_surveys").iterdir())
    assert b'"rating":0' in everything and b'"rating":9' in everything


def test_every_thread_of_text_messages_comes_until_it_is_closed(agency: Agency, history: Events) -> None:
    """By days: each thread is closed once; one that is open at midnight comes on its first day as well."""
    texts = history.texts
    first, last = day_number(history.first), day_number(history.last)
    rows = [row for day in range(first, last + 1) for row in texts_table(agency, texts, day, day).to_pylist()]
    closed = {row["thread"]: row for row in rows if row["closed"]}
    open_at_midnight = [row for row in rows if not row["closed"]]
    assert len(closed) + len(open_at_midnight) == len(rows)
    assert open_at_midnight and closed.keys() >= {row["thread"] for row in open_at_midnight[:-5]}
    assert {row["thread"] for row in rows} == set(thread_ids(texts))
    for row in open_at_midnight:
        assert (row["resolved"], row["survey_sent"]) == (None, None)
        if row["thread"] in closed:
            later = closed[row["thread"]]
            assert row["received"].date() < later["closed"].date()
            assert row["changed"] < later["changed"]
    answers = dict(zip(thread_ids(texts), texts.wait_ms.tolist(), strict=True))
    offered = dict(zip(thread_ids(texts), is_offered(agency, texts).tolist(), strict=True))
    for thread, row in closed.items():
        assert row["first_reply"] - row["received"] == timedelta(milliseconds=answers[thread])
        assert row["survey_sent"] == offered[thread]


def test_a_months_file_of_text_messages_ends_as_its_days_do(agency: Agency, history: Events) -> None:
    first, last = day_number(date(2026, 6, 1)), day_number(JUNE_END)
    days = [
        row
        for day in range(first, last + 1)
        for row in texts_table(agency, history.texts, day, day).to_pylist()
    ]
    newest = {row["thread"]: row for row in sorted(days, key=lambda row: row["changed"])}
    month = {row["thread"]: row for row in texts_table(agency, history.texts, first, last).to_pylist()}
    assert month == newest
    assert len(month) > 100

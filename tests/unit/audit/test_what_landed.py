"""What a person can mistype in a file or leave out of a seed: found, counted, and named with its file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest
from voxpop.audit import run
from voxpop.audit.duckdb_dialect import keep_connections
from voxpop.raw.manifests import Manifest

from expectations import checkpoint

FILE = "field_offices_2026-04.csv"
CONVERSATIONS, RESPONSES = "stg_genesys__conversations", "stg_touchpoints__responses"
AFTER = "no record is of a day that its batch could not know yet"
AHEAD = "no record of a file is of a day long after the tools' last"
QUARANTINE = "at most 2% of a batch is in quarantine"


@pytest.fixture
def said(home: Any, stage: Any) -> Any:
    """What the suites of raw and facts say of the home: severity and blame of what does not hold, by name."""

    def check() -> dict[str, tuple[str, str]]:
        made = stage(home)
        keep_connections()
        suites = [
            suite
            for suite in run._suites(home.settings, made)
            if suite.name in {"raw_batches", "unknown", "fct_interactions", "fct_survey_responses"}
        ]
        assert len(suites) == 4
        outcomes = checkpoint.run(f"duckdb:///{made.database}", suites)
        assert [one for one in outcomes if one.error] == []
        return {one.name: (one.severity, one.observed) for one in outcomes if not one.success}

    return check


def land_visits(home: Any, days: Sequence[str], *, landed: date, **of_file: Any) -> Manifest:
    """A file of visits, one a day named, that landed on the day before a date. No fact comes of them."""
    of_file.setdefault("file", FILE)
    visits = [f"visit-{number}" for number in range(len(days))]
    batch: Manifest = home.land("field_offices", "interactions", visits, end=landed, **of_file)
    home.build()
    home.change(
        *(
            f"insert into staging.stg_file_drop__interactions values ('field_offices/interactions/{visit}',"
            f" 'field_offices', '{visit}', '{day}', 'VISIT', 'fld-card', null, 'general', '{batch.batch_id}')"
            for visit, day in zip(visits, days, strict=True)
        )
    )
    return batch


def test_a_record_after_its_windows_end_is_found(home, said):
    """The window ends with 30 April; in a time zone to the east that is 1 May."""
    later = "update staging.stg_genesys__conversations set record_date = '{}' where record_id = '{}'"
    home.change(later.format("2026-05-01", "conv-1"))
    assert AFTER not in said()
    home.change(later.format("2026-05-02", "conv-2"), later.format("2062-05-02", "conv-3"))
    batch = next(batch.batch_id for batch in home.batches if batch.source == "genesys")
    assert said()[AFTER] == ("fail", f"2 of 3600 records of {batch} lie after 2026-04-30")


def test_a_mistyped_date_in_a_file_is_found_and_the_file_is_named(home, said):
    """It landed on 9 May; the tools reach to 30 April."""
    batch = land_visits(home, ["2026-04-30", "2026-05-04", "2026-07-30"], landed=date(2026, 5, 10))
    found = said()
    assert found[AFTER] == ("fail", f"1 of 3 records of {FILE} ({batch.batch_id}) lie after 2026-05-09")
    assert found[AHEAD] == ("warn", f"1 of 3 records of {FILE} ({batch.batch_id}) lie long after 2026-04-30")


def test_a_file_may_be_as_far_as_the_tools_whatever_day_it_landed(home, said):
    """It landed on 1 January; a made-up agency's calendar may run ahead."""
    land_visits(home, ["2026-04-30", "2026-05-01"], landed=date(2026, 1, 2))
    found = said()
    assert AFTER not in found and AHEAD not in found


def test_what_is_in_quarantine_is_counted_and_the_file_and_its_quarantine_are_named(home, said):
    batch = land_visits(home, ["2026-04-01"] * 10, landed=date(2026, 5, 1), quarantined=3)
    severity, observed = said()[QUARANTINE]
    where = f"raw/_quarantine/field_offices/interactions/{batch.batch_id}.parquet"
    assert (severity, observed) == (
        "fail",
        f"3 of 13 rows (23%) of {FILE} ({batch.batch_id}) are in quarantine: {where}",
    )
    assert (home.settings.home / where).is_file()


def test_a_files_name_that_may_tell_of_somebody_is_not_shown(home, said):
    land_visits(home, ["2026-07-30"], landed=date(2026, 5, 1), file="jane@example.org.csv")
    _, observed = said()[AFTER]
    assert observed.startswith(
        "1 of 1 records of a file whose name is not shown (field_offices.interactions."
    )


@pytest.mark.parametrize(
    ("column", "value", "name", "shown"),
    [
        ("source_service", "fld-nope", "every service is in the seed services", "fld-nope"),
        ("source_channel", "BY FAX", "every channel is in the seed channel_aliases", "BY FAX"),
        # an alias of another source
        ("source_channel", "voice", "every channel is in the seed channel_aliases", "voice"),
        ("segment", "seniors", "every segment is in the seed segments", "seniors"),
        ("source_organization", "dps-x", "every organization is in the seed organizations", "dps-x"),
    ],
)
def test_what_a_file_names_and_no_seed_describes_is_found(home, said, column, value, name, shown):
    batch = land_visits(home, ["2026-04-01"] * 3, landed=date(2026, 5, 1))
    assert name not in said(), "null, or as the seeds have it"
    home.change(
        f"update staging.stg_file_drop__interactions set {column} = '{value}' where record_id <> 'visit-0'"
    )
    expected = f"field_offices {shown} in 2 records, such as of {FILE} ({batch.batch_id})"
    assert said()[name] == ("fail", expected)


@pytest.mark.parametrize(
    ("table", "column", "value", "name", "expected"),
    [
        (CONVERSATIONS, "queue_id", "q-new", "every queue is in the seed contact_queues", "fail"),
        (CONVERSATIONS, "media_type", "fax", "every channel is in the seed channel_aliases", "fail"),
        # a link that anybody can change holds no release back
        (RESPONSES, "location_code", "lobby", "every location code is in the seed channel_aliases", "warn"),
    ],
)
def test_what_a_tool_names_and_no_seed_describes_is_found(home, said, table, column, value, name, expected):
    home.change(
        f"update staging.{table} set {column} = '{value}' where record_id in ('conv-1', 'sub-1')",
        f"update staging.{table} set {column} = null where record_id in ('conv-2', 'sub-2')",
    )
    source = "genesys" if "genesys" in table else "touchpoints"
    severity, observed = said()[name]
    assert severity == expected
    assert observed.startswith(f"{source} {value} in 1 records, such as of {source}.")


def test_a_wait_that_is_longer_than_the_contact_is_found(home, said):
    """Contacts last 300 s. Where a tool notes minutes, 300 s of wait may look like four minutes."""
    waits = "every contact's wait ends before it does, give or take a minute"
    update = (
        "update marts.fct_interactions set wait_seconds = {}, ended_at = {} where source_record_id = '{}'"
    )
    ended = "started_at + interval 5 minutes"
    home.change(update.format(360, ended, "conv-1"), update.format(90_000_000, "null", "conv-2"))
    assert waits not in said()
    home.change(update.format(360.001, ended, "conv-1"), update.format(90_000_000, ended, "conv-3"))
    severity, observed = said()[waits]
    assert severity == "fail"
    assert observed.endswith(": 2 rows")


def test_answers_after_a_clearance_expired_warn_by_survey(home, said):
    """Of 2,400 responses, sub-0 and each fiftieth after it are not counted."""
    late = "what is counted was collected before its survey's clearance expired"
    assert late not in said()
    home.change(
        "update marts.fct_survey_responses set collected_without_clearance = true"
        " where source_record_id in ('sub-0', 'sub-1', 'sub-2', 'sub-4')"
    )
    assert said()[late] == ("warn", "ben-apply-cx: 2 rows; ben-status-cx")

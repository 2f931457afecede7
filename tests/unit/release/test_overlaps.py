"""Which counts are of the records that others count together."""

from __future__ import annotations

from datetime import date

import duckdb
import pytest
from voxpop.release import overlaps
from voxpop.release.closure import Cell

JANUARY = date(2026, 1, 1)
CONTACTS = [
    # source, channel, service, direction, customer
    ("calls", "phone", "apply", "inbound", "c1"),
    ("calls", "phone", "status", "inbound", None),
    ("calls", "email", "apply", "inbound", "c1"),
    ("visits", "in_person", "apply", "inbound", "c2"),
    ("web", "website", "apply", "inbound", None),
]
ANSWERS = [("forms", "phone", True), ("forms", "in_person", True)]
RECORDS = "identity_quality|records"
SHARE = "journey_measures|{}_share|all"


@pytest.fixture
def connection():
    with duckdb.connect() as connection:
        connection.execute(
            """
            create table dim_channels as
            select * from (values ('phone', '80/20'), ('email', null)) as t (channel, service_level);
            create table int_measures__journey_units (unit_id text, measure text);
            create table fct_interactions (
                interaction_id text, source_system text, channel text, organization_id text, service_id text,
                customer_id text, direction text, started_local_date date
            );
            create table fct_survey_responses (
                source_system text, channel text, organization_id text, service_id text, customer_id text,
                is_counted boolean, answered_local_date date
            )
            """
        )
        yield connection


def found(connection, contacts, answers=ANSWERS):
    """Each whole with its parts, `table|item|count breakdown member`, without what is of all alone."""
    for place, (source, channel, service, direction, customer) in enumerate(contacts):
        connection.execute(
            "insert into fct_interactions select ?, ?, ?, 'ben', ?, ?, ?, ?",
            [str(place), source, channel, service, customer, direction, JANUARY],
        )
    connection.execute(
        "insert into int_measures__journey_units select interaction_id, 'first_contact_resolution_share' "
        "from fct_interactions where customer_id is not null"
    )
    for source, channel, is_counted in answers:
        connection.execute(
            "insert into fct_survey_responses select ?, ?, 'ben', 'apply', null, ?, ?",
            [source, channel, is_counted, JANUARY],
        )
    wholes = {}
    for part, sums in overlaps.sums(connection, "main").items():
        for each in sums:
            wholes.setdefault(each, set()).add(name(part))
    return {(name(each.whole), frozenset(parts)) for each, parts in wholes.items()}


def name(cell: Cell) -> str:
    assert (cell.period_type, cell.period_start) == ("quarter", JANUARY)
    return f"{cell.item.replace(chr(31), '|')} {cell.breakdown} {cell.member}"


def cells(count, breakdown, *members):
    return {f"{count} {breakdown} {member}" for member in members}


def test_a_source_is_made_of_the_channels_whose_contacts_it_alone_has(connection):
    sums = found(connection, CONTACTS)
    contacts = SHARE.format("first_contact_resolution") + "|contacts"
    records = f"{RECORDS}|record_count"
    assert (f"{records} source calls", frozenset(cells(contacts, "channel", "phone", "email"))) in sums
    assert (f"{records} source visits", frozenset(cells(contacts, "channel", "in_person"))) in sums
    assert (f"{contacts} all all", frozenset(cells(records, "source", "calls", "visits"))) in sums
    answers = SHARE.format("survey_linked") + "|n"
    assert (f"{records} source forms", frozenset(cells(answers, "all", "all"))) in sums
    assert (f"{answers} all all", frozenset(cells(records, "source", "forms"))) in sums
    # visits to the website are no contacts
    assert (f"{records} source web", frozenset(cells(records, "channel", "website"))) in sums
    assert (f"{records} channel website", frozenset(cells(records, "source", "web"))) in sums
    # two of the three calls are matched, all with a service
    known = SHARE.format("repeat_contact") + "|n"
    matched = f"{RECORDS}|matched_count source calls"
    assert (matched, frozenset(cells(known, "channel", "phone", "email"))) in sums
    unknown = SHARE.format("repeat_contact") + "|unknown_count"
    unmatched = f"{RECORDS}|unmatched source calls"
    assert (unmatched, frozenset(cells(unknown, "channel", "phone"))) in sums
    assert (f"{unknown} channel phone", frozenset({unmatched})) in sums
    # what is waited for is all contacts less those by email and in person
    offered = "contact_center_performance|calls|offered"
    assert (
        f"{contacts} all all",
        frozenset(cells(offered, "all", "all") | cells(contacts, "channel", "email", "in_person")),
    ) in sums


@pytest.mark.parametrize(
    ("more", "answers"),
    [
        ([("calls", "phone", "apply", "outbound", None)], ANSWERS),
        (CONTACTS[:1], [("calls", "phone", False)]),
    ],
)
def test_a_source_that_has_something_else_is_no_sum(connection, more, answers):
    contacts = SHARE.format("first_contact_resolution") + "|contacts"
    whole = f"{RECORDS}|record_count source calls"
    sums = found(connection, [*CONTACTS, *more], answers)
    assert not any(each == whole and any(contacts in part for part in parts) for each, parts in sums)
    assert any(each == f"{contacts} channel in_person" for each, _ in sums)


def test_a_source_that_is_a_channel_is_it_in_all_its_counts(connection):
    sums = found(connection, CONTACTS)
    for count in ("record_count", "identified_count", "unjoined_count", "customer_count", "undecided"):
        source, channel = (f"{RECORDS}|{count} {member}" for member in ("source web", "channel website"))
        assert {(source, frozenset({channel})), (channel, frozenset({source}))} <= sums


@pytest.mark.parametrize(("respondents", "is_sum"), [(51, True), (50, False)])
def test_respondents_are_those_of_the_index_and_of_scales_without_one(connection, respondents, is_sum):
    """25 answered items of the index, 26 gave thumbs; of 50 respondents one did both."""
    connection.execute(
        f"""
        create table dim_surveys as select 'form' as survey_id, 'apply' as service_id;
        create table cx_index as
        select * from (values ('likert_5', 'all'), ('likert_5', 'trust'), ('thumbs', 'trust'))
            as t (scale, driver);
        create table survey_quality as
        select 'quarter' as period_type, date '{JANUARY}' as period_start, breakdown, member
        from (values ('all', 'all'), ('survey', 'form')) as t (breakdown, member);
        create table counts as
        select replace(item, '|>', '{chr(31)}') as item, 'quarter' as period_type,
            date '{JANUARY}' as period_start, breakdown, member, people
        from (values
            ('survey_quality|>surveys|>respondent_count', 'all', 'all', {respondents}),
            ('survey_quality|>surveys|>respondent_count', 'survey', 'form', 26),
            ('survey_quality|>surveys|>known_segment', 'all', 'all', 40),
            ('cx_index|>likert_5|all|>records', 'all', 'all', 25),
            ('cx_index|>likert_5|trust|>records', 'all', 'all', 25),
            ('cx_index|>thumbs|trust|>records', 'all', 'all', 26),
            ('cx_index|>thumbs|trust|>records', 'service', 'apply', 26),
            ('cx_index|>likert_5|all|>records', 'segment', 'old', 18),
            ('cx_index|>thumbs|trust|>records', 'segment', 'old', 22)
        ) as t (item, breakdown, member, people)
        """
    )
    index, thumbs = "cx_index|likert_5|all|records", "cx_index|thumbs|trust|records"
    of = "survey_quality|surveys"
    sums = {}
    for part, found_sums in overlaps.of_respondents(connection, "main", ["survey_quality"]).items():
        for each in found_sums:
            assert each.is_exact and each.is_of_people
            sums.setdefault(name(each.whole), set()).add(name(part))
    both = {f"{index} all all", f"{thumbs} all all"}
    assert sums.pop(f"{of}|respondent_count all all", None) == (both if is_sum else None)
    assert sums == {
        f"{of}|respondent_count survey form": {f"{thumbs} service apply"},
        f"{of}|known_segment all all": {f"{index} segment old", f"{thumbs} segment old"},
    }

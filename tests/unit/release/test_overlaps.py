"""Which counts are of the records that others count together."""

from __future__ import annotations

from datetime import date
from itertools import permutations

import duckdb
import pytest
from voxpop.release import overlaps
from voxpop.release.closure import Cell
from voxpop.release.counted import BY_CHANNELS, OF_RECORDS, TIED, Named

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
            select * from (values ('phone', 'phone', '80/20'), ('email', 'digital', null))
                as t (channel, channel_group, service_level);
            create table int_measures__journey_units (unit_id text, measure text);
            create table fct_interactions (
                interaction_id text, source_system text, channel text, organization_id text, service_id text,
                customer_id text, direction text, started_local_date date
            );
            create table fct_survey_responses (
                source_system text, channel text, organization_id text, service_id text, customer_id text,
                is_counted boolean, answered_local_date date
            );
            create table fct_web_sessions as select 'web' as source_system
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
    tables = {each.count.table for each in OF_RECORDS}
    for part, sums in overlaps.sums(connection, "main", tables).items():
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
    website, web = f"{records} channel website", f"{records} source web"
    assert (web, frozenset({website})) in sums
    assert (website, frozenset({web})) in sums
    sessions = "web_performance|web|all|visits|visits|sessions"
    visits = (SHARE.format("channel_shift") + "|visits", "journey_paths|all|visits", sessions)
    for one, other in permutations([f"{count} {{}}" for count in visits], 2):
        assert (one.format("all all"), frozenset({web})) in sums
        assert (one.format("service apply"), frozenset({other.format("service apply")})) in sums
    # two of the three calls are matched, all with a service
    known = SHARE.format("repeat_contact") + "|n"
    matched = f"{RECORDS}|matched_count source calls"
    assert (matched, frozenset(cells(known, "channel", "phone", "email"))) in sums
    # known calls are the known contacts of the one channel by which people call
    calls = SHARE.format("website_before_call") + "|known_contacts"
    assert (f"{known} channel phone", frozenset(cells(calls, "all", "all"))) in sums
    assert (
        f"{known} all all",
        frozenset(cells(calls, "all", "all") | cells(known, "channel", "email", "in_person")),
    ) in sums
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
    ("more", "is_sum"),
    [
        ([("calls", "website", "apply", "inbound", None)], False),
        # a call that the source made is no record
        ([("calls", "phone", "apply", "outbound", None)], True),
        ([], True),
    ],
)
def test_a_source_that_has_something_else_is_no_sum(connection, more, is_sum):
    contacts = SHARE.format("first_contact_resolution") + "|contacts"
    whole = f"{RECORDS}|record_count source calls"
    # an answer that doesn't count is no record
    sums = found(connection, [*CONTACTS, *more], [*ANSWERS, ("calls", "phone", False)])
    assert any(each == whole and any(contacts in part for part in parts) for each, parts in sums) == is_sum
    assert any(each == f"{contacts} channel in_person" for each, _ in sums)


def test_a_source_that_is_a_channel_is_it_in_all_its_counts(connection):
    sums = found(connection, CONTACTS)
    for count in ("record_count", "identified_count", "unjoined_count", "customer_count", "undecided"):
        source, channel = (f"{RECORDS}|{count} {member}" for member in ("source web", "channel website"))
        assert {(source, frozenset({channel})), (channel, frozenset({source}))} <= sums


INDEX, EASE, THUMBS, NPS = (
    Named("cx_index", item, "records").of_cells()
    for item in ("likert_5|all", "likert_5|ease", "thumbs|trust", "nps_11|recommendation")
)
RESPONDENTS, KNOWN = (
    Named("survey_quality", "surveys", name).of_cells() for name in ("respondent_count", "known_segment")
)
LINKED = Named("journey_measures", "survey_linked_share|all", "n").of_cells()


def of_respondents(connection, *counts):
    """Cell → those that are held with it, of these counts; and the cells of the index that are told."""
    connection.execute(
        """
        create table dim_surveys as select * from (
            values ('form', 'apply'), ('desk', 'apply'), ('call', 'status')
        ) as t (survey_id, service_id);
        create table counts (item text, period_type text, period_start date, breakdown text, member text,
            people double, is_shown boolean);
        create table survey_quality (period_type text, period_start date, breakdown text, member text);
        create table journey_measures (period_type text, period_start date, breakdown text, member text,
            measure text, page text);
        """
    )
    connection.execute("create table indexed_scales as select 'likert_5' as scale")
    for item, breakdown, member, people in counts:
        cell = ["quarter", JANUARY, breakdown, member]
        is_told = not item.startswith("cx_index")
        connection.execute("insert into counts values (?, ?, ?, ?, ?, ?, ?)", [item, *cell, people, is_told])
        if item == RESPONDENTS:
            connection.execute("insert into survey_quality values (?, ?, ?, ?)", cell)
        if item == LINKED:
            measure = ["survey_linked_share", "all"]
            connection.execute("insert into journey_measures values (?, ?, ?, ?, ?, ?)", [*cell, *measure])
    found = overlaps.of_respondents(connection, "main", ["survey_quality", "journey_measures"])
    told = connection.execute("select * exclude (people, is_shown) from counts where is_shown").fetchall()

    def short(cell):
        item, _, _, breakdown, member = cell
        return item, breakdown, member

    return (
        {short(cell): {short(other) for other in others} for cell, others in found.items()},
        {short(cell) for cell in told if cell[0].startswith("cx_index")},
    )


@pytest.mark.parametrize(("respondents", "is_sum"), [(51, True), (50, False)])
def test_respondents_are_those_of_the_index_and_of_scales_without_one(connection, respondents, is_sum):
    """25 answered items of the index, 26 gave thumbs; of 50 respondents one did both."""
    whole, index, thumbs = ((item, "all", "all") for item in (RESPONDENTS, INDEX, THUMBS))
    found, told = of_respondents(
        connection, (*whole, respondents), (*index, 25), (EASE, "all", "all", 24), (*thumbs, 26)
    )
    assert (found.get(index), found.get(thumbs)) == (({whole}, {whole}) if is_sum else (None, None))
    assert told == ({index, thumbs} if is_sum else set())


def test_an_item_that_everybody_answered_tells_how_many_answered_any(connection):
    found, _ = of_respondents(
        connection,
        (INDEX, "service", "apply", 14),
        (EASE, "service", "apply", 14),
        (INDEX, "service", "status", 14),
        (EASE, "service", "status", 13),
    )
    assert found == {(INDEX, "service", "apply"): {(EASE, "service", "apply")}}


def test_scales_that_as_many_answered_tell_of_each_other(connection):
    """14 of apply answered ease and said whether they recommend it; of status 13 of 14 did that.

    Nothing shows how many answered any item of a scale without an index.
    """
    index, ease, nps = ((item, "service", "apply") for item in (INDEX, EASE, NPS))
    found, _ = of_respondents(
        connection,
        *((*cell, 14) for cell in (index, ease, nps)),
        (NPS.replace("recommendation", "all"), "service", "apply", 20),
        (INDEX, "service", "status", 14),
        (NPS, "service", "status", 13),
    )
    assert found == {index: {ease, nps}, nps: {index, ease}}


def test_who_answered_on_two_scales_is_one_respondent(connection):
    """30 answered items of the index and said whether they recommend it; 26 others gave thumbs."""
    whole, index, nps, thumbs = ((item, "all", "all") for item in (RESPONDENTS, INDEX, NPS, THUMBS))
    found, told = of_respondents(connection, (*whole, 56), (*index, 30), (*nps, 30), (*thumbs, 26))
    assert found == {index: {whole, nps}, nps: {whole, index}, thumbs: {whole}, whole: set()}
    assert told == {index, nps, thumbs}


def test_who_answered_items_of_the_index_may_be_all_respondents(connection):
    """Of the 30 one didn't say whether they recommend it."""
    whole, index, nps = ((item, "all", "all") for item in (RESPONDENTS, INDEX, NPS))
    found, told = of_respondents(connection, (*whole, 30), (*index, 30), (*nps, 29))
    assert found == {index: {whole}, whole: set()}
    assert told == {index}


def test_who_answered_items_of_the_index_may_be_all_of_a_known_segment(connection):
    """Of 70 of a known segment one of the old and two of the new didn't say whether they recommend it."""
    known = (KNOWN, "all", "all")
    old, new = ((INDEX, "segment", segment) for segment in ("old", "new"))
    counts = [(*old, 30), (*new, 40), (NPS, "segment", "old", 29), (NPS, "segment", "new", 38)]
    found, _ = of_respondents(connection, (RESPONDENTS, "all", "all", 80), (*known, 70), *counts)
    assert found == {old: {known}, new: {known}, known: set()}


def test_answers_by_the_channels_of_offers_are_held_where_one_of_the_channels_is(connection):
    """All who answered after a call, or by email, less those by email are those after a call."""
    offered = (BY_CHANNELS[0].of_cells(), "all", "all")
    phone, email, everybody = (
        (INDEX, *of) for of in (("channel", "phone"), ("channel", "email"), ("all", "all"))
    )
    service = (INDEX, "service", "apply")
    counts = [(*cell, 20) for cell in (offered, phone, email, everybody, service)]
    found, told = of_respondents(connection, *counts, (EASE, "channel", "phone", 12))
    assert found == {phone: {offered}, email: {offered}, everybody: {offered}}
    assert not told


def test_surveys_of_a_service_are_held_together_and_with_what_all_of_them_are(connection):
    """The 40 of form and the 12 of desk are who answered about apply; call is the one survey of status."""
    form, desk, call = ((RESPONDENTS, "survey", survey) for survey in ("form", "desk", "call"))
    apply, status = ((INDEX, "service", service) for service in ("apply", "status"))
    found, told = of_respondents(
        connection, (*form, 40), (*desk, 12), (*call, 20), (*apply, 52), (*status, 20)
    )
    assert {cell: others for cell, others in found.items() if others} == {
        form: {desk},
        desk: {form},
        apply: {form, desk},
        status: {call},
    }
    assert told == {apply, status}


def test_a_service_and_its_surveys_tell_of_the_same_ties(connection):
    of_survey, of_service = (each.of_cells() for each in TIED)
    form, desk, call = ((of_survey, "survey", survey) for survey in ("form", "desk", "call"))
    apply, status = ((of_service, "service", service) for service in ("apply", "status"))
    # what all surveys tell is compared as it is
    everybody = ((item, "all", "all") for item in (of_survey, of_service))
    found, _ = of_respondents(connection, *((*cell, 20) for cell in (form, desk, call, apply, *everybody)))
    assert found == {form: {apply}, desk: {apply}, apply: {form, desk}}
    assert status not in found


def test_answers_tied_to_contacts_and_known_segments_are_respondents_too(connection):
    linked, apply = ((item, "service", "apply") for item in (LINKED, INDEX))
    everybody, known, old = (RESPONDENTS, "all", "all"), (KNOWN, "all", "all"), (INDEX, "segment", "old")
    found, told = of_respondents(
        connection, (*linked, 20), (*apply, 20), (*everybody, 20), (*known, 18), (*old, 18)
    )
    assert found[apply] == {linked}
    assert found[old] == {known}
    # how many are of any segment tells of none
    assert told == {apply}

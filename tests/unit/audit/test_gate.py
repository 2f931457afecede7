"""The gate on candidates: a good one passes, and every planted fault is found, named and counted."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime

import duckdb
import pytest
from voxpop.audit.run import audit
from voxpop.errors import AuditError, Refused
from voxpop.raw.exclusions import exclude, include
from voxpop.release import store
from voxpop.release.accepted import accept

LATER = datetime(2026, 5, 3, 6, 0, tzinfo=UTC)
PLANTED = "078-05-1120"
CELL = "breakdown = 'service' and member = 'ben-apply' and measure = 'mean' and driver = 'trust'"


def results(made):
    said = json.loads((made.folder / "audit" / "results.json").read_text())
    return {(one["table"], one["name"]): one for one in said["expectations"]}


def failed(made):
    return {
        key: one for key, one in results(made).items() if not one["success"] and one["severity"] == "fail"
    }


def everything_written(made):
    return {
        path.relative_to(made.folder).as_posix(): path.read_text()
        for path in made.folder.rglob("*")
        if path.suffix in {".json", ".html"}
    }


@pytest.fixture(scope="module")
def passed(first_home, stage, tmp_path_factory):
    home = first_home.copy(tmp_path_factory.mktemp("passed") / "var")
    made = stage(home)
    return made, audit(home.settings, made)


def test_a_good_candidate_passes(passed):
    made, result = passed
    assert result.passed and result.failed == [] and result.warnings == []
    assert len(result.expectations) > 150
    assert all(one.unexpected_count == 0 for one in result.expectations)
    assert made.manifest["audit"] == {
        "passed": True,
        "expectations": len(result.expectations),
        "failed": 0,
        "warnings": 0,
        "page": "audit/index.html",
    }


def test_no_two_expectations_of_a_suite_share_a_name(passed):
    """A result is looked up by its name."""
    _, result = passed
    names = [(one.suite, one.name) for one in result.expectations]
    assert len(names) == len(set(names)) > 150


def test_every_warning_says_since_when(passed):
    """Those that a person ordered name the release since which they hold, and its id begins with its date."""
    _, result = passed
    reasons = [one.reason for one in result.expectations if one.severity == "warn"]
    assert reasons
    assert [reason for reason in reasons if not re.search(r"since \d{4}-?\d\d-?\d\d", str(reason))] == []


def test_every_table_has_a_suite(passed):
    made, result = passed
    assert set(made.manifest["tables"]) <= {one.table for one in result.expectations}


def test_the_page_stands_alone(passed):
    _, result = passed
    page = result.page.read_text()
    assert "Passed" in page and "fct_comments" in page
    assert re.findall(r"""(?:src|href|url)\s*[=(]|<script|<link|@import|https?://""", page) == []


def test_the_database_is_free_afterwards(passed):
    made, _ = passed
    made.database.chmod(0o640)
    with duckdb.connect(str(made.database)) as connection:
        connection.execute("checkpoint")


FAULTS = [
    "update marts.fct_interactions set wait_seconds = -1 where source_record_id in ('conv-1', 'conv-2')",
    "update marts.fct_interactions set ended_at = started_at - interval 1 second"
    " where source_record_id = 'conv-3'",
    "update marts.fct_interactions set source_record_id = 'conv-5' where source_record_id = 'conv-4'",
    "update marts.fct_interactions set fiscal_quarter = '2026Q4' where source_record_id = 'conv-6'",
    "update marts.fct_survey_responses set not_counted_reason = null where source_record_id = 'sub-0'",
    "update marts.fct_survey_responses set weight = 0 where source_record_id = 'sub-1'",
    "update marts.fct_survey_responses set survey_version = 9 where source_record_id = 'sub-2'",
    "insert into marts.fct_survey_answers values"
    " ('orphan', 'ben-apply-cx', 1, 'trust', 'likert_5', '6', 6, true, 1, date '2026-01-01', 'b')",
    "update marts.fct_survey_answers set is_positive = null where driver = 'trust' and response_id ="
    " (select response_id from marts.fct_survey_responses where source_record_id = 'sub-5')",
    "update marts.fct_survey_ties set interaction_id = 'nowhere', tie_method = 'guessed' where response_id ="
    " (select response_id from marts.fct_survey_responses where source_record_id = 'sub-4')",
    "insert into marts.fct_survey_ties values ('orphan', null, null, false, date '2026-01-01')",
    f"update marts.fct_comments set comment_text = 'My number is {PLANTED}'"
    " where comment_id in"
    " (select comment_id from marts.fct_comments where redaction_count = 0 order by 1 limit 3)",
    "delete from marts.dim_customers where customer_id = 'c300'",
    "insert into marts.identity_conflicts values"
    " ('x', 'shared', 'nobody', 'case', 't', 'strong', null, null, 1)",
    "insert into marts.identity_tokens values ('email', 't', 'medium', 'nobody', null, null, null, 1)",
    "insert into marts.identity_merges values ('c1', 'c1', 'run-1', 'merge'), ('c2', 'c3', 'run-1', 'guess')",
    "update marts.fct_survey_answers set survey_version = 2 where driver = 'ease' and response_id ="
    " (select response_id from marts.fct_survey_responses where source_record_id = 'sub-3')",
    "update marts.fct_comments set customer_id = 'nobody', organization_id = 'none', service_id = 'none',"
    " channel = 'fax' where comment_id = (select max(comment_id) from marts.fct_comments)",
    "comment on column marts.cx_index.band is null",
    f"update marts.cx_index set n = n + 1 where {CELL} and period_label = '2026-01'",
    f"update marts.cx_index set value = 5.5, high = 6 where {CELL} and period_label = '2026-02'",
    f"update marts.cx_index set value = null where {CELL} and period_label = '2026-04'",
    "update marts.cx_index set n = n + 1"
    " where measure = 'cx_index' and breakdown = 'channel' and member = 'phone' and period_label = '2026-03'",
    "update marts.cx_index set driver_count = 2, value = value + 1, high = null"
    " where measure = 'cx_index' and breakdown = 'channel' and member = 'phone' and period_label = '2026-02'",
    "delete from marts.cx_index"
    " where measure = 'cx_index' and breakdown = 'channel' and member = 'phone' and period_label = '2026-01'",
    f"insert into marts.cx_index select * replace ('top_box' as measure, 0.2 as value, 0 as low, 1 as high)"
    f" from marts.cx_index where {CELL} and period_label = '2026-03'",
    f"update marts.cx_index set suppressed = true where {CELL} and period_label = '2026-03'",
    "delete from marts.cx_index"
    " where measure = 'cx_index' and breakdown = 'service' and member = 'ben-apply'"
    " and period_label = '2026-03'",
    "insert into marts.cx_index"
    " select * replace ('year' as period_type, date '2025-10-01' as period_start, 'FY2026' as period_label)"
    f" from marts.cx_index where {CELL} and period_label = '2026Q2'",
    "update marts.contact_center_performance set handled = handled + 1 where breakdown = 'all'"
    " and period_label = '2026Q3'",
    *(
        f"update marts.contact_center_performance set {changed}"
        f" where breakdown = 'channel' and member = 'phone' and period_label = '2026-0{month}'"
        for month, changed in enumerate(
            (
                "handled = handled - 1, other = 1",
                "average_speed_of_answer_seconds = average_speed_of_answer_seconds + 1",
                "average_handle_seconds = average_handle_seconds + 1",
                "service_level_share = service_level_share + 0.01",
            ),
            start=1,
        )
    ),
    *(
        f"update marts.contact_center_performance set {share}_share = {share}_share + 0.01"
        f" where breakdown = 'channel' and member = 'live_chat' and period_label = '2026-0{month}'"
        for month, share in ((1, "abandonment"), (2, "transfer"))
    ),
    *(
        f"update marts.contact_center_performance set {changed}"
        f" where member = '{member}' and period_label = '2026-0{month}'"
        for member, month, changed in (
            ("ben-apply", 2, "speed_of_answer_count = speed_of_answer_count + 1"),
            ("ben-apply", 3, "handle_time_count = handle_time_count - 1"),
            ("ben-apply", 4, "service_level_count = service_level_count + 1"),
            ("dps-ben", 2, "abandonment_count = abandonment_count - 1"),
            ("dps-ben", 3, "transfer_count = transfer_count - 1"),
            ("ben-status", 2, "average_speed_of_answer_high = average_speed_of_answer_high + 0.05"),
            ("ben-status", 3, "average_speed_of_answer_low = average_speed_of_answer_low - 0.05"),
            ("ben-status", 4, "average_handle_low = 200, average_handle_high = 200"),
        )
    ),
    "update marts.contact_center_performance set transfer_share = null"
    " where breakdown = 'channel' and member = 'live_chat' and period_label = '2026-03'",
    "update marts.contact_center_performance set service_level_high = 1.2 where breakdown = 'all'"
    " and period_label = '2026Q2'",
    # all weights are 1, so a weighted figure is the unweighted one
    "update marts.cx_index set is_weighted = true, weighted_value = value + if(member = 'website', 0.5, 0),"
    " design_effect = 1, effective_n = n - if(member = 'website' and measure = 'mean', 1, 0)"
    " where breakdown = 'channel' and period_label = '2026Q2' and (measure = 'cx_index' or driver = 'trust')",
    "update marts.a11_280_collection_details set volume_of_respondents = volume_of_respondents + 1"
    " where service_id = 'ben-apply' and channel = 'phone' and quarter_start = date '2026-01-01'",
    "delete from marts.a11_280_responses where external_id = md5('r6')",
    "update marts.a11_280_responses set question_1 = '0' where external_id = md5('r7')",
    "update marts.a11_280_responses set positive_ease = '' where external_id = md5('r9')",
    "update marts.a11_280_collections set cx_collection_details_count = 9"
    " where service_id = 'ben-status' and quarter = '3'",
    "update marts.web_performance set bounce_high = 1.1 where member = 'mobile' and period_label = '2026Q2'",
    "update marts.web_performance set users = 7 where member = 'mobile' and period_label = '2026-01'",
    "update marts.web_performance set day_count = 32 where member = 'mobile' and period_label = '2026-02'",
    "update marts.web_performance set day_count = null where member = 'all' and period_label = '2026-02'",
    "update marts.web_performance set visits = visits + 1"
    " where member = 'desktop' and period_label = '2026-04'",
    "update marts.web_performance set n = 9, low_n = true where member = 'all' and period_label = '2026-04'",
    "insert into marts.web_performance by name"
    " select period_type, period_start, period_end_date, period_label, quarter_start, 'page' as breakdown,"
    " 'www.x.gov/b' as member, source_system, site, 'top' as report, basis, 6 as day_count,"
    " true as suppressed, false as low_n"
    " from marts.web_performance where member = 'all' and period_label = '2026-01'",
    "insert into marts.web_performance select * replace ('visits' as basis, 'ga4' as source_system)"
    " from marts.web_performance where member = 'desktop' and quarter_start = date '2026-01-01'",
    *(
        f"insert into marts.{table} select * replace ('source' as basis, 'top' as report, '{period_type}' as"
        f" period_type, '{label}' as period_label, date '{last}' as period_end_date)"
        f" from marts.{table} where {member} = 'all' and period_label = '2026-01' and basis = 'days'"
        for table, member in (("web_performance", "member"), ("page_helpfulness", "page"))
        for period_type, label, last in (
            ("month", "2026-01", "2026-01-31"),
            ("span", "2026-01-01/2026-02-28", "2026-02-28"),
        )
    ),
    "update marts.page_helpfulness set n = 51 where page = 'www.x.gov/a'",
    "update marts.page_helpfulness set value = 1, high = 1 where page = 'www.x.gov/'",
    "insert into marts.web_report_checks values"
    " ('dap_files', 'devices', 'days', 'devices.json', 'query', '90', false, null, 'b')",
    "insert into intermediate.int_survey_answers select response_id, 'answer_77', 'unmapped', _batch_id"
    " from marts.fct_survey_responses order by response_id limit 4",
]
"""Faults that don't hide one another, planted in the warehouse; `FOUND` says by what each is found."""

FOUND = {
    ("reconciliation", "landed is counted, not counted and of no known survey together"): (1, "genesys"),
    ("fct_interactions", "wait_seconds, talk_seconds, hold_seconds and wrap_seconds are not negative"): (
        2,
        "genesys.",
    ),
    ("fct_interactions", "no contact ends before it starts"): (1, "genesys."),
    ("fct_interactions", "source_system and source_record_id are unique"): (1, "genesys."),
    ("fct_interactions", "fiscal_quarter is that of started_local_date"): (1, "genesys."),
    ("reconciliation", "every record that landed is in a fact or known to be of no survey"): (
        1,
        "genesys conversations",
    ),
    ("fct_survey_responses", "what is not counted says why, and only that"): (1, "touchpoints."),
    ("fct_survey_responses", "weight is more than zero"): (1, "touchpoints."),
    ("fct_survey_responses", "survey_id and survey_version are in dim_surveys"): (1, "touchpoints."),
    ("fct_survey_answers", "response_id is in fct_survey_responses"): (1, "b"),
    ("fct_survey_answers", "likert_5, radio_5 and csat_5 are scored from 1 to 5, other scales are not"): (
        1,
        "b",
    ),
    ("fct_survey_answers", "raw_value is in its scale"): (1, "b"),
    # one planted, and one of a version that the survey hasn't
    ("fct_survey_answers", "is_positive is there where the question has a positive_min, and only there"): (
        2,
        "touchpoints.",
    ),
    ("fct_survey_ties", "response_id is in fct_survey_responses"): (1, "2026-01-01"),
    ("fct_survey_ties", "interaction_id is in fct_interactions"): (1, "2026-01-01"),
    ("fct_survey_ties", "how a response was tied is told where it was"): (1, "2026-01-01"),
    ("fct_survey_ties", "only a counted response has a row"): (1, "2026-01-01"),
    (
        "fct_comments",
        "no text holds a social security number, email address, phone or card number, or street address",
    ): (3, "comment_text: SSN touchpoints."),
    ("fct_interactions", "customer_id is in dim_customers"): (3, "genesys."),
    ("customer_journeys", "customer_id is in dim_customers"): (1, "a journey"),
    ("fct_survey_responses", "customer_id is in dim_customers"): (2, "touchpoints."),
    ("data_dictionary", "every column has a description"): (1, "cx_index.band"),
    ("fct_survey_answers", "survey_id and survey_version are those of the response"): (4, "touchpoints."),
    ("fct_comments", "customer_id is in dim_customers"): (2, "touchpoints."),
    ("fct_comments", "organization_id is in dim_organizations"): (1, "touchpoints."),
    ("fct_comments", "service_id is in dim_services"): (1, "touchpoints."),
    ("fct_comments", "channel is in dim_channels"): (1, "touchpoints."),
    ("identity_conflicts", "customer_id is in dim_customers"): (1, "a customer"),
    ("identity_conflicts", "who is not merged is a customer alone, and what is shared nobody's"): (
        1,
        "a customer",
    ),
    ("identity_tokens", "customer_id is in dim_customers"): (1, "email"),
    ("identity_merges", "no id is replaced by itself"): (1, "run-1"),
    ("identity_merges", "cause is one of earlier token, merge, split"): (1, "run-1"),
    # 16 planted ones, and the waits of conv-1 and conv-2 in the 10 other cells that they are in
    ("contact_center_performance", "every figure is what the contacts give"): (
        26,
        "month 2026-01-01 channel",
    ),
    # three planted ones, the top_box that was added, and the year that is under way
    ("cx_index", "n and values are what the answers give"): (5, "service ben-apply likert_5 mean trust"),
    ("cx_index", "n of a driver is withheld in all of its measures or in none"): (
        1,
        "2026-03 service ben-apply likert_5 mean trust",
    ),
    ("cx_index", "a shown cell has a value and an interval"): (
        2,
        "2026-02 channel phone likert_5 cx_index all; 2026-04 service ben-apply likert_5 mean trust",
    ),
    ("cx_index", "where anything of a member and scale is withheld, what its people left out has a row"): (
        1,
        "2026-03 service ben-apply likert_5 cx_index all",
    ),
    ("cx_index", "weighted figures are of all who answered"): (
        1,
        "2026Q2 channel website likert_5 mean trust",
    ),
    # two channels' mean and index: in a month of the quarter ben-apply's mean is withheld
    (
        "cx_index",
        "no service or organization is withheld or held in a period of which weighted figures are told",
    ): (4, "2026Q2 channel"),
    ("cx_index", "an index is the mean of its drivers' means, over all who answered"): (
        5,
        "month 2026-01-01 channel phone; month 2026-02-01 channel phone; month 2026-03-01 channel phone",
    ),
    ("cx_index", "a value and its interval are in their measure's range"): (
        1,
        "2026-02 service ben-apply likert_5 mean trust",
    ),
    ("cx_index", "a withheld cell shows no figure"): (1, "2026-03 service ben-apply likert_5 mean trust"),
    ("cx_index", "no withheld member is what is left of a published whole"): (1, "2026-03 service ben-apply"),
    ("cx_index", "no withheld month is what is left of a published quarter"): (
        1,
        "2026-03 service ben-apply",
    ),
    ("cx_index", "no withheld month is what is left of a published year"): (
        1,
        "2026-03 service ben-apply",
    ),
    ("contact_center_performance", "offered is handled, abandoned and other together"): (
        1,
        "2026Q3 all all genesys",
    ),
    (
        "contact_center_performance",
        "service_level_share lies in its interval, and that between 0 and 1",
    ): (1, "2026Q2 all all genesys"),
    (
        "contact_center_performance",
        "average_speed_of_answer_seconds lies in its interval, and that is not below 0",
    ): (1, "2026-02 channel phone genesys"),
    # the planted one, and sub-2's, whose version is another
    ("a11_280_collection_details", "every detail counts what the facts hold, by when people answered"): (
        2,
        "ben-apply 2026-01-01 ben-apply-cx 1 phone",
    ),
    ("a11_280_collection_details", "every detail's respondents are its responses"): (
        1,
        "Apply for a benefit 2026Q2 ben-apply-cx 1 phone",
    ),
    ("a11_280_responses", "every counted response to a filed survey is in one detail"): (1, "touchpoints."),
    ("a11_280_responses", "thumbs are 0 or 1 and five points 1 to 5, and no detail holds both"): (
        1,
        "touchpoints.",
    ),
    ("a11_280_responses", "every box is 0, 1 or null in letters"): (1, "touchpoints."),
    ("a11_280_collections", "cx_collection_details_count is that of the details"): (
        1,
        "Check the status of a claim 2026Q3",
    ),
    ("web_performance", "bounce_share lies in its interval, and that between 0 and 1"): (
        1,
        "2026Q2 device mobile dap dps/device",
    ),
    ("web_performance", "visitors of more than a day are never a sum of days"): (1, "2026-01 device mobile"),
    ("web_performance", "a figure is of a day at least, and of no more than its period has"): (
        1,
        "2026-02 device mobile",
    ),
    ("web_performance", "days are told where nothing of the quarter is withheld, and nowhere else"): (
        2,
        "2026Q2 all all dap",
    ),
    ("web_performance", "a withheld cell shows no figure"): (1, "2026-01 page www.x.gov/b dap top"),
    ("web_performance", "a quarter's visits are its months', added"): (1, "2026Q3 device desktop"),
    ("web_performance", "a cell with fewer than 10 is withheld"): (1, "2026-04 all all dap"),
    **{
        (table, "a span is withheld where figures of another number of days share a day with it"): (
            1,
            f"2026-01-01 2026-02-28 dap top {site}",
        )
        for table, site in (("web_performance", "all"), ("page_helpfulness", "www.x.gov"))
    },
    # nobody's visits are in the facts
    ("web_performance", "what is counted of single visits is what these give"): (4, "device desktop ga4"),
    ("page_helpfulness", "a page on which all voted alike is withheld"): (
        1,
        "2026-01 www.x.gov www.x.gov/ dap",
    ),
    # of 120 votes 60 and 51 are shown, so the two that are withheld have 9 together
    ("page_helpfulness", "a site's withheld pages are none, or few votes of no one page"): (
        1,
        "2026-01 www.x.gov",
    ),
    ("unknown", "every question is in the seed question_crosswalk"): (
        1,
        "touchpoints answer_77 in 4 records",
    ),
}


@pytest.fixture(scope="module")
def refused(first_home, stage, tmp_path_factory):
    home = first_home.copy(tmp_path_factory.mktemp("refused") / "var")
    home.land("genesys", "conversations", ["conv-1"], end=date(2026, 5, 2), quarantined=1)
    home.build()
    home.change(*FAULTS)
    made = stage(home)
    with pytest.raises(Refused) as caught:
        audit(home.settings, made)
    return made, caught.value


QUARANTINE = ("raw_batches", "at most 2% of a batch is in quarantine")


@pytest.mark.parametrize("key", FOUND, ids=" - ".join)
def test_a_planted_fault_is_found(refused, key):
    count, blame = FOUND[key]
    one = results(refused[0])[key]
    assert one["unexpected_count"] == count
    assert blame in one["observed"]


def test_nothing_else_is_found(refused):
    assert set(failed(refused[0])) == {*FOUND, QUARANTINE}


def test_a_report_that_contradicts_itself_warns(refused):
    one = results(refused[0])["web_report_checks", "a published report says one thing of itself"]
    assert (one["severity"], one["unexpected_count"], one["observed"]) == (
        "warn",
        1,
        "dap_files devices days",
    )


def test_the_refusal_says_what_where_how_many_and_what_to_do(refused):
    made, error = refused
    said = str(error)
    assert error.exit_code == 3
    assert "nothing is published yet" in said
    assert f"{len(FOUND) + 1} of {made.manifest['audit']['expectations']} expectations did not hold" in said
    quarantine = "not so: at most 2% of a batch is in quarantine: 1 row (1 of 2 rows (50%) of genesys."
    assert f"raw_batches: {quarantine}" in said
    assert str(made.folder / "audit" / "index.html") in said
    assert "voxpop batches exclude BATCH --reason" in said


def test_no_value_of_a_row_is_in_what_was_written(refused):
    made, error = refused
    written = everything_written(made)
    assert set(written) >= {"audit/index.html", "audit/results.json", "manifest.json"}
    for name, text in [*written.items(), ("message", str(error))]:
        assert PLANTED not in text, name
        assert "conv-3" not in text, name


def test_a_refused_candidate_is_not_published(refused, first_home):
    made, _ = refused
    assert made.manifest["audit"]["passed"] is False


def test_a_table_or_column_that_is_missing_is_named_and_nothing_else_is_tried(home, stage):
    home.change("alter table marts.fct_comments rename column ssn_count to ssns")
    made = stage(home)
    with pytest.raises(
        Refused, match=r"fct_comments has the columns that readers rely on: 1 row \(ssn_count"
    ):
        audit(home.settings, made)
    assert {one["suite"] for one in results(made).values()} == {"shape"}


def test_a_public_table_that_no_rule_of_suppression_knows_is_refused(home, stage):
    file = home.settings.dbt_target / "target" / "manifest.json"
    said = json.loads(file.read_text())
    said["nodes"]["model.voxpop.fct_comments"]["config"]["meta"]["audience"] = "public"
    file.write_text(json.dumps(said))
    made = stage(home)
    with pytest.raises(Refused):
        audit(home.settings, made)
    found = failed(made)
    assert set(found) == {
        ("fct_comments", "a rule of suppression knows the table, because it is public"),
        ("fct_comments", "no column is about one person"),
        ("fct_comments", "no text holds the id of a person, response or contact"),
    }


def test_a_version_of_a_survey_may_have_several_forms(home, stage):
    """One on paper beside the one on the website, as the dbt model's key allows."""
    home.change(
        "insert into marts.dim_surveys select * replace ('paper' as source_form_id) from marts.dim_surveys"
    )
    assert audit(home.settings, stage(home)).passed


def test_small_cells_must_be_withheld(home, stage):
    """A month of 9 contacts: withheld by nobody."""
    home.change(
        "update marts.contact_center_performance set offered = 9, handled = 9, abandoned = 0, low_n = true"
        " where breakdown = 'channel' and period_label = '2026-01' and member = 'phone'",
        "update marts.contact_center_performance set low_n = true where breakdown = 'all'",
    )
    made = stage(home)
    with pytest.raises(Refused):
        audit(home.settings, made)
    counts = {name: one["unexpected_count"] for (_, name), one in failed(made).items()}
    assert counts == {
        "a cell with fewer than 10 is withheld": 1,
        "a shown cell with fewer than 30 is marked low_n": 6,
        "every figure is what the contacts give": 1,
    }


def test_what_a_source_does_not_say_is_not_zero(home, stage):
    """Facts don't say who gave up or was handed on: a table that says 0, then one that doesn't."""
    home.change(
        "update marts.fct_interactions set is_abandoned = null, is_transferred = null",
        "update marts.contact_center_performance set other = abandoned, abandoned = 0, abandonment_share = 0,"
        " transfer_share = 0",
    )
    made = stage(home)
    with pytest.raises(Refused):
        audit(home.settings, made)
    assert [name for _, name in failed(made)] == ["every figure is what the contacts give"]
    home.change(
        "update marts.contact_center_performance set abandoned = null, abandonment_count = 0,"
        " transfer_count = 0, abandonment_share = null, abandonment_low = null, abandonment_high = null,"
        " transfer_share = null, transfer_low = null, transfer_high = null"
    )
    assert audit(home.settings, stage(home)).passed


def test_an_expectation_that_cannot_run_is_an_error_and_no_refusal(home, stage):
    """A column of another type, which the shape does not know."""
    home.change(
        f"alter table marts.contact_center_performance alter column other type varchar using '{PLANTED}'",
    )
    made = stage(home)
    with pytest.raises(AuditError, match="could not run") as caught:
        audit(home.settings, made)
    assert caught.value.exit_code == 1
    assert "contact_center_performance: offered is handled, abandoned and other together" in str(caught.value)
    for text in [str(caught.value), *everything_written(made).values()]:
        assert PLANTED not in text
    assert made.manifest["audit"]["passed"] is False


@pytest.fixture
def published(home):
    home.publish(LATER)
    home.land("genesys", "conversations", ["conv-1"])
    home.build()
    return home


def test_change_against_the_current_release(published, stage):
    """The facts reach to 2026-04-30, so 2026Q2 (January to March) is closed and 2026Q3 is open."""
    moved = (
        "update marts.cx_index set value = value + 16, high = 200"
        " where measure = 'cx_index' and breakdown = 'all'"
    )
    published.change(
        f"{moved} and period_label in ('2026Q2', '2026Q3')",
        "update marts.fct_survey_responses set answered_local_date = date '2026-03-31'"
        " where month(answered_local_date) = 2 and source_record_id < 'sub-3'",
        "delete from marts.fct_interactions"
        " where month(started_local_date) = 1 and source_record_id > 'conv-10'",
        "delete from marts.fct_comments where month(commented_date) = 3",
        "delete from marts.cx_index where breakdown = 'channel' and member = 'phone' and driver = 'trust'"
        " and period_label in ('2026-02', '2026-04', '2026Q3')",
        "delete from marts.contact_center_performance where breakdown = 'all' and period_label = '2026-03'",
    )
    made = stage(published, LATER)
    with pytest.raises(Refused) as caught:
        audit(published.settings, made)
    found = {key: (one["unexpected_count"], one["observed"]) for key, one in failed(made).items()}
    index = found["change_of_cx_index", "no quarter's index moved by more than 15 points"]
    assert index == (1, "2026Q2 all all")
    contacts = found["change_of_volume", "no closed month's contacts changed by more than 50%"]
    assert contacts == (1, "genesys 2026-01")
    count, observed = found["change_of_volume", "no closed month's responses changed by more than 50%"]
    assert (count, observed) == (2, "touchpoints 2026-02; touchpoints 2026-03")
    comments = found["change_of_volume", "no closed month's comments changed by more than 50%"]
    assert comments == (1, "touchpoints 2026-03")
    gone = "no closed period lacks a figure that it had"
    assert found["change_of_cx_index", gone] == (1, "2026-02 channel phone likert_5 mean trust")
    assert found["change_of_contact_center_performance", gone] == (1, "2026-03 all all genesys")
    suite = "change_of_cx_index"
    warned = results(made)[suite, "no open or small quarter's index moved by more than 15 points"]
    assert (warned["severity"], warned["success"]) == ("warn", False)
    assert warned["observed"] == "2026Q3 all all"
    assert "a few answers do this" in warned["reason"]
    current = store.current(published.settings)
    assert current is not None and f"{current.release_id} stays current" in str(caught.value)


LOST = (
    "delete from marts.fct_interactions where month(started_local_date) = 1 and source_record_id > 'conv-10'",
    "delete from marts.cx_index where breakdown = 'channel' and member = 'phone' and driver = 'trust'"
    " and period_label = '2026-02'",
)
"""A candidate that lacks most of January's contacts, and a figure of the CX index."""

CONTACTS = ("change_of_volume", "no closed month's contacts changed by more than 50%")
INDEX = ("change_of_cx_index", "no closed period lacks a figure that it had")


def test_excluding_a_batch_that_no_release_held_softens_nothing(published, stage):
    exclude(published.settings, published.batches[-1].batch_id, "sent twice", LATER)
    published.land("genesys", "conversations", ["conv-2"])
    published.build()
    published.change(*LOST)
    made = stage(published, LATER)
    with pytest.raises(Refused):
        audit(published.settings, made)
    assert made.manifest["excluded"] != []
    assert {CONTACTS, INDEX} <= set(failed(made))


def test_a_batch_that_is_included_again_only_warns_where_its_records_count(home, stage):
    """Contacts are no answers: the CX index can't lack a figure because of them."""
    late = home.land("genesys", "conversations", ["conv-1"])
    exclude(home.settings, late.batch_id, "sent twice", LATER)
    home.build()
    home.publish(LATER)
    include(home.settings, late.batch_id, "it was right", LATER)
    home.build()
    home.change(*LOST)
    made = stage(home, LATER)
    with pytest.raises(Refused):
        audit(home.settings, made)
    assert INDEX in failed(made) and CONTACTS not in failed(made)
    assert (results(made)[CONTACTS]["severity"], results(made)[CONTACTS]["success"]) == ("warn", False)


def test_a_change_that_a_person_ordered_only_warns(home, stage):
    """A batch that was published is excluded, and with it goes most of January."""
    published = home
    published.land("genesys", "conversations", ["conv-1"])
    published.build()
    published.publish(LATER)
    exclude(published.settings, published.batches[-1].batch_id, "sent twice", LATER)
    published.land("genesys", "conversations", ["conv-2"])
    published.build()
    published.change(
        "delete from marts.fct_interactions"
        " where month(started_local_date) = 1 and source_record_id > 'conv-10'",
        "delete from marts.contact_center_performance where period_label in ('2026-01', '2026Q2')",
    )
    made = stage(published, LATER)
    with pytest.raises(Refused):
        audit(published.settings, made)
    assert {suite for suite, _ in failed(made)} == {
        "contact_center_performance",
        "customer_journeys",
        "reconciliation",
    }
    warned = results(made)["change_of_volume", "no closed month's contacts changed by more than 50%"]
    assert (warned["severity"], warned["success"]) == ("warn", False)
    assert warned["observed"] == "genesys 2026-01"
    current = store.current(published.settings)
    assert current is not None
    assert warned["reason"] == f"batches were excluded or included since {current.release_id}"


def test_a_change_of_method_that_a_person_accepted_only_warns(home, stage):
    home.publish(LATER)
    home.fingerprint = "e" * 64
    home.build()
    home.change(*LOST)
    accept(home.settings, stage(home, LATER), "January is counted by its answers alone", LATER)
    made = stage(home, LATER)
    with pytest.raises(Refused):
        audit(home.settings, made)
    assert not any(suite.startswith("change") for suite, _ in failed(made)), "the rest of the gate holds"
    for rule in (CONTACTS, INDEX):
        warned = results(made)[rule]
        assert (warned["severity"], warned["success"]) == ("warn", False)
        assert warned["reason"] == "a change of method was accepted: January is counted by its answers alone"


def test_a_release_of_an_older_version_is_compared_where_it_can_be(home, stage):
    """It had no drivers, a center had another name, and so had the day of comments."""
    home.change(
        "create table marts.older as select * exclude (driver) from marts.cx_index",
        "drop table marts.cx_index",
        "alter table marts.older rename to cx_index",
        "create table marts.older as select * rename (source_system as center)"
        " from marts.contact_center_performance",
        "drop table marts.contact_center_performance",
        "alter table marts.older rename to contact_center_performance",
        "alter table marts.fct_comments rename commented_date to said_on",
    )
    home.publish(LATER)
    home.fingerprint = "e" * 64
    home.build()
    home.change("delete from marts.contact_center_performance where breakdown = 'channel'")
    made = stage(home, LATER)
    with pytest.raises(Refused):
        audit(home.settings, made)
    gone = ("change_of_contact_center_performance", "no closed period lacks a figure that it had")
    assert "2026-02 channel live_chat" in failed(made)[gone]["observed"]
    warned = {
        one["observed"] for one in results(made).values() if one["severity"] == "warn" and not one["success"]
    }
    assert warned == {"cx_index", "fct_comments"}


def test_new_records_alone_change_nothing_that_is_closed(published, stage):
    result = audit(published.settings, stage(published, LATER))
    assert result.passed and result.warnings == []
    assert {"change_of_cx_index", "change_of_volume"} <= {one.suite for one in result.expectations}

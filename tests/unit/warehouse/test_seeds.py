"""Seeds are proved before dbt starts: each wrong row is named with its file, its line and the reason."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from voxpop.config import PROJECT, Settings, load_settings
from voxpop.errors import ConfigError
from voxpop.warehouse.seed_tables import POLICIES, TABLES
from voxpop.warehouse.seeds import check_seeds


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    seeds = tmp_path / "seeds"
    shutil.copytree(PROJECT / "dbt_project" / "seeds", seeds)
    return Settings(tmp_path, Path("unused"), seeds)


def problems(settings: Settings) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        check_seeds(settings)
    first, *rest = str(caught.value).splitlines()
    assert str(settings.seeds) in first
    assert "nothing was built" in first
    return [line.strip() for line in rest]


def change(settings: Settings, name: str, old: str, new: str) -> None:
    path = settings.seeds / f"{name}.csv"
    text = path.read_text()
    assert text.count(old) == 1, "the case changes what it names"
    path.write_text(text.replace(old, new))


def test_what_ships_can_be_used(settings: Settings) -> None:
    check_seeds(settings)


SERVICE = "fld-records,Request vital records,dps-fld,request|receive,false"
SURVEY = "3090-0311,2027-09-30,touchpoints,344bb622,2020-01-01,2025-05-11"
QUEUE = "89bc583f-7acd-5dd0-b71f-5e45f96f88bf,Request vital records,dps-fld,fld-records"
QUESTION = "kiosk_csat,easy,core,ease,csat_5,1,5,4,0|9,"


@pytest.mark.parametrize(
    ("name", "old", "new", "problem"),
    [
        # references
        (
            "services",
            SERVICE,
            SERVICE.replace("dps-fld", "dps-xyz"),
            "services.csv: row 13: organization_id 'dps-xyz' is not in organizations.csv",
        ),
        (
            "contact_queues",
            QUEUE,
            QUEUE.replace("fld-records", "fld-rec"),
            "contact_queues.csv: row 13: service_id 'fld-rec' is not in services.csv",
        ),
        (
            "channel_aliases",
            "field_offices,KIOSK,self_service_kiosk",
            "field_offices,KIOSK,kiosk",
            "channel_aliases.csv: row 14: channel 'kiosk' is not in channels.csv",
        ),
        (
            "surveys",
            "fld-kiosk,1,Field office kiosk,kiosk_csat",
            "fld-kiosk,1,Field office kiosk,kiosk",
            "surveys.csv: row 14: instrument 'kiosk' is not in question_crosswalk.csv",
        ),
        (
            "surveys",
            "kiosk_csat,dps-fld,fld-card,self_service_kiosk",
            "kiosk_csat,dps-fld,card,self_service_kiosk",
            "surveys.csv: row 14: service_id 'card' is not in services.csv",
        ),
        (
            "organizations",
            "Western Field Services,WFS,dps,",
            "Western Field Services,WFS,dpss,",
            "organizations.csv: row 6: parent_organization_id 'dpss' is not in organizations.csv",
        ),
        # types and values
        (
            "organizations",
            "WFS,dps,division,America/Los_Angeles",
            "WFS,dps,division,Pacific",
            "organizations.csv: row 6: time_zone 'Pacific': is no IANA time zone, such as America/New_York",
        ),
        (
            "organizations",
            "WFS,dps,division",
            "WFS,,division",
            "organizations.csv: row 6: an agency has no parent_organization_id, and a division has one",
        ),
        (
            "services",
            SERVICE,
            SERVICE.replace("false", "no"),
            "services.csv: row 13: is_high_impact 'no': is neither true nor false",
        ),
        (
            "services",
            SERVICE,
            SERVICE.replace("Request vital records", ""),
            "services.csv: row 13: service_name is empty",
        ),
        (
            "services",
            SERVICE,
            SERVICE.replace("dps-fld", " dps-fld"),
            "services.csv: row 13: organization_id ' dps-fld' begins or ends with a space",
        ),
        ("services", SERVICE, SERVICE + ",", "services.csv: row 13: has 6 cells instead of 5"),
        (
            "surveys",
            SURVEY,
            SURVEY.replace("2027-09-30", "9/30/2027"),
            "surveys.csv: row 13: omb_expires_on '9/30/2027': is no date as YYYY-MM-DD",
        ),
        (
            "surveys",
            SURVEY,
            SURVEY.replace("2027-09-30", ""),
            "surveys.csv: row 13: omb_control_number and omb_expires_on come both or neither",
        ),
        (
            "surveys",
            SURVEY,
            SURVEY.replace("2025-05-11", "2019-12-31"),
            "surveys.csv: row 13: valid_to is before valid_from",
        ),
        (
            "policy",
            "suppression_min_n,10",
            "suppression_min_n,ten",
            "policy.csv: row 2: value 'ten': is no number",
        ),
        (
            "policy",
            "suppression_min_n,10",
            "suppression_min_n,0",
            "policy.csv: row 2: suppression_min_n is a whole number of responses, 1 at least, and 0 is none",
        ),
        (
            "policy",
            "journey_gap_days,7",
            "journey_gap_days,1.5",
            "policy.csv: row 25: journey_gap_days is a whole number of days, 1 at least, and 1.5 is none",
        ),
        (
            "policy",
            "journey_gap_days,7,days",
            "journey_gap_days,168,hours",
            "policy.csv: row 25: journey_gap_days is taken in days, not in hours",
        ),
        (
            "policy",
            "segment_claim_min_share,0.8",
            "segment_claim_min_share,80",
            "policy.csv: row 22: segment_claim_min_share is a share from 0 to 1, and 80 is none",
        ),
        (
            "policy",
            "low_n_below,30",
            "low_n_below,5",
            "policy.csv: row 3: low_n_below 5 is less than suppression_min_n (row 2), so that nothing shown "
            "would be marked",
        ),
        (
            "segments",
            "veterans,Veterans",
            "veterans,Small businesses",
            "segments.csv: row 5: segment_name Small businesses is in row 3 already",
        ),
        (
            "identity_rules",
            "account,strong",
            "ssn,strong",
            "identity_rules.csv: row 2: identifier_type 'ssn': input should be "
            "'account', 'case', 'email', 'name', 'phone', "
            "'visitor' or 'link'",
        ),
        (
            "identity_rules",
            "email,medium,name,6",
            "email,medium,name,",
            "identity_rules.csv: row 4: the tier medium, and a weak one with a second_attribute, needs a "
            "degree_cap, and no other has one",
        ),
        (
            "identity_rules",
            "account,strong,,",
            "account,strong,name,",
            "identity_rules.csv: row 2: the tier strong needs no second_attribute; medium and weak ones have "
            "one",
        ),
        (
            "identity_rules",
            "phone,weak,name,6",
            "phone,weak,visitor,6",
            "identity_rules.csv: row 5: second_attribute 'visitor' has no row of the tier attribute",
        ),
        (
            "identity_denied",
            "decided_on\n",
            f"decided_on\nemail,{'a' * 32},name+phone+email,{'b' * 32},two people,2026-01-05\n",
            "identity_denied.csv: row 2: other_identifier_type 'name+phone+email': is none of account, case, "
            "email, name, phone, visitor, nor two of them with a + between",
        ),
        (
            "identity_denied",
            "decided_on\n",
            f"decided_on\nemail,{'a' * 32},email,{'a' * 32},two people,2026-01-05\n",
            "identity_denied.csv: row 2: both tokens are the same one; a row parts two",
        ),
        (
            "identity_denied",
            "decided_on\n",
            f"decided_on\nemail,ann@x.org,email,{'a' * 32},two people,2026-01-05\n",
            "identity_denied.csv: row 2: token: is no token, which is 32 digits and letters from a to f, as "
            "in identity_tokens",
        ),
        (
            "identity_denied",
            "decided_on\n",
            f"decided_on\nemail,{'a' * 32},email, ann@x.org,two people,2026-01-05\n",
            "identity_denied.csv: row 2: other_token begins or ends with a space",
        ),
        (
            "question_crosswalk",
            QUESTION,
            QUESTION.replace("1,5,4", "0,5,4"),
            "question_crosswalk.csv: row 35: valid_min and valid_max must be in order and within 1 to 5, "
            "the scale's range",
        ),
        (
            "question_crosswalk",
            QUESTION,
            QUESTION.replace("1,5,4", "1,5,6"),
            "question_crosswalk.csv: row 35: positive_min must be above valid_min and not above valid_max",
        ),
        (
            "question_crosswalk",
            QUESTION,
            QUESTION.replace("ease,csat_5", ","),
            "question_crosswalk.csv: row 35: a core question needs driver, scale, valid_min and valid_max",
        ),
        (
            "question_crosswalk",
            "kiosk_csat,comment,comment,,",
            "kiosk_csat,comment,comment,ease,",
            "question_crosswalk.csv: row 36: a question of the role comment has no driver, scale or range",
        ),
        # what A-11 section 280 can't take
        (
            "a11_280_surveys",
            "tax-plan-cx,post_interaction,agree",
            "tax-plan-cx,post_interaction,decide",
            "a11_280_surveys.csv: row 11: tax-plan-cx: tax-plan has no stage 'decide' in services.csv",
        ),
        (
            "a11_280_surveys",
            "tax-plan-cx,post_interaction,agree,effectiveness|ease",
            "tax-plan-cx,post_interaction,agree,effectiveness|speed",
            "a11_280_surveys.csv: row 11: reasons_offered "
            "'effectiveness|speed|efficiency|transparency|humanity|employee|other': names speed; a reason is "
            "one of effectiveness, ease, efficiency, transparency, humanity, employee, other",
        ),
        (
            "surveys",
            "a11_v2,dps-tax,tax-plan,website",
            "a11_v2,dps-tax,,website",
            "a11_280_surveys.csv: row 11: tax-plan-cx is about no service (surveys.csv: row 11), and is "
            "filed for one",
        ),
        (
            "question_crosswalk",
            "a11_v2_radio,answer_01,core,trust,",
            "a11_v2_radio,answer_01,core,ease,",
            "a11_280_surveys.csv: row 13: fld-records-cx asks a11_v2_radio (surveys.csv: row 15), which has "
            "no question on trust of thumbs or five points",
        ),
        (
            "service_providers",
            "cx-field@dps.example.gov",
            "the field team",
            "service_providers.csv: row 5: contact_email 'the field team': string should match pattern "
            r"'^[^@\s]+@[^@\s]+\.[^@\s]+$'",
        ),
        # twice
        (
            "service_providers",
            "dps-fld,fld,",
            "dps-fld,tax,",
            "service_providers.csv: row 5: service_provider_id tax is in row 4 already",
        ),
        (
            "services",
            SERVICE,
            SERVICE.replace("fld-records", "fld-card"),
            "services.csv: row 13: service_id fld-card is in row 12 already",
        ),
        (
            "question_crosswalk",
            QUESTION,
            QUESTION.replace("ease", "satisfaction"),
            "question_crosswalk.csv: row 35: instrument kiosk_csat, driver satisfaction is in row 34 already",
        ),
    ],
)
def test_a_wrong_row_is_named(settings: Settings, name: str, old: str, new: str, problem: str) -> None:
    change(settings, name, old, new)
    assert problems(settings) == [problem]


def test_thumbs_say_which_is_up(settings: Settings) -> None:
    change(settings, "question_crosswalk", "trust,thumbs,0,1,1,", "trust,thumbs,0,1,,")
    problem = "question_crosswalk.csv: row 28: a question of thumbs needs positive_min, which says what is up"
    assert problem in problems(settings)


def test_two_versions_of_a_form_do_not_overlap(settings: Settings) -> None:
    path = settings.seeds / "surveys.csv"
    (kiosk,) = [line for line in path.read_text().splitlines() if line.startswith("fld-kiosk")]
    again = kiosk.replace("fld-kiosk,1,", "fld-kiosk,2,").replace("2020-01-01,", "2026-01-01,")
    path.write_text(path.read_text() + again + "\n")
    unexplained = (
        "surveys.csv: row 16: version 2 of fld-kiosk has the instrument, channel and sampling of version 1; "
        "give it what changed, or a row in survey_changes.csv for 2026-01-01"
    )
    assert problems(settings) == [
        "surveys.csv: row 16: form fld-kiosk of kiosk_surveys is valid from 2026-01-01, "
        "while row 14 is valid until 9999-12-31",
        unexplained,
    ]
    path.write_text(path.read_text().replace(kiosk + "\n", kiosk + "2025-12-31\n"))
    assert problems(settings) == [unexplained]
    said = "survey_id,changed_on,kind,reason\nfld-kiosk,2026-01-01,order,Ease is asked first\n"
    (settings.seeds / "survey_changes.csv").write_text(said)
    check_seeds(settings)


def test_nothing_changes_before_a_survey_begins(settings: Settings) -> None:
    said = "survey_id,changed_on,kind,reason\nfld-kiosk,2020-01-01,mode,Tablets at the counter\n"
    (settings.seeds / "survey_changes.csv").write_text(said)
    assert problems(settings) == [
        "survey_changes.csv: row 2: fld-kiosk begins on 2020-01-01 (surveys.csv), so nothing can have "
        "changed on 2020-01-01"
    ]


def test_a_mistyped_policy_is_named_beside_the_one_that_is_missing(settings: Settings) -> None:
    change(settings, "policy", "suppression_min_n,10", "suppression_min,10")
    assert problems(settings) == [
        "policy.csv: there is no row for suppression_min_n",
        "policy.csv: row 2: nothing goes by a policy called suppression_min",
    ]


@pytest.mark.parametrize("policy", POLICIES)
def test_every_policy_is_needed(settings: Settings, policy: str) -> None:
    path = settings.seeds / "policy.csv"
    path.write_text("".join(row for row in path.open() if not row.startswith(f"{policy},")))
    assert problems(settings) == [f"policy.csv: there is no row for {policy}"]


@pytest.mark.parametrize(
    ("name", "row", "problem"),
    [
        (
            "web_pages",
            "www.x.gov,/a,fld-card,decide,false,false",
            "journey_stage 'decide' is none of fld-card's, which services.csv gives as request, receive",
        ),
        ("web_pages", "www.x.gov,/a,no-such,,false,false", "service_id 'no-such' is not in services.csv"),
        (
            "web_pages",
            "www.x.gov,/a,,,true,false",
            "a page without service_id has no journey_stage and no task",
        ),
        (
            "web_events",
            "page_helpful,vote,maybe,helpful_no",
            "page_helpful is told by another parameter in row 2",
        ),
        ("web_events", "page_helpful,helpful,,helpful_no", "page_helpful has any value, or one, in row 2"),
        ("web_events", "sent,,yes,task_done", "a value is one of a parameter, and none is named"),
    ],
)
def test_what_a_website_shows_has_one_meaning(settings: Settings, name: str, row: str, problem: str) -> None:
    path = settings.seeds / f"{name}.csv"
    path.write_text(path.read_text() + row + "\n")
    line = len(path.read_text().splitlines())
    assert problems(settings) == [f"{name}.csv: row {line}: {problem}"]


def test_every_wrong_row_is_told_at_once_and_the_many_are_counted(settings: Settings) -> None:
    change(settings, "services", "false\ntrv-new", "no\ntrv-new")
    path = settings.seeds / "segments.csv"
    path.write_text("segment,segment_name\n" + "".join(f"same,Same {n}\n" for n in range(30)))
    found = problems(settings)
    assert found[0] == "services.csv: row 5: is_high_impact 'no': is neither true nor false"
    assert found[1:3] == [
        "segments.csv: row 3: segment same is in row 2 already",
        "segments.csv: row 4: segment same is in row 2 already",
    ]
    assert found[-1] == "… and 10 more"


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ("dps-tax,2025-12-31,America/Denver\ndps-tax,2024-12-31,America/New_York", None),
        ("dps-x,2025-12-31,UTC", "row 2: organization_id 'dps-x' is not in organizations.csv"),
        (
            "dps-tax,2025-12-31,EST5",
            "row 2: time_zone 'EST5': is no IANA time zone, such as America/New_York",
        ),
        ("dps-tax,31.12.2025,UTC", "row 2: valid_to '31.12.2025': is no date as YYYY-MM-DD"),
        ("dps-tax,,UTC", "row 2: valid_to is empty"),
        (
            "dps-tax,2025-12-31,UTC\ndps-tax,2025-12-31,Asia/Tokyo",
            "row 3: organization_id dps-tax, valid_to 2025-12-31 is in row 2 already",
        ),
        (
            "dps-tax,2025-12-31,UTC\ndps-tax,2024-12-31,UTC",
            "row 3: dps-tax keeps UTC until 2024-12-31 and, by row 2 of earlier_time_zones.csv, after it",
        ),
        (
            "dps-tax,2025-12-31,America/Chicago",
            "row 2: dps-tax keeps America/Chicago until 2025-12-31 and, by row 5 of organizations.csv, "
            "after it",
        ),
    ],
)
def test_each_day_of_an_organization_has_one_time_zone(
    settings: Settings, rows: str, problem: str | None
) -> None:
    """A zone ends with a day and the next begins the day after: no day has none, and none has two."""
    (settings.seeds / "earlier_time_zones.csv").write_text(f"organization_id,valid_to,time_zone\n{rows}\n")
    if problem is None:
        check_seeds(settings)
    else:
        assert problems(settings) == [f"earlier_time_zones.csv: {problem}"]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "row 1: the header must be segment,segment_name"),
        (b"segment;segment_name\n", "row 1: the header must be segment,segment_name"),
        (b"segment_name,segment\n", "row 1: the header must be segment,segment_name"),
        ("segment,segment_name\nä,ö\n".encode("latin-1"), "is not UTF-8; save it as CSV UTF-8"),
        (b'segment,segment_name\n"a" b,c\n', "row 2: is no CSV (',' expected after '\"')"),
        (b"segment,segment_name\n\na,b\n", "row 2: has 0 cells instead of 2"),
    ],
)
def test_a_file_that_is_no_seed(settings: Settings, content: bytes, problem: str) -> None:
    (settings.seeds / "segments.csv").write_bytes(content)
    assert problems(settings) == [f"segments.csv: {problem}"]


def test_a_seed_may_have_no_rows_and_a_byte_order_mark(settings: Settings) -> None:
    (settings.seeds / "segments.csv").write_bytes(b"\xef\xbb\xbfsegment,segment_name\r\n")
    header = (settings.seeds / "contact_queues.csv").read_text().splitlines()[0]
    (settings.seeds / "contact_queues.csv").write_text(header + "\n")
    check_seeds(settings)


def test_a_seed_that_is_not_there_has_no_rows(settings: Settings) -> None:
    (settings.seeds / "segments.csv").unlink()
    check_seeds(settings)
    (settings.seeds / "organizations.csv").unlink()
    assert problems(settings)[0] == "organizations.csv: there is no row for the agency itself"


def test_a_file_that_no_seed_is_named_as_is_refused(settings: Settings) -> None:
    (settings.seeds / "segments.csv").rename(settings.seeds / "segment.csv")
    (told,) = problems(settings)
    assert told.startswith("segment.csv: there is no seed of that name; there are organizations, ")


GOAL = (
    "G1,Shorter waits,By 2026 fewer give up,Abandonment by phone,Ops,contact_center_performance,"
    "abandonment_share,offered,abandonment_low,abandonment_high,quarter,breakdown=channel|member=phone,decrease,rate,0.1,0.05,"
    "2025-10-01,2026-09-30"
)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (
            "contact_center_performance",
            "fct_interactions",
            "table_name 'fct_interactions' is no public table of measures",
        ),
        (
            "abandonment_share",
            "abandonment",
            "there is no column 'abandonment' in contact_center_performance",
        ),
        ("breakdown=", "split=", "there is no column 'split' in contact_center_performance"),
        ("abandonment_share", "member", "value_column 'member' holds no number"),
        (",abandonment_low", ",low_n", "low_column 'low_n' holds no number"),
        (",abandonment_high", ",held_from", "high_column 'held_from' holds no number"),
        (",offered", ",transfer_share", "n_column 'transfer_share' holds no count"),
        (
            "member=phone",
            "member=phone|low_n=false",
            "row_filter names 'low_n', which is not what tells the rows of contact_center_performance apart: "
            "period_type, period_start, breakdown, member, source_system",
        ),
        ("member=phone", "member", "row_filter 'breakdown=channel|member': string should match pattern"),
        ("0.1,0.05", ",0.05", "a goal that is to change something needs its value_start"),
        ("2026-09-30", "2025-09-30", "target_date is not after start_date"),
        (
            "decrease,rate",
            "maintain_at_or_below,cumulative",
            "what adds up can't be maintained: kind is level or rate",
        ),
        ("decrease", "down", "direction 'down': input should be 'increase', 'decrease'"),
    ],
)
def test_a_goal_names_what_is_there(settings: Settings, old: str, new: str, problem: str) -> None:
    path = settings.seeds / "priority_goals.csv"
    path.write_text(",".join(TABLES["priority_goals"].row.model_fields) + "\n" + GOAL + "\n")
    check_seeds(settings)
    change(settings, "priority_goals", old, new)
    (found,) = problems(settings)
    assert found.startswith(f"priority_goals.csv: row 2: {problem}")


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (
            "s,a,Q?,mean,ease,likert_5,points,,",
            "a row is about a figure or about a question: one of them is given",
        ),
        ("s,,Q?,mean,ease,,,,", "a question has a driver, and no measure, scale or unit"),
        ("s,a,,,ease,likert_5,points,,", "a figure needs its measure, or ignore"),
        ("s,a,,mean,ease,likert_5,,,", "a figure that is not ignored needs its unit"),
        (
            "s,a,,mean,ease,likert_5,points,zero,",
            "zero_means 'zero': input should be 'not_asked' or 'not_reported'",
        ),
    ],
)
def test_a_published_column_is_said_whole(settings: Settings, row: str, problem: str) -> None:
    header = ",".join(TABLES["published_measure_crosswalk"].row.model_fields)
    (settings.seeds / "published_measure_crosswalk.csv").write_text(f"{header}\n{row}\n")
    assert problems(settings) == [f"published_measure_crosswalk.csv: row 2: {problem}"]


@pytest.mark.parametrize("example", sorted(path.name for path in (PROJECT / "config" / "examples").iterdir()))
def test_every_examples_seeds_can_be_used(example: str) -> None:
    check_seeds(load_settings({"VOXPOP_CONFIG": str(PROJECT / "config" / "examples" / example)}))

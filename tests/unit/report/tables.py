"""A small release's public tables and manifest by hand, for what the page says of them."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

MANIFEST: dict[str, Any] = {
    "release_id": "20260701T060000Z-0123abcd",
    "supersedes": "20260630T060000Z-89abcdef",
    "complete_to": "2026-07-01",
    "excluded": [],
    "restatements": [],
    "policy": {
        "journey_gap_days": 7.0,
        "repeat_contact_days": 7.0,
        "match_claim_min_share": 0.6,
        "minimum_difference_index": 1.0,
        "minimum_difference_points": 0.05,
        "minimum_difference_share": 0.02,
        "segment_claim_min_share": 0.8,
        "suppression_min_n": 10.0,
        "low_n_below": 30.0,
        "service_level_seconds": 20.0,
        "service_level_email_seconds": 86400.0,
        "service_level_message_seconds": 1200.0,
        "short_abandon_seconds": 5.0,
        "a11_due_days": 30.0,
    },
    "batches": [{"source": "touchpoints"}, {"source": "genesys"}, {"source": "genesys"}],
    "late_sources": [
        {"source": "touchpoints", "newest": "2026-06-28", "expected": "2026-06-30"},
        {"source": "kiosk_surveys", "newest": None, "expected": "2026-06-30"},
    ],
}

UNTIL = date(2026, 7, 1)
"""The day to which its data are complete."""

ALL_DRIVERS = "ease,trust"


def cell(
    label: str,
    place: str,
    measure: str,
    n: int | None,
    value: float | None,
    low: float | None,
    high: float | None,
    drivers: str = ALL_DRIVERS,
) -> tuple[Any, ...]:
    """A row of cx_index: `2026Q3`, `service/a`, `likert_5/mean/trust`, then the figure.

    Its standard error is that of an interval which is as wide on both sides.
    """
    se = None if low is None or high is None else (high - low) / (2 * 1.96)
    starts = {"2025Q3": "2025-04-01", "2026Q2": "2026-01-01", "2026Q3": "2026-04-01", "2026Q4": "2026-07-01"}
    period = ("quarter", starts[label]) if label in starts else ("month", f"{label}-01")
    is_low_n = n is not None and n < 30
    scale, what, driver = measure.split("/")
    asked = drivers if what == "cx_index" else None
    row = (*period, label, *place.split("/"), scale, what, driver, n, value, low, high, se)
    return (*row, n is None, is_low_n, asked)


INDEX = "likert_5/cx_index/all"
CELLS = [
    cell("2025Q3", "all/all", INDEX, 2300, 71.0, 70.0, 71.9, "ease"),
    cell("2026Q2", "all/all", INDEX, 2650, 72.0, 71.3, 72.7),
    cell("2026Q3", "all/all", INDEX, 2711, 74.25, 73.5, 74.96),
    cell("2026Q4", "all/all", INDEX, 12, 99.0, 90.0, 99.9),
    cell("2026Q3", "all/all", "likert_5/mean/trust", 2700, 3.675, 3.6, 3.75),
    cell("2026Q3", "all/all", "likert_5/mean/ease", 2690, 3.9, 3.85, 3.95),
    cell("2026Q3", "all/all", "thumbs/thumbs_up/trust", 400, 0.7125, 0.667, 0.755),
    cell("2026-04", "all/all", INDEX, 900, 73.0, 72.0, 74.0),
    cell("2026-05", "all/all", INDEX, None, None, None, None),
    cell("2026-06", "all/all", INDEX, 905, 75.0, 74.0, 76.0),
    cell("2026-07", "all/all", INDEX, 12, 99.0, 90.0, 99.9),
    cell("2026Q3", "service/a", INDEX, 1500, 76.0, 75.0, 77.0),
    cell("2026Q3", "service/b", INDEX, 21, 64.0, 55.0, 72.0),
    cell("2026Q3", "service/c", INDEX, None, None, None, None),
    cell("2026Q3", "service/d", "thumbs/thumbs_up/trust", 400, 0.7125, 0.667, 0.755),
    cell("2026Q3", "channel/phone", INDEX, 800, 71.0, 70.0, 72.0),
    cell("2026Q3", "channel/website", INDEX, 900, 79.0, 78.0, 80.0, "ease"),
]


NEWER = """
create table marts.a11_280_collection_details as select * from (values
    ('a-cx', date '2026-04-01'), ('b-cx', date '2026-04-01'), ('d-cx', date '2026-04-01'),
    ('c-cx', date '2026-01-01')
    ) t(survey_id, quarter_start);
insert into marts.dim_surveys values
    ('b-cx', 1, 'touchpoints', 'Refund: <b> feedback'),
    ('d-cx', 1, 'touchpoints', 'Plan: feedback'),
    ('k-cx', 1, 'kiosks', 'Kiosk');
create table marts.survey_quality as select 'quarter' as period_type, date '2026-04-01' as period_start,
    'survey' as breakdown, *
    from (values
        ('a-cx', 1500, 2400, 1440, 0.6, false, true, 0.81, 0, '3090-0300', date '2026-05-31', false, false),
        ('b-cx', 21, null, null, null, null, null, 0.5, null, '3090-0302', date '2026-06-29', false, true),
        ('d-cx', 400, 500, 450, 0.9, true, false, 1.0, 0, '3090-0303', date '2026-06-30', false, false),
        ('k-cx', 70, 90, 70, 0.7777, false, true, 0.0, 0, null, null, false, false)
    ) t(member, respondent_count, offered_count, offered_respondent_count, response_rate,
        is_cohort_mismatched, nonresponse_bias_analysis_required, known_segment_share,
        collected_without_clearance_count, omb_control_number, omb_expires_on, suppressed, low_n);
create table marts.web_performance as select 'quarter' as period_type, date '2026-04-01' as period_start,
    breakdown, member, source_system, site, report, 'visits' as basis,
    if(visits is null, null, 91) as day_count, visits, null::bigint as users, pageviews,
    visits as engaged_n, engaged_share,
    engaged_share - 0.01 as engaged_low,
    engaged_share + 0.01 as engaged_high, null::bigint as bounce_n, null::double as bounce_share,
    null::double as bounce_low, null::double as bounce_high, null::bigint as task_success_n,
    null::double as task_success_share, null::double as task_success_low, null::double as task_success_high,
    null::bigint as helpful_n, null::double as helpful_share, null::double as helpful_low,
    null::double as helpful_high, visits is null as suppressed, false as low_n
    from (values
        ('all', 'all', 'ga4', 'all', 'sessions', 120345, 400000, 0.6125),
        ('site', 'www.dps.example.gov', 'ga4', 'all', 'sessions', 120345, 400000, 0.6125),
        ('all', 'all', 'dap', 'www.dps.example.gov', 'site', 99000, null, null),
        ('all', 'all', 'dap', 'www.dps.example.gov', 'small', null, null, null),
        ('site', 'apply.dps.example.gov', 'dap', 'all', 'dps/domain', 4000, 9000, null),
        ('site', 'help.dps.example.gov', 'dap', 'all', 'dps/domain', 95000, 300000, null),
        ('device', 'mobile', 'dap', 'all', 'dps/device', 53000, null, null),
        ('page', 'help.dps.example.gov/', 'dap', 'all', 'dps/top-pages', 777, null, null)
    ) t(breakdown, member, source_system, site, report, visits, pageviews, engaged_share);
create table marts.priority_goal_measures as select 'm' || row_number() over () as measure_id,
    'quarter' as period_type, date '2026-04-01' as period_start, '2026Q3' as period_label,
    'Serve <all>' as goal, 'g1' as goal_id, date '2026-09-30' as target_date,
    null::varchar as breaks_since_start, *
    from (values
        ('Trust', 3.6755, 3.6, 3.75, 2700, 3.5, 4.0, 0.351, 'behind', 3.71, 3.6, 3.82, null, false, false),
        ('Wait', null, null, null, null, 40.0, 20.0, null, 'not_reported', null, null, null, null, false,
            false),
        ('Forms', 12905.0, null, null, null, 0.0, 76000.0, 0.1698, 'on_track', null, null, null, false, false,
            true)
    ) t(indicator, value, low, high, n, value_start, value_target, progress, status, forecast_value,
        forecast_low, forecast_high, agrees_with_published, low_n, is_provisional);
create table marts.survey_nonresponse as select date '2026-04-01' as period_start, *
    from (values
        ('channel', 'all', 1000, 320, 1.0, 0.914, true, null, null, null, null, null, 200, 3.5, 3.6, false),
        ('channel', 'phone', 600, 120, 1.0, 0.914, true, 0.6, 0.375, -0.225, -0.2665, -0.181, null, null,
            null, false),
        ('channel', 'website', 400, 200, 1.0, 0.914, true, 0.4, 0.625, 0.225, -0.01, 0.2665, null, null,
            null, false),
        ('service', 'all', 900, 230, 1.0, 0.9, true, null, null, null, null, null, null, null, null, false),
        ('service', 'a', null, null, null, null, null, null, null, null, null, null, null, null, null, true),
        ('segment', 'all', 500, 45, 0.71, 0.3033, false, null, null, null, null, null, null, null, null,
            false),
        ('segment', 'older_adults', 500, null, 0.71, 0.3033, false, null, null, null, null, null, null, null,
            null, false),
        ('wait', 'all', null, null, null, null, null, null, null, null, null, null, null, null, null, true)
    ) t(breakdown, member, offered_count, respondent_count, known_offered_share, known_respondent_share,
        is_claim_allowed, offered_share, respondent_share, gap, gap_low, gap_high, rated_count, satisfaction,
        weighted_satisfaction, suppressed), (values (false)) as low(low_n);
create table marts.series_breaks as select 'all' as breakdown, 'all' as member, 'likert_5' as scale, *
    from (values
        ('c-cx', date '2026-05-12', 'wording', '2026-05'), ('c-cx', date '2026-05-12', 'order', '2026-05'),
        ('a-cx', date '2026-05-12', 'mode', '2026-05'), ('a-cx', date '2025-01-01', 'mode', '2025-01')
    ) t(survey_id, break_date, kind, month_label);
create table marts.timeliness as select * from (values
    ('genesys', 'conversations', date '2026-06-29', 2.5, 6.0, null, null),
    ('genesys', 'conversations', date '2026-06-30', 30.0, 31.0, 0.0, true),
    ('genesys', 'conversations', date '2026-06-28', -1.0, 6.0, 0.0, false),
    ('goal_values', 'priority_goal_values', date '2026-04-14', 1848.0, 1850.0, null, null)
    ) t(source_system, stream, record_date, landed_hours, published_hours, usual_landed_hours, is_late);
create table marts.cx_control_limits(period_type varchar, period_label varchar, breakdown varchar,
    member varchar, scale varchar, measure varchar, driver varchar, lower double, upper double,
    is_outside boolean, is_seasonally_adjusted boolean);
create table marts.cx_comparisons as select 'quarter' as period_type, date '2026-04-01' as period_start,
    'likert_5' as scale, *
    from (values
        ('all', 'all', 'cx_index', 'all', 'previous_period', 2.25, 1.2375, 3.2625, 0.00004, 'up', null,
            'ease,trust'),
        ('all', 'all', 'cx_index', 'all', 'year_before', 1.5, -0.4, 3.4, 0.1204, 'no evidence', null, 'ease'),
        ('all', 'all', 'mean', 'trust', 'previous_period', -0.0675, -0.11, -0.025, 0.0123, 'down', null,
            null),
        ('service', 'a', 'cx_index', 'all', 'rest', 4.2, 2.9, 5.5, 0.0014, 'up', null, 'ease,trust'),
        ('service', 'b', 'cx_index', 'all', 'previous_period', null, null, null, null, null, 'break',
            'ease,trust'),
        ('service', 'c', 'cx_index', 'all', 'rest', null, null, null, null, null, 'withheld', null)
    ) t(breakdown, member, measure, driver, comparison, difference, low, high, adjusted_p, verdict,
        not_compared, drivers);
alter table marts.cx_comparisons add column within_change double;
alter table marts.cx_comparisons add column mix_change double;
create table marts.equity_gaps as select 'quarter' as period_type, date '2026-04-01' as period_start,
    'likert_5' as scale, 'cx_index' as measure, 'all' as driver, null::varchar as held_from,
    case when suppressed then 'withheld' end as not_compared, case segment
        when 'older_adults' then 'People aged 65 and over'
        when 'veterans' then 'Veterans'
        else 'General public'
    end as segment_name, *
    from (values
        ('all', 'all', 'older_adults', 410, 71.2, 75.1, -3.9, -5.6, -2.2, 0.0009, 'down', 0.8123, true, false,
            false),
        ('all', 'all', 'veterans', null, null, null, null, null, null, null, null, 0.8123, true, true, false),
        ('all', 'all', 'general', 1700, 75.1, 74.0, 1.1, -0.5, 2.7, 0.18, 'no evidence', 0.8123, true, false,
            false)
    ) t(breakdown, member, segment, n, value, rest_value, gap, low, high, adjusted_p, verdict,
        known_segment_share, is_claim_allowed, suppressed, low_n);
create table marts.journey_paths as select 'quarter' as period_type, date '2026-04-01' as period_start,
    'all' as breakdown, null::varchar as held_from, 0.6123 as match_coverage,
    0.2345 as website_match_coverage, *
    from (values
        ('all', 4000, 1.0, null, null, 800, 3.5, 3.4, 3.6, 1.0, false, false),
        ('phone', 2500, 0.625, 0.61, 0.64, 500, 3.55, 3.45, 3.65, 0.0, false, false),
        ('website > phone', 900, 0.225, 0.2123, 0.2382, 150, 3.1, 2.9, 3.3, 2.45, false, false),
        ('phone > outbound_phone', 400, 0.1, 0.0911, 0.1097, null, null, null, null, 1.5, false, false),
        ('website > unknown > phone > website > phone > ...', 20, 0.005, 0.0032, 0.0077, null, null, null,
            null, 6.0, false, true),
        ('other', 180, 0.045, 0.039, 0.0519, null, null, null, null, 3.0, false, false),
        ('phone > website', null, null, null, null, null, null, null, null, null, true, false)
    ) t(path, journey_count, share, low, high, score_n, mean_score, mean_score_low, mean_score_high,
        median_days, suppressed, low_n);
create table marts.journey_measures as select 'quarter' as period_type, date '2026-04-01' as period_start,
    '2026Q3' as period_label, null::varchar as held_from, *
    from (values
        ('all', 'all', 'website_before_call_share', 'all', 1900, 0.12, 0.108, 0.4511, 0.2345, 7, true, false,
            false),
        ('all', 'all', 'median_resolution_days', 'all', 3800, 1.45, 0.2, null, 0.6123, 90, true, false,
            false),
        ('all', 'all', 'survey_linked_share', 'all', 2700, 0.6251, 0.6067, 0.6432, null, 0, true, false,
            false),
        ('service', 'a', 'website_before_call_share', 'all', 25, 0.2, 0.089, 0.62, 0.12, 0, false, false,
            true),
        ('service', 'a', 'page_before_call_share', 'www.example.gov/a', 40, 0.25, 0.142, 0.402, null, 0, true,
            false, false),
        ('service', 'a', 'page_before_call_share', 'www.example.gov/b', 40, 0.45, 0.307, 0.602, null, 0, true,
            false, false),
        ('service', 'b', 'median_resolution_days', 'all', 50, 0.2, 0.0, 0.3, 0.65, 0, true, false, false),
        ('service', 'b', 'channel_shift_share', 'all', null, null, null, null, null, null, false, true, false)
    ) t(breakdown, member, measure, page, n, value, low, high, match_coverage, pending_count,
        is_claim_allowed, suppressed, low_n);
alter table marts.survey_quality add column held_from varchar;
alter table marts.web_performance add column held_from varchar;
alter table marts.survey_nonresponse add column held_from varchar;
alter table marts.survey_nonresponse add column surveys_left_out varchar;
alter table marts.survey_nonresponse add column classes_without_score varchar;
alter table marts.priority_goal_measures add column held_from varchar;
alter table marts.priority_goal_measures add column is_target_met boolean;
"""
"""What newer sections read: four surveys of which three are filed, three reports of websites, three goals,
who answered by four characteristics, breaks, comparisons, segments, journeys, and two streams."""


def section(html: str, heading: str) -> str:
    """The text of one section, without its tags; spaces are one."""
    begin = html.index(f"<h2>{heading}</h2>")
    # where a word may be broken is no space
    whole = html[begin : html.index("</section>", begin)].replace("<wbr>", "")
    text = re.sub(r"<[^>]+>", " ", whole)
    return " ".join(text.replace("&nbsp;", " ").replace("\xa0", " ").split())

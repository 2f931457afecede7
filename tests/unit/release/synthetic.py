"""A small home with raw batches and a built warehouse, made by hand and by SQL: no dbt, no landing.

The marts have the columns, keys and comments of the project's own. The measures are computed from the facts
by the plainest SQL, so that what the gate recomputes agrees. Records spread evenly: no cell is small.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from voxpop.config import PROJECT, Settings
from voxpop.raw.exclusions import exclusions
from voxpop.raw.manifests import Day, Manifest, Original, Part, visible
from voxpop.raw.parts import SCHEMA
from voxpop.raw.records import Window
from voxpop.release import candidate, manifest, store
from voxpop.warehouse.complete import complete_to, time_zones

from tests.untold import NOTHING_WITHHELD

PUBLIC = (
    "dim_services",
    "dim_channels",
    "dim_surveys",
    "dim_questions",
    "dim_dates",
    "cx_index",
    "series_breaks",
    "cx_comparisons",
    "cx_control_limits",
    "equity_gaps",
    "contact_center_performance",
    "published_measures",
    "priority_goal_measures",
    "web_performance",
    "page_helpfulness",
    "journey_paths",
    "journey_measures",
    "survey_quality",
    "survey_nonresponse",
    "identity_quality",
)

SEEDS = (
    "policy",
    "question_crosswalk",
    "surveys",
    "organizations",
    "services",
    "segments",
    "channels",
    "channel_aliases",
    "contact_queues",
    "priority_goals",
)

DIMENSIONS = """
create table marts.dim_organizations (
    organization_id varchar primary key, organization_name varchar, organization_abbreviation varchar,
    parent_organization_id varchar, level varchar, time_zone varchar
);
create table marts.dim_services (
    service_id varchar primary key, service_name varchar, organization_id varchar, stages varchar,
    is_high_impact boolean
);
create table marts.dim_channels (
    channel varchar primary key, channel_name varchar, channel_group varchar, service_level varchar
);
create table marts.dim_surveys (
    survey_id varchar, survey_version integer, survey_name varchar, instrument varchar,
    organization_id varchar,
    service_id varchar, default_channel varchar, sampling_design varchar, is_weighted boolean,
    omb_control_number varchar, omb_expires_on date, source_system varchar, source_form_id varchar,
    valid_from date, valid_to date, is_filed boolean,
    primary key (survey_id, survey_version, source_system, source_form_id)
);
create table marts.dim_questions (
    instrument varchar, question_id varchar, role varchar, driver varchar, scale varchar, valid_min integer,
    valid_max integer, positive_min integer, statement varchar
);
create table marts.dim_dates (
    date_day date primary key, month_start date, quarter_start date, fiscal_year integer,
    fiscal_quarter varchar,
    is_weekend boolean
);
create table marts.dim_customers (
    customer_id varchar primary key, first_seen_at timestamp, last_seen_at timestamp, token_count integer,
    interaction_count integer, response_count integer, segment varchar, household_id varchar
);
create table marts.identity_conflicts (
    conflict_id varchar, reason varchar, customer_id varchar, identifier_type varchar, token varchar,
    tier varchar, first_seen_at timestamp, last_seen_at timestamp, record_count bigint
);
create table marts.identity_tokens (
    identifier_type varchar, token varchar, tier varchar, customer_id varchar, reason varchar,
    first_seen_at timestamp, last_seen_at timestamp, record_count bigint
);
create table marts.identity_merges (old_id varchar, new_id varchar, _run_id varchar, cause varchar);
"""

FACTS = """
create table marts.fct_interactions (
    interaction_id varchar primary key, customer_id varchar, customer_tier varchar, organization_id varchar,
    service_id varchar, channel varchar, journey_stage varchar, direction varchar, started_at timestamp,
    ended_at timestamp, started_date date, started_local_date date, fiscal_quarter varchar,
    wait_seconds decimal(18, 3), talk_seconds decimal(18, 3), hold_seconds decimal(18, 3),
    wrap_seconds decimal(18, 3), handled_by varchar, is_abandoned boolean, is_transferred boolean,
    is_resolved boolean, is_survey_offered boolean, segment varchar, source_system varchar,
    source_record_id varchar, _batch_id varchar
);
create table marts.fct_web_sessions (
    session_id varchar primary key, customer_id varchar, organization_id varchar, service_id varchar,
    channel varchar, source_system varchar, site varchar, device varchar, landing_page varchar,
    exit_page varchar, started_at timestamp, ended_at timestamp, started_date date, started_local_date date,
    fiscal_quarter varchar, event_count bigint, pageview_count bigint, engaged_seconds decimal(18, 3),
    is_engaged boolean, is_bounce boolean, is_task_started boolean, is_task_done boolean,
    helpful_yes_count bigint, helpful_no_count bigint, is_suspected_bot boolean, ga_session_count bigint,
    visitor_token varchar, _batch_id varchar
);
create table marts.fct_survey_responses (
    response_id varchar primary key, survey_id varchar, survey_version integer, customer_id varchar,
    organization_id varchar, service_id varchar, channel varchar, language varchar,
    answered_at timestamp, answered_date date, answered_local_date date, fiscal_quarter varchar,
    is_counted boolean, not_counted_reason varchar, collected_without_clearance boolean,
    positive_reasons varchar, negative_reasons varchar, cluster_id varchar, weight decimal(18, 9),
    source_system varchar, source_record_id varchar, _batch_id varchar
);
create table marts.fct_survey_answers (
    response_id varchar, survey_id varchar, survey_version integer, driver varchar, scale varchar,
    raw_value varchar, score double, is_positive boolean, weight decimal(18, 9), answered_date date,
    _batch_id varchar, primary key (response_id, driver)
);
create table marts.fct_survey_ties (
    response_id varchar primary key, interaction_id varchar, tie_method varchar, is_ambiguous boolean,
    quarter_start date
);
create table marts.fct_comments (
    comment_id varchar primary key, response_id varchar, organization_id varchar, service_id varchar,
    channel varchar, customer_id varchar, commented_at timestamp, commented_date date, question_id varchar,
    comment_text varchar, redaction_count integer, ssn_count integer, phone_count integer,
    email_count integer,
    card_count integer, address_count integer, source_system varchar, _batch_id varchar
);
"""

MEASURES = """
create table marts.cx_index (
    period_type varchar, period_start date, period_label varchar, breakdown varchar, member varchar,
    scale varchar, measure varchar, driver varchar, n bigint, value double, low double, high double,
    standard_error double, interval_kind varchar, is_weighted boolean, weighted_value double,
    weighted_low double, weighted_high double, weighted_standard_error double, sampling_unit_count integer,
    design_effect double, effective_n double, volume_value double, volume_low double, volume_high double,
    volume bigint, volume_unit varchar, volume_left_out varchar, driver_count integer,
    drivers varchar, band varchar, band_uncertain boolean, suppressed boolean,
    low_n boolean, held_from varchar,
    primary key (period_type, period_start, breakdown, member, scale, measure, driver)
);
create table marts.contact_center_performance (
    period_type varchar, period_start date, period_label varchar, breakdown varchar, member varchar,
    source_system varchar, offered bigint, handled bigint, abandoned bigint, other bigint,
    speed_of_answer_count bigint, handle_time_count bigint, service_level_count bigint,
    abandonment_count bigint, transfer_count bigint,
    abandonment_share double, abandonment_low double, abandonment_high double,
    average_speed_of_answer_seconds double, average_speed_of_answer_low double,
    average_speed_of_answer_high double, average_handle_seconds double, average_handle_low double,
    average_handle_high double, service_level_share double,
    service_level_low double, service_level_high double, transfer_share double, transfer_low double,
    transfer_high double, suppressed boolean, low_n boolean, held_from varchar,
    primary key (period_type, period_start, breakdown, member, source_system)
);
"""

PERFORMANCE = """
create table marts.series_breaks (
    breakdown varchar, member varchar, scale varchar, survey_id varchar, break_date date, kind varchar,
    version_before integer, version_after integer, instrument_before varchar, instrument_after varchar,
    month_label varchar, quarter_label varchar, year_label varchar
);
insert into marts.series_breaks values (
    'all', 'all', 'likert_5', 'fld-records-cx', date '2025-05-12', 'question_set', 1, 2, 'a11_v2',
    'a11_v2_radio', '2025-05', '2025Q3', 'FY2025'
);
create table marts.cx_comparisons (
    period_type varchar, period_start date, breakdown varchar, member varchar, scale varchar, measure varchar,
    driver varchar, period_label varchar, comparison varchar, n bigint, value double, other_period_start date,
    other_n bigint, other_value double, difference double, low double, high double, p_value double,
    adjusted_p double, family varchar, family_size integer, minimum_difference double, verdict varchar,
    not_compared varchar, drivers varchar, is_design_based boolean, within_change double, mix_change double,
    volume_difference double, volume_low double, volume_high double,
    volume_within_change double, volume_mix_change double, suppressed boolean,
    low_n boolean, held_from varchar
);
create table marts.cx_control_limits (
    period_type varchar, period_start date, breakdown varchar, member varchar, scale varchar, measure varchar,
    driver varchar, period_label varchar, segment_start date, point_count integer, value double,
    center double, lower double, upper double, moving_range_mean double, is_outside boolean,
    is_seasonally_adjusted boolean
);
create table marts.equity_gaps (
    period_type varchar, period_start date, breakdown varchar, member varchar, segment varchar,
    segment_name varchar, scale varchar, measure varchar, driver varchar, period_label varchar, n bigint,
    value double, rest_n bigint,
    rest_value double, gap double, low double, high double, p_value double, adjusted_p double, family varchar,
    family_size integer, minimum_difference double, known_segment_share double, is_claim_allowed boolean,
    verdict varchar, not_compared varchar, drivers varchar, suppressed boolean, low_n boolean,
    held_from varchar
);
create table marts.published_measures (
    publisher varchar, organization varchar, service varchar, touchpoint varchar, period_type varchar,
    period_start date, period_label varchar, edition varchar, edition_date date, measure varchar, driver
    varchar, occurrence integer, scale varchar, unit varchar, wording varchar, value double,
    missing_reason varchar, n bigint, our_value double, our_source varchar, our_n bigint, difference
    double, agrees_with_published boolean, drivers varchar, shared_value double, shared_drivers varchar,
    is_restated boolean, restates varchar, restated_by varchar, is_break boolean, break_reason varchar,
    period_before varchar, change double, has_volumes_of_period_before boolean, held_from varchar
);
create table marts.priority_goal_measures (
    measure_id varchar, source varchar, goal_id varchar, goal varchar, target varchar, indicator
    varchar, owner varchar, direction varchar, kind varchar, period_type varchar, period_start date,
    period_label varchar, n bigint, value double, low double, high double, missing_reason varchar,
    value_start double, value_target double, start_date date, target_date date, progress double,
    no_progress_reason varchar, progress_bin varchar, elapsed_share double, is_target_met boolean,
    status varchar, forecast_value double, forecast_low double, forecast_high double,
    forecast_point_count bigint, is_break boolean, breaks_since_start varchar, edition varchar,
    edition_date date, is_restated boolean, is_provisional boolean, published_value double,
    published_progress double, published_progress_range varchar, published_target_status
    varchar, published_threshold varchar, published_completions varchar, is_value_as_published boolean,
    is_progress_as_published boolean, is_progress_range_as_published boolean,
    is_target_status_as_published boolean,
    is_threshold_as_published boolean, is_completions_as_published boolean, agrees_with_published
    boolean, suppressed boolean, low_n boolean, held_from varchar
);
"""
"""Nobody published anything of this agency, and it has no goals."""

FILL_DIMENSIONS = """
insert into marts.dim_organizations from seeds.organizations {order};
insert into marts.dim_services from seeds.services {order};
insert into marts.dim_channels from seeds.channels {order};
insert into marts.dim_surveys select *, true from seeds.surveys {order};
insert into marts.dim_questions by name
select * exclude (not_answered) from seeds.question_crosswalk {order};
insert into marts.dim_dates
select
    d, date_trunc('month', d), date_trunc('quarter', d), year(d + interval 3 months),
    format('{{}}Q{{}}', year(d + interval 3 months), quarter(d + interval 3 months)), isodow(d) > 5
from (
    select unnest(generate_series(date '2025-10-01', date '2026-09-30', interval 1 day))::date as d
) {order};
insert into marts.dim_customers
select customer_id, min(seen_at), max(seen_at), 1, count(*), 0, 'general', null
from (
    select customer_id, started_at as seen_at from marts.fct_interactions
    union all
    select customer_id, answered_at from marts.fct_survey_responses
)
where customer_id is not null group by customer_id {order};
"""

FILL_FACTS = """
insert into marts.fct_interactions by name
select
    md5('i' || i) as interaction_id, if(i % 3 = 0, 'c' || i % 400, null) as customer_id,
    if(i % 3 = 0, 'strong', null) as customer_tier,
    'dps-ben' as organization_id, if(i % 2 = 0, 'ben-apply', 'ben-status') as service_id,
    if(i % 4 < 2, 'phone', 'live_chat') as channel, 'inbound' as direction,
    timestamp '2026-01-01 12:00' + to_days((i % 120)::integer) as started_at,
    started_at + interval 5 minutes as ended_at, started_at::date as started_date,
    started_at::date as started_local_date,
    format('{{}}Q{{}}', year(started_at + interval 3 months), quarter(started_at + interval 3 months))
        as fiscal_quarter,
    10 + i % 30 as wait_seconds, if(i % 10 = 0, null, 200) as talk_seconds, i % 10 = 0 as is_abandoned,
    if(i % 10 = 0, null, 'agent') as handled_by, false as is_transferred, i % 10 <> 0 as is_resolved,
    'genesys' as source_system, 'conv-' || i as source_record_id, '{genesys}' as _batch_id
from range({interactions}) as r(i) {order};

insert into marts.fct_survey_responses by name
select
    md5('r' || i) as response_id, if(i % 2 = 0, 'ben-apply-cx', 'ben-status-cx') as survey_id,
    1 as survey_version, if(i % 3 = 0, 'c' || i % 400, null) as customer_id, 'dps-ben' as organization_id,
    if(i % 2 = 0, 'ben-apply', 'ben-status') as service_id, if(i % 4 < 2, 'website', 'phone') as channel,
    'en' as language, timestamp '2026-01-01 15:00' + to_days((i % 120)::integer) as answered_at,
    answered_at::date as answered_date, answered_at::date as answered_local_date,
    format('{{}}Q{{}}', year(answered_at + interval 3 months), quarter(answered_at + interval 3 months))
        as fiscal_quarter,
    i % 50 <> 0 as is_counted, if(i % 50 = 0, 'flagged', null) as not_counted_reason,
    false as collected_without_clearance, 1 as weight, 'touchpoints' as source_system,
    'sub-' || i as source_record_id, '{touchpoints}' as _batch_id
from range({responses}) as r(i) {order};
insert into marts.fct_survey_ties
select response_id, null, null, false, date_trunc('quarter', answered_local_date)
from marts.fct_survey_responses
where is_counted {order};

insert into marts.fct_survey_answers
select
    response_id, survey_id, survey_version, driver, 'likert_5', score::varchar, score, score >= 4, 1,
    answered_date, _batch_id
from (
    select *, 1 + (hash(response_id || driver) % 5)::integer as score
    from marts.fct_survey_responses
    cross join (select unnest(['satisfaction', 'trust', 'ease']) as driver)
) {order};

insert into marts.fct_comments
select
    md5(response_id), response_id, organization_id, service_id, channel, customer_id, answered_at,
    answered_date,
    'answer_08', if(response_id < '02', 'Call me at [PHONE], please', 'It took 3 hours'),
    (response_id < '02')::integer, 0, (response_id < '02')::integer, 0, 0, 0, source_system, _batch_id
from marts.fct_survey_responses where response_id < '2' {order};
"""

MEMBERS = """
    select
        *,
        case period_type
            when 'month' then strftime(period_start, '%Y-%m')
            else format(
                '{{}}Q{{}}', year(period_start + interval 3 months), quarter(period_start + interval 3 months)
            )
        end as period_label
    from (
        select *, unnest([
            {{'period_type': 'month', 'period_start': date_trunc('month', day)::date}},
            {{'period_type': 'quarter', 'period_start': date_trunc('quarter', day)::date}}
        ], recursive := true)
        from (
            select *, unnest([
                {{'breakdown': 'all', 'member': 'all'}},
                {{'breakdown': 'organization', 'member': organization_id}},
                {{'breakdown': 'service', 'member': service_id}},
                {{'breakdown': 'channel', 'member': channel}}
            ], recursive := true)
            from facts
        )
    )
"""

COMPARISONS = """
    -- none is compared: what a comparison says is tested elsewhere
    select
        i.period_type, i.period_start, i.breakdown, i.member, i.scale, i.measure, i.driver, i.period_label,
        comparison, other.period_start as other_period_start,
        concat_ws('|', 'cx_index', i.measure, i.breakdown, comparison, i.period_label) as family,
        (count(coalesce(i.held_from, other.held_from)) over (partition by family))::integer as family_size,
        case i.measure when 'cx_index' then 1 when 'mean' then 0.05 else 0.02 end as minimum_difference,
        coalesce(i.held_from, other.held_from) is null as suppressed,
        if(coalesce(i.held_from, other.held_from) is null, 'withheld', 'held') as not_compared,
        false as is_design_based, false as low_n
    from "warehouse"."marts"."cx_index" as i
    cross join (values ('previous_period'), ('rest')) as comparisons (comparison)
    inner join "warehouse"."marts"."cx_index" as other
        on
            i.period_type = other.period_type and i.scale = other.scale and i.measure = other.measure
            and i.driver = other.driver
            and if(
                comparison = 'rest',
                i.breakdown <> 'all' and other.breakdown = 'all' and i.period_start = other.period_start,
                i.breakdown = other.breakdown and i.member = other.member
                and i.period_start
                = other.period_start + case i.period_type
                    when 'month' then interval 1 month else interval 3 months end
            )
    order by all
"""

GAPS = """
    -- no segment is known
    from "warehouse"."marts"."equity_gaps"
    where
        exists (from "warehouse"."marts"."cx_comparisons")
        and exists (from "warehouse"."marts"."survey_quality")
"""

LIMITS = """
    select
        period_type, period_start, breakdown, member, scale, measure, driver, period_label,
        min(period_start) over series as segment_start, (count(*) over series)::integer as point_count, value,
        avg(value) over series as center, center as lower, center as upper, 0::double as moving_range_mean,
        value <> center as is_outside, false as is_seasonally_adjusted
    from "warehouse"."marts"."cx_index"
    where period_type <> 'year' and not suppressed
    window series as (partition by period_type, breakdown, member, scale, measure, driver)
    qualify count(*) over series >= 8
"""

OF_PUBLISHED = {"cx_comparisons": COMPARISONS, "cx_control_limits": LIMITS, "equity_gaps": GAPS}
"""The plainest models that these tables could have."""

FILL_MEASURES = f"""
create temp table answers_by_member as
with facts as (
    select r.organization_id, r.service_id, r.channel, r.answered_local_date as day, a.driver, a.score
    from marts.fct_survey_answers as a
    inner join marts.fct_survey_responses as r using (response_id)
    where r.is_counted
)
{MEMBERS};

insert into marts.cx_index by name
select
    period_type, period_start, period_label, breakdown, member, 'likert_5' as scale, 'mean' as measure,
    driver, count(*) as n, sum(score::integer) / count(*) as value, 1 as low, 5 as high,
    0.1 as standard_error,
    'indicative' as interval_kind, false as is_weighted, false as suppressed, count(*) < 30 as low_n
from answers_by_member group by all {{order}};

insert into marts.cx_index by name
select
    period_type, period_start, period_label, breakdown, member, 'likert_5' as scale, 'cx_index' as measure,
    'all' as driver, count(*) // 3 as n, 25 * (sum(score::integer) / count(*) - 1) as value, 0 as low,
    100 as high, 1 as standard_error, 'indicative' as interval_kind, false as is_weighted, 3 as driver_count,
    'ease,satisfaction,trust' as drivers, '<55' as band, true as band_uncertain, false as suppressed,
    count(*) // 3 < 30 as low_n
from answers_by_member group by all {{order}};

insert into marts.cx_comparisons by name {COMPARISONS};

insert into marts.contact_center_performance by name
with facts as (select *, started_local_date as day from marts.fct_interactions),
members as ({MEMBERS})
select * exclude (seconds, squares) from (
select
    period_type, period_start, period_label, breakdown, member, source_system, count(*) as offered,
    count(*) filter (not is_abandoned) as handled, count(*) filter (is_abandoned) as abandoned,
    0 as other, handled as speed_of_answer_count, handled as handle_time_count,
    count(*) as service_level_count, count(*) as abandonment_count, handled as transfer_count,
    count(*) filter (is_abandoned) / count(*) as abandonment_share, 0 as abandonment_low,
    1 as abandonment_high, avg(wait_seconds) filter (not is_abandoned) as average_speed_of_answer_seconds,
    sum(wait_seconds) filter (not is_abandoned) as seconds,
    sum(wait_seconds * wait_seconds) filter (not is_abandoned) as squares,
    average_speed_of_answer_seconds
    + 1.96 * sqrt((handled * squares - seconds * seconds)::double / (handled - 1)) / handled
        as average_speed_of_answer_high,
    2 * average_speed_of_answer_seconds - average_speed_of_answer_high as average_speed_of_answer_low,
    200 as average_handle_seconds,
    count(*) filter (not is_abandoned and (wait_seconds <= 20 or channel = 'live_chat')) / count(*)
        as service_level_share,
    0 as service_level_low, 1 as service_level_high, 0 as transfer_share, 0 as transfer_low,
    0.1 as transfer_high, false as suppressed, count(*) < 30 as low_n
from members group by all
) {{order}};
"""

_BOXES = ", ".join(
    f"'null' as {kind}_{reason}"
    for kind in ("positive", "negative")
    for reason in ("effectiveness", "ease", "efficiency", "transparency", "humanity", "employee", "other")
)

FILINGS = f"""
create table marts.a11_280_responses as
select
    r.response_id as external_id, a.raw_value as question_1, {_BOXES},
    coalesce(c.comment_text, '') as question_4,
    md5(concat(r.service_id, r.fiscal_quarter, r.channel)) as cx_collection_detail_id,
    'likert_5' as trust_scale, date_trunc('quarter', answered_local_date)::date as quarter_start, r._batch_id
from marts.fct_survey_responses as r
inner join marts.fct_survey_answers as a on a.response_id = r.response_id and a.driver = 'trust'
left join marts.fct_comments as c on c.response_id = r.response_id
where r.is_counted order by all;

create table marts.a11_280_collection_details as
select
    md5(concat(service_id, fiscal_quarter, channel)) as id, 'dps' as organization_id,
    'DPS' as organization_abbreviation, 'Department of Public Services' as organization_name,
    md5(concat(service_id, fiscal_quarter)) as cx_collection_id,
    fiscal_quarter[:4] as cx_collection_fiscal_year, fiscal_quarter[6:] as cx_collection_quarter,
    concat(service_name, ' ', fiscal_quarter) as cx_collection_name,
    'ben' as cx_collection_service_provider_id, 'Benefits' as cx_collection_service_provider_name,
    'benefits' as cx_collection_service_provider_slug, service_id, service_name,
    'post_interaction' as transaction_point, channel, concat(service_id, '/end') as service_stage_id,
    'end' as service_stage_name, 2 as service_stage_position, 2 as service_stage_count,
    if(channel = 'phone', 900, null)::bigint as volume_of_customers,
    if(channel = 'phone', 800, null)::bigint as volume_of_customers_provided_survey_opportunity,
    count(*) as volume_of_respondents, '3090-0300' as omb_control_number, 'likert_scale' as survey_type,
    'Feedback' as survey_title, 'I trust it.' as trust_question_text, min(answered_at) as created_at,
    max(answered_at) as updated_at, survey_id, survey_version, 0::bigint as without_clearance_count,
    date_trunc('quarter', answered_local_date)::date as quarter_start
from marts.fct_survey_responses inner join marts.dim_services using (service_id)
where is_counted group by all order by all;

create table marts.a11_280_collections as
select
    cx_collection_id as id, cx_collection_name as name, organization_id, organization_name,
    organization_abbreviation, 'ben' as service_provider_id, 'Benefits' as service_provider_name,
    'dps-ben' as service_provider_organization_id, 'Benefits' as service_provider_organization_name,
    'BEN' as service_provider_organization_abbreviation, service_id, service_name,
    'team@dps.example.gov' as user_email, cx_collection_fiscal_year as fiscal_year,
    cx_collection_quarter as quarter, min(created_at) as created_at, max(updated_at) as updated_at,
    null::timestamp as submitted_at, 'PARTIAL' as rating, 'draft' as aasm_state,
    sha256(cx_collection_id) as integrity_hash, count(*)::integer as cx_collection_details_count,
    quarter_start
from marts.a11_280_collection_details group by all order by all;
"""

_WITHOUT = ", ".join(
    f"{'0::bigint' if part == 'n' else 'null::double'} as {share}_{part}"
    for share in ("engaged", "task_success", "helpful")
    for part in ("n", "share", "low", "high")
)

WEB = f"""
create table marts.web_performance as
with months as (
    select month_start, breakdown, member, visits
    from (values (date '2026-01-01'), (date '2026-02-01'), (date '2026-03-01'), (date '2026-04-01'))
        as months (month_start)
    cross join (values ('all', 'all', 1500), ('device', 'desktop', 1000), ('device', 'mobile', 500))
        as members (breakdown, member, visits)
),
periods as (
    select
        period_type, date_trunc(period_type, month_start)::date as period_start, breakdown, member,
        sum(visits)::bigint as visits, count(*) as months
    from months
    cross join (values ('month'), ('quarter')) as period_types (period_type)
    group by all
)
select
    period_type, period_start,
    (period_start + if(period_type = 'month', interval 1 month, interval 3 months))::date - 1
        as period_end_date,
    if(
        period_type = 'month', strftime(period_start, '%Y-%m'),
        concat(year(period_start + interval 3 months), 'Q', quarter(period_start + interval 3 months))
    ) as period_label,
    date_trunc('quarter', period_start)::date as quarter_start, breakdown, member, 'dap' as source_system,
    'all' as site, 'dps/device' as report, 'days' as basis, 28 * months as day_count, visits as n, visits,
    null::bigint as users, 3 * visits as pageviews, 3::double as pageviews_per_visit, visits as bounce_n,
    0.4::double as bounce_share, 0.3::double as bounce_low, 0.5::double as bounce_high,
    {_WITHOUT}, false as suppressed, false as low_n, null::varchar as held_from
from periods order by all;

create table marts.page_helpfulness as
select
    'month' as period_type, date '2026-01-01' as period_start, date '2026-01-31' as period_end_date,
    '2026-01' as period_label, date '2026-01-01' as quarter_start, 'www.x.gov' as site, page,
    'dap' as source_system, 'dps/helpful' as report, 'days' as basis, n::bigint as n, value::double as value,
    low::double as low, high::double as high, n is null as suppressed, coalesce(n < 30, false) as low_n,
    null::varchar as held_from
from (values
    ('all', 120, 0.7, 0.6, 0.8), ('www.x.gov/', 60, 0.8, 0.7, 0.9), ('www.x.gov/a', 40, 0.6, 0.5, 0.7),
    ('www.x.gov/b', null, null, null, null), ('www.x.gov/c', null, null, null, null)
) as votes (page, n, value, low, high)
order by all;

create table marts.web_report_checks (
    source_system varchar, report varchar, subject varchar, file varchar, stated_by varchar, stated varchar,
    is_agreed boolean, taken_at timestamp, _batch_id varchar
);

create table intermediate.int_web_aggregates (
    source_system varchar, record_id varchar, not_counted_reason varchar
);
create table intermediate.int_web_report_statements (source_system varchar, file varchar);
"""

JOURNEYS = """
create table marts.customer_journeys as
with contacts as (
    select
        *, coalesce(started_at - lag(started_at) over own > interval 7 days, true) as is_first
    from marts.fct_interactions where customer_id is not null
    window own as (partition by customer_id, service_id order by started_at, interaction_id)
),
numbered as (
    select *, count(*) filter (is_first) over (
        partition by customer_id, service_id order by started_at, interaction_id rows unbounded preceding
    ) as episode
    from contacts
)
select
    any_value(interaction_id) filter (is_first) as journey_id, customer_id, service_id,
    'dps-ben' as organization_id, min(started_at) as started_at, max(ended_at) as ended_at,
    max(started_at) as last_touch_at, min(started_at)::date as started_local_date,
    date_trunc('quarter', min(started_at))::date as quarter_start, count(*) as touch_count,
    string_agg(channel, ' > ' order by started_at, interaction_id) as channels,
    min_by(channel, (started_at, interaction_id)) as path, path as first_channel,
    max_by(channel, (started_at, interaction_id)) as last_channel,
    epoch(max(ended_at) - min(started_at)) / 86400 as duration_days, null::boolean as is_resolved,
    null::timestamp as resolved_at, null::boolean as has_website_before_call,
    null::varchar as page_before_call, 0::bigint as channel_shift_count, 0::bigint as division_change_count,
    null::varchar as response_id, null::double as satisfaction_score, false as is_left_truncated,
    false as is_open
from numbered group by customer_id, service_id, episode order by all;

create table marts.journey_paths as
select
    'quarter' as period_type, quarter_start as period_start,
    concat(year(quarter_start + interval 3 months), 'Q', quarter(quarter_start + interval 3 months))
        as period_label,
    date '2025-10-01' as year_start, if(grouping(service_id) = 0, 'service', 'all') as breakdown,
    coalesce(service_id, 'all') as member, coalesce(path, 'all') as path, count(*) as journey_count,
    0.5::double as share, 0::double as low, 1::double as high, 0::bigint as score_n,
    null::double as mean_score, null::double as mean_score_low, null::double as mean_score_high,
    round(median(duration_days), 1) as median_days, 0::double as median_days_low,
    99::double as median_days_high, 100::bigint as contact_count, 0.3::double as match_coverage,
    null::bigint as visit_count, null::double as website_match_coverage,
    false as suppressed, count(*) < 30 as low_n, null::varchar as held_from
from marts.customer_journeys
group by quarter_start, grouping sets ((), (service_id)), grouping sets ((), (path)) order by all;
"""

STAGING = """
create table staging.stg_touchpoints__responses as
select
    'touchpoints/responses/' || source_record_id as _record_key, source_system, source_record_id as record_id,
    answered_date as record_date, null::varchar as location_code, _batch_id
from marts.fct_survey_responses;

create table staging.stg_genesys__conversations as
select
    'genesys/conversations/' || source_record_id as _record_key, source_system, source_record_id as record_id,
    started_date as record_date, if(channel = 'phone', 'voice', 'chat') as media_type,
    if(service_id = 'ben-apply', '191a29cb-cdb8-5878-bbc0-40d4ca6310a7', null) as queue_id, _batch_id
from marts.fct_interactions;

create table staging.stg_file_drop__interactions (
    _record_key varchar, source_system varchar, record_id varchar, record_date date, source_channel varchar,
    source_service varchar, source_organization varchar, segment varchar, _batch_id varchar
);

create table staging.stg_file_drop__survey_offers (
    _record_key varchar, source_system varchar, record_id varchar, record_date date, survey_id varchar,
    source_channel varchar, source_service varchar, _batch_id varchar
);

create table staging.stg_ga4__events (
    _record_key varchar, source_system varchar, record_id varchar, record_date date, visitor_token varchar,
    _batch_id varchar
);

create table intermediate.int_published_figures (source_system varchar, record_id varchar);

create table intermediate.int_priority_goals__values (source varchar, record_id varchar);

create table staging.stg_file_drop__priority_goal_values (
    _record_key varchar, source_system varchar, record_id varchar, record_date date, _batch_id varchar
);

create table intermediate.int_survey_offers (
    _record_key varchar, source_system varchar, source_record_id varchar, survey_id varchar, _batch_id varchar
);

create table intermediate.int_survey_responses as
select
    response_id, source_system, survey_id, 'f8e3fbc3' as form_id, _batch_id,
    'touchpoints/responses/' || source_record_id as _record_key
from marts.fct_survey_responses;

create table intermediate.int_survey_answers as
select response_id, 'answer_01' as question_id, 'valid' as status, _batch_id from marts.fct_survey_answers;
"""

QUALITY = """
create table marts.survey_quality (
    period_type varchar, period_start date, period_label varchar, quarter_start date, breakdown
    varchar, member varchar, sampling_design varchar, omb_control_number varchar, omb_expires_on
    date, response_count bigint, respondent_count bigint, deleted_count bigint, spam_count bigint,
    flagged_count bigint, archived_count bigint, no_valid_answer_count bigint, unknown_channel_count
    bigint, collected_without_clearance_count bigint, customer_count bigint, offered_count bigint,
    offered_respondent_count bigint, without_offer_count bigint, surveys_without_offers varchar,
    response_rate double, is_cohort_mismatched boolean, aapor_rr1 double, lowest_item varchar,
    lowest_item_share double, nonresponse_bias_analysis_required boolean, known_segment_share
    double, is_segment_claim_allowed boolean, tied_share double, suppressed boolean, low_n boolean,
    held_from varchar
);
create table marts.survey_nonresponse (
    period_type varchar, period_start date, period_label varchar, quarter_start date, breakdown
    varchar, member varchar, offered_count bigint, respondent_count bigint, known_offered_share
    double, known_respondent_share double, is_claim_allowed boolean, offered_share double,
    respondent_share double, gap double, gap_low double, gap_high double, rated_count bigint,
    satisfaction double, weighted_satisfaction double, satisfaction_difference double,
    surveys_left_out varchar, classes_without_score varchar, suppressed boolean, low_n boolean,
    held_from varchar
);
create table marts.identity_quality (
    period_type varchar, period_start date, period_label varchar, quarter_start date, breakdown
    varchar, member varchar, record_count bigint, identified_count bigint, matched_count bigint,
    unjoined_count bigint, identified_share double, matched_share double, unknowable_share double,
    undecided_share double, unjoined_share double, customer_count bigint, suppressed boolean, low_n
    boolean, held_from varchar
);
create table marts.identity_outcomes (
    identifier_type varchar, outcome varchar, tier varchar, token_count bigint, largest_record_count
    bigint
);
create table marts.identity_clusters (
    size_class varchar, customer_count bigint, token_count bigint, largest_token_count bigint,
    conflict_count bigint, household_customer_count bigint
);
create table intermediate.int_measures__journey_units as
select interaction_id as unit_id, 'first_contact_resolution_share' as measure from marts.fct_interactions;
create table marts.journey_measures (
    period_type varchar, period_start date, period_label varchar, quarter_start date, breakdown
    varchar, member varchar, measure varchar, page varchar, n bigint, value double, low double, high
    double, match_coverage double, contact_coverage double, web_coverage double, bound_low double,
    bound_high double, pending_count bigint, unknown_count bigint, visit_count bigint,
    is_provisional boolean, is_claim_allowed boolean, suppressed boolean, low_n boolean, held_from varchar
);

insert into marts.survey_quality by name
select
    period_type, period_start,
    if(period_type = 'month', strftime(period_start, '%Y-%m'), fiscal_quarter) as period_label,
    date_trunc('quarter', period_start) as quarter_start, breakdown,
    if(breakdown = 'all', 'all', survey_id) as member, true as suppressed, false as low_n
from (
    select distinct
        period_type, date_trunc(period_type, answered_local_date)::date as period_start, fiscal_quarter,
        breakdown, if(breakdown = 'survey', survey_id, null) as survey_id
    from marts.fct_survey_responses
    cross join (values ('month'), ('quarter')) as period_types (period_type)
    cross join (values ('all'), ('survey')) as breakdowns (breakdown)
);
insert into intermediate.int_row_counts by name
select
    'survey_quality' as table_name, period_type, period_start, breakdown, member, 'surveys' as item,
    'all' as page, 9 as n, 8 as part_count
from marts.survey_quality;
insert into marts.identity_quality by name
select
    'quarter' as period_type, quarter_start as period_start, fiscal_quarter as period_label, quarter_start,
    breakdown, if(breakdown = 'all', 'all', source_system) as member, true as suppressed, false as low_n
from (
    select distinct
        date_trunc('quarter', day)::date as quarter_start, fiscal_quarter, breakdown,
        if(breakdown = 'source', source_system, null) as source_system
    from (
        select started_local_date as day, fiscal_quarter, source_system from marts.fct_interactions
        union all
        select answered_local_date, fiscal_quarter, source_system from marts.fct_survey_responses
    )
    cross join (values ('all'), ('source')) as breakdowns (breakdown)
);
insert into marts.journey_measures by name
select distinct
    'quarter' as period_type, date_trunc('quarter', started_local_date)::date as period_start,
    fiscal_quarter as period_label, period_start as quarter_start, breakdown,
    if(breakdown = 'all', 'all', service_id) as member, 'first_contact_resolution_share' as measure,
    'all' as page, false as is_provisional, false as is_claim_allowed, true as suppressed, false as low_n
from marts.fct_interactions
cross join (values ('all'), ('service')) as breakdowns (breakdown)
where customer_id is not null;
"""
"""How many answered or were matched is withheld, and so is each share of journeys."""

BUILD = """
create table _build.run (run_id varchar);
create table _build.complete_to (day date);
create table _build.fingerprint (fingerprint varchar);
create table _build.excluded_batches (batch_id varchar, reason varchar);
create table _build.built_batches (
    batch_id varchar, source varchar, stream varchar, state varchar, records bigint, run_id varchar
);
"""


@dataclass
class Home:
    """A home, and what it is made of: change it, then `build()` again."""

    settings: Settings
    responses: int = 2400
    interactions: int = 3600
    reversed_order: bool = False
    fingerprint: str = "f" * 64
    batches: list[Manifest] = field(default_factory=list)
    unused: frozenset[str] = frozenset()
    """Sources that have landed and are configured no more."""

    @classmethod
    def at(cls, folder: Path, *, responses: int = 2400, interactions: int = 3600) -> Home:
        """Land one batch a source, and build."""
        seeds = PROJECT / "dbt_project" / "seeds"
        settings = Settings(home=folder, sources_file=folder / "sources.yml", seeds=seeds)
        home = cls(settings, responses, interactions)
        home.land("touchpoints", "responses", [f"sub-{i}" for i in range(home.responses)])
        home.land("genesys", "conversations", [f"conv-{i}" for i in range(home.interactions)])
        home.build()
        return home

    def copy(self, folder: Path) -> Home:
        """The same home elsewhere; cheaper than another one."""
        shutil.copytree(self.settings.home, folder)
        settings = replace(self.settings, home=folder, sources_file=folder / "sources.yml")
        return replace(self, settings=settings, batches=visible(settings)[::-1])

    def land(
        self,
        source: str,
        stream: str,
        records: Sequence[str],
        *,
        start: date = date(2026, 1, 1),
        end: date = date(2026, 5, 1),
        quarantined: int = 0,
        file: str | None = None,
    ) -> Manifest:
        """Make a visible batch of raw that holds these records, of a window or of a file."""
        window = Window(*(datetime(d.year, d.month, d.day, tzinfo=UTC) for d in (start, end)))
        batch_id = f"{source}.{stream}.{window.key}.20260501T000000{len(self.batches):06d}Z"
        dt = (end - timedelta(days=1)).isoformat()
        folder = self.settings.raw / source / stream / f"dt={dt}" / batch_id
        folder.mkdir(parents=True)
        now = datetime(2026, 5, 1, tzinfo=UTC)
        hashes = [hashlib.sha256(record.encode()).hexdigest()[:32] for record in records]
        columns = [
            list(records),
            [now] * len(records),
            [now] * len(records),
            [batch_id] * len(records),
            ["conversation"] * len(records),
            ["{}"] * len(records),
            hashes,
            [[]] * len(records),
        ]
        pq.write_table(pa.table(columns, schema=SCHEMA), folder / "part-00000.parquet")
        if quarantined:
            rejected = self.settings.raw / "_quarantine" / source / stream / f"{batch_id}.parquet"
            rejected.parent.mkdir(parents=True)
            pq.write_table(pa.table({"position": list(range(quarantined))}), rejected)
        manifest = Manifest(
            batch_id=batch_id,
            source=source,
            kind_of_source=source,
            stream=stream,
            window=None if file else window,
            started_at=now,
            finished_at=now,
            dt=dt,
            parts=(Part("part-00000.parquet", len(records), 1, "0" * 64),),
            records=len(records),
            quarantined=quarantined,
            duplicates=0,
            received=len(records) + quarantined,
            sha256=hashlib.sha256("\n".join(sorted(records)).encode()).hexdigest(),
            key_version=1,
            original=Original(file, 1, "0" * 64, "0" * 64) if file else None,
            days={dt: Day(len(records), quarantined)},
            folder=folder,
        )
        (folder / "manifest.json").write_bytes(manifest.to_json())
        self.batches.append(manifest)
        return manifest

    def build(self) -> None:
        """Make the warehouse anew from what the batches stand for."""
        self.settings.warehouse.parent.mkdir(parents=True, exist_ok=True)
        self.settings.warehouse.unlink(missing_ok=True)
        values = {
            "order": "order by all desc" if self.reversed_order else "order by all",
            "responses": self.responses,
            "interactions": self.interactions,
            **{b.source: b.batch_id for b in reversed(self.batches)},
        }
        with duckdb.connect(str(self.settings.warehouse)) as connection:
            connection.begin()
            for schema in ("seeds", "_build", "staging", "intermediate", "marts"):
                connection.execute(f"create schema {schema}")
            for seed in SEEDS:
                file = self.settings.seeds / f"{seed}.csv"
                connection.execute(f"create table seeds.{seed} as from read_csv('{file}', header = true)")
            connection.execute(BUILD)
            self._mark_built(connection)
            connection.execute(DIMENSIONS + FACTS + MEASURES + PERFORMANCE)
            for script in (FILL_FACTS, FILL_DIMENSIONS, FILL_MEASURES):
                connection.execute(script.format_map(values))
            connection.execute(FILINGS)
            connection.execute(WEB)
            connection.execute(JOURNEYS)
            connection.execute(NOTHING_WITHHELD.format(schema="intermediate") + QUALITY)
            connection.execute(STAGING)
            names = self._comment(connection)
            connection.commit()
        nodes = {
            f"model.voxpop.{name}": {
                "resource_type": "model",
                "schema": "marts",
                "alias": name,
                "package_name": "voxpop",
                "original_file_path": f"models/marts/{name}.sql",
                "relation_name": f'"warehouse"."marts"."{name}"',
                "config": {"meta": {"audience": "public" if name in PUBLIC else "internal"}},
            }
            for name in names
        }
        target = self.settings.dbt_target / "target"
        target.mkdir(parents=True, exist_ok=True)
        (target / "manifest.json").write_text(json.dumps({"nodes": nodes}))
        for name, sql in OF_PUBLISHED.items():
            # with all of the table's columns
            self.model(name).parent.mkdir(parents=True, exist_ok=True)
            self.model(name).write_text(
                f'from ({sql}) union all by name (from "warehouse"."marts"."{name}" limit 0)'
            )

    def model(self, name: str) -> Path:
        """The SQL that dbt made of a model that a release is made of once more."""
        return self.settings.dbt_target / f"target/compiled/voxpop/models/marts/{name}.sql"

    @property
    def sources(self) -> set[str]:
        """The sources that have landed."""
        return {batch.source for batch in self.batches} - self.unused

    def publish(self, now: datetime) -> str:
        """Stage, as if the gate had passed it and its page were written; publish, and give the id."""
        made = candidate.stage(self.settings, now=now, sources=self.sources)
        assert made is not None
        passed: manifest.AuditSummary = {
            "passed": True,
            "expectations": 1,
            "failed": 0,
            "warnings": 0,
            "page": "audit/index.html",
        }
        manifest.write(made.folder, made.manifest | {"audit": passed})
        page = made.folder / manifest.PAGE
        page.parent.mkdir()
        page.write_text("<p>the page</p>")
        store.publish(self.settings, made, now=now)
        return made.release_id

    def change(self, *statements: str) -> None:
        """Run SQL on the warehouse: plant what the gate should find."""
        with duckdb.connect(str(self.settings.warehouse)) as connection:
            for statement in statements:
                connection.execute(statement)

    def _mark_built(self, connection: duckdb.DuckDBPyConnection) -> None:
        connection.execute("insert into _build.fingerprint values (?)", [self.fingerprint])
        left_out = exclusions(self.settings)
        for batch_id, exclusion in left_out.items():
            connection.execute(
                "insert into _build.excluded_batches values (?, ?)", [batch_id, exclusion.reason]
            )
        counted = [b for b in self.batches if b.batch_id not in left_out and b.source not in self.unused]
        if day := complete_to(counted, time_zones(self.settings)):
            connection.execute("insert into _build.complete_to values (?)", [day])
        for b in self.batches:
            if b.batch_id not in left_out:
                connection.execute(
                    "insert into _build.built_batches values (?, ?, ?, 'built', ?, 'run')",
                    [b.batch_id, b.source, b.stream, b.records],
                )

    def _comment(self, connection: duckdb.DuckDBPyConnection) -> list[str]:
        columns = connection.execute(
            "select table_name, column_name from duckdb_columns() where schema_name = 'marts' order by all"
        ).fetchall()
        names = sorted({name for name, _ in columns})
        for name in names:
            connection.execute(f"comment on table marts.{name} is 'One row per {name}; it''s a test.'")
        for name, column in columns:
            connection.execute(f"comment on column marts.{name}.{column} is 'The {column} of it.'")
        return names

"""What must hold of the public figures of what people went through."""

# ruff: noqa: S608 - the names in the SQL are our own

from __future__ import annotations

from collections.abc import Mapping

from expectations.journeys import visits_are_told
from expectations.rules import Rule, few_are_withheld, is_settled, never, one_of, required, unique

MEASURES = (
    "first_contact_resolution_share",
    "repeat_contact_share",
    "website_before_call_share",
    "page_before_call_share",
    "channel_shift_share",
    "division_change_share",
    "median_resolution_days",
    "survey_linked_share",
)
_FIGURES = """
    n value low high match_coverage contact_coverage web_coverage bound_low bound_high pending_count
    unknown_count visit_count
"""


def journey_measures(policy: Mapping[str, float]) -> list[Rule]:
    """One row per fiscal quarter, breakdown, member, measure and page."""
    shown = ", ".join(f"{figure}::varchar" for figure in _FIGURES.split())
    least, enough = policy["suppression_min_n"], policy["match_claim_min_share"]
    key = ("period_type", "period_start", "breakdown", "member", "measure", "page")
    cell = "concat_ws(' ', period_label, breakdown, member, measure, nullif(page, 'all'))"
    settled = is_settled("(period_start + interval 3 months)::date", policy)
    return [
        required(*key, "suppressed", "low_n", "is_provisional", "is_claim_allowed", blame=cell),
        unique(*key, blame=cell),
        one_of("breakdown", ("all", "organization", "service", "channel"), blame=cell),
        one_of("measure", MEASURES, blame=cell),
        never(
            "a share lies in its interval, and that between 0 and 1",
            "measure <> 'median_resolution_days'"
            " and not (low >= 0 and low <= value + 1e-9 and value <= high + 1e-9 and high <= 1)",
            blame=cell,
        ),
        never(
            "a median lies in its interval",
            "measure = 'median_resolution_days' and not (coalesce(low, 0) >= 0"
            " and coalesce(low <= value, true) and coalesce(value <= high, true))",
            blame=cell,
        ),
        never(
            "the coverage is the smaller of both, and what is unmatched widens the bounds",
            "match_coverage is distinct from least(contact_coverage, web_coverage)"
            " or match_coverage not between 0 and 1"
            " or not (bound_low <= value + 1e-9 and value <= bound_high + 1e-9)",
            blame=cell,
        ),
        never(
            f"no claim is made where less than {enough:g} is matched",
            f"is_claim_allowed and (suppressed or match_coverage < {enough})",
            blame=cell,
        ),
        Rule(
            "no claim is made of pages where none is made of the visits",
            f"""
            select {cell} as blame
            from tested
            where measure = 'page_before_call_share' and is_claim_allowed and held_from is null
            and not exists (
                from tested as visits
                where visits.measure = 'website_before_call_share'
                    and (visits.is_claim_allowed or visits.held_from is not null)
                    and visits.period_start = tested.period_start
                    and visits.breakdown = tested.breakdown and visits.member = tested.member
            )
            """,
        ),
        never(
            "a withheld cell shows no figure",
            f"suppressed and coalesce({shown}) is not null",
            blame=cell,
        ),
        few_are_withheld(
            least,
            f"n is null or n < {least} or measure = 'page_before_call_share' and round(value * n) < {least}",
            blame=cell,
        ),
        Rule(
            "no withheld member is what is left of a published whole",
            f"""
            select any_value({cell}) filter (suppressed) as blame
            from tested
            where breakdown <> 'all' and page = 'all' and exists (
                from tested as whole
                where whole.breakdown = 'all' and not whole.suppressed and whole.measure = tested.measure
                    and whole.period_start = tested.period_start
            )
            group by period_start, breakdown, measure
            having count(*) > 1 and count(*) filter (suppressed) = 1 and bool_and(held_from is null)
            """,
        ),
        never(
            "a quarter is told once it is settled",
            "measure = 'first_contact_resolution_share' and pending_count > 0 and held_from is null",
            blame=cell,
        ),
        never("a withheld page has no row", "page <> 'all' and suppressed", blame=cell),
        Rule(
            "visits that are on no page of a service are none, or many",
            f"""
            select concat_ws(' ', any_value(period_label), member) as blame
            from tested
            where page <> 'all'
            group by period_start, member
            having bool_and(held_from is null) and max(n) - sum(round(value * n)) between 1 and {least} - 1
            """,
        ),
        Rule(
            "contacts and what follows them are what the facts hold",
            _CONTACTS.format(days=f"{policy['repeat_contact_days']:.0f}", is_settled=settled),
        ),
        Rule(
            "the website before the call is what the journeys hold",
            _WEBSITE_BEFORE_CALL.format(is_settled=settled),
        ),
        Rule("pages before the call are what the journeys hold", _PAGES),
        Rule("no share is shown of journeys whose number journey_paths withholds", _SHARES_AGAINST_PATHS),
        visits_are_told(cell),
    ]


_SHARES_AGAINST_PATHS = """
    select concat_ws(' ', tested.period_label, tested.member, tested.measure) as blame
    from tested
    inner join marts.journey_paths as paths using (period_type, period_start, breakdown, member)
    where paths.path = 'all' and paths.suppressed and tested.n is not null
        and tested.measure in ('channel_shift_share', 'division_change_share')
        and coalesce(tested.held_from, paths.held_from) is null
"""

_CONTACTS = """
    with contacts as (
        select
            *, date_trunc('quarter', started_local_date)::date as period_start,
            customer_id is not null and service_id is not null and started_at is not null as is_known
        from marts.fct_interactions
        where direction = 'inbound' and coalesce(channel not in ('website', 'mobile_app'), true)
    ),
    known as (
        select
            *,
            lead(started_at) over (partition by customer_id, service_id order by started_at, interaction_id)
                <= started_at + to_days({days}) as is_followed,
            sum(if(customer_tier = 'strong', 1, -1)) over (partition by period_start, service_id) >= 0
                as is_strong_the_rule
        from contacts
        where is_known
    ),
    recognized as (
        from known where (customer_tier = 'strong') = is_strong_the_rule
    ),
    counted as (
        select
            period_start, case when service_id is null then 'all' else 'service' end as breakdown,
            coalesce(service_id, 'all') as member, count(*) as found,
            1 - avg(coalesce(is_followed, false)::int) as share_found
        from recognized
        group by period_start, grouping sets ((), (service_id))
    ),
    unknown as (
        select period_start, count(*) filter (recognized.interaction_id is null) as unknown_found
        from contacts
        left join recognized using (interaction_id, period_start)
        group by period_start
    )
    select concat_ws(' ', period_start, breakdown, member) as blame
    from (
        from tested where measure = 'first_contact_resolution_share' and breakdown in ('all', 'service')
    ) as shown
    full join counted using (period_start, breakdown, member)
    left join unknown using (period_start)
    where
        not coalesce(suppressed, false) and held_from is null
        and (measure is not null or {is_settled})
        and (
            n is distinct from found
            or abs(value - share_found) > 1e-9
            or (breakdown = 'all' and unknown_count is distinct from unknown_found)
        )
"""

_WEBSITE_BEFORE_CALL = """
    with counted as (
        select
            quarter_start as period_start,
            case when service_id is null then 'all' else 'service' end as breakdown,
            coalesce(service_id, 'all') as member, count(*) as found,
            avg(has_website_before_call::int) as share_found
        from marts.customer_journeys
        where has_website_before_call is not null and not is_open and not is_left_truncated
        group by quarter_start, grouping sets ((), (service_id))
    )
    select concat_ws(' ', period_start, breakdown, member) as blame
    from (
        from tested where measure = 'website_before_call_share' and breakdown in ('all', 'service')
    ) as shown
    full join counted using (period_start, breakdown, member)
    where
        not coalesce(suppressed, false) and held_from is null
        and (measure is not null or {is_settled})
        and (n is distinct from found or abs(value - share_found) > 1e-9)
"""

_PAGES = """
    with counted as (
        select
            quarter_start as period_start, service_id as member, page_before_call as page, count(*) as seen,
            sum(count(*)) over (partition by quarter_start, service_id) as found
        from marts.customer_journeys
        where page_before_call is not null and not is_open and not is_left_truncated
        group by quarter_start, service_id, page_before_call
    )
    select concat_ws(' ', tested.period_label, tested.member, tested.page) as blame
    from tested
    left join counted using (period_start, member, page)
    where
        measure = 'page_before_call_share' and not suppressed and held_from is null
        and (n is distinct from found or abs(value - seen / found) > 1e-9)
"""

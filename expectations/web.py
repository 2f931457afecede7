"""What must hold of the web's tables: ranges, sums against parts, suppression; what contradicts itself."""

# ruff: noqa: S608 - the names in the SQL are our own

from __future__ import annotations

from collections.abc import Mapping

from expectations.measures import suppression
from expectations.rules import Rule, few_are_withheld, never, not_negative, one_of, required, unique

PERIODS = ("month", "quarter", "span")
BASES = ("visits", "days", "source")
_SHARES = ("engaged", "bounce", "task_success", "helpful")
_OF = ("source_system", "site", "report", "basis")


def web_performance(policy: Mapping[str, float]) -> list[Rule]:
    """One row per period, breakdown, member, source, site, report and basis."""
    key = ("period_type", "period_label", "breakdown", "member", *_OF)
    cell = "concat_ws(' ', period_label, breakdown, member, source_system, report)"
    counts = ("n", "visits", "users", "pageviews")
    shares = " ".join(f"{share}_{part}" for share in _SHARES for part in ("n", "share", "low", "high"))
    return [
        required(*key, "suppressed", "low_n", blame=cell),
        unique(*key, blame=cell),
        one_of("period_type", PERIODS, blame=cell),
        one_of("basis", BASES, blame=cell),
        not_negative(*counts, blame=cell),
        *(
            never(
                f"{share}_share lies in its interval, and that between 0 and 1",
                f"not ({share}_low >= 0 and {share}_low <= {share}_share + 1e-9"
                f" and {share}_share <= {share}_high + 1e-9 and {share}_high <= 1)",
                blame=cell,
            )
            for share in _SHARES
        ),
        never(
            "visitors of more than a day are never a sum of days", "basis = 'days' and users > 0", blame=cell
        ),
        never(
            "a figure is of a day at least, and of no more than its period has",
            "day_count not between 1 and period_end_date - period_start + 1",
            blame=cell,
        ),
        Rule(
            "days are told where nothing of the quarter is withheld, and nowhere else",
            f"""
            select max({cell}) as blame
            from tested
            group by quarter_start, breakdown, member, {", ".join(_OF)}
            having bool_and(held_from is null) and count(day_count) <> if(bool_or(suppressed), 0, count(*))
            """,
        ),
        Rule(
            "a quarter's visits are its months', added",
            f"""
            select max({cell}) as blame
            from tested
            where basis <> 'source' and period_type in ('month', 'quarter')
            group by date_trunc('quarter', period_start), breakdown, member, {", ".join(_OF)}
            having bool_and(visits is not null and held_from is null)
                and sum(visits) filter (period_type = 'month') is distinct from
                    sum(visits) filter (period_type = 'quarter')
            """,
        ),
        *suppression(
            policy,
            cell,
            n="n",
            figures=f"day_count {' '.join(counts)} pageviews_per_visit {shares}",
            items=_OF,
        ),
        Rule(_ALONE, _SPANS_BESIDE_OTHERS),
        Rule("what is counted of single visits is what these give", _SESSIONS_AGAINST_PERFORMANCE),
    ]


_ALONE = "a span is withheld where figures of another number of days share a day with it"
_SPANS_BESIDE_OTHERS = """
    with stretches as (
        select
            source_system, report, site, period_start, period_end_date,
            period_end_date - period_start as days,
            bool_or(period_type = 'span' and not suppressed) as is_shown_span
        from tested
        where basis = 'source'
        group by all
    )
    select concat_ws(' ', period_start, period_end_date, source_system, report, site) as blame
    from stretches
    where is_shown_span and exists (
        select 1
        from stretches as other
        where (other.source_system, other.report, other.site)
            = (stretches.source_system, stretches.report, stretches.site)
            and other.period_start <= stretches.period_end_date
            and other.period_end_date >= stretches.period_start
            and other.days <> stretches.days
    )
"""

_SESSIONS_AGAINST_PERFORMANCE = """
    with months as (
        select
            source_system, visitor_token, pageview_count, helpful_yes_count, helpful_no_count,
            is_engaged::integer as engaged, is_bounce::integer as bounce,
            if(is_task_started, is_task_done::integer, null) as task_done,
            organization_id as organization, service_id as service, site, device,
            site || landing_page as page,
            date_trunc('month', started_local_date)::date as month_start,
            date_trunc('quarter', started_local_date)::date as quarter_start
        from marts.fct_web_sessions
        where not is_suspected_bot
    ),
    cells as (
        select
            if(grouping(month_start) = 0, 'month', 'quarter') as period_type,
            coalesce(month_start, quarter_start) as period_start,
            case
                when grouping(organization) = 0 then 'organization'
                when grouping(service) = 0 then 'service'
                when grouping(site) = 0 then 'site'
                when grouping(device) = 0 then 'device'
                when grouping(page) = 0 then 'page'
                else 'all'
            end as breakdown,
            if(breakdown = 'all', 'all', coalesce(organization, service, site, device, page)) as member,
            source_system,
            count(*) as visits_found,
            count(distinct visitor_token) as users_found,
            sum(pageview_count) as pageviews_found,
            avg(engaged) as engaged_found,
            avg(bounce) as bounce_found,
            avg(task_done) as task_found,
            sum(helpful_yes_count) / nullif(sum(helpful_yes_count + helpful_no_count), 0) as helpful_found
        from months
        group by
            grouping sets ((month_start), (quarter_start)),
            grouping sets ((), (organization), (service), (site), (device), (page)),
            source_system
        having member is not null
    ),
    published as (select * from tested where basis = 'visits')
    select concat_ws(' ', period_type, period_start, breakdown, member, source_system) as blame
    from cells
    full join published using (period_type, period_start, breakdown, member, source_system)
    where not coalesce(suppressed, false) and held_from is null and (
        (n, visits, users, pageviews)
        is distinct from (visits_found, visits_found, users_found, pageviews_found)
        or abs(engaged_share - engaged_found) > 1e-9
        or abs(bounce_share - bounce_found) > 1e-9
        or (breakdown <> 'page' and (
            (task_success_share is null) <> (task_found is null)
            or abs(task_success_share - task_found) > 1e-9
            or (helpful_n is not null and (helpful_share is null) <> (helpful_found is null))
            or abs(helpful_share - helpful_found) > 1e-9
        ))
    )
"""


def page_helpfulness(policy: Mapping[str, float]) -> list[Rule]:
    """One row per period, site, page, source, report and basis."""
    key = ("period_type", "period_label", "site", "page", "source_system", "report", "basis")
    cell = "concat_ws(' ', period_label, site, page, source_system, report)"
    least = policy["suppression_min_n"]
    of = "period_type, period_label, site, source_system, report, basis"
    return [
        required(*key, "suppressed", "low_n", blame=cell),
        unique(*key, blame=cell),
        one_of("period_type", PERIODS, blame=cell),
        one_of("basis", BASES, blame=cell),
        never(
            "a share lies in its interval, and that between 0 and 1",
            "not (low >= 0 and low <= value + 1e-9 and value <= high + 1e-9 and high <= 1)",
            blame=cell,
        ),
        never(
            "a withheld cell shows no figure",
            "suppressed and coalesce(n, value, low, high) is not null",
            blame=cell,
        ),
        few_are_withheld(least, f"n is null or n < {least}", blame=cell),
        never(
            "a page on which all voted alike is withheld",
            "not suppressed and page <> 'all' and value in (0, 1)",
            blame=cell,
        ),
        Rule(
            "a site's withheld pages are none, or few votes of no one page",
            f"""
            select max({cell}) as blame
            from tested
            group by {of}
            having bool_or(page = 'all' and not suppressed) and bool_and(held_from is null)
                and count(*) filter (suppressed) > 0
                and sum(n) filter (page = 'all') - coalesce(sum(n) filter (page <> 'all'), 0) < {least}
            """,
        ),
        Rule(_ALONE, _SPANS_BESIDE_OTHERS),
    ]


def web_report_checks() -> list[Rule]:
    """One row per published report, subject and statement."""
    return [
        never(
            "a published report says one thing of itself",
            "not is_agreed",
            blame="concat_ws(' ', source_system, report, subject)",
            warns_because="which of its statements is right only its publisher knows: the table shows all of"
            " them, and nothing was chosen (since 2026-11-26)",
        )
    ]

"""What must hold of journeys: they are what the contacts give, their paths what they give; suppression."""

# ruff: noqa: S608 - the names in the SQL are our own

from __future__ import annotations

from collections.abc import Mapping

from expectations.rules import (
    Rule,
    few_are_withheld,
    is_settled,
    never,
    not_negative,
    one_of,
    refers,
    required,
    unique,
)


def customer_journeys(policy: Mapping[str, float]) -> list[Rule]:
    """One row per journey. Whose it is is not shown."""
    own = "'a journey'"
    gap = f"interval '{policy['journey_gap_days'] * 86400:.0f} seconds'"
    return [
        required("journey_id", "customer_id", "service_id", "started_at", "last_touch_at", blame=own),
        unique("journey_id", blame=own),
        refers("customer_id", "dim_customers", blame=own),
        refers("service_id", "dim_services", blame=own),
        refers("organization_id", "dim_organizations", blame=own),
        refers("first_channel", "dim_channels", "channel", blame=own),
        refers("last_channel", "dim_channels", "channel", blame=own),
        refers("response_id", "fct_survey_responses", blame=own),
        never(
            "a journey's last contact is not before its first, nor after its end",
            "not last_touch_at between started_at and ended_at",
            blame=own,
        ),
        never(
            "a journey is resolved when one of its contacts ends, and else it is not",
            "(resolved_at is not null) <> coalesce(is_resolved, false) or resolved_at > ended_at",
            blame=own,
        ),
        Rule(
            "no journey begins before the limit after another of the same customer and service",
            f"""
            select {own} as blame from tested
            qualify started_at - lag(last_touch_at) over (
                partition by customer_id, service_id order by started_at, journey_id
            ) <= {gap}
            """,
        ),
        Rule(
            "the journeys are what the contacts give",
            f"""
            with contacts as (
                select
                    customer_id, service_id, interaction_id, started_at,
                    coalesce(started_at - lag(started_at) over own > {gap}, true) as is_first
                from marts.fct_interactions
                where customer_id is not null and service_id is not null and started_at is not null
                window own as (partition by customer_id, service_id order by started_at, interaction_id)
            ),
            numbered as (
                select *, count(*) filter (is_first) over (
                    partition by customer_id, service_id order by started_at, interaction_id
                    rows unbounded preceding
                ) as episode
                from contacts
            ),
            found as (
                select
                    any_value(interaction_id) filter (is_first) as journey_id, customer_id, service_id,
                    count(*) as touches, min(started_at) as first_at, max(started_at) as last_at
                from numbered group by customer_id, service_id, episode
            )
            select {own} as blame
            from found full join tested using (journey_id)
            where (found.customer_id, found.service_id, touches, first_at, last_at) is distinct from
                (tested.customer_id, tested.service_id, touch_count, tested.started_at, last_touch_at)
            """,
        ),
    ]


def journey_paths(policy: Mapping[str, float]) -> list[Rule]:
    """One row per period, breakdown, member and path."""
    key = ("period_type", "period_start", "breakdown", "member", "path")
    cell = "concat_ws(' ', period_label, member, path)"
    least, low = policy["suppression_min_n"], policy["low_n_below"]
    figures = "journey_count share low high score_n mean_score median_days median_days_low median_days_high"
    shown = ", ".join(f"{figure}::varchar" for figure in figures.split())
    period_end = "(period_start + if(period_type = 'year', interval 1 year, interval 3 months))::date"
    return [
        required(*key, "suppressed", "low_n", blame=cell),
        unique(*key, blame=cell),
        one_of("period_type", ("quarter", "year"), blame=cell),
        one_of("breakdown", ("all", "service"), blame=cell),
        not_negative("journey_count", "score_n", "median_days", blame=cell),
        never(
            "a share lies in its interval, and that between 0 and 1",
            "not (low >= 0 and low <= share + 1e-9 and share <= high + 1e-9 and high <= 1)",
            blame=cell,
        ),
        never(
            "a mean lies in its interval, and that between 1 and 5",
            "not (mean_score_low >= 1 and mean_score_low <= mean_score + 1e-9"
            " and mean_score <= mean_score_high + 1e-9 and mean_score_high <= 5)"
            " or not (mean_score between 1 and 5)",
            blame=cell,
        ),
        never(
            "a median lies in its interval",
            "not (median_days_low <= median_days and median_days <= median_days_high)",
            blame=cell,
        ),
        never("a withheld cell shows no figure", f"suppressed and coalesce({shown}) is not null", blame=cell),
        few_are_withheld(least, f"journey_count is null or journey_count < {least}", blame=cell),
        never(
            f"scores of fewer than {least:g} are withheld, and no mean is shown without its n",
            f"score_n between 1 and {least} - 1 or (score_n is null and mean_score is not null)",
            blame=cell,
        ),
        never(
            f"a shown cell with fewer than {low:g} is marked low_n",
            f"held_from is null and low_n <> (not suppressed and journey_count < {low})",
            blame=cell,
        ),
        *(
            Rule(f"{what} of {of} is what is left of {whole}", _left(cell, column, condition, of_whole))
            for column, what in (("journey_count", "no withheld count"), ("score_n", "no withheld score"))
            for of, whole, condition, of_whole in (
                ("a path", "all paths", "path <> 'all'", {"path": "all"}),
                (
                    "a service",
                    "all services",
                    "breakdown = 'service' and path <> 'other'",
                    {"breakdown": "all", "member": "all"},
                ),
                ("a quarter", "its year", "period_type = 'quarter'", {"period_type": "year"}),
            )
        ),
        Rule(
            "the figures of paths are what the journeys give",
            _JOURNEYS_AGAINST_PATHS.format(is_settled=is_settled(period_end, policy)),
        ),
        visits_are_told(cell),
    ]


def visits_are_told(cell: str) -> Rule:
    """Beside journeys no visits are counted that web_performance, which has the same, withholds.

    Args:
        cell: SQL for a row's name.
    """
    return Rule(
        "visits are none that web_performance withholds",
        f"""
        select {cell} as blame
        from tested
        where held_from is null and visit_count > (
            select if(bool_or(website.held_from is not null), null, coalesce(sum(website.visits), 0))
            from marts.web_performance as website
            where website.basis = 'visits' and website.period_type = 'quarter'
                and website.breakdown = tested.breakdown and website.member = tested.member
                and website.period_start >= tested.period_start
                and website.period_start < tested.period_start
                    + if(tested.period_type = 'year', interval 1 year, interval 3 months)
        )
        """,
    )


def _left(cell: str, column: str, condition: str, whole: Mapping[str, str]) -> str:
    """Sums with a shown whole of which one part alone is withheld."""
    sides = {
        "period_type": "period_type",
        "period_start": "year_start" if "period_type" in whole else "period_start",
        "breakdown": "breakdown",
        "member": "member",
        "path": "path",
    }
    grouped = [sides[name] for name in sides if name not in whole]
    same = " and ".join(
        f"whole.{name} = '{whole[name]}'" if name in whole else f"whole.{name} = parts.{side}"
        for name, side in sides.items()
    )
    return f"""
        with parts as (
            select {", ".join(grouped)}, max({cell}) filter ({column} is null) as blame
            from tested where {condition}
            group by {", ".join(grouped)}
            having count(*) > 1 and count(*) filter ({column} is null) = 1 and bool_and(held_from is null)
        )
        select blame from parts
        where exists (
            from tested as whole where {same} and whole.{column} is not null and whole.held_from is null
        )
    """


_JOURNEYS_AGAINST_PATHS = """
    with journeys as (
        select
            quarter_start, service_id, path, satisfaction_score, duration_days,
            (date_trunc('year', quarter_start + interval 3 months) - interval 3 months)::date as year_start
        from marts.customer_journeys
        where not is_open and not is_left_truncated
    ),
    cells as (
        select
            if(grouping(quarter_start) = 0, 'quarter', 'year') as period_type,
            coalesce(quarter_start, year_start) as period_start,
            coalesce(service_id, 'all') as member, coalesce(path, 'all') as path,
            count(*) as journeys_found, count(satisfaction_score) as scores_found,
            avg(satisfaction_score) as mean_found, median(duration_days) as median_found
        from journeys
        group by
            grouping sets ((quarter_start), (year_start)),
            grouping sets ((), (service_id)),
            grouping sets ((), (path))
    ),
    sums as (
        select
            period_type, period_start, member, bool_or(suppressed or held_from is not null) as is_hidden,
            sum(journey_count) filter (path <> 'all') as parts,
            sum(journey_count) filter (path = 'all') as whole
        from tested
        group by period_type, period_start, member
    )
    select concat_ws(' ', period_type, period_start, member, path) as blame
    from tested full join cells using (period_type, period_start, member, path)
    where held_from is null and (
        (tested.path <> 'other' and cells.path is null)
        or (tested.path is null and cells.path = 'all' and {is_settled})
        or journey_count <> journeys_found
        or score_n <> scores_found
        or abs(mean_score - mean_found) > 1e-9
        or abs(median_days - median_found) > 0.05 + 1e-9
    )
    union all
    select concat_ws(' ', period_type, period_start, member) from sums
    where not is_hidden and parts is distinct from whole
"""

"""What must hold of the web's tables: ranges, sums against parts, suppression; what contradicts itself."""

# ruff: noqa: S608 - the names in the SQL are our own

from __future__ import annotations

from collections.abc import Mapping

from expectations.measures import suppression
from expectations.rules import Rule, never, not_negative, one_of, required, unique

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
            "a figure is of no more days than its period has",
            "day_count not between 1 and period_end_date - period_start + 1",
            blame=cell,
        ),
        Rule(
            "a quarter's visits are its months', added",
            f"""
            select max({cell}) as blame
            from tested
            where basis <> 'source' and period_type in ('month', 'quarter')
            group by date_trunc('quarter', period_start), breakdown, member, {", ".join(_OF)}
            having bool_and(visits is not null)
                and sum(visits) filter (period_type = 'month') is distinct from
                    sum(visits) filter (period_type = 'quarter')
            """,
        ),
        *suppression(
            policy,
            cell,
            n="n",
            figures=f"{' '.join(counts)} pageviews_per_visit {shares}",
            items=_OF,
        ),
    ]


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
        never(
            f"a cell with fewer than {least:g} is withheld",
            f"not suppressed and (n is null or n < {least})",
            blame=cell,
        ),
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
            having bool_or(page = 'all' and not suppressed)
                and count(*) filter (suppressed) > 0
                and sum(n) filter (page = 'all') - coalesce(sum(n) filter (page <> 'all'), 0) < {least}
            """,
        ),
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

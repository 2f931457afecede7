"""What must hold of published figures and of priority goals: what is missing is no number."""

# ruff: noqa: S608 - the names in the SQL are our own

from __future__ import annotations

from collections.abc import Mapping

from expectations.rules import Rule, never, one_of, required, unique


def published_measures() -> list[Rule]:
    """One row per publisher, what it is about, period, edition, measure, driver and occurrence."""
    key = (
        "publisher",
        "organization",
        "service",
        "touchpoint",
        "period_label",
        "edition",
        "edition_date",
        "measure",
        "driver",
        "occurrence",
    )
    cell = "concat_ws(' ', publisher, service, touchpoint, period_label, edition, measure, driver)"
    return [
        required(*key, "is_break", "is_restated", blame=cell),
        unique(*key, blame=cell),
        never(
            "the seed published_measure_crosswalk knows every column and question",
            "measure = 'unmapped' or driver = 'unmapped'",
            blame=cell,
        ),
        never(
            "a figure is there, or the reason why it is not",
            "(value is null) <> (missing_reason is not null)",
            blame=cell,
        ),
        never(
            "a published cell that should hold a number can be read",
            "missing_reason = 'unreadable'",
            blame=cell,
            warns_because="somebody else published it; it is shown as missing (since 2026-11-26)",
        ),
        never(
            "a figure is in its measure's range",
            """
            not case
                when measure = 'cx_index' then our_value between 0 and 100
                when measure = 'mean' and scale in ('likert_5', 'csat_5') then value between 1 and 5
                when unit = 'share' then value between 0 and 1
                else value >= 0
            end
            """,
            blame=cell,
        ),
        never(
            "a change crosses no break, and a figure is a break with its reason",
            "is_break and change is not null or is_break <> (break_reason is not null)",
            blame=cell,
        ),
        never(
            "our figure differs from what was published by what is said",
            """
            (our_value is null or value is null) <> (difference is null)
            or (difference is null) <> (agrees_with_published is null)
            or abs(our_value - value - difference) > 1e-6
            """,
            blame=cell,
        ),
        Rule(
            "what we say of our own survey is what cx_index shows",
            f"""
            select {cell} as blame
            from tested
            where our_source = 'own_measures' and tested.held_from is null and not exists (
                from marts.cx_index as own
                where own.breakdown = 'service' and own.member = tested.service
                    and own.period_label = tested.period_label and own.scale = tested.scale
                    and own.measure = tested.measure and own.driver = tested.driver
                    and not own.suppressed and own.n = tested.our_n and abs(own.value - our_value) < 1e-9
            )
            """,
        ),
    ]


_BIN = """
    case
        when progress < 0 then '<0'
        when progress = 0 then '0'
        when progress < 0.25 then '(0,.25)'
        when progress < 0.5 then '[.25,.5)'
        when progress < 0.75 then '[.5,.75)'
        when progress < 1 then '[.75,1)'
        when progress = 1 then '1'
        when progress > 1 then '>1'
    end
"""

_CHANGES = "direction in ('increase', 'decrease')"
_FIGURES = "coalesce(value, low, high, n, progress, forecast_value, forecast_low, forecast_high)"


def priority_goal_measures(policy: Mapping[str, float]) -> list[Rule]:
    """One row per measure of a priority goal and period.

    Args:
        policy: the agency's.
    """
    cell = "concat_ws(' ', goal_id, measure_id, period_label)"
    least = policy["suppression_min_n"]
    return [
        required(
            "measure_id",
            "source",
            "goal_id",
            "period_start",
            "direction",
            "is_provisional",
            "suppressed",
            blame=cell,
        ),
        unique("measure_id", "period_start", blame=cell),
        one_of(
            "direction",
            (
                "increase",
                "decrease",
                "maintain_at_or_above",
                "maintain_at_or_below",
                "milestone",
                "undefined",
            ),
            blame=cell,
        ),
        never(
            "progress is what value, start and target give, and its bin is that of the figure",
            f"""
            (progress is null) <> (no_progress_reason is not null)
            or abs(progress - (value - value_start) / (value_target - value_start))
                > 1e-6 * greatest(1, abs(progress))
            or progress_bin is distinct from {_BIN}
            """,
            blame=cell,
        ),
        never(
            "what is missing, withheld or without a target is null and no zero",
            """
            (value is null) <> coalesce(status in ('withheld', 'not_reported'), false)
            or (value is null) <> (suppressed or missing_reason is not null)
            or value is null and coalesce(progress, forecast_value) is not null
            or coalesce(status in ('withheld', 'not_reported', 'no_target'), false)
                and (progress, progress_bin, is_target_met) is distinct from (null, null, null)
            """,
            blame=cell,
        ),
        never(
            "a status is one that the goal's direction and dates allow",
            f"""
            not case
                when status is null then {_CHANGES} and (progress is null or target_date is null)
                when status in ('withheld', 'not_reported', 'no_target') then true
                when status in ('done', 'not_done')
                    then direction = 'milestone' and is_target_met = (status = 'done')
                when status in ('met', 'not_met')
                    then is_target_met = (status = 'met') and direction not in ('milestone', 'undefined')
                        and not is_provisional
                        and (direction like 'maintain%' or target_date < period_start + interval 1 year)
                when status = 'regressed' then {_CHANGES} and progress < 0
                when direction like 'maintain%'
                    then is_provisional and status = if(is_target_met, 'on_track', 'behind')
                when status = 'on_track'
                    then {_CHANGES} and (is_target_met or progress >= coalesce(elapsed_share, 2))
                when status = 'behind' then {_CHANGES} and progress < elapsed_share
                else false
            end
            """,
            blame=cell,
        ),
        never(
            "a forecast rests on six values or more of a level or rate that is to change",
            f"""
            forecast_value is not null and not coalesce(
                forecast_point_count >= 6 and kind in ('level', 'rate') and {_CHANGES}
                and forecast_low <= forecast_value and forecast_value <= forecast_high
                and period_start < target_date, false
            )
            """,
            blame=cell,
        ),
        never(
            f"a withheld value shows no figure, and one of fewer than {least:g} is withheld",
            f"suppressed and {_FIGURES} is not null or n < {least}",
            blame=cell,
        ),
        never(
            "what was published agrees as a whole where each field of it does",
            """
            agrees_with_published is distinct from case
                when coalesce(
                    is_value_as_published, is_progress_as_published, is_progress_range_as_published,
                    is_target_status_as_published, is_threshold_as_published, is_completions_as_published
                ) is not null then
                    coalesce(is_value_as_published, true)
                    and coalesce(is_progress_as_published, true)
                    and coalesce(is_progress_range_as_published, true)
                    and coalesce(is_target_status_as_published, true)
                    and coalesce(is_threshold_as_published, true)
                    and coalesce(is_completions_as_published, true)
            end
            """,
            blame=cell,
        ),
    ]

"""Priority goals of the sample agency: its own measures and what its offices report, in one table."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from .home import Home

LETTERS = "indicator like 'Share of letters%'"


def test_a_goal_has_its_measures_figures(published: Home) -> None:
    """The row that the seed names, and no other one."""
    found = published.sql(
        """
        select goal.period_label, goal.value, goal.low, goal.high, goal.n, goal.suppressed
        from marts.priority_goal_measures as goal
        where indicator = 'CX index of replacing an identity card' and status <> 'not_reported'
        order by 1
        """
    )
    measured = published.sql(
        """
        select period_label, value, low, high, n, suppressed from marts.cx_index
        where period_type = 'quarter' and member = 'fld-card' and measure = 'cx_index' order by 1
        """
    )
    assert found == measured
    assert len(found) >= 1
    ((share, measured_share, status, is_provisional),) = published.sql(
        """
        select goal.value, center.abandonment_share, goal.status, goal.is_provisional
        from marts.priority_goal_measures as goal
        inner join marts.contact_center_performance as center using (period_type, period_start)
        where goal.indicator = 'Share of callers who give up' and center.breakdown = 'channel'
            and center.member = 'phone' and center.source_system = 'genesys'
        """
    )
    assert share == measured_share
    held, missed = ("on_track", "behind") if is_provisional else ("met", "not_met")
    assert status == (held if share <= 0.08 else missed)


def test_what_adds_up_is_added_up(published: Home) -> None:
    found = published.sql(
        "select period_label, value from marts.priority_goal_measures"
        " where indicator = 'Answered questionnaires' and status <> 'not_reported' order by period_start"
    )
    counts = published.sql(
        "select n from marts.cx_index where period_type = 'quarter' and breakdown = 'all'"
        " and measure = 'cx_index' order by period_start"
    )
    assert [value for _, value in found] == np.cumsum([n for (n,) in counts]).tolist()


def test_what_offices_report_stands_beside_what_follows_from_it(published: Home) -> None:
    """Letters go from 40 to 90: 77.5 in 2026Q2 is .75, 8 of 10 quarters are over; 2025Q2 is missing."""
    found = {
        label: rest
        for label, *rest in published.sql(
            "select period_label, value, progress, status, published_progress, agrees_with_published"
            f" from marts.priority_goal_measures where {LETTERS}"
        )
    }
    assert found["2026Q2"] == [77.5, 0.75, "behind", 0.75, True]
    assert found["2025Q2"] == [None, None, "not_reported", 0.0, False]
    measured = published.sql("select distinct period_label from marts.cx_index where period_type = 'quarter'")
    assert len(found) == 8 + len(measured)
    for (label,) in measured:  # the report is sent two weeks after its quarter has ended
        assert found[label] == [None, None, "not_reported", None, None]
    milestones = published.sql(
        "select period_label, status from marts.priority_goal_measures"
        " where direction = 'milestone' and status <> 'not_reported' order by 1"
    )
    assert milestones[-2:] == [("2026Q1", "not_done"), ("2026Q2", "done")]


def test_the_forecast_is_that_of_least_squares(published: Home) -> None:
    """By statsmodels, over the values that were reported, on the number of the quarter."""
    rows = published.sql(
        "select value, forecast_value, forecast_low, forecast_high, forecast_point_count"
        f" from marts.priority_goal_measures where {LETTERS} and edition is not null order by period_start"
    )
    points = [(place, row[0]) for place, row in enumerate(rows) if row[0] is not None]
    fitted = sm.OLS([y for _, y in points], sm.add_constant([float(x) for x, _ in points])).fit()
    target = 9.0  # the quarter of September 30, 2026 is the tenth
    said = fitted.get_prediction(np.array([[1.0, target]])).summary_frame(alpha=0.05).iloc[0]
    *_, last = rows
    assert last[1:4] == pytest.approx((said["mean"], said["obs_ci_lower"], said["obs_ci_upper"]), abs=1e-6)
    assert last[4] == len(points) == 7
    assert [row[4] for row in rows] == [None] * 6 + [6, 7]

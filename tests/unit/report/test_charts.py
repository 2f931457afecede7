"""The line of a series has its breaks and its control limits, and never crosses a break."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import pytest
from voxpop.report import charts
from voxpop.report.figure import Figure
from voxpop.report.sections.months import Break, Limits

MONTHS = ["2025-01", "2025-02", "2025-03", "2025-04", "2025-05", "2025-06"]


def month(name: str, value: float | None) -> Figure:
    low, high = (None, None) if value is None else (value - 1, value + 1)
    more = (None, value is None, False, "sampling", False, *[None] * 10)
    return Figure(name, "all", "all", "likert_5", "cx_index", "all", value, low, high, *more)


def drawn(breaks: list[Break] | None = None, limits: list[Limits] | None = None, gap: str = "") -> str:
    found = [month(name, None if name == gap else 70.0 + at) for at, name in enumerate(MONTHS)]
    return charts.by_month(found, title="Index", says="Index", breaks=breaks or [], limits=limits or [])


def pieces(svg: str) -> list[list[float]]:
    """The horizontal places of the points of each piece of the line, from the left; of one point or more."""
    lines = re.findall(r'aria-roledescription="line mark" d="([^"]+)"', svg)
    parts = [part for line in lines for part in re.findall(r"M[^M]+", line)]
    return sorted([float(x) for x in re.findall(r"[ML]([\d.]+),", part)] for part in parts)


def across(svg: str) -> dict[str, float]:
    """The horizontal place of each break, by its letter."""
    rules = re.findall(r'<line aria-label="name: [\d-]+" [^>]*translate\(([\d.]+),0\)', svg)
    letters = re.findall(r'letter: (\w)"', svg)
    return dict(zip(letters, map(float, rules), strict=True))


def test_a_line_without_breaks_is_one() -> None:
    assert [len(piece) for piece in pieces(drawn())] == [6]


@pytest.mark.parametrize(
    ("on", "expected"),
    [
        (date(2025, 3, 1), [2, 4]),  # between two months
        (date(2025, 3, 16), [2, 1, 3]),  # March holds answers to both, so it stands alone
        (date(2025, 3, 31), [2, 1, 3]),
        (date(2024, 12, 31), [6]),  # before all of it
        (date(2025, 7, 1), [6]),
    ],
)
def test_a_line_never_crosses_a_break(on: date, expected: list[int]) -> None:
    svg = drawn([Break(on, "a", "")])
    found = pieces(svg)
    assert [len(piece) for piece in found] == expected
    at = across(svg)
    assert len(at) == (len(expected) > 1)
    for piece in found:
        assert len(piece) == 1 or not any(min(piece) < place < max(piece) for place in at.values())


def test_a_break_stands_on_its_day() -> None:
    """Months are as wide as one another: 16 March is 15/31 of its own behind its beginning."""
    both = across(drawn([Break(date(2025, 3, 1), "a", ""), Break(date(2025, 4, 1), "b", "")]))
    middle = across(drawn([Break(date(2025, 3, 16), "a", "")]))
    assert middle["a"] == pytest.approx(both["a"] + (both["b"] - both["a"]) * 15 / 31)


def test_two_breaks_of_one_month_part_it_from_both_sides() -> None:
    assert [
        len(piece) for piece in pieces(drawn([Break(date(2025, 3, day), "a", "") for day in (5, 20)]))
    ] == [
        2,
        1,
        3,
    ]


def test_a_withheld_month_leaves_a_gap() -> None:
    assert [len(piece) for piece in pieces(drawn(gap="2025-03"))] == [2, 3]


def test_control_limits_are_lines_of_their_own_months_and_ring_what_lies_outside() -> None:
    limits = [Limits(name, 60.0, 71.5, name == "2025-03", False) for name in MONTHS[:3]]
    svg = drawn(limits=limits)
    assert sorted(re.findall(r'name: ([\d-]+); limit: ([\d.]+)"', svg)) == sorted(
        (name, limit) for name in MONTHS[:3] for limit in ("60", "71.5")
    )
    assert re.findall(r'aria-label="name: ([\d-]+); value: 72"', svg) == ["2025-03"]
    lowest = min(float(label) for label in re.findall(r'text-anchor="end"[^>]*>([\d.]+)<', svg))
    assert lowest <= 60, "limits lie within the drawing"


def labels(svg: str, axis: str) -> list[tuple[str, float]]:
    """The labels of the axis that is so described, each with where its line of writing is, from the top."""
    drawn = svg[svg.index(f'aria-label="{axis}') :]
    top = float(re.findall(r"translate\([\d.]+,([\d.]+)\)", drawn)[0])
    found = re.findall(r'translate\([-\d.]+,([\d.]+)\)"[^>]*>([^<]+)</text>', drawn.split("axis-domain")[0])
    return [(text, top + float(base)) for base, text in found]


def test_the_lowest_value_stands_above_the_first_month() -> None:
    """Letters are 11 high: so far apart they can't meet, though both begin at the axes' corner."""
    svg = drawn()
    month, below = labels(svg, "X-axis")[0]
    value, above = labels(svg, "Y-axis")[0]
    assert (month, value) == ("2025-01", "68")
    assert below - above >= 11


def test_shares_have_percent_on_their_axes_as_in_their_tables() -> None:
    """From 0.40 to 0.65, with 0.01 on both sides."""
    shares = [
        replace(month(name, 0.4 + at / 20), low=0.39 + at / 20, high=0.41 + at / 20, measure="thumbs_up")
        for at, name in enumerate(MONTHS)
    ]
    months = charts.by_month(shares, title="Trust", says="Trust")
    members = charts.by_name(shares, title="Trust", says="Trust")
    assert [text for text, _ in labels(months, "Y-axis")][:2] == ["35%", "40%"]
    assert [text for text, _ in labels(members, "X-axis")][:2] == ["35%", "40%"]
    assert "%" not in drawn()

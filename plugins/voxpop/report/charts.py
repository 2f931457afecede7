"""Charts as inline SVG: an interval beside every point, no script, nothing fetched."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Sequence
from datetime import date
from textwrap import wrap
from typing import Any

from markupsafe import escape

from voxpop.report.figure import Figure
from voxpop.report.numbers import SHARES
from voxpop.report.sections.months import Break, Limits

# The page's style gives these their values, for light and for dark.
_INK, _MARK, _GRID, _PAPER = "var(--ink)", "var(--mark)", "var(--line)", "var(--paper)"
_QUIET = "var(--quiet)"
FONT = "Helvetica, Arial, sans-serif"
WIDTH = 360
"""Units of every drawing, labels included: a drawing as wide as a phone, and never larger than its column."""
_LABEL = 22
"""Characters on a line of a name."""
_BELOW = 8
"""Between an axis and the months below it, beside which half of the lowest value's label stands."""


def by_name(figures: Sequence[Figure], *, title: str, says: str) -> str:
    """A dot with its interval for each name, as ordered; hollow where it doesn't compare with the rest.

    Args:
        figures: those with a value are drawn; the table under the chart names the others.
        title: the axis' title, with its unit.
        says: what the drawing is of, for who can't see it.

    Returns:
        An `<svg>` element 360 units wide, or an empty text where nothing can be drawn.
    """
    import altair as alt

    rows = [row | {"name": "\n".join(wrap(row["name"], _LABEL))} for row in _rows(figures)]
    if not rows:
        return ""
    order = [row["name"] for row in rows]
    base = alt.Chart(alt.Data(values=rows)).encode(
        y=alt.Y(
            "name:N",
            sort=order,
            title=None,
            axis=alt.Axis(labelExpr="split(datum.value, '\\n')", labelLimit=0, ticks=False, domain=False),
        )
    )
    scale = alt.Scale(domain=_domain(figures), nice=True, zero=False)
    interval = base.mark_rule(strokeWidth=2, color=_MARK).encode(
        x=alt.X(
            "low:Q", scale=scale, title=title, axis=alt.Axis(tickCount=5, labelFlush=False, **_unit(figures))
        ),
        x2="high:Q",
    )
    points = base.mark_circle(size=60, stroke=_MARK, strokeWidth=2, opacity=1).encode(
        x=alt.X("value:Q", scale=scale),
        fill=alt.condition(alt.datum.is_hollow, alt.value(_PAPER), alt.value(_MARK)),
    )
    height = 24 * sum(1 + row["name"].count("\n") / 2 for row in rows) + 45
    return _svg((interval + points).properties(width=WIDTH, height=height), says)


def by_month(
    figures: Sequence[Figure],
    *,
    title: str,
    says: str,
    breaks: Sequence[Break] = (),
    limits: Sequence[Limits] = (),
) -> str:
    """A line with an interval at each point, one a month; a month that is withheld leaves a gap.

    The line never crosses a break: a month within which one lies stands alone.

    Args:
        figures: in the order of time, named `YYYY-MM`.
        title: the axis' title, with its unit.
        says: what the drawing is of, for who can't see it.
        breaks: each becomes a vertical line on its day with its letter above; one outside the months doesn't.
        limits: each becomes two lines as wide as its month, and a ring around what lies outside.

    Returns:
        An `<svg>` element 360 units wide, or an empty text where nothing can be drawn.
    """
    import altair as alt

    rows = _rows(figures, keep_missing=True)
    if not any(row["value"] is not None for row in rows):
        return ""
    outside = {one.month for one in limits if one.is_outside}
    for row in rows:
        row |= {"piece": _piece(row["name"], breaks), "is_outside": row["name"] in outside}
    ticks = [row["name"] for index, row in enumerate(rows) if index % max(1, len(rows) // 5) == 0]
    months = alt.Scale(type="band", paddingOuter=0.1)
    axis = alt.Axis(values=ticks, labelAngle=0, labelOverlap=True, ticks=False, labelPadding=_BELOW)
    base = alt.Chart(alt.Data(values=rows)).encode(x=alt.X("name:O", title=None, axis=axis, scale=months))
    scale = alt.Scale(domain=_domain(figures, limits), nice=True, zero=False)
    interval = base.mark_rule(color=_MARK, strokeWidth=1).encode(
        y=alt.Y("low:Q", scale=scale, title=title, axis=alt.Axis(**_unit(figures))), y2="high:Q"
    )
    line = base.mark_line(
        color=_MARK, strokeWidth=2, point=alt.OverlayMarkDef(size=22, filled=True, color=_MARK)
    ).encode(y=alt.Y("value:Q", scale=scale), detail="piece:N")
    rings = (
        base.transform_filter("datum.is_outside")
        .mark_point(shape="circle", size=110, color=_INK, strokeWidth=1.5)
        .encode(y=alt.Y("value:Q", scale=scale))
    )
    drawn = [interval, line, rings] if outside else [interval, line]
    names = {row["name"] for row in rows}
    if limits:
        ends = [{"name": one.month, "limit": end} for one in limits for end in (one.lower, one.upper)]
        drawn.append(
            alt.Chart(alt.Data(values=ends))
            .mark_rule(color=_QUIET, strokeDash=[2, 2])
            .encode(
                x=alt.X("name:O", bandPosition=0),
                x2=alt.X2("name:O", bandPosition=1),
                y=alt.Y("limit:Q", scale=scale),
            )
        )
    for one in breaks:
        if (month := f"{one.on:%Y-%m}") in names:
            at = (one.on.day - 1) / monthrange(one.on.year, one.on.month)[1]
            day = alt.Chart(alt.Data(values=[{"name": month, "letter": one.letter}])).encode(
                x=alt.X("name:O", bandPosition=at)
            )
            drawn.append(day.mark_rule(color=_INK, strokeDash=[6, 3]))
            drawn.append(
                day.mark_text(color=_INK, fontSize=11, baseline="bottom", dy=-2).encode(
                    text="letter:N", y=alt.value(0)
                )
            )
    return _svg(alt.layer(*drawn).properties(width=WIDTH, height=220), says)


def _piece(month: str, breaks: Sequence[Break]) -> str:
    """Which part of its series a month is of: breaks before its first day, and before its last has ended."""
    first = date.fromisoformat(f"{month}-01")
    last = first.replace(day=monthrange(first.year, first.month)[1])
    return f"{sum(one.on <= first for one in breaks)}-{sum(one.on <= last for one in breaks)}"


def _rows(figures: Sequence[Figure], *, keep_missing: bool = False) -> list[dict[str, Any]]:
    return [
        {
            "name": figure.name,
            "value": figure.value,
            "low": figure.low if figure.low is not None else figure.value,
            "high": figure.high if figure.high is not None else figure.value,
            "is_hollow": figure.lacks != (),
        }
        for figure in figures
        if keep_missing or figure.value is not None
    ]


def _unit(figures: Sequence[Figure]) -> dict[str, str]:
    """How an axis writes its values: shares in percent, as the tables do."""
    return {"format": "~%"} if figures[0].measure in SHARES else {}


def _domain(figures: Sequence[Figure], limits: Sequence[Limits] = ()) -> list[float]:
    bounds = [
        bound
        for figure in figures
        if figure.value is not None
        for bound in (figure.low, figure.value, figure.high)
        if bound is not None
    ]
    bounds += [bound for one in limits for bound in (one.lower, one.upper)]
    margin = (max(bounds) - min(bounds)) * 0.08 or 1.0
    return [min(bounds) - margin, max(bounds) + margin]


def _svg(chart: Any, says: str) -> str:
    import vl_convert

    spec = (
        chart.configure(
            background="transparent",
            font=FONT,
            autosize={"type": "fit", "contains": "padding"},
            padding={"left": 14, "right": 8, "top": 4, "bottom": 4},
        )
        .configure_view(stroke=None)
        .configure_axis(
            labelFontSize=11,
            titleFontSize=11,
            labelColor=_INK,
            titleColor=_INK,
            gridColor=_GRID,
            tickColor=_GRID,
            domainColor=_INK,
            titleFontWeight="normal",
        )
        .to_dict(validate=False)
    )
    svg: str = vl_convert.vegalite_to_svg(spec)
    # The drawing grows and shrinks with its column, and says to a screen reader what it is of.
    return re.sub(
        r'^<svg ([^>]*?) width="[\d.]+" height="[\d.]+"',
        lambda found: f'<svg {found[1]} role="img" aria-label="{escape(says)}"',
        svg,
        count=1,
    )

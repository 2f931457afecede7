"""Charts as inline SVG: an interval beside every point, no script, nothing fetched."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from voxpop.report.figures import Figure

_INK = "#1b1b1b"
_BLUE = "#005ea2"
_GRID = "#dfe1e2"
_FONT = "Helvetica, Arial, sans-serif"
_WIDTH = 360
"""Units of every drawing, labels included: a drawing as wide as a phone, and never larger than its column."""


def by_name(figures: Sequence[Figure], *, title: str, decimals: int) -> str:
    """A dot with its interval for each name, best first as given.

    Args:
        figures: those with a value are drawn; the table under the chart names the others.
        title: the axis' title, with its unit.
        decimals: digits on the labels.

    Returns:
        An `<svg>` element 360 units wide, or an empty text where nothing can be drawn.
    """
    import altair as alt

    rows = _rows(figures, decimals)
    if not rows:
        return ""
    order = [row["name"] for row in rows]
    base = alt.Chart(alt.Data(values=rows)).encode(
        y=alt.Y("name:N", sort=order, title=None, axis=alt.Axis(labelLimit=150, ticks=False, domain=False))
    )
    scale = alt.Scale(domain=_domain(figures), nice=True, zero=False)
    interval = base.mark_rule(strokeWidth=3, color=_BLUE, opacity=0.45).encode(
        x=alt.X("low:Q", scale=scale, title=title, axis=alt.Axis(tickCount=5)), x2="high:Q"
    )
    points = base.mark_circle(size=70, color=_BLUE, opacity=1).encode(x=alt.X("value:Q", scale=scale))
    return _svg((interval + points).properties(width=_WIDTH, height=24 * len(rows) + 45), title)


def by_month(figures: Sequence[Figure], *, title: str, decimals: int) -> str:
    """A line with an interval at each point, one a month; a month that is withheld leaves a gap.

    Args:
        figures: in the order of time, named `YYYY-MM`.
        title: the axis' title, with its unit.
        decimals: digits on the labels.

    Returns:
        An `<svg>` element 360 units wide, or an empty text where nothing can be drawn.
    """
    import altair as alt

    rows = _rows(figures, decimals, keep_missing=True)
    if not any(row["value"] is not None for row in rows):
        return ""
    ticks = [row["name"] for index, row in enumerate(rows) if index % max(1, len(rows) // 5) == 0]
    base = alt.Chart(alt.Data(values=rows)).encode(
        x=alt.X(
            "name:O",
            title=None,
            axis=alt.Axis(values=ticks, labelAngle=0, labelOverlap=True),
            scale=alt.Scale(paddingOuter=0.1),
        )
    )
    scale = alt.Scale(domain=_domain(figures), nice=True, zero=False)
    interval = base.mark_rule(color=_BLUE, opacity=0.35, strokeWidth=3).encode(
        y=alt.Y("low:Q", scale=scale, title=title), y2="high:Q"
    )
    line = base.mark_line(
        color=_BLUE, strokeWidth=2, point=alt.OverlayMarkDef(size=22, filled=True, color=_BLUE)
    ).encode(y=alt.Y("value:Q", scale=scale))
    return _svg((interval + line).properties(width=_WIDTH, height=220), title)


def _rows(figures: Sequence[Figure], decimals: int, *, keep_missing: bool = False) -> list[dict[str, Any]]:
    return [
        {
            "name": figure.name,
            "value": figure.value,
            "low": figure.low if figure.low is not None else figure.value,
            "high": figure.high if figure.high is not None else figure.value,
            "label": figure.text(decimals),
        }
        for figure in figures
        if keep_missing or figure.value is not None
    ]


def _domain(figures: Sequence[Figure]) -> list[float]:
    bounds = [
        bound
        for figure in figures
        if figure.value is not None
        for bound in (figure.low, figure.value, figure.high)
        if bound is not None
    ]
    margin = (max(bounds) - min(bounds)) * 0.08 or 1.0
    return [min(bounds) - margin, max(bounds) + margin]


def _svg(chart: Any, title: str) -> str:
    import vl_convert

    spec = (
        chart.configure(
            background="transparent",
            font=_FONT,
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
            titleFontWeight="normal",
        )
        .to_dict(validate=False)
    )
    svg: str = vl_convert.vegalite_to_svg(spec)
    # The drawing grows and shrinks with its column, and says to a screen reader what it is of.
    return re.sub(
        r'^<svg ([^>]*?) width="[\d.]+" height="[\d.]+"',
        rf'<svg \1 role="img" aria-label="{title}"',
        svg,
        count=1,
    )

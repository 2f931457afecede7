"""A Sankey drawing of paths as inline SVG: one ribbon a path, as thick as many went that way.

Layout and drawing are our own: what draws one in Python needs a browser, a script or pixels.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from voxpop.report.charts import FONT, WIDTH

_BAR = 8
_LABEL = 14
"""Height that a name needs."""
_GAP = 6
_HEADING = 20
"""Height of the line that says which contact a column is."""
_THICKEST = 200
"""Height of the column with most paths, without its gaps."""


@dataclass(frozen=True)
class Way:
    """A path that is drawn: its steps by name, how many went it, and what is said of it."""

    steps: tuple[str, ...]
    count: int
    says: str


def ways(found: Sequence[Way], *, says: str) -> Markup:
    """One column a step and one bar a name in it, the most frequent on top; a ribbon goes through its bars.

    Args:
        found: those to draw, each of one step or more and with a count above 0.
        says: what the drawing is of, for who can't see it.

    Returns:
        An `<svg>` element 360 units wide, or an empty text where there is nothing to draw.
    """
    if not found:
        return Markup()
    order = _order(found)
    columns = len(order)
    unit = _THICKEST / sum(one.count for one in found)
    bars, height = _bars(order, unit)
    places = _places(found, order, bars, unit)
    step = (WIDTH - _BAR) / max(1, columns - 1)
    drawn = Markup()
    for column in range(columns):
        anchor = "start" if column == 0 else "end" if column == columns - 1 else "middle"
        at = {"start": 0.0, "middle": column * step + _BAR / 2, "end": float(WIDTH)}[anchor]
        drawn += _text(at, 11, anchor, "First" if column == 0 else "Then")
    for one in found:
        for column in range(len(one.steps) - 1):
            ends = (column * step + _BAR, (column + 1) * step)
            tops = (places[one, column], places[one, column + 1])
            drawn += _ribbon(ends, tops, one.count * unit, one.says)
    for (column, name), (top, thickness) in bars.items():
        drawn += _bar(column * step, top, thickness, name, is_last=column == columns - 1 and columns > 1)
    return Markup(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>'
    ).format(WIDTH, _number(height), says, drawn)


def _order(found: Sequence[Way]) -> list[list[tuple[str, int]]]:
    """The names of each column with how many are there, the most first; of as many by name."""
    counts: list[dict[str, int]] = [defaultdict(int) for _ in range(max(len(one.steps) for one in found))]
    for one in found:
        for column, name in enumerate(one.steps):
            counts[column][name] += one.count
    return [sorted(names.items(), key=lambda item: (-item[1], item[0])) for names in counts]


def _bars(
    order: Sequence[Sequence[tuple[str, int]]], unit: float
) -> tuple[dict[tuple[int, str], tuple[float, float]], float]:
    """The top and the height of each bar, which stand apart as their names need; the height of all."""
    bars, lowest = {}, 0.0
    for column, names in enumerate(order):
        top = float(_HEADING)
        for name, count in names:
            thickness = count * unit
            room = max(thickness, _LABEL)
            bars[column, name] = (top + (room - thickness) / 2, thickness)
            top += room + _GAP
        lowest = max(lowest, top - _GAP)
    return bars, lowest


def _places(
    found: Sequence[Way],
    order: Sequence[Sequence[tuple[str, int]]],
    bars: dict[tuple[int, str], tuple[float, float]],
    unit: float,
) -> dict[tuple[Way, int], float]:
    """Where each path begins in each of its bars: in the order in which its other bars stand."""
    rank = {(column, name): at for column, names in enumerate(order) for at, (name, _) in enumerate(names)}
    used: dict[tuple[int, str], float] = defaultdict(float)
    places = {}
    for one in sorted(found, key=lambda one: [rank[place] for place in enumerate(one.steps)]):
        for column, name in enumerate(one.steps):
            places[one, column] = bars[column, name][0] + used[column, name]
            used[column, name] += one.count * unit
    return places


def _ribbon(ends: tuple[float, float], tops: tuple[float, float], thickness: float, says: str) -> Markup:
    """From the left end's top to the right end's."""
    (left, right), (start, end) = ends, tops
    middle = (left + right) / 2
    corners = (left, start, middle, start, middle, end, right, end, end + thickness)
    back = (middle, end + thickness, middle, start + thickness, left, start + thickness)
    return Markup(
        '<path d="M{},{}C{},{} {},{} {},{}V{}C{},{} {},{} {},{}Z" fill="var(--mark)" fill-opacity=".35" '
        'stroke="var(--paper)" stroke-width=".5"><title>{}</title></path>'
    ).format(*map(_number, (*corners, *back)), says)


def _bar(left: float, top: float, thickness: float, name: str, *, is_last: bool) -> Markup:
    """A bar with its name beside it: within the drawing, so before the bar in the last column."""
    bar = Markup('<rect x="{}" y="{}" width="{}" height="{}" fill="var(--mark)"/>').format(
        _number(left), _number(top), _BAR, _number(thickness)
    )
    at, anchor = (left - 4, "end") if is_last else (left + _BAR + 4, "start")
    return bar + _text(at, top + thickness / 2 + 4, anchor, name)


def _text(left: float, base: float, anchor: str, text: str) -> Markup:
    """A text that can be read over a ribbon: the paper's color surrounds it."""
    return Markup(
        '<text x="{}" y="{}" text-anchor="{}" font-family="{}" font-size="11" fill="var(--ink)" '
        'stroke="var(--paper)" stroke-width="3" paint-order="stroke">{}</text>'
    ).format(_number(left), _number(base), anchor, FONT, text)


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")

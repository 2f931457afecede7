"""What the page says first: the figures in sentences.

Two quarters of the whole agency share no answer, so their difference has an interval of its own. That one
driver or service is clearly below the next is said only where their intervals don't meet, which is stricter
than a test: the lowest has been picked from many, and drivers are answered by the same people.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import hypot
from typing import Any

from voxpop.report.figure import Figure
from voxpop.report.figures import PageFigures
from voxpop.report.numbers import difference, shown
from voxpop.report.sections.headlines import Headline

_Z = 1.96
"""The standard normal distribution's 97.5% quantile; decision 0012 says what it is used for."""


def sentences(page: PageFigures) -> list[str]:
    """Say what matters: the first headline and its change, the lowest driver and service, the contact center.

    Args:
        page: the figures.

    Returns:
        Whole sentences, as plain text. What is withheld is said to be.
    """
    return [
        *_headline(page.quarter, page.headlines[0]),
        *_lowest("driver", page.drivers),
        *_lowest("service", page.services),
        *[said for center in page.contact_centers for said in _calls(center.source_system, center.channels)],
    ]


def _headline(quarter: str, headline: Headline) -> list[str]:
    now = headline.now
    if now.value is None:
        return [f"{now.name}, {quarter}: withheld, because too few people answered."]
    said = f"{now.name} was {now.text} in {quarter} ({now.interval}, n\xa0=\xa0{now.count})."
    return [said, *[_against(now, label, then) for label, then in headline.earlier.items()]]


def _against(now: Figure, label: str, then: Figure) -> str:
    if then.value is None:
        return f"{label} is withheld or has no figure, so nothing is said of a change since."
    was = f"{then.text} in {label} ({then.interval})"
    if now.drivers != then.drivers:
        return f"It rests on other drivers than the {was}, so the two don't compare."
    change = _value(now) - _value(then)
    size = difference(now.measure, abs(change))
    if not size.strip("0."):
        said = f"That is within rounding of the {was}"
    else:
        points = size if now.measure in ("cx_index", "mean", "nps") else f"{size} percentage points"
        said = f"That is {points} {'higher' if change > 0 else 'lower'} than the {was}"
    if not now.standard_error or not then.standard_error:
        return f"{said}. In one of them all answered alike, so nothing is said of chance."
    if now.weighted or then.weighted:
        return f"{said}. Weights and sampling units are not in that difference, so nothing is said of chance."
    margin = _Z * hypot(now.standard_error, then.standard_error)
    low, high = (difference(now.measure, end) for end in (change - margin, change + margin))
    verdict = "a change beyond chance" if abs(change) > margin else "no change beyond chance"
    return f"{said}: {verdict} (95% interval of the difference {low} to {high})."


def _lowest(what: str, figures: Sequence[Figure]) -> list[str]:
    """The lowest of several, and whether it is clearly so; only those that rest on the same drivers."""
    shown_ones = [figure for figure in figures if figure.value is not None]
    if not shown_ones:
        return []
    usual = max(
        (one.drivers or "" for one in shown_ones), key=[one.drivers or "" for one in shown_ones].count
    )
    alike = sorted((one for one in shown_ones if (one.drivers or "") == usual), key=_value)
    if len(alike) < 2:
        return []
    lowest, following = alike[0], alike[1]
    said = (
        f"The lowest {what} is {lowest.name}, at {lowest.text} ({lowest.interval}, n\xa0=\xa0{lowest.count})"
    )
    if meet(lowest, following):
        return [f"{said}, not clearly below {following.name}, at {following.text}."]
    return [f"{said}; the next, {following.name}, at {following.text}, is clearly above it."]


def _calls(source: str, channels: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The channel with most contacts; they are in that order."""
    name, most = next(iter(channels.items()))
    if most["suppressed"]:
        return []
    said = []
    if most["abandonment_share"] is not None:
        known = most["abandonment_count"]
        over = "" if known == most["offered"] else f"of the {known:,} of which it is known, "
        said.append(f"{over}{_share(most, 'abandonment')} were abandoned")
    if most["service_level_share"] is not None:
        said.append(f"{_share(most, 'service_level')} were answered within the service level")
    return [f"{name} ({source}): of {most['offered']:,} contacts, {'; '.join(said)}."] if said else []


def _share(record: Mapping[str, Any], name: str) -> str:
    value, low, high = (shown("top_two", record[f"{name}_{part}"]) for part in ("share", "low", "high"))
    return f"{value} ({low} to {high})"


def meet(one: Figure, other: Figure) -> bool:
    """Whether two intervals share a point; a figure without an interval meets everything."""
    if one.low is None or one.high is None or other.low is None or other.high is None:
        return True
    return one.low <= other.high and other.low <= one.high


def _value(figure: Figure) -> float:
    assert figure.value is not None  # noqa: S101 - callers have left out what is withheld
    return figure.value

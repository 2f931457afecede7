"""What the page says first: the figures in sentences.

What changed, and on what evidence, is what table `cx_comparisons` says. That one driver or service is
clearly below the next is said only where their intervals don't meet, which is stricter than a test: the
lowest has been picked from many, and drivers are answered by the same people. Of intervals that don't allow
for weights or sampling units behind a figure it is never said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from voxpop.report.figure import Figure
from voxpop.report.figures import PageFigures
from voxpop.report.numbers import shown
from voxpop.report.sections.changes import Change

_WHY_NOT = {
    "break": "people were asked in another way since",
    "no variance": "in one of the two all answered alike",
    "other drivers": "it rests on other drivers",
    "open period": "the quarter is not over",
    "partial period": "the earlier quarter began before the first answer",
    "weights": "weights or sampling units stand behind one of the two",
    "held": "one of the two still shows an earlier release",
}


def sentences(page: PageFigures) -> list[str]:
    """Say what matters: the first headline and its change, the lowest driver and service, the contact center.

    Args:
        page: the figures.

    Returns:
        Whole sentences, as plain text. What is withheld is said to be.
    """
    return [
        *_headline(page),
        *_lowest("driver", page.drivers),
        *_lowest("service", page.services),
        *[said for center in page.contact_centers for said in _calls(center.source_system, center.channels)],
    ]


def _headline(page: PageFigures) -> list[str]:
    now, changes = page.headlines[0].now, page.changes.get(page.headlines[0].now.key, {})
    if now.value is None:
        return [f"{now.name}, {page.quarter}: withheld, because too few people answered."]
    return [
        f"{now.name} was {now.text} in {page.quarter} ({now.interval}, n\xa0=\xa0{now.count}).",
        *(
            _against(changes[comparison], now, label, page.headlines[0].earlier[label])
            for comparison, label in page.earlier.items()
            if comparison in changes
        ),
    ]


def _against(change: Change, now: Figure, label: str, then: Figure) -> str:
    was = f"{then.text} in {label} ({then.interval})"
    if change.not_compared == "withheld":
        return f"{label} is withheld, so nothing is said of a change since."
    if change.not_compared is not None:
        return f"It does not compare with the {was}: {_WHY_NOT[change.not_compared]}."
    if {now.drivers, then.drivers} != {change.drivers}:
        said = f"On the drivers that both asked ({change.asked}) it is {change.distance} {label}"
    else:
        said = f"That is {change.distance} the {was}"
    verdict = "no evidence of a change" if change.verdict == "no evidence" else "evidence of a change"
    return f"{said}: {verdict} (95% interval of the difference {change.interval}, adjusted {change.p_text})."


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
    if may_meet(lowest, following):
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


def may_meet(one: Figure, other: Figure) -> bool:
    """Whether two intervals share a point, or would if they allowed for all that stands behind their figures.

    A figure without an interval may meet everything, and so may one with weights or sampling units behind it.
    """
    if one.is_weighted or other.is_weighted:
        return True
    if one.low is None or one.high is None or other.low is None or other.high is None:
        return True
    return one.low <= other.high and other.low <= one.high


def _value(figure: Figure) -> float:
    assert figure.value is not None  # noqa: S101 - callers have left out what is withheld
    return figure.value

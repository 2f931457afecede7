"""What the page says first: the figures in sentences, and what is uncertain about them.

A sentence says that one figure lies above another only where their intervals don't meet. That is stricter
than a test, and it is no test: the page says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from voxpop.report.figures import Figure, Headline, PageFigures, shown


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


def doubts(page: PageFigures) -> list[str]:
    """Say what is uncertain or not in the figures.

    Args:
        page: the figures.

    Returns:
        Whole sentences, as plain text.
    """
    figures = [*(headline.now for headline in page.headlines), *page.drivers, *page.services, *page.channels]
    said = []
    if not page.is_whole:
        said.append(f"The data end on {page.until:%Y-%m-%d}: {page.quarter} is not over in them.")
    if any(figure.interval_kind == "indicative" for figure in figures):
        said.append(
            "People chose whether to answer, so the intervals are indicative: they cover sampling variation "
            "only, not who stayed away."
        )
    else:
        said.append("The intervals cover sampling variation only.")
    if any(headline.now.weighted for headline in page.headlines):
        said.append(
            "Tables and drawings show unweighted figures; the weighted ones are beside the headlines."
        )
    elsewhere = sorted({figure.name for _, figure in page.others} - {figure.name for figure in page.services})
    if elsewhere:
        said.append(f"Not in “{page.measure}”, since their surveys ask otherwise: {', '.join(elsewhere)}.")
    withheld = sum(figure.value is None for figure in (*page.services, *page.channels))
    if withheld:
        said.append(f"{withheld} of the services and channels below are withheld.")
    if odd := others_asked(page):
        said.append(
            "These rest on other drivers than the agency's index and don't compare with the rest: "
            f"{', '.join(odd)}."
        )
    return said


def others_asked(page: PageFigures) -> list[str]:
    """The services and channels whose index rests on other drivers than the whole agency's."""
    whole = page.headlines[0].now.drivers
    members = [*page.services, *page.channels]
    return [one.name for one in members if one.value is not None and one.drivers != whole]


def _headline(quarter: str, headline: Headline) -> list[str]:
    now = headline.now
    if now.value is None:
        return [f"{now.name}, {quarter}: withheld, because too few people answered."]
    said = f"{now.name} was {now.text} in {quarter} ({now.interval}, n = {now.count})"
    if now.band is not None:
        said += f", in the band {now.band}"
        said += ", though its interval reaches into another" if now.is_band_uncertain else ""
    return [f"{said}.", *[_against(now, label, then) for label, then in headline.earlier.items()]]


def _against(now: Figure, label: str, then: Figure) -> str:
    if then.value is None:
        return f"{label} is withheld or has no figure, so nothing is said of a change since."
    was = f"{then.text} in {label} ({then.interval})"
    if now.drivers != then.drivers:
        return f"It rests on other drivers than the {was}, so the two don't compare."
    if meet(now, then):
        return f"It can't be told from the {was}: the intervals meet."
    direction = "higher" if _value(now) > _value(then) else "lower"
    return f"That is {direction} than the {was}: the intervals don't meet."


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
    said = f"The lowest {what} is {lowest.name}, at {lowest.text} ({lowest.interval}, n = {lowest.count})"
    if meet(lowest, following):
        return [f"{said}, not clearly below {following.name}, at {following.text}."]
    return [f"{said}; the next, {following.name}, at {following.text}, is clearly above it."]


def _calls(source: str, channels: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The channel with most contacts; they are in that order."""
    name, most = next(iter(channels.items()))
    if most["suppressed"]:
        return []
    said = f"{name} ({source}): of {most['offered']:,} contacts, {_share(most, 'abandonment')} were abandoned"
    if most["service_level_share"] is not None:
        said += f"; {_share(most, 'service_level')} were answered within the service level"
    return [f"{said}."]


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

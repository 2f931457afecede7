"""What the page says against itself: what is uncertain, left out, or no longer as it was published."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import groupby

from voxpop.release.manifest import Cause, Excluded, Manifest, Restatement
from voxpop.report.figure import Figure
from voxpop.report.figures import PageFigures
from voxpop.report.numbers import shown
from voxpop.report.sections.headlines import Headline

_CAUSES: dict[Cause, str] = {
    "method": "models, seeds or policies changed, and records may have too",
    "excluded": "a person left out a batch with records of these days",
    "included": "a person took in again a batch with records of these days",
    "records": "records of these days came in or changed",
    "indirect": "they changed with something else; no record of these days did",
}


def doubts(page: PageFigures, manifest: Manifest) -> list[str]:
    """Say what is uncertain, not in the figures, or no longer as it was published.

    Args:
        page: the figures.
        manifest: the candidate's.

    Returns:
        Whole sentences, as plain text.
    """
    figures = [*(headline.now for headline in page.headlines), *page.drivers, *page.services, *page.channels]
    said = []
    if not page.is_whole:
        said.append(f"The data are complete to {page.until:%Y-%m-%d}: {page.quarter} is not over in them.")
    months = [month for series in page.series for month in series.months]
    others = [figure for _, figure in page.others]
    if any(figure.interval_kind == "indicative" for figure in figures):
        said.append(
            "People chose whether to answer, so the intervals are indicative: they cover sampling variation "
            "only, not who stayed away."
        )
    else:
        said.append("The intervals cover sampling variation only.")
    weighted = sum(one.is_weighted and one.value is not None for one in (*figures, *months, *others))
    if weighted:
        said.append(
            f"Weights or sampling units stand behind {weighted} of the figures below. Their intervals, here "
            "and in goals, don't allow for them and are most often too narrow, so that they don't cover all "
            "sampling variation either, and none of these figures is called clearly below another."
        )
    if any(headline.now.weighted for headline in page.headlines):
        said.append(
            "Tables and drawings show unweighted figures; the weighted ones are beside the headlines, with "
            "intervals that allow for weights and sampling units."
        )
    elsewhere = sorted({figure.name for figure in others} - {figure.name for figure in page.services})
    if elsewhere:
        said.append(f"Not in “{page.measure}”, since their surveys ask otherwise: {', '.join(elsewhere)}.")
    withheld = sum(figure.value is None for figure in (*page.services, *page.channels))
    if withheld:
        said.append(
            f"Of the services and channels below {withheld} {'is' if withheld == 1 else 'are'} withheld."
        )
    held = sum(figure.held_from is not None for figure in (*figures, *months))
    if held:
        said.append(
            f"Held: {held} of the figures below {'is' if held == 1 else 'are'} still those of an earlier "
            "release (marked “held”). What has come since is of too few people to be shown."
        )
    odd = [one for one in (*page.services, *page.channels) if one.value is not None and one.lacks]
    if odd:
        named = (f"{one.name} (without {', '.join(one.lacks)})" for one in odd)
        said.append(
            "These weren't asked all drivers of the agency's index, so they compare with the rest on the "
            f"drivers that both asked, and not as they stand: {', '.join(named)}."
        )
    return [
        *said,
        *_uncleared(page),
        *_left_out(manifest["excluded"]),
        *_restated(page.headlines[0], page.quarter, manifest),
    ]


def _uncleared(page: PageFigures) -> Iterator[str]:
    """Say of which surveys answers came after the clearance had expired."""
    for survey in page.surveys:
        cleared = f"({survey.control_number}, now until {survey.expires_on})" if survey.control_number else ""
        after = " ".join(filter(None, [f"answers in {page.quarter} came after its clearance", cleared]))
        if survey.late:
            yield f"{survey.name}: {survey.late:,} {after} had expired. They are counted."
        elif survey.late is None and survey.is_expired:
            yield f"{survey.name}: how many {after} had expired is withheld. They are counted."


def _left_out(excluded: Iterable[Excluded]) -> list[str]:
    """Each reason once, with how many batches of what it is about."""

    def about(batch: Excluded) -> tuple[str, str, str]:
        return batch["source"], batch["stream"], batch["reason"]

    said = []
    for (source, stream, reason), batches in groupby(sorted(excluded, key=about), about):
        count = len(list(batches))
        said.append(
            f"Left out by a person: {count} {'batch' if count == 1 else 'batches'} of {source} {stream}, "
            f"because: {reason}"
        )
    return said


def _restated(headline: Headline, quarter: str, manifest: Manifest) -> list[str]:
    """What has changed of periods that had ended before the last release: how much, of when, and why."""
    figures = {quarter: headline.now, **headline.earlier}
    said = []
    for cause, why in _CAUSES.items():
        found = [one for one in manifest["restatements"] if one["cause"] == cause]
        if not found:
            continue
        tables = Counter(one["table"] for one in found)
        count = " and ".join(
            f"{many:,} {'figure' if many == 1 else 'figures'} of {table}"
            for table, many in sorted(tables.items())
        )
        told = [
            f"{label} {figure.text}, before {was}"
            for label, figure in figures.items()
            for one in found
            if (was := _was(one, label, figure)) is not None
        ]
        said.append(
            f"Restated since release {manifest['supersedes']}, because {why}: {count}, of "
            f"{_periods({one['period_label'] for one in found})}"
            + (f"; {headline.now.name}: {'; '.join(told)}" if told else "")
            + ". All are in the release's manifest.json."
        )
    return said


def _was(one: Restatement, label: str, figure: Figure) -> str | None:
    """What a figure of the whole agency was, if it reads otherwise now and neither is withheld."""
    if one["table"] != "cx_index" or one["period_label"] != label:
        return None
    key = tuple(one["key"].get(name) for name in ("breakdown", "scale", "measure", "driver"))
    if key != ("all", figure.scale, figure.measure, figure.driver):
        return None
    if one["before"] is None or figure.value is None:
        return None
    was = shown(figure.measure, one["before"])
    return None if was == figure.text else was


def _periods(labels: set[str]) -> str:
    """Years, quarters and months; of many the first and the last: `2025Q1; 2025-01 to 2025-10 (5 months)`."""
    kinds = (
        ("years", sorted(label for label in labels if label.startswith("FY"))),
        ("quarters", sorted(label for label in labels if "Q" in label)),
        ("months", sorted(label for label in labels if "-" in label)),
    )
    return "; ".join(
        ", ".join(found) if len(found) < 4 else f"{found[0]} to {found[-1]} ({len(found)} {kind})"
        for kind, found in kinds
        if found
    )

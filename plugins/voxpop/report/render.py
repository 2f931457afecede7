"""The page of a release: figures from its public tables, into one HTML file that needs nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from voxpop.config import Settings
from voxpop.quarter import Quarter, due_on
from voxpop.release.manifest import DATABASE, PAGE, Manifest, complete_to, read
from voxpop.report import bottom_line, charts, doubts, figures, numbers, sankey
from voxpop.report.figure import Figure
from voxpop.report.sankey import Way
from voxpop.report.sections import goals, journeys, surveys
from voxpop.report.sections.changes import Compared, compared
from voxpop.report.sections.months import Series

if TYPE_CHECKING:
    from voxpop.release.candidate import Candidate


def report(settings: Settings, candidate: Candidate) -> Path:
    """Write the candidate's page.

    Args:
        settings: where everything is.
        candidate: staged; its `voxpop.duckdb` and `manifest.json` are read, nothing else is.

    Returns:
        The page: `reports/index.html` in the candidate. The same candidate gives the same bytes.
    """
    manifest = read(candidate.folder)
    with duckdb.connect(str(candidate.folder / DATABASE), read_only=True) as connection:
        page = render(connection, manifest)
    target = candidate.folder / PAGE
    target.parent.mkdir(mode=0o750, exist_ok=True)
    target.write_text(page, encoding="utf-8")
    return target


def render(connection: duckdb.DuckDBPyConnection, manifest: Manifest) -> str:
    """Make the page's text.

    Args:
        connection: on a candidate's `voxpop.duckdb`.
        manifest: the candidate's manifest.

    Returns:
        One HTML document with its style and drawings inside it.
    """
    environment = Environment(
        loader=PackageLoader("voxpop.report"),
        autoescape=select_autoescape(["html", "j2"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["percent"] = lambda share: numbers.shown("top_two", share)
    environment.filters["index"] = lambda value: numbers.shown("cx_index", value)
    environment.filters["mean"] = lambda value: numbers.shown("mean", value)
    environment.filters["points"] = lambda share: numbers.difference("top_two", share)
    environment.filters["minutes"] = numbers.minutes
    environment.filters["measured"] = goals.number
    environment.filters["thousands"] = numbers.thousands
    found = figures.read(connection, complete_to(manifest))
    agency = connection.execute(
        "select organization_name from marts.dim_organizations where parent_organization_id is null "
        "order by organization_id limit 1"
    ).fetchone()
    drawn = {} if found is None else _drawings(found)
    series = [] if found is None else [(one, _by_month(one)) for one in found.series]
    return environment.get_template("index.html.j2").render(
        agency=agency[0] if agency else "",
        page=found,
        drawn=drawn,
        series=series,
        compared=None if found is None else _compared(found),
        by_service=BY_SERVICE,
        measures=journeys.measures(manifest["policy"]),
        sentences=[] if found is None else bottom_line.sentences(found),
        doubts=[] if found is None else doubts.doubts(found, manifest),
        filing=None if found is None else _filing(found, manifest),
        manifest=manifest,
    )


BY_SERVICE = (
    "website_before_call_share",
    "channel_shift_share",
    "repeat_contact_share",
    "first_contact_resolution_share",
    "median_resolution_days",
)
"""Which rates of journeys are shown by service."""


def _compared(page: figures.PageFigures) -> Compared:
    """What the section on changes shows: of the whole agency every driver, of its parts the first measure."""
    first = {headline.now.key: headline.now for headline in page.headlines}
    groups = {
        "The whole agency": [*first.values(), *(one for one in page.drivers if one.key not in first)],
        f"Services, {page.measure}": page.services,
        f"Channels, {page.measure}": page.channels,
    }
    return compared(page.changes, page.earlier, groups)


def _filing(page: figures.PageFigures, manifest: Manifest) -> dict[str, object]:
    """What of the quarter is to be filed under A-11 section 280, as far as public, and when it is due."""
    filed = surveys.filed(page.surveys)
    return {
        "surveys": filed,
        "answered": surveys.answered(filed),
        "missing": [f"{one.name} ({one.missing})" for one in filed if one.missing],
        "due": due_on(Quarter.of(page.start), int(manifest["policy"]["a11_due_days"])),
    }


def _drawings(page: figures.PageFigures) -> dict[str, Markup]:
    named = [
        ("drivers", page.drivers, "Mean of 1–5", f"Mean of each driver, {page.quarter}"),
        ("services", page.services, page.measure, f"{page.measure} by service, {page.quarter}"),
        ("channels", page.channels, page.measure, f"{page.measure} by channel, {page.quarter}"),
    ]
    drawn = {
        key: charts.by_name(found, title=title, says=_says(says, found)) for key, found, title, says in named
    }
    drawn["journeys"] = sankey.ways(
        [Way(path.steps, path.count, f"{path.name}: {path.count:,}") for path in page.journeys.drawn],
        says=_ways(page),
    )
    # The library escapes what it draws: names reach it as data, never as markup.
    return {name: Markup(svg) for name, svg in drawn.items()}  # noqa: S704


def _ways(page: figures.PageFigures) -> str:
    drawn = page.journeys.drawn
    if not drawn:
        return ""
    ends = " to ".join(f"{path.count:,} ({path.name})" for path in (drawn[0], drawn[-1]))
    return (
        f"The {len(drawn)} commonest ways of journeys on which the customer changed the channel, "
        f"{page.journeys.quarter}: from {ends}. The table below has them all."
    )


def _by_month(series: Series) -> Markup:
    says = _says(f"{series.name} by month", series.months)
    if series.breaks:
        says += f" Not to be compared across {', '.join(f'{one.on:%Y-%m-%d}' for one in series.breaks)}."
    svg = charts.by_month(
        series.months, title=series.name, says=says, breaks=series.breaks, limits=series.limits
    )
    return Markup(svg)  # noqa: S704 - as above


def _says(what: str, found: Sequence[Figure]) -> str:
    """What a drawing is of, its ends, and where the rest is."""
    valued = sorted((one for one in found if one.value is not None), key=lambda one: one.value or 0)
    if not valued:
        return what
    low, high = valued[0], valued[-1]
    ends = f"from {low.text} ({low.name}) to {high.text} ({high.name})"
    return f"{what}: {len(valued)} figures with their 95% intervals, {ends}. The table below has them all."

"""The few figures that `make run` ends with: those at the top of the release's page, from the same tables."""

from __future__ import annotations

from typing import Any

import duckdb
from rich.table import Table

from voxpop.release.manifest import complete_to
from voxpop.release.store import Release
from voxpop.report import figures, numbers
from voxpop.report.figures import PageFigures
from voxpop.report.sections.contact_center import ContactCenter


def scorecard(release: Release) -> Table | None:
    """Read a release's headline figures.

    Returns:
        Measure, value, 95% interval and n; None where no fiscal quarter can be shown.
    """
    with duckdb.connect(str(release.database), read_only=True) as connection:
        page = figures.read(connection, complete_to(release.manifest))
    return None if page is None else table(page)


def table(page: PageFigures) -> Table:
    """Lay a page's headlines and contact centers out, a row each."""
    title = f"Fiscal quarter {page.period}"
    made = Table(title=title, title_justify="left", box=None, pad_edge=False)
    made.add_column("Measure")
    for name in ("Value", "95% interval", "n"):
        made.add_column(name, justify="right")
    for headline in page.headlines:
        figure = headline.now
        made.add_row(figure.name, figure.text, figure.interval, figure.count)
    for center in page.contact_centers:
        for row in _contact_center(center):
            made.add_row(*row)
    return made


def _contact_center(center: ContactCenter) -> list[tuple[str, str, str, str]]:
    rows = []
    for channel, found in center.channels.items():
        name = f"Abandoned, {channel} ({center.source_system})"
        if found["suppressed"]:
            rows.append((name, "withheld", "—", "withheld"))
        else:
            rows.append((name, *_abandonment(found), f"{found['abandonment_count']:,}"))
    return rows


def _abandonment(found: dict[str, Any]) -> tuple[str, str]:
    if found["abandonment_share"] is None:
        return "—", "—"
    value, low, high = (
        numbers.shown("top_two", found[f"abandonment_{part}"]) for part in ("share", "low", "high")
    )
    return value, f"{low} to {high}"

"""The few figures that `make run` ends with: those at the top of the release's page, from the same tables."""

from __future__ import annotations

import duckdb
from rich.table import Table

from voxpop.release.store import Release
from voxpop.report import figures
from voxpop.report.figures import ContactCenter, PageFigures


def scorecard(release: Release) -> Table | None:
    """Read a release's headline figures.

    Returns:
        Measure, value, 95% interval and n; None where no fiscal quarter can be shown.
    """
    with duckdb.connect(str(release.database), read_only=True) as connection:
        page = figures.read(connection)
    return None if page is None else _table(page)


def _table(page: PageFigures) -> Table:
    table = Table(title=f"Fiscal quarter {page.quarter}", title_justify="left", box=None, pad_edge=False)
    table.add_column("Measure")
    for name in ("Value", "95% interval", "n"):
        table.add_column(name, justify="right")
    for figure in page.headlines:
        decimals = 1 if figure.name.startswith("CX index") else 2
        table.add_row(figure.name, figure.text(decimals), figure.interval(decimals), figure.count)
    for center in page.contact_centers:
        for row in _contact_center(center):
            table.add_row(*row)
    return table


def _contact_center(center: ContactCenter) -> list[tuple[str, str, str, str]]:
    found, name = center.figures, center.source_system
    if found["suppressed"]:
        return [(f"Contacts, {name}", "withheld", "—", "withheld")]
    shares = (
        ("Abandoned", "abandonment", found["offered"]),
        ("Answered within the service level", "service_level", found["offered"]),
    )
    rows = [
        (
            f"{label}, {name}",
            _percent(found[f"{measure}_share"]),
            f"{_percent(found[f'{measure}_low'])} to {_percent(found[f'{measure}_high'])}",
            f"{n:,}",
        )
        for label, measure, n in shares
        if found[f"{measure}_share"] is not None
    ]
    if found["average_speed_of_answer_seconds"] is not None:
        speed = figures.rounded(float(found["average_speed_of_answer_seconds"]), 0)
        rows.append((f"Average speed of answer, {name}", f"{speed} s", "—", f"{found['handled']:,}"))
    return rows


def _percent(share: float | None) -> str:
    return "—" if share is None else f"{figures.rounded(share * 100, 1)}%"

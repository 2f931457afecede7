"""What services ask beside or in place of five-point agreement."""

from __future__ import annotations

from datetime import date

import duckdb

from voxpop.report.figure import Figure, members

OTHER_MEASURES = (
    ("top_two", "satisfaction", "csat_5", "Satisfied (4 or 5 of 5)"),
    ("thumbs_up", "trust", "thumbs", "Trust, thumbs up"),
    ("mean", "trust", "radio_5", "Trust, mean of 1–5, asked alone"),
    ("acsi_equal_weight", "all", "ten", "ACSI of equal weights"),
    ("nps", "recommendation", "nps_11", "Net promoter score"),
)
"""What a service may ask beside or in place of five-point agreement: measure, driver, scale and name."""


def read(
    connection: duckdb.DuckDBPyConnection, start: date, first: tuple[str, str]
) -> tuple[tuple[str, Figure], ...]:
    """Each such measure of a quarter with its name, by service; not the measure that the page is about."""
    return tuple(
        (name, figure)
        for measure, driver, scale, name in OTHER_MEASURES
        if (measure, driver) != first
        for figure in members(connection, start, "service", (measure, driver), scale=scale)
    )

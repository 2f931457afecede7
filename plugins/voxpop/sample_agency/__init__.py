"""A made-up agency with a known truth, and the tools that it uses, served over HTTP.

`causes.py` says why things happen, and nothing else does; `journeys.py` and `opinions.py` follow it;
`genesys.py`, `touchpoints.py` and `files.py` show the outcome as each tool would; `truth.py` writes what only
the agency knows. Everything follows from a seed and a date.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

HISTORY_STARTS = date(2024, 4, 1)
HISTORY_ENDS = date(2026, 6, 30)
"""First and last day of the default history: nine fiscal quarters."""


def generate(folder: Path, start: date, end: date, *, seeds: Path | None = None) -> dict[str, int]:
    """Write what the agency's tools hold about some days into files.

    Args:
        folder: gets `touchpoints/<form>.ndjson`, `genesys/conversations.ndjson`, `drop/` and `truth/`.
        start: first day (UTC).
        end: last day (UTC), included; what is written is what the tools show at its end.
        seeds: the agency's seeds; the project's own if None.

    Returns:
        How many records each tool holds.

    Raises:
        UsageError: the days are in the wrong order.
    """
    from voxpop.sample_agency.generate import write_all

    return write_all(folder, start, end, seeds=seeds)

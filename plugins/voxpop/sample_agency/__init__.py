"""A made-up agency with a known truth, and the tools that it uses, served over HTTP.

`causes.py` says why things happen, and nothing else does; `journeys.py` and `opinions.py` follow it;
`genesys.py`, `touchpoints.py` and `files.py` show the outcome as each tool would; `truth.py` writes what only
the agency knows. Everything follows from a seed and a date.
"""

from __future__ import annotations

from datetime import date

HISTORY_STARTS = date(2024, 4, 1)
HISTORY_ENDS = date(2026, 7, 1)
"""First and last UTC day of the default history: nine fiscal quarters, and one day more so that the ninth is
over in every time zone of the agency."""

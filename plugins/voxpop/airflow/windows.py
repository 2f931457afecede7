"""Which window an extract lands: the parameters `from` and `to`, else the run's data interval."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from voxpop.errors import UsageError
from voxpop.raw.records import Window


def of_run(
    params: Mapping[str, Any], interval: tuple[datetime, datetime] | None, run_after: datetime
) -> Window:
    """The window of a DAG run.

    Args:
        params: `from` and `to`, days as `YYYY-MM-DD`, both or neither; `to` is the day after the last.
        interval: the run's data interval; None for a run by hand that has none.
        run_after: when the run was due: without an interval it lands the day before.

    Raises:
        UsageError: only one of the two is given, one is no day, or the window is empty.
    """
    first, last = params.get("from"), params.get("to")
    if first or last:
        if not (first and last):
            raise UsageError(
                '"from" and "to" go together: the first day, and the day after the last (YYYY-MM-DD).'
            )
        return Window(_midnight("from", first), _midnight("to", last))
    if interval is not None and interval[0] < interval[1]:
        return Window(*interval)
    midnight = run_after.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return Window(midnight - timedelta(days=1), midnight)


def _midnight(name: str, day: str) -> datetime:
    try:
        parsed = date.fromisoformat(day)
    except ValueError:
        raise UsageError(f'"{name}" is "{day}", which is no day; write it as YYYY-MM-DD.') from None
    return datetime(parsed.year, parsed.month, parsed.day, tzinfo=UTC)

"""The day that the sample agency has reached in a home: all up to its end has landed there."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from voxpop.errors import ConfigError


def date_file(home: Path) -> Path:
    """Where the day is noted."""
    return home / "sample_agency" / "date"


def landed_to(home: Path) -> date | None:
    """The last day that `make run` has released, or that `make up` has landed; None before the first.

    Raises:
        ConfigError: the file holds no day.
    """
    path = date_file(home)
    if not path.exists():
        return None
    text = path.read_text().strip()
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ConfigError(
            f'{path}: "{text}" is no day. Mend it (YYYY-MM-DD): it is the last day that has landed, as '
            f"`voxpop batches list` has it. Or begin anew: `rm -r {home}`, which takes all that landed, the "
            "identifier keys and every release with it."
        ) from None

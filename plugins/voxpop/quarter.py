"""A federal fiscal quarter and the day on which it is due."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from voxpop.errors import UsageError

_SATURDAY = 5


@dataclass(frozen=True)
class Quarter:
    """A fiscal quarter: Q1 is October to December of the calendar year before its fiscal year.

    Attributes:
        fiscal_year: four digits.
        number: 1 to 4.
    """

    fiscal_year: int
    number: int

    @classmethod
    def parse(cls, label: str) -> Quarter:
        """Read `2026Q1`.

        Raises:
            UsageError: it is no fiscal quarter.
        """
        found = re.fullmatch(r"(20\d\d)Q([1-4])", label)
        if found is None:
            raise UsageError(
                f'"{label}" is no fiscal quarter. Say it as 2026Q1, which is October to December 2025.'
            )
        return cls(int(found[1]), int(found[2]))

    @classmethod
    def before(cls, day: date) -> Quarter:
        """The newest quarter that had ended before a day."""
        return cls.of(cls.of(day).start - timedelta(days=1))

    @classmethod
    def of(cls, day: date) -> Quarter:
        """The quarter that a day is in."""
        return cls(day.year + (day.month >= 10), ((day.month - 1) // 3 + 1) % 4 + 1)

    @property
    def label(self) -> str:
        """As tables have it: `2026Q1`."""
        return f"{self.fiscal_year}Q{self.number}"

    @property
    def start(self) -> date:
        """Its first day."""
        return date(self.fiscal_year - (self.number == 1), (self.number - 2) % 4 * 3 + 1, 1)

    @property
    def last(self) -> date:
        """Its last day."""
        return (self.start + timedelta(days=95)).replace(day=1) - timedelta(days=1)

    @property
    def months(self) -> tuple[str, ...]:
        """Its months as tables have them: `2025-10`."""
        return tuple(f"{self.start.year}-{self.start.month + place:02d}" for place in range(3))

    @property
    def by_the_calendar(self) -> str:
        """As people say it: `October to December 2025`."""
        return f"{self.start:%B} to {self.last:%B %Y}"


def due_on(quarter: Quarter, days: int) -> date:
    """The day on which a quarter is due.

    Args:
        quarter: which.
        days: how many days after its last one (policy `a11_due_days`).

    Returns:
        That day; where it is a Saturday or Sunday, the Monday after. Federal holidays are not known here.
    """
    day = quarter.last + timedelta(days=days)
    return day + timedelta(days=max(0, 7 - day.weekday()) if day.weekday() >= _SATURDAY else 0)

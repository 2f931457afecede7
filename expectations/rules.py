"""What a rule and a suite are, and the kinds of rule that most tables need.

Every rule is a query for the rows at fault. Expectations that come with Great Expectations count rows too,
but can't say which batch they came from, and some list the values themselves, which may be personal data. So
a query here gives one column, `blame`: what may be shown of a row at fault, its batch where it has one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Rule:
    """One thing that must hold.

    Attributes:
        name: what holds, as a sentence without its full stop.
        query: SQL for what is at fault; reads the tested rows as `tested` and gives the column `blame`.
        warns_because: why it only warns; None: it stops publication.
    """

    name: str
    query: str
    warns_because: str | None = None


@dataclass(frozen=True)
class Suite:
    """The rules of one table.

    Attributes:
        name: of the suite: the table's.
        source: SQL for the tested rows.
        rules: all of them are checked, whatever the others say.
    """

    name: str
    source: str
    rules: Sequence[Rule]


def never(
    name: str, where: str, *, blame: str = "_batch_id", join: str = "", warns_because: str | None = None
) -> Rule:
    """No row for which a condition holds.

    Args:
        name: what holds instead.
        where: the condition, as SQL over `tested`.
        blame: SQL for what may be shown of a row.
        join: what else to join, as SQL that follows `from tested`.
        warns_because: why it only warns.
    """
    return Rule(name, f"select {blame} as blame from tested {join} where {where}", warns_because)  # noqa: S608


def few_are_withheld(least: float, few: str, *, blame: str) -> Rule:
    """Rows of a public table that are of few people.

    How many are few is the policy's: a held row is as its release showed it, by the policy of then.

    Args:
        least: policy suppression_min_n.
        few: SQL for whether a row is of fewer.
        blame: SQL for what may be shown of a row.
    """
    return never(
        f"a cell with fewer than {least:g} is withheld",
        f"held_from is null and not suppressed and ({few})",
        blame=blame,
    )


def is_settled(period_end: str, policy: Mapping[str, float]) -> str:
    """SQL for whether nothing can follow any more what began in a period, so that its journeys are told.

    The build knows the hour at which a day was over by each organization's clock. Here one day more has to
    have gone by, and a contact to have come then, so that it is so by any clock, and of files alone too.

    Args:
        period_end: SQL for the first day after the period.
        policy: for how long one contact may follow another, in whole days.
    """
    days = max(policy["journey_gap_days"], policy["repeat_contact_days"])
    return (
        f"{period_end} + {days + 1:.0f} <= (select least(max(complete_to), (select max(started_at)::date"  # noqa: S608
        " from marts.fct_interactions)) from marts.release_info)"
    )


def required(*columns: str, blame: str = "_batch_id") -> Rule:
    """Columns that every row has a value in."""
    return never(f"{_and(columns)} {_are(columns)} there", _any_null(columns), blame=blame)


def unique(*columns: str, blame: str = "_batch_id") -> Rule:
    """Columns that together name a row; the count is of names that more than one row has."""
    key = ", ".join(columns)
    return Rule(
        f"{_and(columns)} {_are(columns)} unique",
        f"select max({blame}) as blame from tested group by {key} having count(*) > 1",  # noqa: S608
    )


def one_of(column: str, values: Collection[str], *, blame: str = "_batch_id") -> Rule:
    """A column that is null or one of these values."""
    listed = ", ".join(f"'{value}'" for value in sorted(values))
    return never(
        f"{column} is one of {', '.join(sorted(values))}", f"{column} not in ({listed})", blame=blame
    )


def not_negative(*columns: str, blame: str = "_batch_id") -> Rule:
    """Columns that are null, zero or more."""
    return never(
        f"{_and(columns)} {_are(columns)} not negative", f"least({', '.join(columns)}) < 0", blame=blame
    )


def refers(column: str, table: str, target: str | None = None, *, blame: str = "_batch_id") -> Rule:
    """A column that is null or names a row of another mart.

    Args:
        column: the column.
        table: the other mart.
        target: the other mart's column; the same name if None.
        blame: SQL for what may be shown of a row.
    """
    return Rule(
        f"{column} is in {table}",
        f"select {blame} as blame from tested where {column} is not null and not exists ("  # noqa: S608
        f"from marts.{table} as target where target.{target or column} = tested.{column})",
    )


def _any_null(columns: Sequence[str]) -> str:
    return " or ".join(f"{column} is null" for column in columns)


def _and(columns: Sequence[str]) -> str:
    return columns[0] if len(columns) == 1 else f"{', '.join(columns[:-1])} and {columns[-1]}"


def _are(columns: Sequence[str]) -> str:
    return "is" if len(columns) == 1 else "are"

"""Tables as frozen dataclasses of numpy columns of one length."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    Table = TypeVar("Table", bound=DataclassInstance)
else:
    Table = TypeVar("Table")


def take(table: Table, rows: Any) -> Table:
    """The rows at these positions, or where this mask is true."""
    return replace(table, **{column.name: getattr(table, column.name)[rows] for column in fields(table)})


def stack(tables: list[Table]) -> Table:
    """The rows of all tables, in order; at least one table."""
    return replace(
        tables[0],
        **{
            column.name: np.concatenate([getattr(table, column.name) for table in tables])
            for column in fields(tables[0])
        },
    )

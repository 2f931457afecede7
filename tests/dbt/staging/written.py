"""How many rows each model writes in a build, counted by the database as it writes them."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

_NODE = re.compile(r"/\*\s*(\{.*?\})\s*\*/", re.DOTALL)
_WRITES = re.compile(r"\s*(?:create\s+table|insert\s+into|delete\s+from)\s", re.IGNORECASE)
"""What ends with rows in a model's table. An incremental one has its rows in a temporary table before; what
deletes the old ones inserts them too."""


@contextmanager
def rows_written() -> Iterator[Counter[str]]:
    """Count the rows that models write in the block, by the model's name; 0 counts too."""
    from dbt.adapters.duckdb.environments.local import DuckDBCursorWrapper

    written: Counter[str] = Counter()
    execute = DuckDBCursorWrapper.execute

    def counting(cursor: Any, sql: str, bindings: Any = None) -> Any:
        found = execute(cursor, sql, bindings)
        comment = _NODE.match(sql)
        if comment is not None and _WRITES.match(sql[comment.end() :]):
            kind, *_, name = json.loads(comment[1])["node_id"].split(".")
            if kind == "model":
                written[name] += cursor.fetchone()[0]
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DuckDBCursorWrapper, "execute", counting)
        yield written

"""Great Expectations' own expectation on a query, so that it returns nothing but a count."""

from __future__ import annotations

from typing import Any

from great_expectations.expectations import UnexpectedRowsExpectation


class NoRows(UnexpectedRowsExpectation):  # type: ignore[misc]
    """No row is at fault.

    The parent runs its query twice, to count the rows and to fetch them; rows may hold personal data.
    """

    metric_dependencies = ("unexpected_rows_query.row_count",)

    def _validate(
        self, metrics: dict[str, int], runtime_configuration: Any = None, execution_engine: Any = None
    ) -> dict[str, Any]:
        count = metrics["unexpected_rows_query.row_count"]
        return {"success": count == 0, "result": {"observed_value": count}}

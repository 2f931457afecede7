"""Files of web aggregates: what a row's id is, and its day."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from voxpop.sources.fields import Unmappable
from voxpop.sources.mapping import Mapped, Mapper
from voxpop.sources.targets.web_aggregate import WebAggregateFiles

MONTHS = WebAggregateFiles.model_validate(
    {
        "kind": "file_drop",
        "name": "matomo",
        "folder": "drop",
        "pattern": "*",
        "format": "csv",
        "maps_to": "web_aggregate",
        "fields": {
            "first_date": "From",
            "last_date": "To",
            "site": {"constant": "www.x.gov"},
            "dimension": {"constant": "device"},
            "member": "Device type",
            "visits": "Visits",
            "users": "Unique visitors",
            "bounce_share": "Bounce Rate",
        },
    }
)
ROW = {
    "From": "2026-01-01",
    "To": "2026-01-31",
    "Device type": "Smartphone",
    "Visits": "12,204",
    "Unique visitors": "9000",
    "Bounce Rate": "41%",
}


def mapped(**changes: Any) -> Mapped:
    row = ROW | changes
    return Mapper(MONTHS, list(row)).map(list(row.values()))


def test_a_row_is_told_by_what_it_counts() -> None:
    found = mapped()
    assert json.loads(found.record_id) == [
        *("2026-01-01", "2026-01-31", None, "www.x.gov", None, "device", "Smartphone", None)
    ]
    assert found.day == date(2026, 1, 31)
    assert found.fields["visits"] == Decimal(12204)
    assert found.fields["bounce_share"] == Decimal("0.41")
    assert mapped(Visits="1").record_id == found.record_id
    assert mapped(**{"Device type": "Desktop"}).record_id != found.record_id
    assert mapped(To="").day == date(2026, 1, 1)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"To": "2025-12-31"}, "last_date is before first_date"),
        ({"Device type": ""}, "a dimension has a member"),
        ({"Visits": "-1"}, "visits"),
        ({"Bounce Rate": "41"}, "bounce_share"),
        ({"From": ""}, "first_date"),
    ],
)
def test_what_counts_nothing_is_unmappable(changes: dict[str, str], problem: str) -> None:
    with pytest.raises(Unmappable, match=problem):
        mapped(**changes)

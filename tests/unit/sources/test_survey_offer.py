"""Files of counts of offered surveys: what a row's id is, and which spans count nowhere."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from voxpop.sources.fields import Unmappable
from voxpop.sources.mapping import Mapped, Mapper
from voxpop.sources.targets.survey_offer import SurveyOfferFiles

OFFERS = SurveyOfferFiles.model_validate(
    {
        "kind": "file_drop",
        "name": "offers",
        "folder": "drop",
        "pattern": "*",
        "format": "csv",
        "maps_to": "survey_offer",
        "fields": {
            "survey_id": {"column": "Form", "values": {"569499e0": "ben-apply-cx"}},
            "offered_on": "From",
            "offered_until": "To",
            "source_channel": "Channel",
            "customer_count": "Customers",
            "offered_count": "Offered",
            "other_count": {"constant": "0"},
        },
    }
)
ROW = {
    "Form": "569499e0",
    "From": "2026-04-01",
    "To": "2026-06-30",
    "Channel": "phone",
    "Customers": "1,204",
    "Offered": "0",
}


def mapped(**changes: Any) -> Mapped:
    row = ROW | changes
    return Mapper(OFFERS, list(row)).map(list(row.values()))


def test_a_quarter_is_one_count_dated_by_its_last_day() -> None:
    found = mapped()
    assert found.record_id == "ben-apply-cx/phone//2026-04-01"
    assert found.day == date(2026, 6, 30)
    counts = {
        name: value for name, value in found.fields.items() if name.endswith("_count") and value is not None
    }
    assert counts == {"customer_count": Decimal(1204), "offered_count": Decimal(0), "other_count": Decimal(0)}


def test_unknown_is_null_and_a_corrected_count_has_the_same_id() -> None:
    assert mapped(Offered="").fields["offered_count"] is None
    assert mapped(To="").day == date(2026, 4, 1)
    assert mapped(Offered="9").record_id == mapped().record_id


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"Form": "ab12"}, "survey_id holds something that the mapping's `values` don't name"),
        ({"From": ""}, "offered_on is blank"),
        ({"Offered": "-1"}, "offered_count is not a whole number from 0 on"),
        ({"To": "2026-03-31"}, "offered_until is before offered_on"),
        (
            {"To": "2026-07-01"},
            "offered_on and offered_until lie in two quarters, and it counts in neither",
        ),
        (
            {"To": "2027-04-01"},
            "offered_on and offered_until lie in two quarters, and it counts in neither",
        ),
    ],
)
def test_a_row_that_counts_nowhere_says_why(changes: dict[str, str], said: str) -> None:
    with pytest.raises(Unmappable) as raised:
        mapped(**changes)
    assert str(raised.value) == said

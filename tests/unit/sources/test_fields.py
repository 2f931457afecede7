"""The types of a target's fields: what each makes of a text, and what it refuses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError
from voxpop.sources.fields import Count, Origin, Period, Share, Text, Time, Unmappable, Value
from voxpop.sources.targets import TARGETS


def read(origin: Origin, text: str) -> Value:
    convert = origin.converter(None)
    assert convert is not None
    return convert(text)


@pytest.mark.parametrize(
    ("origin", "text", "value"),
    [
        (Count(column="C"), "1,204", Decimal(1204)),
        (Count(column="C"), "7.0", Decimal(7)),
        (Share(column="C"), "17%", Decimal("0.17")),
        (Share(column="C"), "17.5 %", Decimal("0.175")),
        (Share(column="C"), "0.17", Decimal("0.17")),
        (Share(column="C", points=True), "17", Decimal("0.17")),
        (Share(column="C", points=True), "17%", Decimal("0.17")),
        (Period(column="C"), "2026-01", "2026-01"),
        (Period(column="C"), "2026Q1", "2026Q1"),
        (Period(column="C"), "FY2026 Q1", "2026Q1"),
        (Period(column="C"), "FY 2026", "2026"),
    ],
)
def test_a_text_becomes_a_value(origin: Origin, text: str, value: Value) -> None:
    assert read(origin, text) == value


@pytest.mark.parametrize(
    ("origin", "text", "said"),
    [
        (Count(column="C"), "-1", "is not a whole number from 0 on"),
        (Count(column="C"), "1.5", "is not a whole number from 0 on"),
        (Count(column="C"), "#REF!", "is not a number"),
        (Share(column="C"), "17", "is not a share from 0 to 1"),
        (Share(column="C"), "-1%", "is not a share from 0 to 1"),
        (Share(column="C"), "most", "is not a share"),
        (Period(column="C"), "2026-13", "is not a month"),
        (Period(column="C"), "2026Q5", "is not a month"),
        (Period(column="C"), "Q1", "is not a month"),
    ],
)
def test_what_does_not_fit_is_refused(origin: Origin, text: str, said: str) -> None:
    with pytest.raises(Unmappable, match=f"^{said}"):
        read(origin, text)


def test_values_do_not_go_with_a_constant() -> None:
    with pytest.raises(ValidationError, match="go with a column"):
        Text(constant="a", values={"a": "b"})


def test_every_target_is_whole() -> None:
    """`maps_to` is the key that it is registered by, and its rows land in a stream of its own."""
    assert {name: target.model_fields["maps_to"].annotation.__args__ for name, target in TARGETS.items()} == {
        name: (name,) for name in TARGETS
    }
    assert len({target.stream for target in TARGETS.values()}) == len(TARGETS)


@pytest.mark.parametrize(
    "zone", ["America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Monrovia"]
)
@pytest.mark.parametrize("year", [1972, 1986, 2025])
def test_local_times_are_read_as_the_zones_rules_have_them(zone: str, year: int) -> None:
    """Every quarter of an hour of a year, by zoneinfo: what comes back from UTC is what was there."""
    rules = ZoneInfo(zone)
    convert = Time(column="C").converter(rules)
    local, skipped = datetime(year, 1, 1), 0  # noqa: DTZ001 - a clock on a wall
    while local.year == year:
        moment = local.replace(tzinfo=rules).astimezone(UTC)
        exists = moment.astimezone(rules).replace(tzinfo=None) == local
        try:
            assert convert(local.isoformat()) == moment and exists
        except Unmappable:
            assert not exists
            skipped += 1
        local += timedelta(minutes=15)
    changes = {"America/New_York": 4, "Australia/Lord_Howe": 2}
    if year == 2025:
        assert skipped == changes.get(zone, 0)

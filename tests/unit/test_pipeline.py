"""The window that a run takes when nobody names one."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from voxpop.config import Settings, load_settings
from voxpop.errors import UsageError
from voxpop.pipeline import next_window
from voxpop.raw.batches import BatchWriter
from voxpop.raw.identifiers import Tokenizer
from voxpop.raw.records import Window
from voxpop.sources.registry import find_sources

NOW = datetime(2026, 1, 10, 6, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings({"VOXPOP_HOME": str(tmp_path / "var")})


def day(number: int) -> datetime:
    return datetime(2026, 1, number, tzinfo=UTC)


def next_of(settings: Settings, name: str) -> Window | None:
    (source,) = find_sources(settings, [name])
    return next_window(settings, source, NOW)


def land(settings: Settings, window: Window) -> None:
    """An empty batch of a window."""
    with BatchWriter(
        settings,
        source="genesys",
        kind_of_source="genesys",
        stream="conversations",
        window=window,
        configuration="",
        tokenizer=Tokenizer(bytes(32), 1, frozenset()),
        now=NOW,
    ) as writer:
        writer.write_page([], [], None)
        writer.finish()


def test_it_goes_on_where_what_landed_ends(settings: Settings) -> None:
    land(settings, Window(day(1), day(7)))
    land(settings, Window(day(3), day(5)))
    assert next_of(settings, "genesys") == Window(day(7), day(10))


def test_on_the_same_day_again_it_is_the_last_day(settings: Settings) -> None:
    land(settings, Window(day(1), day(10)))
    assert next_of(settings, "genesys") == Window(day(9), day(10))


def test_a_folder_has_none(settings: Settings) -> None:
    assert next_of(settings, "kiosk_surveys") is None


def test_where_history_begins_only_a_person_can_say(settings: Settings) -> None:
    with pytest.raises(UsageError, match=r"genesys: nothing has landed yet\. Say where to begin: --from"):
        next_of(settings, "genesys")
    land(settings, Window(day(1), day(7)))
    with pytest.raises(UsageError, match="touchpoints: nothing has landed yet"):
        next_of(settings, "touchpoints")

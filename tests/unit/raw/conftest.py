"""A raw zone of its own for each test, and a writer for one window of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from voxpop.config import Settings
from voxpop.raw.batches import BatchWriter
from voxpop.raw.identifiers import Tokenizer
from voxpop.raw.records import Window

NOW = datetime(2026, 1, 6, 4, 5, 6, 789, tzinfo=UTC)
WINDOW = Window(datetime(2026, 1, 5, tzinfo=UTC), datetime(2026, 1, 6, tzinfo=UTC))

Opens = Callable[..., BatchWriter]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    seeds = tmp_path / "seeds"
    seeds.mkdir()
    (seeds / "identity_blocklist.csv").write_text(
        "identifier_type,value,reason\nemail,None@None.com,placeholder\nphone,(202) 555-0100,our own\n"
    )
    return Settings(home=tmp_path / "home", sources_file=tmp_path / "sources.yml", seeds=seeds)


@pytest.fixture
def tokenizer() -> Tokenizer:
    return Tokenizer(bytes(32), 1, frozenset())


@pytest.fixture
def opens(settings: Settings, tokenizer: Tokenizer) -> Opens:
    def open_writer(window: Window = WINDOW, now: datetime = NOW, configuration: str = "one") -> BatchWriter:
        return BatchWriter(
            settings,
            source="genesys",
            kind_of_source="genesys",
            stream="conversations",
            window=window,
            configuration=configuration,
            tokenizer=tokenizer,
            now=now,
        )

    return open_writer

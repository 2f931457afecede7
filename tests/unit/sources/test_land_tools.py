"""Landing a tool's window: which window, page by page, and what is said when it doesn't come through."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from voxpop.config import Settings
from voxpop.errors import ConfigError, SourceError, SourceUnavailable, UsageError
from voxpop.raw.manifests import Manifest, visible
from voxpop.raw.records import Record, Rejected, Window
from voxpop.sources import genesys, land
from voxpop.sources.connections import Connection
from voxpop.sources.protocol import Cursor, Page
from voxpop.sources.registry import find_sources

NOW = datetime(2026, 1, 6, 4, tzinfo=UTC)
WINDOW = Window(datetime(2026, 1, 5, tzinfo=UTC), datetime(2026, 1, 6, tzinfo=UTC))
SOURCES = """
sources:
  contact_center:
    kind: genesys
    connection: cloud
    repull_days: 4
"""


class Tool:
    """Three pages of two records; stops before page `fails_at` with `error`."""

    def __init__(self) -> None:
        self.asked: list[tuple[Window, Cursor | None]] = []
        self.fails_at: int | None = None
        self.error: Exception = SourceUnavailable("contact_center: 503, six times. Rerun later.")

    def streams(self) -> tuple[str, ...]:
        return ("conversations",)

    def pages(self, stream: str, window: Window, cursor: Cursor | None) -> Iterator[Page]:
        self.asked.append((window, cursor))
        for number in range(cursor["page"] if cursor else 0, 3):
            if number == self.fails_at:
                raise self.error
            ids = [f"c{number}-{each}" for each in range(2)]
            yield Page(json.dumps(ids).encode(), {"page": number + 1} if number < 2 else None)

    def parse(self, stream: str, page: Page) -> tuple[list[Record], list[Rejected]]:
        ids = json.loads(page.body)
        return [Record(each, None, json.dumps(each).encode(), (), "conversation") for each in ids], []


class Site:
    """An agency with one tool."""

    def __init__(self, home: Path, tool: Tool) -> None:
        home.mkdir()
        (home / "identity_blocklist.csv").write_text("identifier_type,value,reason\n")
        (home / "sources.yml").write_text(SOURCES)
        self.settings = Settings(home=home, sources_file=home / "sources.yml", seeds=home)
        self.tool = tool
        self.told: list[tuple[str, int]] = []

    def land(self, **changes: Any) -> list[Manifest]:
        given: dict[str, Any] = {
            "window": WINDOW,
            "connection": Connection(base_url="https://tool.example.gov"),
            "now": NOW,
            "widen": False,
            **changes,
        }
        (source,) = find_sources(self.settings, ["contact_center"])
        return land.land(
            self.settings, source, **given, progress=lambda said, count: self.told.append((said, count))
        )


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    tool = Tool()

    @contextmanager
    def connect(config: object, connection: object) -> Iterator[Tool]:
        yield tool

    monkeypatch.setattr(genesys, "connect", connect)
    return Site(tmp_path / "home", tool)


def test_each_page_is_told(site: Site) -> None:
    (manifest,) = site.land()
    assert (
        manifest.records == 6 and manifest.source == "contact_center" and manifest.kind_of_source == "genesys"
    )
    assert site.told == [("contact_center.conversations", count) for count in (2, 4, 6)]
    assert site.tool.asked == [(WINDOW, None)]


def test_a_scheduled_window_is_widened_by_the_repull_span(site: Site) -> None:
    (manifest,) = site.land(widen=True)
    assert manifest.window == Window(WINDOW.start - timedelta(days=4), WINDOW.end)
    assert site.tool.asked[0][0] == manifest.window


@pytest.mark.parametrize("error", [SourceUnavailable, SourceError])
def test_what_landed_is_kept_and_said(site: Site, error: type[Exception]) -> None:
    site.tool.fails_at, site.tool.error = 2, error("contact_center: it said no.")
    with pytest.raises(error) as raised:
        site.land()
    assert str(raised.value) == (
        "contact_center: it said no. 4 records of conversations 20260105T000000Z.20260106T000000Z "
        "are kept for the next run."
    )
    assert visible(site.settings) == []
    site.tool.fails_at = None
    (manifest,) = site.land(now=NOW + timedelta(hours=1))
    assert site.tool.asked[1] == (WINDOW, {"page": 2})
    assert (manifest.records, len(manifest.parts)) == (6, 3)


def test_under_another_configuration_an_interrupted_landing_begins_anew(site: Site) -> None:
    site.tool.fails_at = 2
    with pytest.raises(SourceUnavailable):
        site.land()
    site.settings.sources_file.write_text(SOURCES + "    identifiers: {ani: phone}\n")
    site.tool.fails_at = None
    (manifest,) = site.land()
    assert site.tool.asked[1] == (WINDOW, None)
    assert (manifest.records, manifest.duplicates, len(manifest.parts)) == (6, 0, 3)


def test_a_failure_before_the_first_page_says_that_nothing_new_has_landed(site: Site) -> None:
    """Its window may have landed before, whole or in a wider one."""
    site.tool.fails_at = 0
    with pytest.raises(SourceUnavailable, match=r"later\. Nothing new of conversations \S+ has landed\.$"):
        site.land()


def test_a_finished_landing_is_not_asked_for_again(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(self: object) -> Manifest:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(land.BatchWriter, "finish", killed)
        with pytest.raises(KeyboardInterrupt):
            site.land()
    (manifest,) = site.land()
    assert manifest.records == 6
    assert len(site.tool.asked) == 1


@pytest.mark.parametrize(
    ("changes", "error", "said"),
    [
        ({"window": None}, UsageError, "say which window"),
        ({"connection": None}, ConfigError, 'there is no connection "cloud". Nothing was landed'),
    ],
)
def test_what_can_not_be_landed(
    site: Site, changes: dict[str, Any], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        site.land(**changes)
    assert not site.settings.raw.exists()

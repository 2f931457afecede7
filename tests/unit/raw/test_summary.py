"""The summary of the raw zone."""

from __future__ import annotations

from datetime import timedelta

from voxpop.config import Settings
from voxpop.raw.batches import Record, Rejected, Window, exclude
from voxpop.raw.summary import StreamSummary, summarize

from .conftest import NOW, WINDOW, Opens


def test_an_empty_zone(settings: Settings) -> None:
    assert summarize(settings) == []


def test_a_stream_is_summed_up(settings: Settings, opens: Opens) -> None:
    record = Record("a", None, b"{}", (), "conversation")
    with opens() as writer:
        writer.write_page([record], [Rejected(b"?", "odd")], None)
        first = writer.finish()
    following = Window(WINDOW.end, WINDOW.end + timedelta(days=1))
    with opens(window=following, now=NOW + timedelta(days=1)) as writer:
        writer.write_page([record], [], None)
        writer.finish()
    with opens(window=Window(following.end, following.end + timedelta(days=1))) as writer:
        writer.write_page([record], [], {"page": 2})
    exclude(settings, first.batch_id, "why", NOW)
    assert summarize(settings) == [
        StreamSummary(
            source="genesys",
            stream="conversations",
            batches=2,
            excluded=1,
            records=2,
            quarantined=1,
            landed_up_to=following.end,
            last_landed_at=NOW + timedelta(days=1),
            unfinished=("20260107T000000Z.20260108T000000Z",),
        )
    ]

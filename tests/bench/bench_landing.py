"""How fast landing is: split, parse, tokens, write. Run by hand: `python -m tests.bench.bench_landing`.

Prints records a CPU second (of one core: Arrow compresses on the same thread) and a wall second, for pages as
Touchpoints and Genesys send them, and for CSV rows of the file drop.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pyarrow as pa
from voxpop.config import Settings
from voxpop.raw.batches import BatchWriter
from voxpop.raw.identifiers import Tokenizer
from voxpop.raw.records import Record, Rejected, Window
from voxpop.sources.genesys.parse import Conversations
from voxpop.sources.land import land
from voxpop.sources.touchpoints.parse import Submissions

NOW = datetime(2026, 1, 6, tzinfo=UTC)
WINDOW = Window(NOW - timedelta(days=1), NOW)
Parse = Callable[[bytes], tuple[list[Record], list[Rejected]]]


def submissions(pages: int, size: int, draw: random.Random) -> list[bytes]:
    """Pages of submissions, each about 700 bytes, half with an email of one in 20,000 people."""

    def one(number: int) -> dict[str, object]:
        person = draw.randrange(40_000)
        answers = {f"answer_{each:02}": str(draw.randint(1, 5)) for each in range(1, 8)}
        return {
            "id": str(number),
            "type": "submissions",
            "attributes": {
                "uuid": f"{draw.getrandbits(128):032x}",
                "created_at": "2026-01-05T12:00:00.000Z",
                "updated_at": "2026-01-05T12:00:01.000Z",
                "page": "/apply/step-3",
                "user_agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)",
                **answers,
                "answer_08": "The form was clear. " * draw.randint(0, 4),
                "answer_10": f"person{person}@example.org" if person < 20_000 else "",
                "answer_11": f"{person:09}",
                "location_code": "website",
                "flagged": False,
                "archived": False,
                "deleted": False,
            },
        }

    return [
        msgspec.json.encode({"data": [one(page * size + number) for number in range(size)], "meta": {}})
        for page in range(pages)
    ]


def conversations(pages: int, size: int, draw: random.Random) -> list[bytes]:
    """Pages of short conversations, each about 1.2 kB."""

    def one() -> dict[str, object]:
        segment = {
            "segmentStart": "2026-01-05T12:00:00.000Z",
            "segmentEnd": "2026-01-05T12:04:00.000Z",
            "queueId": "191a29cb-cdb8-5878-bbc0-40d4ca6310a7",
            "segmentType": "interact",
            "conference": False,
        }
        session = {
            "mediaType": "voice",
            "sessionId": f"{draw.getrandbits(128):032x}",
            "ani": f"tel:+1510555{draw.randrange(10_000):04}",
            "direction": "inbound",
            "segments": [segment],
            "metrics": [{"name": "nConnected", "value": 1, "emitDate": "2026-01-05T12:00:00.000Z"}],
        }
        customer = {
            "participantId": f"{draw.getrandbits(128):032x}",
            "purpose": "customer",
            "sessions": [session],
            "attributes": {"account_number": f"{draw.randrange(40_000):09}"},
        }
        return {
            "conversationId": f"{draw.getrandbits(128):032x}",
            "conversationStart": "2026-01-05T12:00:00.000Z",
            "conversationEnd": "2026-01-05T12:04:00.000Z",
            "participants": [customer, {**customer, "purpose": "agent", "attributes": {}}],
        }

    return [msgspec.json.encode({"conversations": [one() for _ in range(size)]}) for _ in range(pages)]


def api(name: str, pages: list[bytes], parse: Parse) -> None:
    """Land pages that are in memory."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        settings = Settings(home=home, sources_file=home / "sources.yml", seeds=home)
        tokenizer = Tokenizer(bytes(32), 1, frozenset())
        names = {"source": "bench", "kind_of_source": "bench", "stream": "records", "configuration": ""}
        cpu, wall = time.process_time(), time.perf_counter()
        with BatchWriter(settings, **names, window=WINDOW, tokenizer=tokenizer, now=NOW) as writer:
            for number, body in enumerate(pages, start=1):
                writer.write_page(*parse(body), {"page": number})
            manifest = writer.finish()
        told(name, manifest.records, sum(map(len, pages)), cpu, wall)


SOURCES = """
sources:
  visits:
    kind: file_drop
    folder: drop
    pattern: "*.csv"
    format: csv
    time_zone: America/Los_Angeles
    maps_to: interaction
    fields:
      interaction_id: Visit
      started_at: In
      ended_at: Out
      source_channel: Channel
      wait_seconds: Wait
      is_resolved: {column: Resolved, values: {"Yes": true, "No": false}}
      updated_at: Changed
    identifiers: {Account: account, Phone: phone}
"""


def csv(rows: int, draw: random.Random) -> None:
    """Land one CSV file."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "sources.yml").write_text(SOURCES)
        (home / "identity_blocklist.csv").write_text("identifier_type,value,reason\n")
        (home / "drop").mkdir()
        lines = ["Visit,In,Out,Channel,Wait,Resolved,Changed,Account,Phone"]
        lines += [
            f"V-{number},2026-01-05 09:14:05,2026-01-05 09:34:05,VISIT,{draw.randrange(900)},Yes,"
            f"2026-01-05 10:00:00,{draw.randrange(40_000):09},(510) 555-{draw.randrange(10_000):04}"
            for number in range(rows)
        ]
        text = "\n".join(lines) + "\n"
        (home / "drop" / "visits.csv").write_text(text)
        settings = Settings(home=home, sources_file=home / "sources.yml", seeds=home)
        cpu, wall = time.process_time(), time.perf_counter()
        (manifest,) = land(
            settings, "visits", None, connection=None, now=NOW, widen=False, progress=lambda said, count: None
        )
        told("CSV rows", manifest.records, len(text), cpu, wall)


def told(name: str, records: int, size: int, cpu: float, wall: float) -> None:
    """Print one line."""
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    print(
        f"{name:<34}{records:>9,} records {size / records:>6,.0f} bytes each "
        f"{records / cpu:>9,.0f}/s CPU {records / wall:>9,.0f}/s wall"
    )


def main() -> None:
    """Run all."""
    draw = random.Random(7)
    pa.array(["Arrow looks for pandas at its first array"])
    forms, talks = (
        Submissions("f", {"answer_10": "email", "answer_11": "account"}),
        Conversations({"attributes.account_number": "account", "ani": "phone"}),
    )
    scale = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    api("Touchpoints, 500 a page", submissions(100 * scale, 500, draw), forms.records)
    api("Touchpoints, 5,000 a page", submissions(10 * scale, 5000, draw), forms.records)
    api("Genesys, 1,000 a page", conversations(30 * scale, 1000, draw), talks.records)
    csv(50_000 * scale, draw)


if __name__ == "__main__":
    main()

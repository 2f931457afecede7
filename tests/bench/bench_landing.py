"""How fast landing is: split, parse, tokens, write. Run by hand: `python -m tests.bench.bench_landing`.

Prints records a CPU second (of one core: Arrow compresses on the same thread) and a wall second, for pages as
Touchpoints and Genesys send them, and for rows of the file drop in each of its formats.
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
import openpyxl
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
from voxpop.config import Settings
from voxpop.raw.batches import BatchWriter
from voxpop.raw.identifiers import Tokenizer
from voxpop.raw.records import Record, Rejected, Window
from voxpop.sources.genesys.parse import Conversations
from voxpop.sources.land import land
from voxpop.sources.registry import find_sources
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
    pattern: "*"
    format: {form}
    time_zone: America/Los_Angeles
    maps_to: interaction
    fields:
      interaction_id: Visit
      started_at: In
      ended_at: Out
      source_channel: Channel
      wait_seconds: Wait
      is_resolved: {{column: Resolved, values: {{"Yes": true, "No": false}}}}
      updated_at: Changed
    identifiers: {{Account: account, Phone: phone}}
"""


def as_csv(path: Path, table: pa.Table) -> None:
    """With a header."""
    pyarrow.csv.write_csv(table, path)


def as_ndjson(path: Path, table: pa.Table) -> None:
    """An object a line."""
    path.write_bytes(b"".join(msgspec.json.encode(row) + b"\n" for row in table.to_pylist()))


def as_json(path: Path, table: pa.Table) -> None:
    """An array."""
    path.write_bytes(msgspec.json.encode(table.to_pylist()))


def as_parquet(path: Path, table: pa.Table) -> None:
    """In row groups of 20,000."""
    pq.write_table(table, path, row_group_size=20_000)


def as_xlsx(path: Path, table: pa.Table) -> None:
    """One sheet; texts as texts."""
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    for row in [table.column_names, *(list(row.values()) for row in table.to_pylist())]:
        sheet.append(row)
    book.save(path)


FORMATS = {"csv": as_csv, "ndjson": as_ndjson, "json": as_json, "parquet": as_parquet, "xlsx": as_xlsx}


def files(rows: int, draw: random.Random) -> None:
    """Land the same rows as one file of each format."""
    table = pa.table(
        {
            "Visit": [f"V-{number}" for number in range(rows)],
            "In": ["2026-01-05 09:14:05"] * rows,
            "Out": ["2026-01-05 09:34:05"] * rows,
            "Channel": ["VISIT"] * rows,
            "Wait": [draw.randrange(900) for _ in range(rows)],
            "Resolved": ["Yes"] * rows,
            "Changed": ["2026-01-05 10:00:00"] * rows,
            "Account": [f"{draw.randrange(40_000):09}" for _ in range(rows)],
            "Phone": [f"(510) 555-{draw.randrange(10_000):04}" for _ in range(rows)],
        }
    )
    for form, write in FORMATS.items():
        with tempfile.TemporaryDirectory() as folder:
            home = Path(folder)
            (home / "sources.yml").write_text(SOURCES.format(form=form))
            (home / "identity_blocklist.csv").write_text("identifier_type,value,reason\n")
            (home / "drop").mkdir()
            path = home / "drop" / f"visits.{form}"
            write(path, table)
            settings = Settings(home=home, sources_file=home / "sources.yml", seeds=home)
            cpu, wall = time.process_time(), time.perf_counter()
            (visits,) = find_sources(settings, ["visits"])
            (manifest,) = land(
                settings, visits, None, connection=None, now=NOW, widen=False, progress=lambda *_: None
            )
            told(f"{form} rows", manifest.records, path.stat().st_size, cpu, wall)


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
    files(50_000 * scale, draw)


if __name__ == "__main__":
    main()

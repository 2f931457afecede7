"""Land, killed before every step that touches the disk; land again; compare. Run as a program: it forks.

Usage: killed_landing.py FOLDER. Prints how often it was killed. The parent never uses Arrow, so that its
children start with no threads.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas  # noqa: F401 - imported here, so that each child needn't
import pyarrow.dataset  # noqa: F401
import pyarrow.parquet as pq
from voxpop.config import Settings
from voxpop.raw.batches import BatchWriter
from voxpop.raw.identifiers import Tokenizer
from voxpop.raw.manifests import Manifest, quarantine_file, visible
from voxpop.raw.records import Record, Rejected, Window
from voxpop.sources.land import land
from voxpop.sources.registry import find_sources

NOW = datetime(2026, 1, 6, tzinfo=UTC)
WINDOW = Window(datetime(2026, 1, 5, tzinfo=UTC), NOW)
TOUCHING = ("open", "fsync", "rename", "replace", "unlink", "mkdir", "rmdir", "link")

PAGES: list[tuple[list[str], list[bytes]]] = [
    (["a", "b"], []),
    (["b", "c"], [b"odd"]),
    ([], []),
    (["d", "a", "e"], [b"odd", b"other"]),
]


def kill_at(step: int) -> None:
    """End this process before its step-th call that touches the disk."""
    count = 0

    def watched(call: Callable[..., Any]) -> Callable[..., Any]:
        def calls(*arguments: Any, **named: Any) -> Any:
            nonlocal count
            count += 1
            if count == step:
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*arguments, **named)

        return calls

    for name in TOUCHING:
        setattr(os, name, watched(getattr(os, name)))


def pages(
    cursor: dict[str, Any] | None,
) -> Iterator[tuple[list[Record], list[Rejected], dict[str, Any] | None]]:
    for number in range(cursor["page"] if cursor else 0, len(PAGES)):
        ids, odd = PAGES[number]
        records = [
            Record(each, None, json.dumps({"id": each}).encode(), (("account", each),), "conversation")
            for each in ids
        ]
        following = {"page": number + 1} if number + 1 < len(PAGES) else None
        yield records, [Rejected(body, "odd") for body in odd], following


def land_window(settings: Settings) -> None:
    tokenizer = Tokenizer(bytes(32), 1, frozenset())
    names = {"source": "genesys", "kind_of_source": "genesys", "stream": "conversations", "configuration": ""}
    with BatchWriter(settings, **names, window=WINDOW, tokenizer=tokenizer, now=NOW) as writer:
        if not writer.is_done:
            for page in pages(writer.cursor):
                writer.write_page(*page)
        writer.finish()


def land_files(settings: Settings) -> None:
    (visits,) = find_sources(settings, ["visits"])
    land(settings, visits, None, connection=None, now=NOW, widen=False, progress=lambda said, count: None)


SOURCES = """
sources:
  visits:
    kind: file_drop
    folder: drop
    pattern: "*.csv"
    format: csv
    maps_to: interaction
    fields: {interaction_id: id, started_at: at, source_channel: {constant: VISIT}}
    identifiers: {mail: email}
"""
VISITS = """id,at,mail
1,2026-01-05T10:00:00Z,a@x.org
1,2026-01-05T10:00:00Z,a@x.org
2,soon,
3,2026-01-05T11:00Z,
"""


def prepared(home: Path) -> Settings:
    shutil.rmtree(home, ignore_errors=True)
    (home / "drop").mkdir(parents=True)
    (home / "drop" / "one.csv").write_text(VISITS)
    (home / "drop" / "two.csv").write_text(VISITS.replace("2026-01-05T10", "2026-01-05T09"))
    (home / "sources.yml").write_text(SOURCES)
    (home / "identity_blocklist.csv").write_text("identifier_type,value,reason\n")
    settings = Settings(home=home, sources_file=home / "sources.yml", seeds=home)
    settings.secrets.mkdir(mode=0o700)
    keys = {"current": 1, "keys": {"1": "00" * 32}}
    (settings.secrets / "identifier-keys.json").write_text(json.dumps(keys))
    return settings


def content(settings: Settings) -> dict[str, Any]:
    """What is visible, without regard to the parts' bytes: a page's time is the same in all of these runs."""
    found: dict[str, Any] = {}
    for manifest in visible(settings):
        found[manifest.batch_id] = {
            "manifest": json.loads(manifest.to_json()),
            "rows": [pq.read_table(path).to_pylist() for path in manifest.part_files],
            "quarantine": _quarantine(settings, manifest),
            "files": sorted(str(p.relative_to(manifest.folder)) for p in manifest.folder.rglob("*")),
        }
    # A lock's file may stay: the lock itself ended with its process.
    left = (path for path in settings.raw.rglob(".landing/*") if path.suffix != ".lock")
    found["left"] = sorted(str(path.relative_to(settings.raw)) for path in left)
    return json.loads(json.dumps(found, default=str))  # type: ignore[no-any-return]


def _quarantine(settings: Settings, manifest: Manifest) -> list[Any]:
    path = quarantine_file(settings, manifest.source, manifest.stream, manifest.batch_id)
    return pq.read_table(path).to_pylist() if path.exists() else []


def child(work: Callable[[], None]) -> int:
    """Run in a process of its own; give its wait status."""
    pid = os.fork()
    if pid == 0:
        try:
            work()
        except BaseException as error:
            print(repr(error), file=sys.stderr, flush=True)
            os._exit(1)
        os._exit(0)
    return os.waitpid(pid, 0)[1]


def check(folder: Path, landing: Callable[[Settings], None]) -> int:
    """Kill the landing before each step; give how often."""
    expected_file, killed = folder / "expected.json", 0
    undisturbed = prepared(folder / "undisturbed")

    def expect() -> None:
        landing(undisturbed)
        expected_file.write_text(json.dumps(content(undisturbed)))

    assert child(expect) == 0
    expected = json.loads(expected_file.read_text())
    assert len(expected) > 1 and expected["left"] == []
    for step in range(1, 10_000):
        settings = prepared(folder / "killed")

        def work(settings: Settings = settings, step: int = step) -> None:
            kill_at(step)
            landing(settings)

        def compare(settings: Settings = settings, step: int = step) -> None:
            partly = content(settings)
            for batch_id in set(partly) - {"left"}:
                assert partly[batch_id] == expected[batch_id], f"step {step}: visible and not whole"
            landing(settings)
            found = content(settings)
            assert found == expected, f"step {step}: {found} is not {expected}"

        status = child(work)
        if os.WIFEXITED(status) and os.WEXITSTATUS(status) == 0:
            break
        assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL, f"step {step}: {status}"
        killed += 1
        assert child(compare) == 0, f"step {step}"
    return killed


if __name__ == "__main__":
    total = sum(check(Path(sys.argv[1]), landing) for landing in (land_window, land_files))
    print(total, "times")

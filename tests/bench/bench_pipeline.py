"""What the pipeline costs by size: `python -m tests.bench.bench_pipeline [INTERACTIONS …] [--into FILE]`.

For each size (200,000 if none is given) it makes nine fiscal quarters of the sample agency, with as many more
people, journeys and visits to the website as that needs, lands them month by month, builds, stages, audits,
reports and publishes; then it lands the day that follows and does the same with what is new. Every step has
a process of its own, so that its CPU seconds and peak memory are its own. The agency's records are made in
another process and come as the pages and files that its tools would send. What DAP and publications bring
doesn't grow with an agency, and is left out.

It prints Markdown tables; with `--into` it puts them into that file between its two marks. Data lie in the
folder for temporary files (`TMPDIR`) meanwhile.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, timedelta
from importlib.metadata import version
from itertools import chain
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from voxpop import pipeline
from voxpop.config import PROJECT, Settings, load_settings
from voxpop.raw.batches import BatchWriter
from voxpop.raw.identifiers import Tokenizer
from voxpop.raw.manifests import Manifest
from voxpop.raw.records import Window
from voxpop.release import candidate
from voxpop.sample_agency import HISTORY_ENDS, HISTORY_STARTS, genesys, touchpoints
from voxpop.sample_agency.agency import make_agency
from voxpop.sample_agency.causes import CAUSES
from voxpop.sample_agency.clock import DAY_MS, day_number
from voxpop.sample_agency.columns import take
from voxpop.sample_agency.events import events_between
from voxpop.sample_agency.files import drop_files
from voxpop.sample_agency.ga4 import write_tables
from voxpop.sample_agency.misbehavior import LEVELS
from voxpop.sources.genesys.config import GenesysConfig
from voxpop.sources.genesys.parse import Conversations
from voxpop.sources.registry import find_sources, load_sources
from voxpop.sources.touchpoints.config import TouchpointsConfig
from voxpop.sources.touchpoints.parse import Submissions
from voxpop.warehouse import build

SIZE = 200_000
INTERACTIONS = 329_000
"""Contacts and web sessions that the agency has in its default history, as it is."""
DAY = HISTORY_ENDS + timedelta(days=1)
ORDERLY = LEVELS["not"]
STEPS = ("land", "build", "stage", "audit", "report", "publish")
MARKS = ("<!-- bench: begin -->\n", "<!-- bench: end -->\n")
SLOWEST = 8
TABLES = (
    "fct_interactions",
    "fct_web_sessions",
    "fct_survey_responses",
    "fct_survey_answers",
    "dim_customers",
)


# What the tools would send, made in a process of its own


@dataclass(frozen=True)
class Sent:
    """A page of a tool, or the end of a month: then its files are in the drop."""

    first: date
    last: date
    source: str
    form: str = ""
    body: bytes = b""


def send(to: Connection, size: int, first: date, last: date, drop: Path) -> None:
    """Make the months from one day to another and send their pages."""
    scale = size / INTERACTIONS
    web = replace(
        CAUSES.web,
        visits_per_day=CAUSES.web.visits_per_day * scale,
        strangers=round(CAUSES.web.strangers * scale),
    )
    causes = replace(
        CAUSES,
        people=round(CAUSES.people * scale),
        journeys_per_day=CAUSES.journeys_per_day * scale,
        web=web,
    )
    agency = make_agency(load_settings().seeds, causes=causes)
    for start, end in months(first, last):
        events = events_between(agency, start, end)
        as_of_ms = (day_number(end) + 1) * DAY_MS
        for form in agency.catalogue.forms:
            answers = take(events.submissions, events.submissions.service == form.service)
            for rows in parts(len(answers.key), 2000):
                page = take(answers, rows)
                made = touchpoints.render(agency, page, touchpoints.changes_of(page, ORDERLY), as_of_ms)
                to.send(Sent(start, end, "touchpoints", form.form_id, b'{"data":[%b]}' % b",".join(made)))
        for rows in parts(len(events.conversations.key), 1000):
            made = genesys.render(agency, take(events.conversations, rows), as_of_ms)
            to.send(Sent(start, end, "genesys", "", b'{"conversations":[%b]}' % b",".join(made)))
        drop_files(agency, events, drop, ORDERLY)
        # the website's day ends when it is over in its zone: the month's last table is due in the next one
        write_tables(agency, replace(events, first=start - timedelta(days=1)), drop, ORDERLY)
        to.send(Sent(start, end, ""))
    to.close()


def months(first: date, last: date) -> Iterator[tuple[date, date]]:
    """First and last day of each month, or of what lies within."""
    while first <= last:
        following = (first.replace(day=1) + timedelta(days=32)).replace(day=1)
        yield first, min(last, following - timedelta(days=1))
        first = following


def parts(number: int, size: int) -> Iterator[Any]:
    """Positions in runs of at most a size."""
    for start in range(0, number, size):
        yield np.arange(start, min(start + size, number))


# The steps, each in a process of its own; they return what they have to say


@dataclass
class Landed:
    """What landed of one source, and what that took."""

    records: int = 0
    size: int = 0
    cpu: float = 0.0

    def add(self, records: int, size: int, began: float) -> None:
        self.records, self.size, self.cpu = (
            self.records + records,
            self.size + size,
            self.cpu + time.process_time() - began,
        )


def land(settings: Settings, size: int, first: date, last: date) -> dict[str, Any]:
    """Land the months of every source; the measured time is landing's alone."""
    tokenizer = Tokenizer.load(settings, create=True)
    forms, center = find_sources(settings, ["touchpoints", "genesys"])
    assert isinstance(forms, TouchpointsConfig)
    assert isinstance(center, GenesysConfig)
    submissions = {form.id: Submissions(form.id, form.identifiers) for form in forms.forms}
    conversations = Conversations(center.identifiers)
    landed: dict[str, Landed] = defaultdict(Landed)
    coming, outgoing = multiprocessing.Pipe(duplex=False)
    maker = multiprocessing.get_context("spawn").Process(
        target=send, args=(outgoing, size, first, last, settings.home / "drop"), daemon=True
    )
    maker.start()
    outgoing.close()
    writers: dict[str, BatchWriter] = {}
    pages: dict[str, int] = defaultdict(int)
    while True:
        try:
            sent: Sent = coming.recv()
        except EOFError:
            break
        now = _midnight(sent.last + timedelta(days=1)).replace(hour=6)
        began = time.process_time()
        if sent.source:
            if sent.source not in writers:
                writers[sent.source] = BatchWriter(
                    settings,
                    source=sent.source,
                    kind_of_source=sent.source,
                    stream="responses" if sent.source == "touchpoints" else "conversations",
                    window=Window(_midnight(sent.first), _midnight(sent.last + timedelta(days=1))),
                    original=None,
                    configuration="",
                    tokenizer=tokenizer,
                    now=now,
                )
                writers[sent.source].__enter__()
            parse = submissions[sent.form] if sent.form else conversations
            pages[sent.source] += 1
            records, rejected = parse.records(sent.body)
            writers[sent.source].write_page(records, rejected, {"page": pages[sent.source]})
            landed[sent.source].add(len(records), len(sent.body), began)
            continue
        for source, writer in writers.items():
            writer.finish()
            writer.__exit__(None, None, None)
            landed[source].add(0, 0, began)
            began = time.process_time()
        writers.clear()
        days = Window(_midnight(sent.first), _midnight(sent.last + timedelta(days=1)))
        for name, config in load_sources(settings).items():
            if not (settings.home / "drop" / name).exists():
                continue
            began = time.process_time()
            manifests = pipeline.land(
                settings,
                config,
                days if config.is_windowed else None,
                connection=None,
                now=now,
                widen=False,
                progress=_quiet,
            )
            for manifest in manifests:
                landed[name].add(manifest.records, _size(manifest), began)
                began = time.process_time()
    maker.join()
    assert maker.exitcode == 0, "the records could not be made"
    return {source: asdict(found) for source, found in landed.items()}


def _size(manifest: Manifest) -> int:
    """Bytes of the files that a batch was read from."""
    originals = [manifest.original] if manifest.original else []
    return sum(original.bytes for original in (*originals, *chain.from_iterable(manifest.tables.values())))


def build_all(settings: Settings) -> dict[str, Any]:
    """Build, layer by layer; says each layer's CPU seconds and its slowest models."""
    began = time.process_time()
    plan = pipeline.begin_build(settings, run_id=f"bench-{len(list(settings.releases.glob('2*')))}")
    layers = {"begin": time.process_time() - began}
    slowest: list[tuple[float, str]] = []
    for layer in build.LAYERS:
        began = time.process_time()
        slowest += [(result.seconds, result.name) for result in build.run_layer(settings, layer)]
        layers[layer] = time.process_time() - began
    build.finish(settings)
    for seconds, name in sorted(slowest, reverse=True)[:SLOWEST]:
        sys.stderr.write(f"    {seconds:8.2f} s  {name}\n")
    return {"batches": len(plan.batches), "full_refresh": plan.is_full_refresh, "layers": layers}


def run_step(step: str, settings: Settings, size: int, first: date, last: date) -> dict[str, Any]:
    """Do one step, for the days from `first` to `last`."""
    now = _midnight(last + timedelta(days=1)).replace(hour=7)
    if step == "land":
        return land(settings, size, first, last)
    if step == "build":
        return build_all(settings)
    if step == "stage":
        release_id = pipeline.stage(settings, now=now)
        assert release_id is not None
        return {"release_id": release_id}
    staged = candidate.only(settings).release_id
    after: dict[str, Callable[[], object]] = {
        "audit": lambda: pipeline.audit(settings, staged),
        "report": lambda: pipeline.report(settings, staged),
        "publish": lambda: pipeline.publish(settings, staged, now=now),
    }
    after[step]()
    return {}


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _quiet(what: str, count: int) -> None:
    """Progress that nobody watches."""


# Measuring


@dataclass(frozen=True)
class Cost:
    """What a step took, and what it said."""

    step: str
    wall: float
    cpu: float
    peak_mb: int
    said: dict[str, Any]


def measured(step: str, home: Path, size: int, first: date, last: date) -> Cost:
    """Run a step in a process of its own; the maker of records counts for nothing."""
    command = [sys.executable, "-m", "tests.bench.bench_pipeline", "--step", step, str(home), str(size)]
    began = time.perf_counter()
    process = subprocess.Popen(
        [*command, first.isoformat(), last.isoformat()], stdout=subprocess.PIPE, text=True, cwd=PROJECT
    )
    assert process.stdout is not None
    said = json.loads(process.stdout.read())
    assert process.wait() == 0, f"{step} failed"
    wall = time.perf_counter() - began
    return Cost(step, wall, said.pop("cpu"), said.pop("peak_mb"), said)


def bench(home: Path, size: int) -> dict[str, Any]:
    """All steps of the history, and of the day that follows."""
    found: dict[str, Any] = {"size": size, "history": {}, "day": {}}
    for name, first, last in (("history", HISTORY_STARTS, HISTORY_ENDS), ("day", DAY, DAY)):
        for step in STEPS:
            cost = measured(step, home, size, first, last)
            sys.stderr.write(
                f"{size:,} {name:8}{step:8}{cost.wall:8.1f} s  {cost.cpu:8.1f} CPU s  {cost.peak_mb:6,} MB\n"
            )
            found[name][step] = asdict(cost)
    return found | sizes(load_settings({"VOXPOP_HOME": str(home)}))


def sizes(settings: Settings) -> dict[str, float]:
    """Rows of the facts, and megabytes on disk."""
    found: dict[str, float] = {}
    with duckdb.connect(str(settings.warehouse), read_only=True) as connection:
        for table in TABLES:
            (found[table],) = connection.execute(f"select count(*) from marts.{table}").fetchall()[0]
    found["warehouse_mb"] = settings.warehouse.stat().st_size / 1e6
    for part in (settings.raw, max(settings.releases.glob("2*"))):
        name = "raw_mb" if part == settings.raw else "release_mb"
        found[name] = sum(file.stat().st_size for file in part.rglob("*") if file.is_file()) / 1e6
    return found


# Saying it


def table(results: Sequence[dict[str, Any]]) -> str:
    """What was measured, as Markdown."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    made = ", ".join(f"{name} {version(name)}" for name in ("duckdb", "dbt-core", "great-expectations"))
    lines = [
        f"Measured on {datetime.now(UTC):%Y-%m-%d}: {os.cpu_count()} cores, {memory:.0f} GB of memory, "
        f"Python {platform.python_version()}, {made}.",
        "",
    ]
    for found in results:
        lines += [
            f"**{found['fct_interactions']:,} interactions**, {found['fct_web_sessions']:,} on the website; "
            f"{found['fct_survey_responses']:,} responses with {found['fct_survey_answers']:,} answers; "
            f"{found['dim_customers']:,} customers. On disk: raw {found['raw_mb']:,.0f} MB, "
            f"warehouse {found['warehouse_mb']:,.0f} MB, a release "
            f"{found['release_mb']:,.0f} MB.",
            "",
            "| step | nine quarters: CPU s | wall s | peak MB | the next day: CPU s | wall s | peak MB |",
            "|---|--:|--:|--:|--:|--:|--:|",
        ]
        for step in STEPS:
            whole, day = found["history"][step], found["day"][step]
            lines.append(f"| {step} | {_cells(whole)} | {_cells(day)} |")
            lines += [
                f"| – {layer} | {cpu:,.1f} | | | {day['said']['layers'][layer]:,.1f} | | |"
                for layer, cpu in whole["said"].get("layers", {}).items()
            ]
        lines += ["", "| landing | records | bytes each | records a CPU second |", "|---|--:|--:|--:|"]
        for source, landed in found["history"]["land"]["said"].items():
            lines.append(
                f"| {source} | {landed['records']:,} | {landed['size'] / landed['records']:,.0f} | "
                f"{landed['records'] / landed['cpu']:,.0f} |"
            )
        lines.append("")
    return "\n".join(lines)


def _cells(cost: dict[str, Any]) -> str:
    return f"{cost['cpu']:,.1f} | {cost['wall']:,.1f} | {cost['peak_mb']:,}"


def put(text: str, into: Path) -> None:
    """Put the table between the file's marks."""
    page = into.read_text(encoding="utf-8")
    before, rest = page.split(MARKS[0])
    _, after = rest.split(MARKS[1])
    into.write_text(before + MARKS[0] + text + MARKS[1] + after, encoding="utf-8")


def main() -> None:
    """Measure the sizes that are asked for; or, in a process of its own, do one step."""
    if sys.argv[1:2] == ["--step"]:
        step, home, size, first, last = sys.argv[2:]
        settings = load_settings({"VOXPOP_HOME": home})
        said = run_step(step, settings, int(size), date.fromisoformat(first), date.fromisoformat(last))
        used = resource.getrusage(resource.RUSAGE_SELF)
        said |= {"cpu": used.ru_utime + used.ru_stime, "peak_mb": used.ru_maxrss // 1024}
        sys.stdout.write(json.dumps(said))
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("sizes", nargs="*", type=int, default=[SIZE], help="interactions")
    parser.add_argument("--into", type=Path, help="a file with the two marks")
    given = parser.parse_args()
    results = []
    for size in given.sizes:
        with tempfile.TemporaryDirectory() as folder:
            results.append(bench(Path(folder), size))
    text = table(results)
    sys.stdout.write(text)
    if given.into:
        put(text, given.into)


if __name__ == "__main__":
    main()

"""A home that runs write to, the steps on it, and a sample agency whose tools answer."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from unittest import mock

import duckdb
from voxpop import cli, pipeline
from voxpop.config import PROJECT, Settings, load_settings
from voxpop.raw.manifests import Manifest, visible
from voxpop.raw.records import Window
from voxpop.release import store
from voxpop.release.manifest import NAME, RUN_TABLES, file_hash, table_hash
from voxpop.sources.connections import load_connections
from voxpop.sources.registry import load_sources

from tests.waiting import until

FIRST, MIDDLE, END = date(2026, 6, 8), date(2026, 6, 29), date(2026, 7, 1)
"""History begins on the first day; what is called earlier ends before the second, all before the last."""
LATELY = date(2026, 6, 24)
"""Where a window begins that brings the last two days, and what changed in the days before them."""
SETTLED = date(2026, 7, 10)
"""What happened before this day settles the quarter that ends with June: the first such day."""


@dataclass(frozen=True)
class Said:
    """What a command said: its exit code and both streams."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Home:
    """A place where runs write, and the steps on it."""

    settings: Settings

    @classmethod
    def at(cls, folder: Path, config: Path | None = None) -> Home:
        """The home in a folder, configured as the sample agency or by another folder."""
        environment = {"VOXPOP_HOME": str(folder)}
        return cls(load_settings(environment | ({"VOXPOP_CONFIG": str(config)} if config else {})))

    @property
    def path(self) -> Path:
        return self.settings.home

    def copy(self, to: Path) -> Home:
        """A home like this one, to work on."""
        shutil.copytree(self.path, to, symlinks=True)
        return Home(replace(self.settings, home=to))

    def configured_in(self, folder: Path) -> Home:
        """This home with a copy of its configuration, to change."""
        folder.mkdir()
        shutil.copy(self.settings.sources_file, folder / "sources.yml")
        shutil.copytree(self.settings.seeds, folder / "seeds")
        return Home.at(self.path, folder)

    def reach(self, agency: Home) -> Home:
        """Let the tools be those of this agency, and its files wait in the drop."""
        shutil.copytree(agency.path / "drop", self.path / "drop", dirs_exist_ok=True)
        shutil.copy(agency.settings.connections_file, self.settings.connections_file)
        return self

    def connection(self, tool: str) -> dict[str, str]:
        """How a tool is reached."""
        found: dict[str, str] = json.loads(self.settings.connections_file.read_text())[tool]
        return found

    def connect(self, tool: str, **changed: str) -> None:
        """Change one of the connections."""
        file = self.settings.connections_file
        connections = json.loads(file.read_text())
        connections[tool] |= changed
        file.write_text(json.dumps(connections))

    # The steps

    def land(self, *windows: Window, now: datetime | None = None) -> None:
        """Land windows of every tool, in the order given, and the files that wait."""
        connections = load_connections(self.settings)
        for name, source in load_sources(self.settings).items():
            for window in windows if source.is_windowed else (None,):
                pipeline.land(
                    self.settings,
                    source,
                    window,
                    connection=connections.get(name),
                    now=now or morning_after(END),
                    widen=False,
                    progress=quiet,
                )

    def build(self, *, full_refresh: bool = False) -> Any:
        """Bring the warehouse up to what has landed."""
        return pipeline.build(self.settings, run_id="test", full_refresh=full_refresh, progress=quiet)

    def publish(self, now: datetime | None = None) -> str | None:
        """All steps after landing; None where nothing is new."""
        now = now or morning_after(END)
        self.build()
        release_id = pipeline.stage(self.settings, now=now)
        if release_id is not None:
            pipeline.audit(self.settings, release_id)
            pipeline.report(self.settings, release_id)
            pipeline.publish(self.settings, release_id, now=now)
        return release_id

    def run(self) -> pipeline.RunResult:
        """All six steps, for the window that brings the last days."""
        return pipeline.run(
            self.settings,
            window(LATELY, END),
            connections=load_connections(self.settings),
            now=morning_after(END),
            progress=quiet,
        )

    # The command line

    def command(self, *arguments: str) -> Said:
        """Call the command line in this process."""
        out, err = io.StringIO(), io.StringIO()
        with (
            mock.patch.dict(os.environ, self._environment()),
            mock.patch.object(sys, "argv", ["voxpop", *arguments]),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            try:
                cli.main()
                code = 0
            except SystemExit as ended:
                code = int(ended.code or 0)
        return Said(code, out.getvalue(), err.getvalue())

    def process(self, *arguments: str) -> Said:
        """Call the command line in a process of its own."""
        done = subprocess.run(
            [sys.executable, "-m", "voxpop.cli", *arguments],
            env=os.environ | self._environment(),
            text=True,
            capture_output=True,
            check=False,
        )
        return Said(done.returncode, done.stdout, done.stderr)

    def _environment(self) -> dict[str, str]:
        config = self.settings.sources_file.parent
        chosen = {} if config == PROJECT / "config" else {"VOXPOP_CONFIG": str(config)}
        return {"VOXPOP_HOME": str(self.path), **chosen}

    # What there is

    def batches(self, source: str = "*") -> list[Manifest]:
        """The batches that have landed, of every source or of one."""
        return visible(self.settings, source)

    def landed_files(self) -> dict[str, str]:
        """Path → hash of every file of every visible batch."""
        folders = [batch.folder for batch in self.batches()]
        return {
            str(path.relative_to(self.settings.raw)): hashlib.sha256(path.read_bytes()).hexdigest()
            for folder in folders
            for path in folder.rglob("*")
            if path.is_file()
        }

    def current(self) -> store.Release:
        """The release that readers see: whole, each file as its manifest says."""
        release = store.current(self.settings)
        assert release is not None
        files = release.manifest["files"]
        assert files == {name: file_hash(release.folder / name) for name in files}
        assert {"voxpop.duckdb", "reports/index.html", "public/cx_index.parquet"} <= files.keys()
        assert (release.folder / NAME).exists()
        return release

    def published(self) -> list[str]:
        """The ids of what was published, in that order."""
        return [line["release_id"] for line in store.log(self.settings) if line["action"] == "publish"]

    def hashes(self) -> dict[str, str | None]:
        """Table → hash, of the current release's tables that don't tell of runs."""
        tables = self.current().manifest["tables"]
        return _comparable({name: table["sha256"] for name, table in tables.items()})

    def warehouse_hashes(self) -> dict[str, str | None]:
        """The same of the warehouse; the two tables that `stage` writes are not there."""
        with duckdb.connect(str(self.settings.warehouse), read_only=True) as connection:
            columns = connection.execute(
                "select table_name, list(column_name order by column_index) from duckdb_columns() "
                "where schema_name = 'marts' group by table_name"
            ).fetchall()
            return _comparable(
                {name: table_hash(connection, f'marts."{name}"', names) for name, names in columns}
            )

    def sql(self, query: str) -> list[tuple[Any, ...]]:
        """Ask the current release."""
        with duckdb.connect(str(self.current().database), read_only=True) as connection:
            return connection.execute(query).fetchall()


def _comparable(tables: dict[str, str | None]) -> dict[str, str | None]:
    found = {name: digest for name, digest in tables.items() if name not in {*RUN_TABLES, "data_dictionary"}}
    assert {"fct_interactions", "fct_survey_responses", "cx_index", "dim_customers"} <= found.keys()
    return found


def quiet(what: str, count: int) -> None:
    """Progress that nobody watches."""


def window(start: date, end: date) -> Window:
    """From the beginning of one day to the beginning of another."""
    return Window(_midnight(start), _midnight(end))


def morning_after(end: date) -> datetime:
    """When a run takes up what happened before that day."""
    return _midnight(end).replace(hour=6)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


SPLITS = (window(LATELY, date(2026, 6, 28)), window(date(2026, 6, 26), END))
"""Two windows that overlap, as a schedule's do, and ask together for what one from `LATELY` on asks for."""


@contextlib.contextmanager
def tools(home: Path, end: date, *options: str) -> Iterator[Home]:
    """The sample agency's tools as they stand when a day begins, listening until the block ends."""
    home.mkdir(parents=True, exist_ok=True)
    ready = home / "ready.json"
    ready.unlink(missing_ok=True)
    last = date.fromordinal(end.toordinal() - 1)
    given = {"--home": home, "--first": FIRST, "--date": last, "--port": 0, "--ready": ready}
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "voxpop.sample_agency.server"),
            *(str(each) for pair in given.items() for each in pair),
            *options,
        ],
        stderr=subprocess.PIPE,
    )
    try:
        until(lambda: ready.exists() or process.poll() is not None, 300, every=0.02)
        assert process.poll() is None, process.stderr.read().decode() if process.stderr else ""
        yield Home.at(home)
    finally:
        process.terminate()
        process.communicate()

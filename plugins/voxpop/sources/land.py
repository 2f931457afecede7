"""Bringing a source's window, or its new files, into the raw zone."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from voxpop.config import Settings
from voxpop.errors import ConfigError, SourceError, SourceUnavailable, UsageError
from voxpop.raw import files
from voxpop.raw.batches import BatchWriter
from voxpop.raw.identifiers import Tokenizer
from voxpop.raw.manifests import Manifest, Original, visible
from voxpop.raw.records import Window
from voxpop.sources import ga4
from voxpop.sources.connections import Connection
from voxpop.sources.dap import files as dap_files
from voxpop.sources.file_drop import Chunk, Look, chunks, waiting
from voxpop.sources.file_source import FileSource, mapping_sha256
from voxpop.sources.formats import FORMATS
from voxpop.sources.formats.rows import Refused, Unfinished
from voxpop.sources.ga4.config import Ga4Config
from voxpop.sources.land_tables import TablesLanding
from voxpop.sources.protocol import Source
from voxpop.sources.registry import TOOLS, FolderConfig, SourceConfig
from voxpop.sources.tool import Tool

Progress = Callable[[str, int], None]
"""Called with what is being done and a count of it: records landed, models built."""

_SHOWN = 3
"""How many files of one fault are named."""


def land(
    settings: Settings,
    source: SourceConfig,
    window: Window | None,
    *,
    connection: Connection | None,
    now: datetime,
    widen: bool,
    progress: Progress,
) -> list[Manifest]:
    """Land one source: a tool's window, or the files that wait in its folder.

    Args:
        settings: where everything is.
        source: what `sources.yml` says of it.
        window: what to ask a tool for, or of which days to look for tables; a file drop ignores it.
        connection: where the tool is, and its credential; None for a file drop.
        now: the time of this run.
        widen: begin earlier by the source's `repull_days` (a scheduled window does, a backfill does not);
            daily tables of those days are always looked at: those that are as they were cost nothing.
        progress: called after each page with what is being landed and how many records of it have come.

    Returns:
        One batch a stream, or one a file that was new. A window that brought nothing new gives the batch that
        had the same before, with `already_landed`.

    Raises:
        UsageError: a tool without a window.
        ConfigError: no connection, key or readable configuration.
        SourceError: the tool refused for good, or a file is not as configured; other files are landed.
        SourceUnavailable: the tool gave no good answer in time; its pages are kept, a rerun goes on.
        Locked: another process lands the same.
    """
    name = source.name
    run = _Run(settings, Tokenizer.load(settings, create=True), now, progress)
    if isinstance(source, FolderConfig):
        return run.land_files(source)
    if window is None:
        raise UsageError(f"{name}: say which window to land (--from, --to).")
    if isinstance(source, Ga4Config):
        store = ga4.open_store(name, source.tables, source.region, connection, settings.home)
        return run.land_tables(source, store, window)
    if connection is None:
        raise ConfigError(
            f'{name}: there is no connection "{source.connection}". Nothing was landed; set it and rerun.'
        )
    if widen:
        window = Window(window.start - timedelta(days=source.repull_days), window.end)
    with TOOLS[source.kind].connect(source, connection) as tool:
        return [run.land_stream(source, tool, stream, window) for stream in tool.streams()]


def refused_files(settings: Settings, config: FolderConfig) -> dict[str, str]:
    """Find the files in a folder that would be refused, and land nothing.

    Returns:
        Each one's name → why.

    Raises:
        SourceError: there is no such folder.
    """
    paths, _ = waiting(config, settings.home / config.folder)
    known = {batch.original.content for batch in visible(settings, config.name) if batch.original}
    refused: dict[str, str] = {}
    for path in paths:
        try:
            if _original(path, config).content not in known:
                _inspect(path, config)
        except Refused as reason:
            refused[path.name] = str(reason)
        except Unfinished:
            continue
    return refused


def said_of_refused(refused: Mapping[str, str]) -> list[str]:
    """Say why files are refused: a line for each reason, which many files may share."""
    reasons: dict[str, list[str]] = {}
    for name, reason in refused.items():
        reasons.setdefault(reason, []).append(name)
    return [f"{_named(names)}: {reason}." for reason, names in reasons.items()]


def _named(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_SHOWN])
    return shown if len(names) <= _SHOWN else f"{len(names)} files ({shown}, …)"


def _inspect(path: Path, config: FolderConfig) -> None:
    if isinstance(config, FileSource):
        FORMATS[config.format].inspect(path, config)
    else:
        dap_files.inspect(path)


def _chunks(path: Path, name: str, config: FolderConfig, done: int) -> Iterator[Chunk]:
    if isinstance(config, FileSource):
        return chunks(path, name, config, done)
    return dap_files.chunks(path, name, config, done)


@dataclass(frozen=True)
class _Run:
    """What all batches of one call have in common."""

    settings: Settings
    tokenizer: Tokenizer
    now: datetime
    progress: Progress

    def land_stream(self, config: Tool, tool: Source, stream: str, window: Window) -> Manifest:
        """Land a window, page by page."""
        with self._writer(config, stream, window, None) as writer:
            try:
                if not writer.is_done:
                    for page in tool.pages(stream, window, writer.cursor):
                        writer.write_page(*tool.parse(stream, page), page.cursor)
                        self.progress(f"{config.name}.{stream}", writer.received)
            except (SourceError, SourceUnavailable) as error:
                what = f"{stream} {window.key}"
                kept = f"{writer.received:,} records of {what} are kept for the next run."
                error.args = (f"{error} {kept if writer.received else f'Nothing new of {what} has landed.'}",)
                raise
            return writer.finish()

    def land_tables(self, config: Ga4Config, store: ga4.Store, window: Window) -> list[Manifest]:
        """Land the daily tables of a window that are new or not as they were."""
        landing = TablesLanding(config, store, visible(self.settings, config.name, ga4.STREAM), self.progress)
        tables, covered = landing.changed(window)
        if covered is None:
            return []
        with self._writer(config, ga4.STREAM, covered, None) as writer:
            if not writer.is_done:
                landing.write(tables, writer)
            if writer.received:
                return [writer.finish()]
            writer.discard()
            return []

    def land_files(self, config: FolderConfig) -> list[Manifest]:
        """Land what is new in a folder; files that landed before are left out."""
        paths, unfinished = waiting(config, self.settings.home / config.folder)
        for name in unfinished:
            self._leave(config, name, "it is named as unfinished")
        batches = visible(self.settings, config.name, config.stream)
        known = {batch.original.content for batch in batches if batch.original}
        landed: list[Manifest] = []
        refused: dict[str, str] = {}
        for path in paths:
            try:
                look = Look.at(path)
                original = _original(path, config)
                if original.content in known:
                    continue
                manifest = self._land_file(config, path, look, original)
            except Unfinished as reason:
                self._leave(config, path.name, str(reason))
            except Refused as reason:
                refused[path.name] = str(reason)
            else:
                known.add(original.content)
                landed += [] if manifest.already_landed else [manifest]
        if refused:
            raise SourceError(
                f"{config.name}: {len(refused)} of {len(paths)} files can't be landed, and nothing of them "
                f"was; the others are. Rerun when they are as {self.settings.sources_file} says.\n"
                + "\n".join(said_of_refused(refused))
            )
        return landed

    def _land_file(self, config: FolderConfig, path: Path, look: Look, original: Original) -> Manifest:
        with self._writer(config, config.stream, None, original) as writer:
            copy = writer.original_folder / original.name
            try:
                if not writer.is_done:
                    if writer.cursor is None:
                        _copy(path, copy, look, original)
                        _inspect(copy, config)
                    done = 0 if writer.cursor is None else writer.cursor["rows"]
                    for chunk in _chunks(copy, original.name, config, done):
                        writer.write_page(chunk.records, chunk.rejected, {"rows": chunk.rows}, chunk.repeated)
                        self.progress(f"{config.name}: {original.name}", writer.received)
            except (Unfinished, Refused):
                writer.discard()
                raise
            return writer.finish()

    def _leave(self, config: FolderConfig, name: str, reason: str) -> None:
        self.progress(f"{config.name}: {name}: {reason}; left for the next run", 0)

    def _writer(
        self,
        config: SourceConfig,
        stream: str,
        window: Window | None,
        original: Original | None,
    ) -> BatchWriter:
        return BatchWriter(
            self.settings,
            source=config.name,
            kind_of_source=config.kind,
            stream=stream,
            window=window,
            original=original,
            configuration=hashlib.sha256(config.model_dump_json().encode()).hexdigest(),
            tokenizer=self.tokenizer,
            now=self.now,
        )


def _original(path: Path, config: FolderConfig) -> Original:
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            size = file.tell()
    except FileNotFoundError:
        raise Unfinished("it went away while it was looked at") from None
    except PermissionError:
        raise Refused("it may not be read. Give the account that lands it the permission") from None
    return Original(os.fsencode(path.name).decode(errors="replace"), size, digest, mapping_sha256(config))


def _copy(path: Path, copy: Path, look: Look, original: Original) -> None:
    """Take the file's bytes as they were when it was first looked at.

    Raises:
        Unfinished: they are not the same any more.
    """
    try:
        is_same = files.copy_durably(path, copy) == original.sha256
    except FileNotFoundError:
        raise Unfinished("it went away while it was looked at") from None
    if not is_same or Look.at(path) != look:
        raise Unfinished("it changes while it is read")

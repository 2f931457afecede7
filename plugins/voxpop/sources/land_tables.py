"""Daily tables into a batch: those of a window that are new, or no longer what landed last."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path

from voxpop.errors import SourceUnavailable
from voxpop.raw import files
from voxpop.raw.batches import BatchWriter
from voxpop.raw.manifests import Manifest, Original
from voxpop.raw.records import Window
from voxpop.sources import ga4
from voxpop.sources.formats.rows import Unfinished
from voxpop.sources.ga4.config import Ga4Config


class TablesLanding:
    """One landing of a source's tables.

    Args:
        config: the source.
        store: where its tables lie.
        landed: its batches so far.
        progress: called with what is being done, and with what is left for the next run.
    """

    def __init__(
        self,
        config: Ga4Config,
        store: ga4.Store,
        landed: Sequence[Manifest],
        progress: Callable[[str, int], None],
    ) -> None:
        self._config = config
        self._store = store
        self._progress = progress
        self._reading = ga4.reading_sha256(config.user_id)
        batches = sorted(landed, key=lambda batch: batch.started_at)
        self._known = {name: read for batch in batches for name, read in batch.tables.items()}
        """Each table's files as they were when it landed last."""

    def changed(self, window: Window) -> tuple[list[ga4.DailyTable], Window | None]:
        """Find the tables of a window, and of `repull_days` before it, that are not as they landed.

        Returns:
            The tables by day; and the window of the days whose tables are there, which ends with the newest:
            nobody can say more of the days after it. None where there is nothing to land.
        """
        there = self._store.tables()
        zone = self._config.time_zone
        wide = Window(window.start - timedelta(days=self._config.repull_days), window.end)
        days = ga4.days_ended(wide, zone)
        present = [day for day in days if ga4.name_of(day) in there]
        for day in ga4.days_ended(window, zone):
            if day not in present:
                self._leave(ga4.name_of(day), "it is not there yet")
        tables = [there[ga4.name_of(day)] for day in present]
        changed = [table for table in tables if not table.is_as_read(self._read(table), self._reading)]
        if not changed:
            return [], None
        return changed, Window(ga4.start_of(present[0], zone), ga4.end_of(present[-1], zone))

    def write(self, tables: Sequence[ga4.DailyTable], writer: BatchWriter) -> None:
        """Write tables into a batch: several small ones into a part, a large one into several.

        Raises:
            SourceUnavailable: the store gave no good answer in time, or a table that was begun has changed.
        """
        begun = writer.cursor or {}
        folder = writer.original_folder
        page = ga4.Chunk()
        whole: dict[str, tuple[Original, ...]] = {}
        for table in tables:
            if table.name in writer.tables:
                continue
            originals = self._copy(table, folder)
            if not originals:
                continue
            content = [original.sha256 for original in originals]
            done = begun["events"] if begun.get("table") == table.name else 0
            if done and content != begun["content"]:
                writer.discard()
                raise SourceUnavailable(
                    f"{self._config.name}: {table.name} has changed since its landing was interrupted. "
                    "Nothing has landed; the next run begins anew."
                )
            events = 0
            paths = [folder / original.name for original in originals]
            for chunk in ga4.chunks(paths, ga4.Events(table.name, self._config.user_id)):
                events += len(chunk)
                if events <= done:
                    continue
                page.add(chunk)
                if len(page) >= ga4.EVENTS_A_PART:
                    at = {"table": table.name, "events": events, "content": content}
                    self._write_page(writer, page, whole, at)
                    page, whole = ga4.Chunk(), {}
            whole[table.name] = originals
        self._write_page(writer, page, whole, None)

    def _write_page(
        self,
        writer: BatchWriter,
        page: ga4.Chunk,
        whole: Mapping[str, tuple[Original, ...]],
        cursor: dict[str, object] | None,
    ) -> None:
        files.sync_folder(writer.original_folder)
        writer.write_page(page.records, page.rejected, cursor, tables=whole)
        self._progress(f"{self._config.name}.{ga4.STREAM}", writer.received)

    def _copy(self, table: ga4.DailyTable, folder: Path) -> tuple[Original, ...]:
        """Take a table's bytes; none where they are what landed last, or not to be relied on yet."""
        originals = []
        for file in table.files:
            name = file.name.replace("/", ".")
            sha256 = self._store.copy(file, folder / name)
            originals.append(Original(name, file.bytes, sha256, self._reading, file.changed_at))
        paths = [folder / original.name for original in originals]
        is_as_it_was = [one.content for one in originals] == [one.content for one in self._read(table)]
        if not is_as_it_was and self._is_whole(table, paths):
            return tuple(originals)
        for path in paths:
            path.unlink()
        return ()

    def _is_whole(self, table: ga4.DailyTable, paths: Sequence[Path]) -> bool:
        try:
            if not self._store.is_as_listed(table):
                raise Unfinished("it changes while it is read")
            ga4.inspect(paths)
        except Unfinished as reason:
            self._leave(table.name, str(reason))
            return False
        return True

    def _read(self, table: ga4.DailyTable) -> tuple[Original, ...]:
        return self._known.get(table.name, ())

    def _leave(self, table: str, reason: str) -> None:
        self._progress(f"{self._config.name}: {table}: {reason}; left for the next run", 0)

"""Batches of the raw zone: one stream's window, or one file, as Parquet parts and a manifest.

Work in progress lies in `raw/<source>/<stream>/.landing/<name>/`. A page is written there as a part, its
bytes are brought to disk, and only then `cursor.json` moves on; so a run that ends anywhere is taken up at
the page that it had not finished. A finished batch is renamed to `raw/<source>/<stream>/dt=…/<batch_id>/` and
never edited again.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from voxpop.config import Settings
from voxpop.raw import files, manifests, parts
from voxpop.raw.identifiers import Token, Tokenizer
from voxpop.raw.manifests import Day, Manifest, Original, Part, quarantine_file, visible
from voxpop.raw.records import Record, Rejected, Window

_ANY_JSON = msgspec.json.Decoder(msgspec.Raw)


class _State(msgspec.Struct):
    """What `cursor.json` holds: where the landing is, and what the durable pages held.

    `content` is the sum of a 128-bit hash of each row, modulo 2^128, in hex: it needs no order.
    """

    batch_id: str
    started_at: datetime
    key_version: int
    configuration: str
    cursor: dict[str, Any] | None = None
    is_done: bool = False
    parts: list[Part] = []
    quarantine_parts: int = 0
    records: int = 0
    quarantined: int = 0
    duplicates: int = 0
    blocked: dict[str, int] = {}
    content: str = "00" * 16
    tables: dict[str, tuple[Original, ...]] = {}
    days: dict[str, Day] = {}


class BatchWriter:
    """Writes one batch, or goes on with one that was interrupted.

    Used as a context: on leaving it the lock is free, and what is not finished waits for the next run.

        with BatchWriter(settings, source="genesys", …, window=window) as writer:
            if not writer.is_done:
                for page in source.pages(stream, window, writer.cursor):
                    writer.write_page(*source.parse(stream, page), page.cursor)
            manifest = writer.finish()
    """

    def __init__(
        self,
        settings: Settings,
        *,
        source: str,
        kind_of_source: str,
        stream: str,
        window: Window | None,
        original: Original | None = None,
        configuration: str,
        tokenizer: Tokenizer,
        now: datetime,
    ) -> None:
        """Name the batch.

        Args:
            settings: where raw is.
            source: its name in `sources.yml`.
            kind_of_source: which connector it is.
            stream: which of its streams.
            window: what is asked for; None for a file.
            original: the file; None for a window.
            configuration: hash of what decides what is asked for and how it is read; a landing that was
                interrupted under another one begins anew.
            tokenizer: makes tokens of the records' identifiers.
            now: the time of this run: when its pages are fetched.
        """
        self._settings = settings
        self._source = source
        self._kind_of_source = kind_of_source
        self._stream = stream
        self._window = window
        self._original = original
        self._configuration = configuration
        self._tokenizer = tokenizer
        self._now = now.astimezone(UTC)
        self._stream_folder = settings.raw / source / stream
        if window is not None:
            self._name = window.key
        elif original is not None:
            self._name = original.sha256[:16]
        else:
            raise ValueError("a batch is of a window or of a file")
        self._work = self._stream_folder / ".landing" / self._name
        self._seen: set[bytes] = set()
        self._stack = ExitStack()

    def __enter__(self) -> BatchWriter:
        """Take the lock and see how far an interrupted landing got.

        Raises:
            Locked: another process lands the same; the message names it.
        """
        landing = self._work.parent
        files.make_folder(landing, below=self._settings.raw)
        self._stack.enter_context(
            files.locked(
                landing / f"{self._work.name}.lock",
                f"{self._source}: {self._stream} {self._name}",
                "landing",
            )
        )
        try:
            self._resume()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @property
    def cursor(self) -> dict[str, Any] | None:
        """Where the next page begins; None: from the beginning."""
        return self._state.cursor

    @property
    def is_done(self) -> bool:
        """Whether every page is here already, so that only `finish` is left."""
        return self._state.is_done

    @property
    def received(self) -> int:
        """How many records have come, those of an interrupted run among them."""
        return self._state.records + self._state.quarantined + self._state.duplicates

    @property
    def tables(self) -> Mapping[str, tuple[Original, ...]]:
        """The daily tables that are here whole."""
        return self._state.tables

    @property
    def original_folder(self) -> Path:
        """Where the batch keeps the bytes of the files that it is made from."""
        folder = self._work / "original"
        files.make_folder(folder, below=self._work)
        return folder

    def write_page(
        self,
        records: Sequence[Record],
        rejected: Sequence[Rejected],
        cursor: dict[str, Any] | None,
        repeated: int = 0,
        tables: Mapping[str, tuple[Original, ...]] | None = None,
    ) -> None:
        """Make a page durable, then move the cursor behind it.

        Args:
            records: a record that the batch has already, the same, is counted and not written again.
            rejected: what goes to quarantine; a record whose payload is no valid JSON text joins it.
            cursor: where the next page begins; None: this was the last.
            repeated: records that the source itself saw to be repetitions.
            tables: the daily tables that are here whole with this page.
        """
        state = self._state
        rows, bad = self._sorted_out(records, rejected)
        state.duplicates += len(records) + len(rejected) - len(rows) - len(bad) + repeated
        hashes = [row.row_hash for row in rows] + [parts.reject_hash(reject) for reject in bad]
        state.content = _content(state.content, hashes)
        for day, count in Counter(row.record.day for row in rows).items():
            self._counts(day).records += count
        for day, count in Counter(reject.day for reject in bad).items():
            self._counts(day).quarantined += count
        for row in rows:
            # who keeps all tokens has no placeholder: few records are looked at twice
            if len(row.tokens) < len(row.record.identifiers):
                for type_ in self._tokenizer.blocked(row.record.identifiers):
                    state.blocked[type_] = state.blocked.get(type_, 0) + 1
        if rows:
            table = parts.table(rows, batch_id=state.batch_id, fetched_at=self._now)
            state.parts.append(self._write_part(f"part-{len(state.parts):05}.parquet", table))
            state.records += len(rows)
        if bad:
            self._write_part(
                _quarantine_name(state.quarantine_parts),
                parts.quarantine_table(bad, first_position=state.quarantined, fetched_at=self._now),
            )
            state.quarantine_parts += 1
            state.quarantined += len(bad)
        state.tables |= tables or {}
        state.cursor, state.is_done = cursor, cursor is None
        self._save()

    def _sorted_out(
        self, records: Sequence[Record], rejected: Sequence[Rejected]
    ) -> tuple[list[parts.Row], list[Rejected]]:
        """Sort records into new ones and ones for quarantine; one that is in neither has come before.

        A document that is no JSON would abort every query over the batch.
        """
        rows: list[parts.Row] = []
        bad = list(rejected)
        seen, tokens_of = self._seen, self._tokenizer.tokens
        for record in records:
            payload = record.payload
            try:
                _ANY_JSON.decode(payload)
                if not payload.isascii():
                    payload.decode()
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                bad.append(Rejected(payload, _reason(error), day=record.day))
                continue
            if not record.record_id:
                bad.append(Rejected(payload, "The record has no id.", day=record.day))
                continue
            tokens = tokens_of(record.identifiers) if record.identifiers else []
            digest = hashlib.sha256(payload)
            payload_hash = digest.hexdigest()[:32]
            row_hash = parts.row_hash(digest, record.record_id, record.kind, tokens)
            if row_hash not in seen:
                seen.add(row_hash)
                rows.append(parts.Row(record, payload_hash, row_hash, tokens))
        return rows, bad

    def finish(self) -> Manifest:
        """Make the batch visible.

        Returns:
            Its manifest; or, where the newest visible batch of the same window holds the same, that one's,
            with `already_landed`, and this one is gone.
        """
        if not (self._work / manifests.NAME).exists():
            manifest = self._manifest()
            twin = self._twin(manifest)
            if twin is not None:
                self.discard()
                return msgspec.structs.replace(twin, already_landed=True)
            self._collect_quarantine(manifest)
            files.replace_durably(self._work / manifests.NAME, manifest.to_json())
        return self._move()

    def discard(self) -> None:
        """Forget this landing: nothing of it becomes visible."""
        (self._work / "cursor.json").unlink(missing_ok=True)  # without it a half-removed folder is swept away
        files.remove_folder(self._work)

    def _counts(self, day: date | None) -> Day:
        return self._state.days.setdefault(day.isoformat() if day else self._dt, Day())

    @property
    def _dt(self) -> str:
        if self._window is None:
            return self._state.started_at.date().isoformat()
        return (self._window.end - timedelta(microseconds=1)).date().isoformat()

    def _target(self, batch_id: str) -> Path:
        return self._stream_folder / f"dt={self._dt}" / batch_id

    def _resume(self) -> None:
        cursor_file = self._work / "cursor.json"
        if (self._work / manifests.NAME).exists():
            manifest = manifests.read(self._work / manifests.NAME)
            if self._is_of_this_file(manifest):
                self._state = self._fresh(manifest.batch_id, manifest.started_at)
                self._state.is_done = True
                return
        if cursor_file.exists():
            self._state = msgspec.json.decode(cursor_file.read_bytes(), type=_State)
            if self._is_as_begun() and self._reload():
                self._sweep()
                return
        self._begin()

    def _fresh(self, batch_id: str, started_at: datetime) -> _State:
        return _State(batch_id, started_at, self._tokenizer.key_version, self._configuration)

    def _is_of_this_file(self, manifest: Manifest) -> bool:
        """Whether a file was read as it would be now; a window always was."""
        ours, found = self._original, manifest.original
        return ours is None or (found is not None and found.content == ours.content)

    def _is_as_begun(self) -> bool:
        state = self._state
        begun = state.key_version, state.configuration
        return begun == (self._tokenizer.key_version, self._configuration)

    def _begin(self) -> None:
        files.remove_folder(self._work)
        files.make_folder(self._work, below=self._settings.raw)
        started = self._now
        self._state = self._fresh("", started)
        while True:
            stamp = f"{started:%Y%m%dT%H%M%S%f}Z"
            batch_id = f"{self._source}.{self._stream}.{self._name}.{stamp}"
            if not self._target(batch_id).exists():
                break
            started += timedelta(microseconds=1)
        self._state = self._fresh(batch_id, started)
        self._seen = set()

    def _reload(self) -> bool:
        """Learn what the durable parts hold; False if one is not as the cursor says (a disk that lied)."""
        for part in self._state.parts:
            path = self._work / part.name
            if not path.exists() or path.stat().st_size != part.bytes:
                return False
            columns = pq.ParquetFile(path).read(["record_id", "payload", "kind", "identifiers"])
            for row in columns.to_pylist():
                payload = hashlib.sha256(row["payload"].encode())
                tokens = [Token(**identifier) for identifier in row["identifiers"]]
                self._seen.add(parts.row_hash(payload, row["record_id"], row["kind"], tokens))
        return True

    def _sweep(self) -> None:
        """Remove what the page that was interrupted left: it will be asked for again."""
        durable = {part.name for part in self._state.parts}
        durable |= {_quarantine_name(number) for number in range(self._state.quarantine_parts)}
        for path in self._work.glob("*.parquet"):
            if path.name not in durable:
                path.unlink()

    def _write_part(self, name: str, table: pa.Table) -> Part:
        content = parts.parquet(table)
        files.write_new(self._work / name, content)
        return Part(name, table.num_rows, content.nbytes, hashlib.sha256(content).hexdigest())

    def _save(self) -> None:
        files.replace_durably(self._work / "cursor.json", msgspec.json.encode(self._state))

    def _manifest(self) -> Manifest:
        state = self._state
        content = f"{state.records}.{state.quarantined}.{state.content}"
        return Manifest(
            batch_id=state.batch_id,
            source=self._source,
            kind_of_source=self._kind_of_source,
            stream=self._stream,
            window=self._window,
            started_at=state.started_at,
            finished_at=self._now,
            dt=self._dt,
            parts=tuple(state.parts),
            records=state.records,
            quarantined=state.quarantined,
            duplicates=state.duplicates,
            received=self.received,
            sha256=hashlib.sha256(content.encode()).hexdigest(),
            key_version=state.key_version,
            blocked=dict(sorted(state.blocked.items())),
            original=self._original,
            tables=dict(sorted(state.tables.items())),
            days=dict(sorted(state.days.items())),
        )

    def _twin(self, manifest: Manifest) -> Manifest | None:
        """Find the visible batch that has the same: of this window the newest, or any of this file."""
        batches = visible(self._settings, self._source, self._stream, self._name)
        if manifest.original is not None:
            content = manifest.original.content
            return next(
                (batch for batch in batches if batch.original and batch.original.content == content), None
            )
        return batches[-1] if batches and batches[-1].sha256 == manifest.sha256 else None

    def _collect_quarantine(self, manifest: Manifest) -> None:
        if not manifest.quarantined:
            return
        target = quarantine_file(self._settings, self._source, self._stream, manifest.batch_id)
        files.make_folder(target.parent, below=self._settings.raw)
        tables = [pq.ParquetFile(path).read() for path in sorted(self._work.glob("quarantine-*.parquet"))]
        files.replace_durably(target, parts.parquet(pa.concat_tables(tables)))

    def _move(self) -> Manifest:
        (self._work / "cursor.json").unlink(missing_ok=True)
        for path in self._work.glob("quarantine-*.parquet"):
            path.unlink()
        target = self._target(self._state.batch_id)
        files.make_folder(target.parent, below=self._settings.raw)
        files.move_folder(self._work, target)
        return manifests.read(target / manifests.NAME)


def _quarantine_name(number: int) -> str:
    return f"quarantine-{number:05}.parquet"


def _reason(error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        return f"The record is not UTF-8 at byte {error.start}."
    if isinstance(error, RecursionError):
        return "The record's JSON is nested too deep to be read."
    return f"The record is not valid JSON ({error})."


def _content(so_far: str, hashes: Sequence[bytes]) -> str:
    """Add 128-bit hashes to a sum modulo 2^128, in hex: it comes out the same in any order."""
    total = int(so_far, 16) + sum(map(int.from_bytes, hashes))
    return f"{total % (1 << 128):032x}"

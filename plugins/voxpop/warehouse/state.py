"""The schema `_build` of the warehouse: what is built, and what the build under way works on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

import duckdb
import pyarrow as pa

from voxpop.config import Settings
from voxpop.errors import BuildError
from voxpop.warehouse.pending import PendingBatch, State

_TABLES = """
create schema if not exists _build;
create table if not exists _build.built_batches (
    batch_id varchar not null, source varchar not null, stream varchar not null,
    state varchar not null, records bigint not null, run_id varchar not null
);
create table if not exists _build.pending_batches (
    batch_id varchar not null, source varchar not null, kind_of_source varchar not null,
    stream varchar not null, change varchar not null, is_unsettled boolean not null, records bigint not null,
    files varchar[] not null
);
create table if not exists _build.excluded_batches (batch_id varchar not null, reason varchar not null);
create table if not exists _build.complete_to (day date not null);
create table if not exists _build.record_links (
    _record_key varchar not null, link varchar not null, match_weight double not null,
    seen_at timestamp not null
);
create table if not exists _build.denied_pairs (
    identifier_type varchar not null, token varchar not null,
    other_identifier_type varchar not null, other_token varchar not null
);
create table if not exists _build.fingerprint (fingerprint varchar not null);
create table if not exists _build.run (
    run_id varchar not null, full_refresh boolean not null, fingerprint varchar not null,
    layers varchar[] not null
);
alter table _build.fingerprint add column if not exists method varchar default '';
alter table _build.run add column if not exists method varchar default '';
alter table _build.run add column if not exists takes_over boolean default false;
"""


@dataclass(frozen=True)
class MadeBy:
    """What decides a build's results besides the data, each as a hash.

    Attributes:
        fingerprint: of models, seeds and engine.
        method: of the same without the seeds whose changes a build follows row by row.
    """

    fingerprint: str
    method: str


@dataclass(frozen=True)
class OpenRun:
    """A build that has begun and not finished.

    Attributes:
        run_id: who began it.
        full_refresh: whether it builds everything anew.
        made_by: the models and seeds that it was begun with.
        takes_over: whether it takes up what one that died had begun.
        layers: those that are done, in order.
    """

    run_id: str
    full_refresh: bool
    made_by: MadeBy
    takes_over: bool
    layers: tuple[str, ...]


class BuildState:
    """Reads and writes `_build`; a caller holds the warehouse's lock."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Make what is missing.

        Args:
            connection: to the warehouse.
        """
        self._connection = connection
        connection.execute(_TABLES)

    def built(self) -> dict[str, State]:
        """Give what the last finished build left: batch id → state."""
        return dict(self._connection.execute("select batch_id, state from _build.built_batches").fetchall())

    def pending(self) -> set[str]:
        """Give the ids of the batches that the open run works on; none if there is no open run."""
        return {
            row[0]
            for row in self._connection.execute("select batch_id from _build.pending_batches").fetchall()
        }

    def made_by(self) -> MadeBy | None:
        """Give the models and seeds of the last finished build; None if nothing was ever built."""
        row = self._connection.execute("select fingerprint, method from _build.fingerprint").fetchone()
        return MadeBy(*row) if row else None

    def open_run(self) -> OpenRun | None:
        """Give the run that has not finished, if there is one."""
        row = self._connection.execute(
            "select run_id, full_refresh, fingerprint, method, takes_over, layers from _build.run"
        ).fetchone()
        return OpenRun(row[0], row[1], MadeBy(row[2], row[3]), row[4], tuple(row[5])) if row else None

    def begin(
        self,
        run: OpenRun,
        pending: Sequence[PendingBatch],
        excluded: Mapping[str, str],
        complete_to: date | None,
    ) -> None:
        """Fix what a run works on, in place of what an unfinished one did.

        Args:
            run: the run.
            pending: what it changes.
            excluded: batch id → reason, of all that count for nothing.
            complete_to: the last local day of which everything has landed; None where nobody knows.
        """
        with self._transaction():
            made_by = run.made_by
            row = (
                run.run_id,
                run.full_refresh,
                made_by.fingerprint,
                list(run.layers),
                made_by.method,
                run.takes_over,
            )
            self._replace("run", [row])
            self._replace("pending_batches", [_row(batch) for batch in pending])
            self._replace("excluded_batches", list(excluded.items()))
            self._replace("complete_to", [(complete_to,)] if complete_to else [])

    def layers_done(self, layers: Sequence[str]) -> None:
        """Note how far the open run has come."""
        self._connection.execute("update _build.run set layers = ?", [list(layers)])

    def replace_links(self, links: pa.Table | None) -> None:
        """Put links of records, as `voxpop.identity.links.link` gives them, in place of the last ones."""
        with self._transaction():
            self._connection.execute("delete from _build.record_links")
            if links is not None:
                self._connection.register("links", links)
                self._connection.execute("insert into _build.record_links by name from links")
                self._connection.unregister("links")

    def finish(self, run: OpenRun) -> None:
        """Mark the open run's batches, remember what it was made by, and close it: all or nothing."""
        with self._transaction():
            if run.full_refresh:
                self._connection.execute("delete from _build.built_batches")
            self._connection.execute("""
                delete from _build.built_batches
                where batch_id in (select batch_id from _build.pending_batches)
            """)
            self._connection.execute(
                """
                insert into _build.built_batches
                select
                    batch_id, source, stream,
                    case change when 'exclude' then 'excluded' else 'built' end,
                    records, ?
                from _build.pending_batches
                """,
                [run.run_id],
            )
            self._connection.execute("""
                delete from _build.denied_pairs;
                insert into _build.denied_pairs
                select identifier_type, token, other_identifier_type, other_token from seeds.identity_denied
            """)
            self._replace("fingerprint", [(run.made_by.fingerprint, run.made_by.method)])
            self._replace("pending_batches", [])
            self._replace("run", [])

    def _replace(self, table: str, rows: Sequence[tuple[object, ...]]) -> None:
        self._connection.execute(f"delete from _build.{table}")  # noqa: S608 - one of our own names
        if rows:
            marks = ", ".join("?" * len(rows[0]))
            self._connection.executemany(f"insert into _build.{table} values ({marks})", rows)  # noqa: S608

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.begin()
        try:
            yield
        except BaseException:
            self._connection.rollback()
            raise
        self._connection.commit()


@contextmanager
def opened(settings: Settings) -> Iterator[BuildState]:
    """Open the warehouse's state for the block, making it if there is none; nobody else can meanwhile.

    Raises:
        BuildError: something that doesn't take the lock has the file open.
    """
    with connected(settings) as connection:
        yield BuildState(connection)


@contextmanager
def connected(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the warehouse for the block, making it if there is none; nobody else can meanwhile.

    Raises:
        BuildError: something that doesn't take the lock has the file open.
    """
    settings.warehouse.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        connection = duckdb.connect(str(settings.warehouse))
    except duckdb.IOException as error:
        raise BuildError(
            f"warehouse: {settings.warehouse} can't be opened ({str(error).splitlines()[0]}). Nothing was "
            "changed; close whatever reads it (people read releases: `voxpop sql`) and run this again."
        ) from error
    try:
        yield connection
    finally:
        connection.close()


def _row(batch: PendingBatch) -> tuple[object, ...]:
    manifest = batch.manifest
    return (
        manifest.batch_id,
        manifest.source,
        manifest.kind_of_source,
        manifest.stream,
        batch.change,
        batch.is_unsettled,
        manifest.records,
        list(batch.files),
    )

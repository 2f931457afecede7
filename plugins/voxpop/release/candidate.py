"""Staging: from the warehouse to a candidate, a release that nobody sees yet."""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib.metadata import version
from pathlib import Path

import duckdb

from voxpop.config import Settings
from voxpop.errors import BuildError, Locked, UsageError
from voxpop.raw.exclusions import exclusions
from voxpop.raw.manifests import Manifest as RawManifest
from voxpop.raw.manifests import visible
from voxpop.release import changed, diff, evidence, held, manifest, store, tables, told
from voxpop.release.accepted import accepted
from voxpop.release.counted import MADE_OF_PUBLISHED
from voxpop.release.lateness import late_sources
from voxpop.release.manifest import DATABASE, Batch, Excluded, Manifest, Restatement, Table
from voxpop.release.store import Candidate
from voxpop.release.timeliness import timed
from voxpop.warehouse import lock

__all__ = ["Candidate", "find", "only", "stage"]


@dataclass(frozen=True)
class _Basis:
    """What a release is made from.

    `known` are the manifests of all that raw has, left out or not; `landed` those of the release's batches.
    """

    batches: Sequence[Batch]
    excluded: Sequence[Excluded]
    fingerprint: str
    known: Sequence[RawManifest]

    @property
    def landed(self) -> list[RawManifest]:
        """Its batches' manifests, as far as raw still has them."""
        ids = self.ids
        return [batch for batch in self.known if batch.batch_id in ids]

    @property
    def ids(self) -> set[str]:
        """The batches' ids."""
        return {batch["batch_id"] for batch in self.batches}

    def is_of(self, release: store.Release) -> bool:
        """Whether a release was made from the same batches by the same models."""
        return release.manifest["fingerprint"] == self.fingerprint and _batch_ids(release) == self.ids


def _batch_ids(release: store.Release) -> set[str]:
    return {batch["batch_id"] for batch in release.manifest["batches"]}


def stage(settings: Settings, *, now: datetime, sources: Collection[str]) -> Candidate | None:
    """Make a candidate from the warehouse.

    Candidates that are left over, from a crash or a refusal, are removed; so is a release that a crash kept
    from becoming current.

    Args:
        settings: where everything is.
        now: when the release is made; it is in its id.
        sources: the configured sources: one that never landed is late, and one that is configured no more
            is not.

    Returns:
        None if nothing has landed at all, or if the same batches and models made the current release, or one
        that was rolled back after the last publication.

    Raises:
        UsageError: nothing has been built.
        BuildError: a build has not been finished, or the warehouse lacks a table.
        Locked: another process works on the releases or on the warehouse.
    """
    with store.locked(settings, "stage"):
        for left in settings.releases.glob(f"{store.CANDIDATE}*"):
            shutil.rmtree(left)
        for release in store.never_current(settings):
            shutil.rmtree(release.folder)
        with _warehouse(settings) as connection:
            basis = _basis(connection, settings)
            before = store.current(settings)
            if before is None and not basis.batches:
                return None
            known = [*([before] if before else []), *store.withdrawn(settings)]
            if any(basis.is_of(release) for release in known):
                return None
            return _make(connection, settings, basis, before, now=now, sources=sources)


def find(settings: Settings, release_id: str) -> Candidate:
    """Give a candidate by its release id.

    Raises:
        UsageError: there is none of that id.
    """
    found = store.candidates(settings)
    published = [Candidate(r.release_id, r.folder) for r in store.list_releases(settings)]
    for candidate in [*found, *published]:
        if candidate.release_id == release_id:
            return candidate
    names = ", ".join(candidate.release_id for candidate in found) or "none; `voxpop stage` makes one"
    raise UsageError(f"{release_id}: there is no such candidate. There is: {names}.")


def only(settings: Settings) -> Candidate:
    """Give the candidate that there is.

    Raises:
        UsageError: there is none.
    """
    found = store.candidates(settings)
    if not found:
        raise UsageError("There is no candidate. Run `voxpop stage`.")
    return found[-1]


@contextmanager
def _warehouse(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """Hold the warehouse, and open a connection in memory that has it attached, read-only, as `warehouse`."""
    if not settings.warehouse.exists():
        raise UsageError("Nothing has been built yet. Run `voxpop build`.")
    with lock.hold(settings, "stage"), duckdb.connect() as connection:
        try:
            connection.execute(f"attach {tables.quoted(str(settings.warehouse))} as warehouse (read_only)")
        except duckdb.IOException as error:
            raise Locked(
                f"warehouse: something that is not voxpop has it open ({str(error).splitlines()[0]}). "
                "Close it (people read releases: `voxpop sql`), then stage again."
            ) from error
        yield connection


def _basis(connection: duckdb.DuckDBPyConnection, settings: Settings) -> _Basis:
    fingerprints = connection.execute("select fingerprint from warehouse._build.fingerprint").fetchall()
    is_open = connection.execute("select count(*) from warehouse._build.run").fetchall()[0][0]
    if is_open or not fingerprints:
        raise BuildError("The last build was not finished. Run `voxpop build`, then stage again.")
    built = connection.execute(
        "select source, stream, batch_id, records from warehouse._build.built_batches "
        "where state = 'built' order by batch_id"
    ).fetchall()
    left_out = connection.execute("select batch_id from warehouse._build.excluded_batches").fetchall()
    known = {batch.batch_id: batch for batch in visible(settings)}
    said = exclusions(settings)
    return _Basis(
        batches=[
            {
                "source": source,
                "stream": stream,
                "batch_id": batch_id,
                "records": records,
                "sha256": known[batch_id].sha256 if batch_id in known else None,
            }
            for source, stream, batch_id, records in built
        ],
        excluded=[
            {
                "source": known[batch_id].source,
                "stream": known[batch_id].stream,
                "batch_id": batch_id,
                "reason": said[batch_id].reason,
                "at": said[batch_id].at.astimezone(UTC).isoformat(),
            }
            for (batch_id,) in sorted(left_out)
            if batch_id in known and batch_id in said
        ],
        fingerprint=fingerprints[0][0],
        known=list(known.values()),
    )


def _make(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    basis: _Basis,
    before: store.Release | None,
    *,
    now: datetime,
    sources: Collection[str],
) -> Candidate:
    folder = _new_folder(settings)
    connection.execute(f"attach {tables.quoted(str(folder / DATABASE))} as candidate")
    connection.execute("create schema candidate.marts")
    # A tool that isn't used any more is neither late nor does it hold the others' days up.
    in_use = [batch for batch in basis.landed if batch.source in sources]
    published = tables.first_published(connection, before.folder) if before else {}
    policy = {
        name: float(value)
        for name, value in connection.execute(
            "select policy, value from warehouse.seeds.policy order by policy"
        ).fetchall()
    }
    marts = tables.marts(connection, settings.dbt_target / "target" / "manifest.json")
    kept = [before, *store.list_releases(settings)] if before else []
    with connection.cursor() as other, ThreadPoolExecutor(max_workers=1) as beside:
        # nothing of an internal table is held: they are copied while what is held of the others is found
        internal = [mart for mart in marts if mart.audience == "internal"]
        copied = beside.submit(_copied, other, internal, {}, folder)
        rows = _rows(connection, marts, kept, folder, policy)
        made = _copied(connection, [mart for mart in marts if mart.audience == "public"], rows, folder)
        made |= copied.result()
    connection.begin()
    tables.create_release_info(connection)
    days = timed(in_use, published, now, policy["suppression_min_n"])
    made["timeliness"] = tables.write_timeliness(connection, days)
    made["data_dictionary"] = tables.write_dictionary(connection, marts)
    content = manifest.content_hash(made)
    release_id = f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}-{content[:8]}"
    late = late_sources(in_use, sources)
    supersedes = before.release_id if before else None
    complete = _complete_to(connection)
    made["release_info"] = tables.fill_release_info(
        connection,
        release_id=release_id,
        created_at=now,
        code_version=version("voxpop"),
        fingerprint=basis.fingerprint,
        supersedes=supersedes,
        complete_to=complete,
        batch_count=len(basis.batches),
        late=[source["source"] for source in late],
    )
    connection.commit()
    _export(connection, {name: made[name] for name in tables.OWN_TABLES}, folder)

    new = basis.ids - (_batch_ids(before) if before else set())
    evidence.write(connection, settings, folder / "audit", basis.landed, new)
    restated = _restated(connection, basis, before, folder)
    connection.execute("use memory")
    connection.execute("checkpoint candidate")
    connection.execute("detach candidate")
    (folder / DATABASE).chmod(store.FILE_MODE)

    written: Manifest = {
        "schema_version": manifest.SCHEMA_VERSION,
        "release_id": release_id,
        "created_at": now.astimezone(UTC).isoformat(),
        "code_version": version("voxpop"),
        "fingerprint": basis.fingerprint,
        "content_sha256": content,
        "supersedes": supersedes,
        "complete_to": complete.isoformat() if complete else None,
        "batches": list(basis.batches),
        "excluded": list(basis.excluded),
        "accepted": accepted(settings, supersedes, basis.fingerprint),
        "late_sources": late,
        "policy": policy,
        "tables": dict(sorted(made.items())),
        "audit": None,
        "restatements": restated,
        "files": {
            path.relative_to(folder).as_posix(): manifest.file_hash(path) for path in _data_files(folder)
        },
    }
    manifest.write(folder, written)
    target = settings.releases / f"{store.CANDIDATE}{release_id}"
    folder.rename(target)
    return Candidate(release_id, target)


def _complete_to(connection: duckdb.DuckDBPyConnection) -> date | None:
    """What the build was complete to; of an agency that has files alone, the newest day in them."""
    day: date | None = connection.execute(
        """
        select coalesce(
            (select day from warehouse._build.complete_to),
            greatest(
                (select max(answered_local_date) from candidate.marts.fct_survey_responses),
                (select max(started_local_date) from candidate.marts.fct_interactions)
            )
        )
        """
    ).fetchall()[0][0]
    return day


def _new_folder(settings: Settings) -> Path:
    folder = settings.releases / f"{store.CANDIDATE}staging"
    for part in (folder, folder / "parquet", folder / "public", folder / "audit"):
        part.mkdir(mode=store.FOLDER_MODE)
        part.chmod(store.FOLDER_MODE)
    return folder


def _rows(
    connection: duckdb.DuckDBPyConnection,
    marts: Sequence[tables.Mart],
    kept: Sequence[store.Release],
    folder: Path,
    policy: Mapping[str, float],
) -> dict[str, str]:
    """SQL for what is published of tables that may hold something; `kept` begins with the current release."""
    names = [mart.name for mart in marts]
    sums = changed.sums(connection, "warehouse.marts", names)
    (folder / changed.NAME).write_text(json.dumps(sums, indent=1) + "\n", encoding="utf-8")
    told.count(connection, "warehouse.marts", names, policy=policy)
    earlier = list(dict.fromkeys(changed.Earlier(one.release_id, one.folder) for one in kept))
    rows = held.rows(connection, "warehouse.marts", names, earlier, sums=sums, policy=policy)
    told.keep(connection, folder / told.NAME)
    return rows


def _copied(
    connection: duckdb.DuckDBPyConnection,
    marts: Sequence[tables.Mart],
    rows: Mapping[str, str],
    folder: Path,
) -> dict[str, Table]:
    """Copy marts into the candidate, and write them as files.

    `rows` is SQL for those that hold something. What is made of published rows comes after these.
    """
    by_name = {mart.name: mart for mart in marts}
    again = {name: of for name, of in MADE_OF_PUBLISHED.items() if name in by_name and rows.keys() & {*of}}
    connection.execute("use candidate")
    connection.begin()
    made = {
        mart.name: tables.copy(connection, mart, rows.get(mart.name))
        for mart in marts
        if mart.name not in again
    }
    for name, of in again.items():
        published = by_name[name].made_of(by_name[other] for other in of)
        made[name] = tables.copy(connection, by_name[name], published)
    connection.commit()
    _export(connection, made, folder)
    return made


def _export(connection: duckdb.DuckDBPyConnection, made: Mapping[str, Table], folder: Path) -> None:
    """Write every table as Parquet into `parquet/`, and the public ones into `public/` too."""
    for name, table in made.items():
        file = folder / "parquet" / f"{name}.parquet"
        tables.export(connection, name, file)
        if table["audience"] == "public":
            shutil.copyfile(file, folder / "public" / file.name)


def _restated(
    connection: duckdb.DuckDBPyConnection, basis: _Basis, before: store.Release | None, folder: Path
) -> list[Restatement]:
    if before is None:
        return []
    return diff.restatements(
        connection,
        before,
        folder,
        landed=basis.known,
        batches=basis.ids,
        excluded={batch["batch_id"] for batch in basis.excluded},
        is_same_method=before.manifest["fingerprint"] == basis.fingerprint,
    )


def _data_files(folder: Path) -> list[Path]:
    return [folder / DATABASE, *sorted(folder.glob("*/*.parquet"))]

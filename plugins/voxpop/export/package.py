"""Writing a quarter's files: check that it is whole, then a folder of them, whole or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import duckdb

from voxpop.errors import Refused, UsageError
from voxpop.export import a11_280, checks, memo, priority_goals
from voxpop.export.cells import csv_bytes, workbook_bytes
from voxpop.export.checks import Finding
from voxpop.export.texts import text
from voxpop.quarter import Quarter, due_on
from voxpop.release.store import Release

Kind = Literal["a11-280", "priority-goals"]
KINDS: tuple[Kind, ...] = get_args(Kind)

_TABLES: dict[Kind, str] = {"a11-280": "a11_280_collections", "priority-goals": "priority_goal_measures"}
_FOLDER_MODE, _FILE_MODE = 0o700, 0o600


@dataclass(frozen=True)
class Package:
    """What was written.

    Attributes:
        folder: where.
        files: how many files.
        warnings: what a person should know before they file it.
    """

    folder: Path
    files: int
    warnings: Sequence[str]


def check(release: Release, kind: Kind, quarter: Quarter) -> list[Finding] | None:
    """Say whether a quarter can be filed from a release, and what a person should know.

    Args:
        release: which; nothing but its folder is read.
        kind: what is to be filed.
        quarter: which.

    Returns:
        None where the agency files nothing of the kind: no goal, or no survey that it names as filed.

    Raises:
        UsageError: another version of the code made the release, without a table or column that is read here.
    """
    with _opened(release) as connection:
        files_any = connection.execute(f"select 1 from marts.{_TABLES[kind]} limit 1").fetchone()  # noqa: S608
        if files_any is None:
            return None
        if kind == "priority-goals":
            return checks.examine_goals(connection, release, quarter)
        return checks.examine(connection, release, quarter)


def export(release: Release, kind: Kind, quarter: Quarter, to: Path) -> Package:
    """Write a quarter's files into a new folder.

    The same release gives the same bytes. The folder and its files are for their owner alone.

    Args:
        release: which; nothing but its folder is read.
        kind: what is filed.
        quarter: which.
        to: where; it is made, and must not be there or be empty.

    Returns:
        What was written.

    Raises:
        Refused: the quarter is not whole; says why.
        UsageError: something is in the folder or it can't be written, or another version of the
            code made the release.
    """
    if to.exists() and (not to.is_dir() or any(to.iterdir())):
        raise UsageError(f"{to}: something is there. Name a folder that is new or empty.")
    findings = check(release, kind, quarter)
    if findings is None:
        raise UsageError(f"{release.release_id}: {_TABLES[kind]} has no row: the agency files none of it.")
    refusals = [found.said for found in findings if found.kind == "refused"]
    if refusals:
        raise Refused(refusal(release, quarter, refusals))
    with _opened(release) as connection:
        files = _files(connection, release, kind, quarter, findings)
    try:
        _write(files, to)
    except OSError as error:
        raise UsageError(
            f"{to}: can't be written ({error.strerror}). Nothing was; name a folder in a place that you may "
            "write to."
        ) from None
    return Package(to, len(files), [found.said for found in findings])


def written(folder: Path) -> Package:
    """Give a package that was written before; it is whole, because it is put in place whole."""
    return Package(folder, sum(path.is_file() for path in folder.rglob("*")), ())


@contextmanager
def _opened(release: Release) -> Iterator[duckdb.DuckDBPyConnection]:
    """Read a release; where other code made it, say which table or column it lacks."""
    with duckdb.connect(str(release.database), read_only=True) as connection:
        try:
            yield connection
        except (duckdb.BinderException, duckdb.CatalogException) as error:
            raise UsageError(
                f"{release.release_id}: was made by another version of the code, and what is filed can't be "
                f"read from it ({str(error).splitlines()[0]}). Nothing was written. Publish a release anew: "
                "`voxpop run --no-land`, then export again."
            ) from error


def refusal(release: Release, quarter: Quarter, refusals: Sequence[str]) -> str:
    """Say why a quarter can't be filed."""
    return "\n".join(
        [
            f"{quarter.label} can't be filed from {release.release_id}, and nothing was written:",
            *(f"- {said}" for said in dict.fromkeys(refusals)),
            "Then publish, and export again. docs/runbooks/report_quarter.md says more.",
        ]
    )


def _files(
    connection: duckdb.DuckDBPyConnection,
    release: Release,
    kind: Kind,
    quarter: Quarter,
    findings: Sequence[Finding],
) -> dict[str, bytes]:
    if kind == "priority-goals":
        goals = priority_goals.read(connection, quarter)
        return {
            "priority_goals.csv": csv_bytes(goals),
            "priority_goals.xlsx": workbook_bytes([goals]),
            "README.md": text("priority_goals.md.j2", quarter=quarter, release=release),
        }
    filing = a11_280.read(connection, quarter)
    sheets = (filing.collections, filing.details, filing.summary, filing.questions)
    due = due_on(quarter, int(release.manifest["policy"]["a11_due_days"]))
    page = memo.render(connection, release.manifest, quarter, due, findings)
    return {
        **{f"{sheet.name}.csv": csv_bytes(sheet) for sheet in sheets},
        **{f"responses/{sheet.name}.csv": csv_bytes(sheet) for sheet in filing.uploads},
        f"a11_280_{quarter.label}.xlsx": workbook_bytes([*sheets, filing.responses]),
        "memo.html": page,
        "README.md": text("a11_280.md.j2", quarter=quarter, release=release, due=due),
    }


def _write(files: Mapping[str, bytes], to: Path) -> None:
    """Write all of them beside the folder, and put them in its place."""
    to = to.absolute()
    to.parent.mkdir(parents=True, exist_ok=True)
    unfinished = to.with_name(f".{to.name}.tmp")
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        unfinished.mkdir(mode=_FOLDER_MODE)
        for name, content in files.items():
            path = unfinished / name
            path.parent.mkdir(mode=_FOLDER_MODE, exist_ok=True)
            path.write_bytes(content)
            path.chmod(_FILE_MODE)
        if to.exists():
            to.rmdir()
        unfinished.rename(to)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)

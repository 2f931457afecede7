"""dbt, in this process: one project, parsed once, connections closed after every call.

dbt writes `manifest.json`, but no log and no results file: both would hold the database's own messages, and
those quote the value that didn't fit: personal data. What a person needs of a message comes back in
`ModelResult`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from voxpop.config import Settings
from voxpop.errors import BuildError
from voxpop.warehouse.fingerprint import fingerprint
from voxpop.warehouse.seed_tables import TABLES

_PARTS_OF_PROJECT = ("dbt_project.yml", "profiles.yml", "macros", "models", "tests")
_FAILED = {"error", "fail", "runtime error"}
_parsed: dict[tuple[Path, str], Any] = {}
"""The manifest of the project that this process parsed last, by its folder and fingerprint."""


@dataclass(frozen=True)
class ModelResult:
    """What became of one model, seed or test.

    Attributes:
        name: the node's name.
        status: success, pass, warn, error, fail or skipped.
        seconds: how long it took.
        rows: how many rows failed, of a test; None of anything else.
        message: why it failed, without a value of any row; None if it did not.
    """

    name: str
    status: str
    seconds: float
    rows: int | None
    message: str | None


class Dbt:
    """dbt on one home's warehouse; a caller holds the warehouse's lock."""

    def __init__(self, settings: Settings) -> None:
        """Lay out the project; it is parsed when it is first used, and again when its fingerprint changes.

        What dbt gets as its project is a folder of links to the models and to this agency's seeds; a seed
        that the agency doesn't have is there without rows. dbt writes artifacts below its target under the
        path that a seed has in the project, so for seeds outside of it, it would write over the seeds.

        Args:
            settings: where everything is.
        """
        project = settings.dbt_target / "project"
        project.mkdir(parents=True, exist_ok=True)
        for part in _PARTS_OF_PROJECT:
            _link(project / part, settings.dbt_project / part)
        _lay_out_seeds(project / "seeds", settings.seeds)
        self._key = (project, fingerprint(settings))
        self._written = settings.dbt_target / "target" / "manifest.json"
        self.settings = settings
        self._options = ["--project-dir", str(project), "--profiles-dir", str(project)]
        self._options += ["--target-path", str(settings.dbt_target / "target")]
        self._options += ["--log-level", "none", "--log-level-file", "none"]

    def manifest(self) -> Any:
        """Parse the project, unless this process has parsed it as it is; dbt's `Manifest`.

        Raises:
            BuildError: the project can't be read.
        """
        if self._key not in _parsed or not self._written.exists():
            manifest = self._invoke(["parse"], None)
            _parsed.clear()
            _parsed[self._key] = manifest
        return _parsed[self._key]

    def build(self, select: str, exclude: str | None, *, full_refresh: bool) -> list[ModelResult]:
        """Run what is selected, with the tests whose models are all there by then; unit tests stay out.

        Args:
            select: a dbt selector.
            exclude: another, of what is left out of it.
            full_refresh: build incremental models anew.

        Returns:
            A result a node, in the order in which they ended.

        Raises:
            BuildError: a node failed, or the project can't be read; names the node and says why.
        """
        arguments = ["build", "--select", select, "--indirect-selection", "buildable"]
        arguments += ["--exclude-resource-type", "unit_test", "--no-write-json"]
        arguments += ["--exclude", exclude] if exclude else []
        arguments += ["--full-refresh"] if full_refresh else []
        outcome = self._invoke(arguments, self.manifest())
        results = [_result(node) for node in outcome.results]
        failed = [result for result in results if result.status in _FAILED]
        if failed:
            also = ", ".join(result.name for result in failed[1:])
            raise BuildError(
                f"dbt: {failed[0].name}: {failed[0].message}.{f' Failed too: {also}.' if also else ''} "
                "What was pending stays pending; correct the cause and build again.",
                tuple(result.name for result in failed),
            )
        return results

    def _invoke(self, arguments: Sequence[str], manifest: Any) -> Any:
        from dbt.adapters.duckdb.connections import DuckDBConnectionManager
        from dbt.cli.main import dbtRunner

        with _surroundings(self.settings.warehouse):
            try:
                outcome = dbtRunner(manifest=manifest).invoke([*arguments, *self._options])
            finally:
                DuckDBConnectionManager.close_all_connections()
        if outcome.exception is not None:
            raise BuildError(
                f"dbt: {without_data(str(outcome.exception))}. Nothing was built in this step, and what was "
                "pending stays pending."
            )
        return outcome.result


def _link(link: Path, target: Path) -> None:
    if link.is_symlink() and link.readlink() == target:
        return
    link.unlink(missing_ok=True)
    link.symlink_to(target)


def _lay_out_seeds(folder: Path, seeds: Path) -> None:
    if folder.is_symlink():
        folder.unlink()  # as it was laid out before a seed could be absent
    folder.mkdir(exist_ok=True)
    for name, table in TABLES.items():
        placed, given = folder / f"{name}.csv", seeds / f"{name}.csv"
        if given.exists():
            _link(placed, given)
        else:
            placed.unlink(missing_ok=True)
            placed.write_text(f"{','.join(table.row.model_fields)}\n", encoding="utf-8")


@contextmanager
def _surroundings(warehouse: Path) -> Iterator[None]:
    """Set the one variable that profiles.yml reads; afterwards it and the working folder are as they were."""
    folder = Path.cwd()
    before = os.environ.get("VOXPOP_WAREHOUSE")
    os.environ["VOXPOP_WAREHOUSE"] = str(warehouse)
    try:
        yield
    finally:
        os.chdir(folder)
        if before is None:
            del os.environ["VOXPOP_WAREHOUSE"]
        else:
            os.environ["VOXPOP_WAREHOUSE"] = before


def _result(outcome: Any) -> ModelResult:
    status = str(outcome.status)
    return ModelResult(
        name=outcome.node.name,
        status=status,
        seconds=outcome.execution_time,
        rows=outcome.failures,
        message=without_data(outcome.message or "no message") if status in _FAILED else None,
    )


_WRAPPING = re.compile(r"^\s*(?:Runtime|Database) Error(?: in [^\n]*)?\n\s*")
_WITHOUT_VALUES = re.compile(
    r"(?:Binder|Catalog|Parser|Compilation|Parsing|Dependency|IO|Out of Memory|TransactionContext|Connection)"
    r" (?:Error|Exception)|Got \d+ results?\b"
)
_KIND = re.compile(r"[A-Z][A-Za-z ]{2,30} Error(?=:)")
_PHRASES = re.compile(
    r"Could not convert string|Could not parse string|Malformed JSON|Duplicate key|Overflow in \w+"
    r"|NOT NULL constraint failed: [\w.]+|out of range"
)
_CAST = re.compile(r"(?:to|destination type) ([A-Z][A-Z0-9]+)\b(?: when casting from source column (\w+))?")


def without_data(message: str) -> str:
    """Cut a message of dbt or DuckDB down to what holds no value of a row.

    DuckDB quotes the value that it could not convert and the text that it could not parse. Errors about the
    SQL or the machine name columns, macros and files only, and stay whole up to their first blank line; of
    all others only their kind, known phrases and the names of types and columns are kept.

    Returns:
        One line.
    """
    text = _WRAPPING.sub("", message)
    if _WITHOUT_VALUES.match(text):
        return " ".join(text.split("\n\n")[0].split()).rstrip(".")
    kind = _KIND.match(text)
    phrase = _PHRASES.search(text)
    cast = _CAST.search(text)
    said = [
        kind[0] if kind else "an error whose message may quote data",
        f": {phrase[0]}" if phrase else "",
        f" to {cast[1]}" if cast else "",
        f" from column {cast[2]}" if cast and cast[2] else "",
    ]
    return "".join(said)

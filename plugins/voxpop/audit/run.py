"""Auditing a candidate: pass, or stop the run and leave the current release in place."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from voxpop.config import Settings
from voxpop.errors import AuditError, Refused
from voxpop.release import evidence, store
from voxpop.release import manifest as manifests
from voxpop.release.candidate import Candidate
from voxpop.release.compared import COMPARED, may_touch, shared_keys
from voxpop.release.diff import ordered_batches
from voxpop.release.tables import quoted
from voxpop.warehouse.dbt import without_data

if TYPE_CHECKING:
    from expectations.checkpoint import Outcome
    from expectations.rules import Suite

PAGE = "audit/index.html"
RESULTS = "audit/results.json"
NAMED = 10
"""How many failed expectations a refusal names; the page has them all."""


@dataclass(frozen=True)
class AuditResult:
    """What the gate said.

    Attributes:
        passed: whether nothing that stops publication was found.
        expectations: every one that ran, with its suite, name, table, success, unexpected_count and observed.
        page: the page that shows them all.
    """

    passed: bool
    expectations: Sequence[Outcome]
    page: Path

    @property
    def failed(self) -> list[Outcome]:
        """Those that did not hold and stop publication."""
        return [found for found in self.expectations if not found.success and found.severity == "fail"]

    @property
    def warnings(self) -> list[Outcome]:
        """Those that did not hold and only warn."""
        return [found for found in self.expectations if not found.success and found.severity == "warn"]


def audit(settings: Settings, candidate: Candidate) -> AuditResult:
    """Run every expectation on a candidate, and write results and page into it.

    Args:
        settings: where the current release is, to compare with.
        candidate: staged; its data are only read.

    Returns:
        A passed result; its warnings are for a person to look at.

    Raises:
        Refused: an expectation did not hold; names it, its table, how many rows, and where the page is.
        AuditError: an expectation could not run, so nobody knows whether it holds.
    """
    from expectations import checkpoint, marts
    from voxpop.audit import duckdb_dialect

    duckdb_dialect.keep_connections()
    database = f"duckdb:///{candidate.database}"
    outcomes = checkpoint.run(database, [marts.shape()])
    if all(outcome.success for outcome in outcomes):
        outcomes += checkpoint.run(database, _suites(settings, candidate))
    outcomes = [replace(found, error=_of_sql(found.error)) for found in outcomes]
    result = _write(candidate, outcomes)
    broken = [outcome for outcome in outcomes if outcome.error]
    if broken:
        raise AuditError(_could_not_run(candidate, broken))
    if not result.passed:
        raise Refused(_refusal(settings, candidate, result))
    return result


def _suites(settings: Settings, candidate: Candidate) -> list[Suite]:
    from expectations import change, marts, raw

    manifest = candidate.manifest
    policy = manifest["policy"]
    public = {name for name, table in manifest["tables"].items() if table["audience"] == "public"}
    folder = candidate.folder / "audit"
    columns = _columns(candidate.database)
    suites = [
        raw.raw_batches(_rows(folder / evidence.RAW_BATCHES), policy),
        raw.reconciliation(_rows(folder / evidence.RECONCILIATION)),
        raw.web_tables(_rows(folder / evidence.WEB_TABLES)),
        raw.unknown(_rows(folder / evidence.UNKNOWN)),
        raw.answers(_rows(folder / evidence.ANSWERS), policy),
        *marts.suites(columns, public, policy),
    ]
    current = store.current(settings)
    suites += held(settings, candidate)
    if current is not None:
        rows = {
            name: _rows(current.folder / "parquet" / f"{name}.parquet") for name in current.manifest["tables"]
        }
        with duckdb.connect() as connection:
            keys = shared_keys(connection, current.folder, candidate.folder)
        ordered = ordered_batches(current.manifest, manifest)
        suites += change.suites(
            rows,
            keys,
            policy,
            closed={table: one.is_closed for table, one in COMPARED.items() if one.figures},
            until=manifests.complete_to(current.manifest),
            accepted=said["reason"] if (said := manifest["accepted"]) else None,
            ordered_since={table: current.release_id for table in COMPARED if may_touch(table, ordered)},
        )
    return suites


def held(settings: Settings, candidate: Candidate) -> list[Suite]:
    """The suites of what a candidate may hold of the current release, one a table."""
    from expectations import change

    current = store.current(settings)
    before = _columns(current.database) if current else {}
    columns = _columns(candidate.database)
    found = []
    for table, has in columns.items():
        if "held_from" in has:
            rows = None
            # an older version's rows may have had other names: none of them is held
            if current is not None and before.get(table, {}).keys() >= {*COMPARED[table].key}:
                # a release made before there was the column held nothing
                none = "" if "held_from" in before[table] else ", null::varchar as held_from"
                file = current.folder / "parquet" / f"{table}.parquet"
                rows = _rows(file).replace("select *", f"select *{none}")
            shared = [name for name in has if name in before.get(table, {}) and name != "held_from"]
            found.append(
                change.held(
                    table,
                    COMPARED[table].key,
                    shared,
                    (current.release_id, rows) if current else None,
                )
            )
    return found


def _of_sql(error: str | None) -> str | None:
    """A database's message without what it quotes of the data, and without SQLAlchemy's words before it."""
    return None if error is None else without_data(re.sub(r"^\(\S+\) ", "", error))


def _rows(file: Path) -> str:
    return f"select * from read_parquet({quoted(str(file))})"  # noqa: S608 - a path of our own


def _columns(database: Path) -> dict[str, dict[str, str]]:
    """Table → column → type, of the schema `marts`."""
    with duckdb.connect(str(database), read_only=True) as connection:
        rows = connection.execute(
            "select table_name, column_name, data_type from duckdb_columns() "
            "where schema_name = 'marts' order by table_name, column_index"
        ).fetchall()
    found: dict[str, dict[str, str]] = {}
    for table, column, data_type in rows:
        found.setdefault(table, {})[column] = data_type
    return found


def _write(candidate: Candidate, outcomes: Sequence[Outcome]) -> AuditResult:
    from voxpop.audit import page

    result = AuditResult(
        passed=all(outcome.success or outcome.severity == "warn" for outcome in outcomes)
        and not any(outcome.error for outcome in outcomes),
        expectations=tuple(outcomes),
        page=candidate.folder / PAGE,
    )
    said: dict[str, object] = {
        "release_id": candidate.release_id,
        "passed": result.passed,
        "expectations": [asdict(outcome) for outcome in outcomes],
    }
    (candidate.folder / RESULTS).write_text(
        json.dumps(said, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    result.page.write_text(page.render(candidate.manifest, outcomes), encoding="utf-8")
    summary: manifests.AuditSummary = {
        "passed": result.passed,
        "expectations": len(outcomes),
        "failed": len(result.failed),
        "warnings": len(result.warnings),
        "page": PAGE,
    }
    manifest = candidate.manifest
    manifest["audit"] = summary
    manifests.write(candidate.folder, manifest)
    return result


def _refusal(settings: Settings, candidate: Candidate, result: AuditResult) -> str:
    failed = result.failed
    current = store.current(settings)
    stays = f"{current.release_id} stays current" if current else "nothing is published yet"
    lines = [f"{found.table}: not so: {found.name}: {_rows_at_fault(found)}" for found in failed[:NAMED]]
    if len(failed) > NAMED:
        lines.append(f"and {len(failed) - NAMED} more")
    return "\n".join(
        [
            f"{candidate.release_id}: the gate refused it, and {stays}. "
            f"{len(failed)} of {len(result.expectations)} expectations did not hold:",
            *(f"- {line}" for line in lines),
            f"All of them: {result.page}",
            "If a batch is to blame: `voxpop batches exclude BATCH --reason …`; if a seed or a model is, "
            "correct it; if it is meant to change what is published: `voxpop releases accept CANDIDATE "
            "--reason …`. Then `voxpop run --no-land`. Trying again without a change is useless.",
        ]
    )


def _rows_at_fault(found: Outcome) -> str:
    rows = "1 row" if found.unexpected_count == 1 else f"{found.unexpected_count} rows"
    return f"{rows} ({found.observed})" if found.observed else rows


def _could_not_run(candidate: Candidate, broken: Collection[Outcome]) -> str:
    first = next(iter(broken))
    return (
        f"{candidate.release_id}: the gate could not run {len(broken)} of its expectations, so nobody knows "
        f"whether they hold, and nothing was published. The first: {first.table}: {first.name}: {first.error}"
    )

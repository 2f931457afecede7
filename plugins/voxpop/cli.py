"""The command line: the same steps as the DAGs, and what a person asks of raw and of releases.

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 the audit refused.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from voxpop.config import Settings, load_settings
from voxpop.errors import UsageError, VoxpopError

if TYPE_CHECKING:
    import duckdb

    from voxpop.raw.records import Window

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help=__doc__,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
batches_app = typer.Typer(no_args_is_help=True, help="What has landed, and what a build leaves out.")
releases_app = typer.Typer(no_args_is_help=True, help="What was published, and going back to it.")
agency_app = typer.Typer(no_args_is_help=True, help="A made-up agency and its tools, to try everything on.")
app.add_typer(batches_app, name="batches")
app.add_typer(releases_app, name="releases")
app.add_typer(agency_app, name="sample-agency")

_out = Console(soft_wrap=True, highlight=False)
_err = Console(stderr=True, soft_wrap=True, highlight=False)

Json = Annotated[bool, typer.Option("--json", help="Print JSON for a script to read.")]
_FROM = typer.Option("--from", formats=["%Y-%m-%d"], help="First day (UTC).")
_TO = typer.Option("--to", formats=["%Y-%m-%d"], help="The day after the last (UTC).")
From = Annotated[datetime | None, _FROM]
To = Annotated[datetime | None, _TO]
Candidate = Annotated[
    str | None, typer.Argument(help="The candidate's release id; the only one if left out.")
]


def main() -> None:
    """Run the command line; what voxpop knows how to say is printed without a traceback."""
    try:
        app(prog_name="voxpop")
    except VoxpopError as error:
        _err.print(str(error), style="red", markup=False)
        sys.exit(error.exit_code)


def _now() -> datetime:
    return datetime.now(UTC)


def _progress(what: str, count: int) -> None:
    _err.print(f"{what}: {count:,}" if count else what, markup=False)


def _print(rows: Sequence[Mapping[str, Any]], as_json: bool, empty: str) -> None:
    if as_json:
        typer.echo(json.dumps(rows, default=_plain, ensure_ascii=False, indent=2))
    elif not rows:
        typer.echo(empty)
    else:
        # As wide as what is printed: an id that is cut off can't be copied.
        texts = [list(rows[0]), *([_text(value) for value in row.values()] for row in rows)]
        widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
        for text in texts:
            typer.echo("  ".join(map(str.ljust, text, widths)).rstrip())


def _plain(value: object) -> object:
    """What JSON has no type for: a decimal becomes a number, days and times ISO texts."""
    if isinstance(value, Decimal):
        return float(value)
    return value.isoformat() if isinstance(value, date) else str(value)


def _text(value: object) -> str:
    """A value on one line."""
    return "" if value is None else " ".join(str(value).splitlines())


def _window(start: datetime | None, end: datetime | None) -> Window | None:
    from voxpop.raw.records import Window

    if (start is None) != (end is None):
        raise UsageError(
            "--from and --to go together: a window needs both its first day and the day after its last."
        )
    if start is None or end is None:
        return None
    if start >= end:
        raise UsageError(
            f"The window is empty: --from {start:%Y-%m-%d} must come before --to {end:%Y-%m-%d}."
        )
    return Window(start.replace(tzinfo=UTC), end.replace(tzinfo=UTC))


def _candidate(settings: Settings, release_id: str | None) -> str:
    from voxpop.release import candidate

    return release_id or candidate.only(settings).release_id


@contextmanager
def _current(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    import duckdb

    from voxpop.release import store

    release = store.show(settings, None)
    try:
        opened = duckdb.connect(str(release.database), read_only=True)
    except duckdb.Error as error:
        raise VoxpopError(
            f"{release.release_id}: {release.database.name} can't be opened ({str(error).splitlines()[0]}). "
            "Go back to a release that is whole: `voxpop releases rollback --reason …`."
        ) from error
    with opened as connection:
        # Files and other databases are none of a query's business here.
        connection.execute("set enable_external_access = false")
        connection.execute("set schema = 'marts'")
        yield connection


@app.command()
def land(source: str, start: From = None, end: To = None) -> None:
    """Bring a source's window into raw; without dates, what follows the last window."""
    from voxpop import pipeline
    from voxpop.raw.manifests import quarantine_file
    from voxpop.sources.connections import load_connections
    from voxpop.sources.registry import find_source

    settings, now = load_settings(), _now()
    connection = find_source(settings, source).connection
    window = _window(start, end)
    landed = pipeline.land(
        settings,
        source,
        window or pipeline.next_window(settings, source, now),
        connection=load_connections(settings).get(connection or ""),
        now=now,
        widen=window is None,
        progress=_progress,
    )
    for batch in landed:
        said = "had landed already" if batch.already_landed else f"{batch.records:,} records"
        if batch.quarantined:
            place = quarantine_file(settings, batch.source, batch.stream, batch.batch_id)
            said += f"; {batch.quarantined:,} in quarantine: {place}"
        _out.print(f"{batch.batch_id}: {said}", markup=False)
    if not landed:
        _out.print("Nothing new: every file that is ready has landed.")


@app.command()
def build(
    full_refresh: Annotated[
        bool, typer.Option("--full-refresh", help="Rebuild everything from raw.")
    ] = False,
) -> None:
    """Bring the warehouse up to what has landed."""
    from voxpop import pipeline

    now = _now()
    plan = pipeline.build(
        load_settings(), run_id=f"cli-{now:%Y%m%dT%H%M%S%fZ}", full_refresh=full_refresh, progress=_progress
    )
    if plan.nothing_to_do:
        _out.print("Nothing new: the warehouse holds all that has landed.")
    else:
        _out.print(
            f"Built {len(plan.batches)} batches."
            + (f" Everything anew: {plan.reason}" if plan.reason else "")
        )


@app.command()
def stage() -> None:
    """Make a candidate release from the warehouse."""
    from voxpop import pipeline
    from voxpop.release import store

    settings = load_settings()
    release_id = pipeline.stage(settings, now=_now())
    nothing = "the current release holds all this" if store.current(settings) else "nothing has landed"
    _out.print(release_id or f"Nothing new: {nothing}.")


@app.command()
def audit(release_id: Candidate = None) -> None:
    """Pass the candidate through the gate (exit 3: refused)."""
    from voxpop import pipeline

    settings = load_settings()
    result = pipeline.audit(settings, _candidate(settings, release_id))
    for found in result.warnings:
        said = f"{found.table}: not so: {found.name} ({found.observed})"
        _err.print(f"warning: {said}. It only warns, because {found.reason}.", markup=False)
    _out.print(f"Passed: {len(result.expectations)} expectations. All of them: {result.page}", markup=False)


@app.command()
def report(release_id: Candidate = None) -> None:
    """Write the candidate's pages."""
    from voxpop import pipeline

    settings = load_settings()
    _out.print(str(pipeline.report(settings, _candidate(settings, release_id))), markup=False)


@app.command()
def publish(release_id: Candidate = None) -> None:
    """Make the audited candidate the current release."""
    from voxpop import pipeline

    settings = load_settings()
    _out.print(str(pipeline.publish(settings, _candidate(settings, release_id), now=_now())), markup=False)


@app.command()
def run(start: From = None, end: To = None) -> None:
    """All six steps: land every source, build, stage, audit, report, publish."""
    from voxpop import pipeline
    from voxpop.sources.connections import load_connections

    settings = load_settings()
    result = pipeline.run(
        settings, _window(start, end), connections=load_connections(settings), now=_now(), progress=_progress
    )
    _out.print(f"Published {result.release_id}." if result.release_id else "Nothing new: no new release.")
    if result.failures:
        raise VoxpopError(
            "Not every source landed; the release shows these as late.\n"
            + "\n".join(str(error) for error in result.failures.values())
        )


@batches_app.command("list")
def batches_list(as_json: Json = False) -> None:
    """Every visible batch, oldest first."""
    from voxpop.raw.exclusions import exclusions
    from voxpop.raw.manifests import visible

    settings = load_settings()
    excluded = exclusions(settings)
    _print(
        [
            {
                "batch_id": batch.batch_id,
                "records": batch.records,
                "quarantined": batch.quarantined,
                "finished_at": batch.finished_at,
                "excluded": excluded[batch.batch_id].reason if batch.batch_id in excluded else None,
            }
            for batch in visible(settings)
        ],
        as_json,
        "Nothing has landed yet.",
    )


@batches_app.command("exclude")
def batches_exclude(
    batch_id: str, reason: Annotated[str, typer.Option(help="Why; it is kept and published.")]
) -> None:
    """Leave a batch out of every following build; raw keeps it."""
    from voxpop.raw.exclusions import exclude

    exclude(load_settings(), batch_id, reason, _now())
    _out.print("Excluded. The next run rebuilds what it touched: `voxpop run`, or the DAG build_and_publish.")


@batches_app.command("include")
def batches_include(
    batch_id: str, reason: Annotated[str, typer.Option(help="Why; it is kept and published.")]
) -> None:
    """Take an excluded batch in again."""
    from voxpop.raw.exclusions import include

    include(load_settings(), batch_id, reason, _now())
    _out.print("Included. The next run rebuilds what it touches: `voxpop run`, or the DAG build_and_publish.")


@releases_app.command("list")
def releases_list(as_json: Json = False) -> None:
    """Every kept release, newest first; the current one is marked."""
    from voxpop.release import store

    settings = load_settings()
    current = store.current(settings)
    _print(
        [
            {
                "release_id": release.release_id,
                "created_at": release.manifest["created_at"],
                "batches": len(release.manifest["batches"]),
                "current": current is not None and release.release_id == current.release_id,
            }
            for release in store.list_releases(settings)
        ],
        as_json,
        "Nothing has been published yet.",
    )


@releases_app.command("show")
def releases_show(release_id: Annotated[str | None, typer.Argument()] = None) -> None:
    """A release's manifest, as JSON; the current one's if none is named."""
    from voxpop.release import store

    _out.print_json(json.dumps(store.show(load_settings(), release_id).manifest, default=str))


@releases_app.command("diff")
def releases_diff(before: str, after: str, as_json: Json = False) -> None:
    """What changed from one release to another: tables, batches, published figures."""
    from voxpop.release import diff

    _print(diff.diff(load_settings(), before, after).rows(), as_json, "The two releases hold the same.")


@releases_app.command("rollback")
def releases_rollback(
    reason: Annotated[str, typer.Option(help="Why; it goes into the log.")],
    release_id: Annotated[str | None, typer.Argument(help="The one before the current if left out.")] = None,
) -> None:
    """Point readers at an earlier release again."""
    from voxpop.release import store

    release = store.rollback(load_settings(), release_id, reason, _now())
    _out.print(f"Current is {release.release_id}.")


@app.command()
def sql(query: str, as_json: Json = False) -> None:
    """Ask the current release by SQL; read only."""
    import duckdb

    with _current(load_settings()) as connection:
        try:
            if not connection.extract_statements(query):
                raise UsageError('There is no statement. Try `voxpop sql "show tables"`.')
            cursor = connection.execute(query)
        except duckdb.Error as error:
            raise UsageError(
                f'{error}\n\n`voxpop sql "show tables"` lists the tables; '
                "the table data_dictionary says what is in them."
            ) from error
        names = _distinct([column[0] for column in cursor.description or ()])
        _print([dict(zip(names, row, strict=True)) for row in cursor.fetchall()], as_json, "No rows.")


def _distinct(names: Sequence[str]) -> list[str]:
    """Column names, a repeated one with a number behind it: a join may have two of one name."""
    return [
        name if name not in names[:place] else f"{name}_{names[:place].count(name)}"
        for place, name in enumerate(names)
    ]


@app.command()
def doctor(as_json: Json = False) -> None:
    """What is configured, reachable and fresh, and what to do next."""
    from voxpop import doctor as checks

    found = checks.examine(load_settings(), _now())
    _print([check.as_row() for check in found], as_json, "")
    if any(check.status == "fail" for check in found):
        raise typer.Exit(1)


@agency_app.command("serve")
def agency_serve(
    day: Annotated[
        datetime | None, typer.Option("--date", formats=["%Y-%m-%d"], help="The last day it knows.")
    ] = None,
    port: Annotated[int, typer.Option(help="0: any free one.")] = 0,
    misbehave: Annotated[str, typer.Option(help="not, a-little or a-lot.")] = "a-little",
) -> None:
    """Serve the sample agency's tools on this machine until interrupted."""
    from voxpop.sample_agency import server

    server.serve(load_settings().home, day.date() if day else None, port, misbehave=misbehave)


@agency_app.command("generate")
def agency_generate(folder: Path, start: Annotated[datetime, _FROM], end: Annotated[datetime, _TO]) -> None:
    """Write what the sample agency's tools hold, as files."""
    from voxpop.sample_agency.generate import generate

    generate(folder, start.date(), (end - timedelta(days=1)).date())


if __name__ == "__main__":
    main()

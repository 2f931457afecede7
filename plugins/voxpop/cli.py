"""The command line: the same steps as the DAGs, and what a person asks of raw and of releases.

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 the audit refused, or a quarter to export is not whole.
"""

from __future__ import annotations

import json
import shutil
import sys
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from voxpop.config import Settings, load_settings
from voxpop.errors import UsageError, VoxpopError

if TYPE_CHECKING:
    import duckdb

    from voxpop.pipeline import RunResult
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
        texts = [list(rows[0]), *([_text(value) for value in row.values()] for row in rows)]
        for line in _lines(texts, shutil.get_terminal_size().columns if sys.stdout.isatty() else None):
            typer.echo(line)


def _lines(texts: Sequence[Sequence[str]], room: int | None) -> Iterator[str]:
    """A table's lines; on a terminal cells are wrapped to its width, at spaces alone.

    An id that is broken or cut off can't be copied, so a row may be wider than the terminal after all.
    """
    columns = list(zip(*texts, strict=True))
    widths = [max(map(len, column)) for column in columns]
    least = [max((len(word) for text in column for word in text.split()), default=0) for column in columns]
    gaps = 2 * (len(widths) - 1)
    while room is not None and sum(widths) + gaps > room and widths != least:
        widest = max(range(len(widths)), key=lambda place: (widths[place] > least[place], widths[place]))
        widths[widest] -= 1
    for row in texts:
        cells = [
            textwrap.wrap(text, max(width, 1), break_long_words=False, break_on_hyphens=False)
            if len(text) > width
            else [text]
            for text, width in zip(row, widths, strict=True)
        ]
        for parts in zip_longest(*cells, fillvalue=""):
            yield "  ".join(map(str.ljust, parts, widths)).rstrip()


def _plain(value: object) -> object:
    """What JSON has no type for: a decimal becomes a number, days and times ISO texts."""
    if isinstance(value, Decimal):
        return float(value)
    return value.isoformat() if isinstance(value, date) else str(value)


def _text(value: object) -> str:
    """A value on one line; a figure in the six digits that a person reads, all of it with `--json`."""
    if isinstance(value, float):
        return f"{value:.6g}" if abs(value) < 999_999.5 else f"{value:.0f}"
    return "" if value is None else " ".join(str(value).splitlines())


def _counted(count: int, one: str, more: str) -> str:
    return f"{count:,} {one if count == 1 else more}"


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


def _published(settings: Settings, release_id: str) -> str:
    """What a person wants to know of a release that has just become current."""
    from voxpop.release import store

    release = store.show(settings, release_id)
    said = [f"Published {release_id}."]
    audit, restated = release.manifest["audit"], len(release.manifest["restatements"])
    if audit and audit["warnings"]:
        warnings = _counted(audit["warnings"], "expectation", "expectations")
        said.append(f"The gate warns of {warnings}: see {release.folder / audit['page']}")
    if restated:
        figures = _counted(restated, "figure of a closed period is", "figures of closed periods are")
        said.append(f"{figures} restated: see `voxpop releases diff`.")
    return "\n".join(said)


def _nothing_new(settings: Settings) -> str:
    """Why there is no new release."""
    from voxpop.raw.exclusions import exclusions
    from voxpop.release import store

    current = store.current(settings)
    if current is None:
        return "Nothing new: nothing has landed."
    back = "".join(
        f", or {release.release_id}, which was rolled back," for release in store.withdrawn(settings)
    )
    left = len(exclusions(settings))
    but = f" but for {_counted(left, 'excluded batch', 'excluded batches')}" if left else ""
    return f"Nothing new: {current.release_id}{back} holds all that has landed{but}."


def _not_landed(settings: Settings, result: RunResult) -> str:
    """Which sources failed, and what that means for the release."""
    from voxpop.release import store

    said = "Not every source landed"
    if result.release_id:
        late = {each["source"] for each in store.show(settings, result.release_id).manifest["late_sources"]}
        named = ", ".join(name for name in result.failures if name in late)
        said += (
            f"; the release names {named} as late" if named else "; the release has what they landed before"
        )
    return f"{said}.\n" + "\n".join(str(error) for error in result.failures.values())


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
def land(
    sources: Annotated[list[str] | None, typer.Argument(help="Which; else every configured one.")] = None,
    start: From = None,
    end: To = None,
) -> None:
    """Bring sources' windows and files into raw; without dates, what follows the last window of each."""
    from voxpop import pipeline
    from voxpop.raw.manifests import quarantine_file
    from voxpop.raw.parts import first_reasons
    from voxpop.sources.connections import load_connections
    from voxpop.sources.registry import find_sources

    settings = load_settings()
    landed, failures = pipeline.land_several(
        settings,
        find_sources(settings, sources or []),
        _window(start, end),
        connections=load_connections(settings),
        now=_now(),
        progress=_progress,
    )
    for batch in landed:
        said = "had landed already" if batch.already_landed else f"{batch.records:,} records"
        if batch.quarantined:
            place = quarantine_file(settings, batch.source, batch.stream, batch.batch_id)
            said += f"; {batch.quarantined:,} in quarantine: {place}"
            said += "".join(f"\n  {why}" for why in first_reasons(place, is_file=batch.original is not None))
        _out.print(f"{batch.batch_id}: {said}", markup=False)
    if len(failures) > 1:
        raise VoxpopError(f"{len(failures)} sources did not land:\n" + "\n".join(map(str, failures.values())))
    for error in failures.values():
        raise error
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

    run_id = pipeline.run_id_at(_now())
    plan = pipeline.build(load_settings(), run_id=run_id, full_refresh=full_refresh, progress=_progress)
    if plan.nothing_to_do:
        _out.print("Nothing new: the warehouse holds all that has landed.")
    else:
        _out.print(
            f"Built {_counted(len(plan.batches), 'batch', 'batches')}"
            + (", and who is parted anew." if plan.parts_anew else ".")
            + (f" Everything anew: {plan.reason}" if plan.reason else "")
        )


@app.command()
def train_links() -> None:
    """Train the model that records are linked by (needs `voxpop[splink]`); the next build links by it."""
    from voxpop.warehouse import build

    settings = load_settings()
    count = build.train_links(settings)
    _out.print(f"{settings.link_model}: trained of {_counted(count, 'record', 'records')}.", markup=False)


@app.command()
def stage() -> None:
    """Make a candidate release from the warehouse."""
    from voxpop import pipeline

    settings = load_settings()
    _out.print(pipeline.stage(settings, now=_now()) or _nothing_new(settings))


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
def run(
    start: From = None,
    end: To = None,
    no_land: Annotated[
        bool, typer.Option("--no-land", help="Ask no tool and take no file: the five steps after landing.")
    ] = False,
) -> None:
    """All six steps: land every source, build, stage, audit, report, publish."""
    from voxpop import pipeline
    from voxpop.sources.connections import load_connections

    settings, now, window = load_settings(), _now(), _window(start, end)
    if no_land and window:
        raise UsageError("--no-land lands no window: leave out --from and --to.")
    if no_land:
        result = pipeline.RunResult(pipeline.build_and_publish(settings, now=now, progress=_progress), ())
    else:
        connections = load_connections(settings)
        result = pipeline.run(settings, window, connections=connections, now=now, progress=_progress)
    said = _published(settings, result.release_id) if result.release_id else _nothing_new(settings)
    _out.print(said, markup=False)
    if result.failures:
        raise VoxpopError(_not_landed(settings, result))


class Exported(StrEnum):
    """What can be exported."""

    A11_280 = "a11-280"
    PRIORITY_GOALS = "priority-goals"


@app.command()
def export(
    kind: Annotated[Exported, typer.Argument(help="What is filed.")],
    quarter: Annotated[str, typer.Option(help="A fiscal quarter, such as 2026Q1.")],
    to: Annotated[Path, typer.Option(help="A folder that is new or empty.")],
) -> None:
    """Write a fiscal quarter's files from the current release (exit 3: the quarter is not whole)."""
    from voxpop import pipeline
    from voxpop.quarter import Quarter

    made = pipeline.export(load_settings(), kind.value, Quarter.parse(quarter), to=to)
    for said in made.warnings:
        _err.print(f"warning: {said}", markup=False)
    _out.print(f"Wrote {made.files:,} files: {made.folder}", markup=False)


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
                "file": batch.original.name if batch.original else None,
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
    batch_id: str,
    reason: Annotated[str, typer.Option(help="Why; it is published: on the page, for everybody.")],
) -> None:
    """Leave a batch out of every following build; raw keeps it."""
    from voxpop.raw.exclusions import exclude

    exclude(load_settings(), batch_id, reason, _now())
    _out.print(
        "Excluded. The reason will be public: on the page and in the manifest.\n"
        "Rebuild what it touched and publish: `voxpop run --no-land`, or the DAG build_and_publish."
    )


@batches_app.command("include")
def batches_include(
    batch_id: str,
    reason: Annotated[str, typer.Option(help="Why; it is kept in the list of exclusions.")],
) -> None:
    """Take an excluded batch in again."""
    from voxpop.raw.exclusions import include

    include(load_settings(), batch_id, reason, _now())
    _out.print(
        "Included. Rebuild what it touches and publish: `voxpop run --no-land`, or the DAG build_and_publish."
    )


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
        store.nothing_in(settings),
    )


@releases_app.command("show")
def releases_show(release_id: Annotated[str | None, typer.Argument()] = None) -> None:
    """A release's manifest, as JSON; the current one's if none is named."""
    from voxpop.release import store

    _out.print_json(json.dumps(store.show(load_settings(), release_id).manifest, default=str))


@releases_app.command("diff")
def releases_diff(
    before: Annotated[str | None, typer.Argument(help="The one before AFTER if left out.")] = None,
    after: Annotated[str | None, typer.Argument(help="The current one if left out.")] = None,
    as_json: Json = False,
) -> None:
    """What changed from one release to another: tables, published figures, batches."""
    from voxpop.release import diff, store

    settings = load_settings()
    new = store.show(settings, after)
    old = before or new.manifest["supersedes"]
    if old is None:
        raise UsageError(f"{new.release_id}: is the first release; there is none before it.")
    _print(diff.diff(settings, old, new.release_id).rows(), as_json, "The two releases hold the same.")


@releases_app.command("rollback")
def releases_rollback(
    reason: Annotated[str, typer.Option(help="Why; it goes into the log.")],
    release_id: Annotated[str | None, typer.Argument(help="The one before the current if left out.")] = None,
) -> None:
    """Point readers at an earlier release again."""
    from voxpop.release import store

    release = store.rollback(load_settings(), release_id, reason, _now())
    _out.print(f"Current is {release.release_id}.")


@releases_app.command("accept")
def releases_accept(
    candidate_id: str,
    reason: Annotated[str, typer.Option(help="Why; it is public: in the release's manifest.")],
) -> None:
    """Let a refused candidate's new method change what the current release shows."""
    from voxpop.release import accepted, candidate

    settings = load_settings()
    accepted.accept(settings, candidate.find(settings, candidate_id), reason, _now())
    _out.print("Accepted. Publish it: `voxpop run --no-land`.")


@app.command()
def sql(query: str, as_json: Json = False) -> None:
    """Ask the current release by SQL; read only."""
    import duckdb

    with _current(load_settings()) as connection:
        try:
            statements = connection.extract_statements(query)
            if not statements:
                raise UsageError('There is no statement. Try `voxpop sql "show tables"`.')
            # a pivot comes with a type that is made for it
            count = sum(one.type != duckdb.StatementType.CREATE for one in statements)
            if count > 1:
                raise UsageError(f"These are {count} statements. Ask one at a time: nothing was run.")
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
        datetime | None,
        typer.Option("--date", formats=["%Y-%m-%d"], help="The last day it knows; else what has landed."),
    ] = None,
    port: Annotated[int, typer.Option(help="0: any free one.")] = 0,
    misbehave: Annotated[str, typer.Option(help="not, a-little or a-lot.")] = "a-little",
) -> None:
    """Serve the sample agency's tools on this machine until interrupted."""
    from voxpop.sample_agency import server
    from voxpop.warehouse.seeds import check_seeds

    settings = load_settings()
    check_seeds(settings)
    server.serve(settings.home, day.date() if day else None, port, misbehave=misbehave)


@agency_app.command("generate")
def agency_generate(folder: Path, start: Annotated[datetime, _FROM], end: Annotated[datetime, _TO]) -> None:
    """Write what the sample agency's tools hold, as files."""
    from voxpop.sample_agency.generate import generate
    from voxpop.warehouse.seeds import check_seeds

    check_seeds(load_settings())
    generate(folder, start.date(), (end - timedelta(days=1)).date())


if __name__ == "__main__":
    main()

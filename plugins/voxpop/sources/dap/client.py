"""DAP over HTTP: report by report, from the newest day to the oldest.

An answer is a bare array, newest day first, without a total; one that is shorter than the limit is the last.
Pages by number would shift while rows are added and corrected. So each question is for the first page of the
days that are left: the whole days of its answer are taken, and the next question ends with the day on which
the answer broke off. Every day comes out of one answer.

A day that alone fills an answer is read by page numbers. Behind each page the one before it is asked for
again: if it is another one now, rows have shifted, and the day begins anew. What comes twice then counts as a
duplicate.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import httpx
import msgspec
from pydantic import SecretStr

from voxpop.errors import SourceError, SourceUnavailable
from voxpop.raw.records import Record, Rejected, Window
from voxpop.sources.connections import Connection
from voxpop.sources.dap import parse
from voxpop.sources.http import Answer, Http, Patience
from voxpop.sources.protocol import Cursor, Page

if TYPE_CHECKING:
    from voxpop.sources.dap.config import DapConfig

STREAM = "reports"
MAX_BEGINNINGS = 5
"""Of one day that is read by page numbers: one that shifts this often is being rewritten while it is read."""
_ONE_DAY = timedelta(days=1)


class _Row(msgspec.Struct):
    date: Any = None


class _Place(msgspec.Struct):
    """A cursor: what to ask a report for next.

    Attributes:
        report: the report's path.
        last: the newest day that is left.
        page: 0: the first page of the days that are left; else the page of that day alone.
        before: of a day that is read by page numbers, the hash of the page before.
    """

    report: str
    last: date
    page: int = 0
    before: str = ""


@contextmanager
def connect(
    config: DapConfig,
    connection: Connection,
    *,
    patience: Patience | None = None,
    transport: httpx.BaseTransport | None = None,
) -> Iterator[Dap]:
    """Open DAP for one run.

    Args:
        config: reports, rows a page.
        connection: `base_url` up to the version, and `api_key` (of api.data.gov).
        patience: bounds on trying.
        transport: instead of the network, for tests.

    Raises:
        ConfigError: the connection has no key.
    """
    api_key = config.api_key_of(connection)
    with Http(config.name, config.connection, connection, patience=patience, transport=transport) as http:
        yield Dap(config, http, connection.base_url, api_key)


class Dap:
    """The tool, opened for one run; a `Source`."""

    def __init__(self, config: DapConfig, http: Http, base_url: str, api_key: SecretStr) -> None:
        self._config = config
        self._http = http
        self._base_url = base_url
        self._key = {"x-api-key": api_key}
        self._names = {report.path: report.report for report in config.reports}

    def streams(self) -> tuple[str, ...]:
        """One: all reports' rows."""
        return (STREAM,)

    def pages(self, stream: str, window: Window, cursor: Cursor | None) -> Iterator[Page]:
        """All reports' rows of the days that the window touches; a window inside a day brings that whole day.

        Raises as `Source.pages`.
        """
        first, last = window.start.date(), (window.end - timedelta(microseconds=1)).date()
        places = [_Place(report, last) for report in self._names]
        if cursor is not None:
            at = msgspec.convert(cursor, _Place)
            places = [at, *places[list(self._names).index(at.report) + 1 :]]
        for place, following in zip(places, [*places[1:], None], strict=True):
            yield from self._report(place, following, first)

    def parse(self, stream: str, page: Page) -> tuple[list[Record], list[Rejected]]:
        """Split a page into rows; pure."""
        return parse.rows(page.body, msgspec.json.decode(page.scope, type=parse.Scope))

    def _report(self, place: _Place, following: _Place | None, first: date) -> Iterator[Page]:
        beginnings = 0
        left: _Place | None = place
        while left is not None:
            answer = self._ask(left, first)
            days = self._days(left, answer)
            if left.page > 1 and _hash(self._ask(_page(left, left.page - 1), first)) != left.before:
                beginnings += 1
                if beginnings > MAX_BEGINNINGS:
                    raise SourceUnavailable(
                        f'{self._config.name}: "{left.report}": the rows of {left.last} are being changed '
                        f"while they are read ({beginnings} times). Rerun later: it goes on behind the last "
                        "page that landed."
                    )
                left = _page(left, 1)
                continue
            is_last = len(answer.value) < self._config.page_size
            newer_than = None
            if left.page:
                left = _until(left, left.last - _ONE_DAY) if is_last else _page(left, left.page + 1, answer)
            elif is_last:
                left = None
            elif days[0] == days[-1]:
                left = _page(_until(left, days[0]), 1)
                continue
            else:
                newer_than = days[-1]
                left = _until(left, newer_than)
            if left is not None and left.last < first:
                left = None
            then = following if left is None else left
            scope = parse.Scope(self._names[place.report], newer_than)
            yield Page(
                answer.body,
                None if then is None else msgspec.to_builtins(then),
                msgspec.json.encode(scope).decode(),
            )

    def _ask(self, place: _Place, first: date) -> Answer[list[_Row]]:
        after = place.last if place.page else first
        return self._http.ask(
            "GET",
            f"{self._base_url}/{place.report}/data",
            list[_Row],
            what=f'"{place.report}", {after} to {place.last}, page {max(1, place.page)}',
            secrets=self._key,
            params={
                "after": after.isoformat(),
                "before": place.last.isoformat(),
                "limit": self._config.page_size,
                "page": max(1, place.page),
            },
        )

    def _days(self, place: _Place, answer: Answer[list[_Row]]) -> list[date]:
        """The rows' days, newest first; a row without one is quarantined when the page is split."""
        days = [day for row in answer.value if (day := parse.day(row.date)) is not None]
        if days != sorted(days, reverse=True):
            raise SourceError(
                f'{self._config.name}: "{place.report}": the rows until {place.last} are not in the agreed '
                "order, the newest day first. The connector has to be adapted."
            )
        if len(answer.value) >= self._config.page_size and not days:
            raise SourceError(
                f'{self._config.name}: "{place.report}": no row until {place.last} has a date, so nobody '
                "can tell how the report goes on. The connector has to be adapted."
            )
        return days


def _until(place: _Place, last: date) -> _Place:
    """The first page of the days up to one."""
    return _Place(place.report, last)


def _page(place: _Place, page: int, before: Answer[list[_Row]] | None = None) -> _Place:
    """A page of the day alone."""
    return _Place(place.report, place.last, page, "" if before is None else _hash(before))


def _hash(answer: Answer[list[_Row]]) -> str:
    return hashlib.sha256(answer.body).hexdigest()

"""Touchpoints over HTTP: form by form, page by page.

Pages go by number, so a submission that somebody deletes meanwhile moves all later ones forward, and one of
them from a page that is still to come onto one that was read. Deleting lowers `meta.total_count`: where it
fell since the page before, as many pages are read again as the fall can have moved, and what comes twice
counts as a duplicate. A submission that arrives in the same moment hides a deletion; the next day's re-pull
brings what was missed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote

import httpx
import msgspec
from pydantic import SecretStr

from voxpop.errors import SourceUnavailable
from voxpop.raw.records import Record, Rejected, Window
from voxpop.sources.connections import Connection
from voxpop.sources.http import Answer, Http, Patience
from voxpop.sources.protocol import Cursor, Page
from voxpop.sources.touchpoints.parse import Submissions

if TYPE_CHECKING:
    from voxpop.sources.touchpoints.config import TouchpointsConfig

STREAM = "responses"
MAX_STEPS_BACK = 20
"""Of one form: a form whose count falls this often is being emptied while it is read."""


class _Meta(msgspec.Struct):
    total_pages: int
    total_count: int | None = None


class _Answer(msgspec.Struct):
    meta: _Meta


class _Place(msgspec.Struct):
    """A cursor: the next page of a form, and what its count was when the page before was read."""

    form: str
    page: int
    count: int | None = None


@contextmanager
def connect(
    config: TouchpointsConfig,
    connection: Connection,
    *,
    patience: Patience | None = None,
    transport: httpx.BaseTransport | None = None,
) -> Iterator[Touchpoints]:
    """Open Touchpoints for one run.

    Args:
        config: forms, their answer fields that identify a person, page size.
        connection: `base_url` up to the version, and `api_key`.
        patience: bounds on trying.
        transport: instead of the network, for tests.

    Raises:
        ConfigError: the connection has no key.
    """
    api_key = config.api_key_of(connection)
    with Http(config.name, config.connection, connection, patience=patience, transport=transport) as http:
        yield Touchpoints(config, http, connection.base_url, api_key)


class Touchpoints:
    """The tool, opened for one run; a `Source`."""

    def __init__(self, config: TouchpointsConfig, http: Http, base_url: str, api_key: SecretStr) -> None:
        self._config = config
        self._http = http
        self._base_url = base_url
        self._key = {"x-api-key": api_key}
        self._parsers = {form.id: Submissions(form.id, form.identifiers) for form in config.forms}

    def streams(self) -> tuple[str, ...]:
        """One: all forms' submissions."""
        return (STREAM,)

    def pages(self, stream: str, window: Window, cursor: Cursor | None) -> Iterator[Page]:
        """All forms' pages of the days that the window touches.

        Days are inclusive on both sides and by `created_at`, UTC: a window that begins or ends inside a day
        brings that whole day. Raises as `Source.pages`.
        """
        places = [_Place(form.id, 1) for form in self._config.forms]
        if cursor is not None:
            at = msgspec.convert(cursor, _Place)
            behind = [form.id for form in self._config.forms].index(at.form) + 1
            places = [at, *places[behind:]]
        for place, following in zip(places, [*places[1:], None], strict=True):
            yield from self._form(place, following, window)

    def parse(self, stream: str, page: Page) -> tuple[list[Record], list[Rejected]]:
        """Split a page into submissions; pure."""
        return self._parsers[page.scope].records(page.body)

    def _form(self, place: _Place, following: _Place | None, window: Window) -> Iterator[Page]:
        steps_back = 0
        while True:
            answer = self._ask(place, window)
            meta = answer.value.meta
            fallen = _fallen(place.count, meta.total_count)
            if fallen and place.page > 1:
                steps_back += 1
                if steps_back > MAX_STEPS_BACK:
                    raise SourceUnavailable(
                        f'{self._config.name}: form "{place.form}": submissions are being deleted while its '
                        f"pages are read ({steps_back} times). Rerun later: it goes on behind the last page "
                        "that landed."
                    )
                page = max(1, place.page - -(-fallen // self._config.page_size))
                place = msgspec.structs.replace(place, page=page, count=meta.total_count)
                continue
            place = msgspec.structs.replace(place, page=place.page + 1, count=meta.total_count)
            ended = place.page > meta.total_pages
            then = following if ended else place
            yield Page(answer.body, None if then is None else msgspec.to_builtins(then), scope=place.form)
            if ended:
                return

    def _ask(self, place: _Place, window: Window) -> Answer[_Answer]:
        last = window.end - timedelta(microseconds=1)
        return self._http.ask(
            "GET",
            f"{self._base_url}/forms/{quote(place.form, safe='')}/responses",
            _Answer,
            what=f'form "{place.form}", page {place.page}',
            secrets=self._key,
            params={
                "page[number]": place.page,
                "page[size]": self._config.page_size,
                "start_date": f"{window.start:%Y-%m-%d}",
                "end_date": f"{last:%Y-%m-%d}",
            },
        )


def _fallen(before: int | None, now: int | None) -> int:
    return 0 if before is None or now is None else max(before - now, 0)

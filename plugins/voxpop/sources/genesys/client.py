"""Genesys Cloud over HTTP: start a job for the window, wait for it, read its results by cursor, delete it.

The window is refused as long as the tool doesn't have all of it (`dataAvailabilityDate`): a visible batch is
whole. A job that was left in the middle by a passing failure stays at the tool, so that a rerun goes on with
its cursor; if it is gone by then, the window is asked for anew, and what comes twice counts as a duplicate.
"""

from __future__ import annotations

import base64
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

import httpx
import msgspec
from pydantic import SecretStr

from voxpop.errors import ConfigError, SourceError, SourceUnavailable
from voxpop.raw.records import Record, Rejected, Window
from voxpop.sources.connections import Connection
from voxpop.sources.genesys.parse import Conversations
from voxpop.sources.http import Answer, Http, Patience, Refusal
from voxpop.sources.protocol import Cursor, Page
from voxpop.sources.verbatim import utc

if TYPE_CHECKING:
    from voxpop.sources.genesys.config import GenesysConfig

T = TypeVar("T")

STREAM = "conversations"
JOBS = "/api/v2/analytics/conversations/details/jobs"
FIRST_POLL_SECONDS = 0.25
LONGEST_POLL_SECONDS = 15.0
JOB_SECONDS = 1800.0
"""How long a job may take. Small ones take about 3 s."""
ENDED_BADLY = ("FAILED", "CANCELLED", "EXPIRED")

log = logging.getLogger(__name__)


class _Token(msgspec.Struct):
    access_token: str


class _Started(msgspec.Struct):
    job: str = msgspec.field(name="jobId")


class _Status(msgspec.Struct):
    state: str
    error: str | None = msgspec.field(name="errorMessage", default=None)


class _Availability(msgspec.Struct):
    until: str | None = msgspec.field(name="dataAvailabilityDate", default=None)


class _Results(_Availability):
    cursor: str | None = None


class _Place(msgspec.Struct):
    """A cursor: the job, and where in its results the next page begins."""

    job: str
    cursor: str


@contextmanager
def connect(
    config: GenesysConfig,
    connection: Connection,
    *,
    patience: Patience | None = None,
    transport: httpx.BaseTransport | None = None,
) -> Iterator[Genesys]:
    """Open Genesys Cloud for one run.

    Args:
        config: what identifies a person, page size.
        connection: `base_url` (`https://api.<region>`), `login_url` (`https://login.<region>`), `client_id`
            and `client_secret` of an OAuth client that has `analytics:conversationDetail:view`.
        patience: bounds on trying.
        transport: instead of the network, for tests.

    Raises:
        ConfigError: the connection lacks one of these.
    """
    needed = {
        "login_url": connection.login_url,
        "client_id": connection.client_id,
        "client_secret": connection.client_secret,
    }
    missing = ", ".join(name for name, value in needed.items() if value is None)
    if missing:
        raise ConfigError(
            f'{config.name}: the connection "{config.connection}" has no {missing}. Set it and rerun.'
        )
    with Http(config.name, config.connection, connection, patience=patience, transport=transport) as http:
        yield Genesys(config, http, connection)


class Genesys:
    """The tool, opened for one run; a `Source`."""

    def __init__(self, config: GenesysConfig, http: Http, connection: Connection) -> None:
        self._config = config
        self._http = http
        self._connection = connection
        self._parser = Conversations(config.identifiers)
        self._bearer: SecretStr | None = None

    def streams(self) -> tuple[str, ...]:
        """One: conversations."""
        return (STREAM,)

    def pages(self, stream: str, window: Window, cursor: Cursor | None) -> Iterator[Page]:
        """The results of one job over the window; raises as `Source.pages`."""
        self._require(self._availability(), window)
        place = None if cursor is None else msgspec.convert(cursor, _Place)
        answer = None if place is None else self._left_over(place)
        if place is None or answer is None:
            job, at = self._start(window), None
        else:
            job, at = place.job, place.cursor
        is_resumable = answer is not None
        try:
            if answer is None:
                self._finished(job)
                answer = self._results(job, None)
            while True:
                self._require(answer.value.until, window)
                following = answer.value.cursor
                if following is not None and following == at:
                    raise SourceError(
                        f"{self._config.name}: job {job}: the tool gave the same cursor twice: its results "
                        "would never end. Tell the vendor."
                    )
                place = None if following is None else _Place(job, following)
                yield Page(answer.body, None if place is None else msgspec.to_builtins(place))
                is_resumable = following is not None
                if following is None:
                    return
                at = following
                answer = self._results(job, at)
        except SourceError:
            is_resumable = False
            raise
        finally:
            if not is_resumable:
                self._delete(job)

    def parse(self, stream: str, page: Page) -> tuple[list[Record], list[Rejected]]:
        """Split a page into conversations; pure."""
        return self._parser.records(page.body)

    def _availability(self) -> str | None:
        """Up to when the tool says that it has everything; None if it doesn't say before the results."""
        try:
            answer = self._ask("GET", f"{JOBS}/availability", _Availability, what="how far its data go")
        except Refusal as refusal:
            if refusal.status != 404:
                raise
            return None
        return answer.value.until

    def _require(self, available: str | None, window: Window) -> None:
        until = utc(available)
        if until is not None and until < window.end:
            raise SourceUnavailable(
                f"{self._config.name}: the tool has conversations only up to {_iso(until)}, and the window "
                f"ends at {_iso(window.end)}. A batch must be whole; rerun when the tool has caught up."
            )

    def _start(self, window: Window) -> str:
        interval = f"{_iso(window.start)}/{_iso(window.end)}"
        what = f"job for {interval}"
        return self._ask("POST", JOBS, _Started, what=what, json={"interval": interval}).value.job

    def _finished(self, job: str) -> None:
        """Wait until the job is done."""
        patience = self._http.patience
        deadline = patience.clock() + JOB_SECONDS
        wait = FIRST_POLL_SECONDS
        while True:
            status = self._ask("GET", f"{JOBS}/{job}", _Status, what=f"state of job {job}").value
            if status.state == "FULFILLED":
                return
            if status.state in ENDED_BADLY:
                raise SourceError(
                    f"{self._config.name}: job {job} ended as {status.state}"
                    + (f': "{status.error.rstrip(".")}"' if status.error else "")
                    + ". Correct what the tool complains of, and rerun."
                )
            if patience.clock() + wait > deadline:
                raise SourceUnavailable(
                    f"{self._config.name}: job {job} is still {status.state} after {JOB_SECONDS:,.0f} s. It "
                    "was deleted; rerun later, or ask for a shorter window."
                )
            patience.sleep(wait)
            wait = min(wait * 2, LONGEST_POLL_SECONDS)

    def _left_over(self, place: _Place) -> Answer[_Results] | None:
        """The page that an earlier run stopped before; None if its job is no longer there."""
        try:
            return self._results(place.job, place.cursor)
        except Refusal as refusal:
            if refusal.status not in (400, 404, 410):
                raise
        log.warning("%s: job %s is gone: its window is asked for anew", self._config.name, place.job)
        return None

    def _results(self, job: str, cursor: str | None) -> Answer[_Results]:
        params: dict[str, str | int] = {"pageSize": self._config.page_size}
        if cursor is not None:
            params["cursor"] = cursor
        what = f"results of job {job}"
        return self._ask("GET", f"{JOBS}/{job}/results", _Results, what=what, params=params)

    def _delete(self, job: str) -> None:
        """Tidy up; what fails here costs nothing, the tool forgets its jobs by itself."""
        url = f"{self._connection.base_url}{JOBS}/{job}"
        try:
            self._http.tell("DELETE", url, what=f"deleting job {job}", secrets=self._authorization())
        except (SourceError, SourceUnavailable) as error:
            log.warning("%s", error)

    def _ask(self, method: str, path: str, kind: type[T], *, what: str, **content: Any) -> Answer[T]:
        """Ask with the token, once more with a new one if it has expired."""
        url = f"{self._connection.base_url}{path}"
        secrets = self._authorization()
        try:
            return self._http.ask(method, url, kind, what=what, secrets=secrets, **content)
        except Refusal as refusal:
            if refusal.status != 401:
                raise
        self._bearer = None
        return self._http.ask(method, url, kind, what=what, secrets=self._authorization(), **content)

    def _authorization(self) -> Mapping[str, SecretStr]:
        """The header of a request; asks for a token if there is none (RFC 6749, 4.4: client credentials)."""
        if self._bearer is None:
            own = (self._connection.client_id, self._connection.client_secret)
            pair = ":".join(each.get_secret_value() for each in own if each is not None)
            basic = SecretStr(f"Basic {base64.b64encode(pair.encode()).decode()}")
            token = self._http.ask(
                "POST",
                f"{self._connection.login_url}/oauth/token",
                _Token,
                what="token",
                secrets={"authorization": basic},
                form={"grant_type": "client_credentials"},
            ).value
            self._bearer = SecretStr(f"Bearer {token.access_token}")
        return {"authorization": self._bearer}


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")

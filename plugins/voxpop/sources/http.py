"""The one HTTP core: every request of every connector is made here, so each is bounded, retried and discreet.

Retried, with jittered exponential backoff and `Retry-After`: 429, 5xx, connection errors, and answers that
are cut off, also those that are good HTTP and end in the middle of their JSON. Any other refusal fails at
once. No message, log line or exception chain holds a credential or a URL's query.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Generic, NoReturn, Self, TypeVar

import httpx
import msgspec
from pydantic import SecretStr
from tenacity import RetryCallState, Retrying, retry_if_result

from voxpop.errors import SourceError, SourceUnavailable
from voxpop.sources.connections import Connection
from voxpop.sources.verbatim import CutOff, decode

T = TypeVar("T")

CONNECT_SECONDS = 10.0
WRITE_SECONDS = 30.0
MAX_BYTES = 128 * 1024 * 1024
"""Of one answer, unpacked: 5,000 Touchpoints submissions are about 8 MB, 1,000 conversations about 5 MB."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Patience:
    """How long to keep asking one thing, and what waiting is made of.

    Attributes:
        tries: requests at most.
        seconds: all tries and waits together at most.
        first_wait: seconds before the second try; doubles each time.
        longest_wait: seconds that the doubling stops at.
        read_timeout: seconds without a byte after which a try has failed.
        sleep: waits; a test gives one that doesn't.
        clock: seconds, monotonic.
        jitter: 0–1; spreads the tries of many runs.
    """

    tries: int = 6
    seconds: float = 300.0
    first_wait: float = 0.5
    longest_wait: float = 60.0
    read_timeout: float = 60.0
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    jitter: Callable[[], float] = random.random


@dataclass(frozen=True)
class Answer(Generic[T]):
    """A whole answer: the fields that were asked for, and the bytes as they came."""

    value: T
    body: bytes


class Refusal(SourceError):
    """The tool answered 4xx; `status` says which."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class _Passing:
    """A try that failed in a way that may pass.

    `wait`: seconds that the tool asks for; None if it doesn't say.
    """

    reason: str
    wait: float | None = None


@dataclass(frozen=True)
class _Call:
    """One thing to ask, and what it is called in messages."""

    request: Callable[[httpx.Timeout], httpx.Request]
    title: str
    secrets: tuple[SecretStr, ...]
    deadline: float


class Http:
    """Requests to one tool; a context manager that closes its connections.

    Args:
        source: the source's name, for messages.
        name: the id of its connection, for messages.
        connection: whose secrets no message may show.
        patience: bounds on trying.
        transport: instead of the network, for tests.
        max_bytes: of one answer, unpacked.
    """

    def __init__(
        self,
        source: str,
        name: str,
        connection: Connection,
        *,
        patience: Patience | None = None,
        transport: httpx.BaseTransport | None = None,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        _quiet_libraries()
        self.patience = patience or Patience()
        self._source = source
        self._name = name
        own = (connection.api_key, connection.client_id, connection.client_secret)
        self._secrets = tuple(secret for secret in own if secret)
        self._max_bytes = max_bytes
        self._client = httpx.Client(
            transport=transport, follow_redirects=False, headers={"user-agent": "voxpop"}
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def ask(
        self,
        method: str,
        url: str,
        kind: type[T],
        *,
        what: str,
        secrets: Mapping[str, SecretStr],
        params: Mapping[str, str | int] | None = None,
        json: Mapping[str, Any] | None = None,
        form: Mapping[str, str] | None = None,
    ) -> Answer[T]:
        """Ask for JSON.

        Args:
            method: GET, POST …
            url: without a query.
            kind: a msgspec struct of the fields that the caller needs; the rest is only checked to be JSON.
            what: what is asked for, for messages: `form "569499e0", page 3`.
            secrets: headers that authenticate.
            params: the query.
            json: a JSON body.
            form: a form body.

        Raises:
            Refusal: 4xx other than 429.
            SourceError: a redirect, an answer too large, JSON of another shape.
            SourceUnavailable: no good answer within the bounds.
        """

        def read(body: bytes) -> Answer[T] | _Passing:
            try:
                return Answer(decode(body, kind), body)
            except CutOff as error:
                return _Passing(f"an answer of {len(body):,} bytes that is {error}")

        return self._persist(method, url, read, what, secrets, params=params, json=json, data=form)

    def tell(self, method: str, url: str, *, what: str, secrets: Mapping[str, SecretStr]) -> None:
        """Send a request whose answer holds nothing of interest; raises as `ask` does."""
        self._persist(method, url, lambda body: None, what, secrets)

    def _persist(
        self,
        method: str,
        url: str,
        read: Callable[[bytes], T | _Passing],
        what: str,
        secrets: Mapping[str, SecretStr],
        **content: Any,
    ) -> T:
        patience = self.patience

        def request(timeout: httpx.Timeout) -> httpx.Request:
            headers = {name: value.get_secret_value() for name, value in secrets.items()}
            return self._client.build_request(method, url, headers=headers, timeout=timeout, **content)

        call = _Call(
            request,
            f"{self._source}: {what}: {method} {url}",
            (*secrets.values(), *self._secrets),
            deadline=patience.clock() + patience.seconds,
        )
        retrying = Retrying(
            retry=retry_if_result(lambda outcome: isinstance(outcome, _Passing)),
            wait=self._wait,
            stop=lambda state: (
                state.attempt_number >= patience.tries
                or patience.clock() + state.upcoming_sleep > call.deadline
            ),
            sleep=patience.sleep,
            before_sleep=lambda state: self._log_retry(call, state),
            retry_error_callback=lambda state: self._give_up(call, state),
        )
        outcome: T | _Passing = retrying(self._try, call, read)
        if isinstance(outcome, _Passing):
            raise AssertionError("the retrying gives up by raising")
        return outcome

    def _try(self, call: _Call, read: Callable[[bytes], T | _Passing]) -> T | _Passing:
        """One request. What may pass is returned, not raised: so no exception of a library is chained."""
        began = self.patience.clock()
        left = max(call.deadline - began, 0.1)
        timeout = httpx.Timeout(
            min(self.patience.read_timeout, left),
            connect=min(CONNECT_SECONDS, left),
            write=min(WRITE_SECONDS, left),
        )
        response, body, failure = None, b"", ""
        try:
            response = self._client.send(call.request(timeout), stream=True)
            try:
                body = self._body(response, call)
            finally:
                response.close()
        except httpx.RequestError as error:
            failure = _hide(f"{type(error).__name__} {error}".strip(), call.secrets)
        if failure or response is None:
            return _Passing(failure)
        log.debug(
            "%s: %d, %d bytes, %.2f s",
            *(call.title, response.status_code, len(body), self.patience.clock() - began),
        )
        if response.is_success:
            return self._checked(call, read, body)
        said = _hide(_message(body), call.secrets).rstrip(".")
        answer = f"{response.status_code} {response.reason_phrase}".strip() + (f' "{said}"' if said else "")
        if response.status_code == 429 or response.is_server_error:
            return _Passing(answer, wait=_retry_after(response.headers))
        if response.is_redirect:
            to = _hide(response.headers.get("location", "").partition("?")[0][:200], call.secrets)
            raise SourceError(
                f"{call.title} redirects to {to}. Redirects are not followed: the "
                f"credential would go with them. If the tool has moved there, change the connection "
                f'"{self._name}" and rerun.'
            )
        raise Refusal(
            f"{call.title} answered {answer}. " + self._advice(response.status_code),
            response.status_code,
        )

    def _checked(self, call: _Call, read: Callable[[bytes], T | _Passing], body: bytes) -> T | _Passing:
        try:
            return read(body)
        except msgspec.ValidationError as error:
            problem = str(error)
        raise SourceError(
            f"{call.title} answered with JSON of another shape than agreed: {problem}. The connector has "
            "to be adapted."
        )

    def _body(self, response: httpx.Response, call: _Call) -> bytes:
        chunks: list[bytes] = []
        size = 0
        for chunk in response.iter_bytes():
            chunks.append(chunk)
            size += len(chunk)
            if size > self._max_bytes:
                raise SourceError(
                    f"{call.title} answered with more than {self._max_bytes:,} "
                    "bytes. Set a smaller page_size in sources.yml and rerun."
                )
            if self.patience.clock() > call.deadline:
                raise httpx.ReadTimeout(f"not at its end after {size:,} bytes")
        return b"".join(chunks)

    def _wait(self, state: RetryCallState) -> float:
        """Seconds before the next try: what the tool asks for, or half to all of the doubling wait."""
        patience = self.patience
        outcome = _outcome(state)
        if outcome.wait is not None:
            return outcome.wait + patience.first_wait * patience.jitter()
        doubled = min(patience.longest_wait, patience.first_wait * 2 ** (state.attempt_number - 1))
        return float(doubled * (0.5 + 0.5 * patience.jitter()))

    def _log_retry(self, call: _Call, state: RetryCallState) -> None:
        log.warning(
            "%s: try %d of %d: %s; again in %.1f s",
            *(call.title, state.attempt_number, self.patience.tries),
            *(_outcome(state).reason, state.upcoming_sleep),
        )

    def _give_up(self, call: _Call, state: RetryCallState) -> NoReturn:
        outcome = _outcome(state)
        spent = self.patience.seconds - (call.deadline - self.patience.clock())
        asks = f"; it asks to wait {outcome.wait:,.0f} s" if outcome.wait else ""
        raise SourceUnavailable(
            f"{call.title}: no good answer in {state.attempt_number} tries and {spent:,.0f} s. The last: "
            f"{outcome.reason}{asks}. Rerun when the tool answers again: it goes on behind the last page "
            "that landed."
        )

    def _advice(self, status: int) -> str:
        if status in (401, 403):
            return f'Set the connection "{self._name}" to a credential that may read this, and rerun.'
        if status in (404, 410):
            return "Check the id in sources.yml and the base_url of the connection, and rerun."
        return "Correct what the tool complains of, and rerun."


def _outcome(state: RetryCallState) -> _Passing:
    outcome = state.outcome.result() if state.outcome else None
    if not isinstance(outcome, _Passing):
        raise AssertionError("only a passing failure is retried")
    return outcome


def _retry_after(headers: httpx.Headers) -> float | None:
    """Seconds that `Retry-After` asks for (RFC 9110, 10.2.3: seconds, or a date), by the tool's own clock."""
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])
    until, sent = _http_date(value), _http_date(headers.get("date", "")) or datetime.now(UTC)
    return None if until is None else max((until - sent) / timedelta(seconds=1), 0.0)


def _http_date(value: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(value)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found


def _message(body: bytes) -> str:
    """What a tool says about its refusal: a line of at most 300 characters."""
    try:
        found: Any = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        found = body[:2000].decode("utf-8", "replace")
    keys = ("error", "errors", "message", "description", "error_description", "detail", "title")
    for _ in range(4):
        if isinstance(found, list) and found:
            found = found[0]
        elif isinstance(found, dict):
            told = [found[key] for key in keys if found.get(key)] or [found.get("code", "")]
            inner = [each for each in told if isinstance(each, dict | list)]
            found = inner[0] if inner else ": ".join(dict.fromkeys(str(each) for each in told))
    text = found if isinstance(found, str) else ""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:300]


def _hide(text: str, secrets: tuple[SecretStr, ...]) -> str:
    """The text without credentials: a tool may repeat the one that it refuses."""
    for secret in secrets:
        for word in secret.get_secret_value().split():
            if len(word) >= 4 and word.lower() not in ("basic", "bearer"):
                text = text.replace(word, "***")
    return text


class _WarningsOnly(logging.Filter):
    """httpx logs whole URLs at INFO, httpcore headers at DEBUG; what a person needs of it is logged here."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno >= logging.WARNING


_WARNINGS_ONLY = _WarningsOnly()


def _quiet_libraries() -> None:
    names = ("connection", "http11", "http2", "proxy", "socks")
    for name in ("httpx", *(f"httpcore.{each}" for each in names)):
        logging.getLogger(name).addFilter(_WARNINGS_ONLY)

"""Genesys over HTTP: token, job, poll, results by cursor, and what is left at the tool afterwards."""

from __future__ import annotations

import base64
import json
import logging
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from voxpop.errors import ConfigError, SourceError, SourceUnavailable
from voxpop.raw.records import Window
from voxpop.sources import genesys
from voxpop.sources.connections import Connection
from voxpop.sources.genesys.config import GenesysConfig
from voxpop.sources.protocol import Page

CONNECTION = Connection(
    base_url="https://api.gc.example.gov",
    login_url="https://login.gc.example.gov",
    client_id="client-1",
    client_secret="secret-5d0c",
)
BASIC = "Basic " + base64.b64encode(b"client-1:secret-5d0c").decode()
CONFIG = GenesysConfig(
    name="genesys",
    kind="genesys",
    connection="gc",
    repull_days=4,
    page_size=2,
    identifiers={"ani": "phone"},
)
WINDOW = Window(datetime(2026, 1, 5, tzinfo=UTC), datetime(2026, 1, 6, tzinfo=UTC))
JOBS = "/api/v2/analytics/conversations/details/jobs"


class Cloud:
    """The tool: conversations by job; what a test changes are its attributes."""

    def __init__(self, conversations: int = 5) -> None:
        self.conversations = [{"conversationId": f"c{n}"} for n in range(conversations)]
        self.states = ["QUEUED", "PENDING", "FULFILLED"]
        self.error: str | None = None
        self.available: str | None = "2026-01-06T00:00:00.000Z"
        self.available_in_results: str | None = None
        self.tokens = ["token-a"]
        self.valid: set[str] = set()
        self.jobs: dict[str, list[str]] = {}
        self.started: list[dict[str, Any]] = []
        self.log: list[str] = []
        self.broken: dict[str, int] = {}
        self.same_cursor = False

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        what = f"{request.method} {path.removeprefix(JOBS)}"
        self.log.append(what)
        if path == "/oauth/token":
            assert request.url.host == "login.gc.example.gov"
            if (
                request.headers["authorization"] != BASIC
                or request.content != b"grant_type=client_credentials"
            ):
                return httpx.Response(
                    401, json={"error": "invalid_client", "description": "authentication failed"}
                )
            token = self.tokens.pop(0)
            self.valid.add(token)
            return httpx.Response(
                200, json={"access_token": token, "token_type": "bearer", "expires_in": 86399}
            )
        assert request.url.host == "api.gc.example.gov"
        if request.headers.get("authorization", "").removeprefix("Bearer ") not in self.valid:
            return httpx.Response(
                401, json={"message": "No authentication bearer token specified", "status": 401}
            )
        for part, status in self.broken.items():
            if part in what:
                return httpx.Response(status, json={"message": f"broken on purpose: {status}"})
        return self.job(request, path.removeprefix(JOBS).strip("/").split("/"))

    def job(self, request: httpx.Request, parts: list[str]) -> httpx.Response:
        if parts == [""]:
            self.started.append(json.loads(request.content))
            name = f"job{len(self.started)}"
            self.jobs[name] = list(self.states)
            return httpx.Response(202, json={"jobId": name})
        if parts == ["availability"]:
            found = {} if self.available is None else {"dataAvailabilityDate": self.available}
            return httpx.Response(200, json=found)
        name = parts[0]
        if name not in self.jobs:
            return httpx.Response(404, json={"message": f"no job {name}", "status": 404})
        if request.method == "DELETE":
            del self.jobs[name]
            return httpx.Response(204)
        if parts[1:] == ["results"]:
            return self.results(request)
        states = self.jobs[name]
        state = states.pop(0) if len(states) > 1 else states[0]
        return httpx.Response(200, json={"state": state, "errorMessage": self.error})

    def results(self, request: httpx.Request) -> httpx.Response:
        size, at = int(request.url.params["pageSize"]), int(request.url.params.get("cursor", "0"))
        found: dict[str, Any] = {"conversations": self.conversations[at : at + size]}
        if at + size < len(self.conversations):
            found["cursor"] = str(at) if self.same_cursor and at else str(at + size)
        if self.available_in_results:
            found["dataAvailabilityDate"] = self.available_in_results
        return httpx.Response(200, json=found)


def opened(
    cloud: Any, time: Any, connection: Connection = CONNECTION
) -> AbstractContextManager[genesys.client.Genesys]:
    return genesys.connect(CONFIG, connection, patience=time.patience(), transport=httpx.MockTransport(cloud))


def ids(pages: list[Page]) -> list[str]:
    return [
        each["conversationId"] for page in pages for each in json.loads(page.body).get("conversations") or []
    ]


EVERYTHING = ["c0", "c1", "c2", "c3", "c4"]


def test_a_job_is_started_awaited_read_and_deleted(time: Any) -> None:
    cloud = Cloud()
    with opened(cloud, time) as source:
        assert source.streams() == ("conversations",)
        pages = list(source.pages("conversations", WINDOW, None))
    assert cloud.started == [{"interval": "2026-01-05T00:00:00.000Z/2026-01-06T00:00:00.000Z"}]
    assert ids(pages) == EVERYTHING
    assert [page.cursor is None for page in pages] == [False, False, True]
    assert cloud.log == [
        "POST /oauth/token",
        "GET /availability",
        "POST ",
        *["GET /job1"] * 3,
        *["GET /job1/results"] * 3,
        "DELETE /job1",
    ]
    assert time.slept == [0.25, 0.5]
    assert cloud.jobs == {}


def test_a_window_without_conversations_is_one_empty_page(time: Any) -> None:
    cloud = Cloud(conversations=0)
    with opened(cloud, time) as source:
        pages = list(source.pages("conversations", WINDOW, None))
        assert [source.parse("conversations", page) for page in pages] == [([], [])]
    assert cloud.jobs == {}


def test_polling_slows_down_and_ends(time: Any) -> None:
    cloud = Cloud()
    cloud.states = ["PENDING"]
    with (
        opened(cloud, time) as source,
        pytest.raises(SourceUnavailable, match=r"job job1 is still PENDING after 1,800 s\. It was deleted"),
    ):
        list(source.pages("conversations", WINDOW, None))
    assert time.slept[:8] == [0.25, 0.5, 1, 2, 4, 8, 15, 15]
    assert 1770 < sum(time.slept) <= 1800
    assert cloud.jobs == {}


@pytest.mark.parametrize("state", ["FAILED", "CANCELLED", "EXPIRED"])
def test_a_job_that_ends_badly_is_refused_and_deleted(time: Any, state: str) -> None:
    cloud = Cloud()
    cloud.states = ["QUEUED", state]
    cloud.error = "too many conversations."
    with (
        opened(cloud, time) as source,
        pytest.raises(SourceError, match=rf'job job1 ended as {state}: "too many conversations"\. Correct'),
    ):
        list(source.pages("conversations", WINDOW, None))
    assert cloud.jobs == {}
    assert cloud.log.count("DELETE /job1") == 1


def test_a_window_that_the_tool_does_not_have_whole_is_refused_before_a_job_is_started(time: Any) -> None:
    cloud = Cloud()
    cloud.available = "2026-01-05T21:15:00.000Z"
    with opened(cloud, time) as source, pytest.raises(SourceUnavailable) as caught:
        list(source.pages("conversations", WINDOW, None))
    assert str(caught.value) == (
        "genesys: the tool has conversations only up to 2026-01-05T21:15:00.000Z, and the window ends at "
        "2026-01-06T00:00:00.000Z. A batch must be whole; rerun when the tool has caught up."
    )
    assert cloud.started == []


def test_results_that_say_they_are_not_whole_are_refused(time: Any) -> None:
    cloud = Cloud()
    cloud.broken = {"GET /availability": 404}
    cloud.available_in_results = "2026-01-05T21:15:00.000Z"
    with opened(cloud, time) as source, pytest.raises(SourceUnavailable, match="only up to 2026-01-05T21:15"):
        list(source.pages("conversations", WINDOW, None))
    assert cloud.jobs == {}


@pytest.mark.parametrize("available", [None, "2026-01-06T00:00:00Z", "2026-02-01T00:00:00.000Z"])
def test_a_window_that_the_tool_has_whole_is_read(time: Any, available: str | None) -> None:
    cloud = Cloud()
    cloud.available = available
    with opened(cloud, time) as source:
        assert ids(list(source.pages("conversations", WINDOW, None))) == EVERYTHING


def test_the_token_is_asked_for_once_and_kept(time: Any) -> None:
    cloud = Cloud()
    with opened(cloud, time) as source:
        list(source.pages("conversations", WINDOW, None))
        list(source.pages("conversations", WINDOW, None))
    assert cloud.log.count("POST /oauth/token") == 1


def test_an_expired_token_is_renewed_once(time: Any) -> None:
    cloud = Cloud()
    cloud.tokens = ["token-a", "token-b"]
    with opened(cloud, time) as source:
        pages = source.pages("conversations", WINDOW, None)
        taken = [next(pages)]
        cloud.valid.clear()
        taken += list(pages)
    assert ids(taken) == EVERYTHING
    assert cloud.log.count("POST /oauth/token") == 2


def test_a_token_that_is_never_accepted_is_refused(time: Any) -> None:
    cloud = Cloud()
    cloud.tokens = ["token-a", "token-b", "token-c"]
    cloud.broken = {"GET /availability": 401}
    with (
        opened(cloud, time) as source,
        pytest.raises(SourceError, match=r"401 Unauthorized .*connection \"gc\""),
    ):
        list(source.pages("conversations", WINDOW, None))
    assert cloud.log.count("POST /oauth/token") == 2


def test_a_wrong_client_is_refused_without_its_secret(time: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    wrong = Connection.model_validate(
        {
            **CONNECTION.model_dump(include={"base_url", "login_url"}),
            "client_id": "client-1",
            "client_secret": "wrong-secret-77",
        }
    )
    cloud = Cloud()
    with opened(cloud, time, wrong) as source, pytest.raises(SourceError) as caught:
        list(source.pages("conversations", WINDOW, None))
    assert str(caught.value) == (
        "genesys: token: POST https://login.gc.example.gov/oauth/token answered 401 Unauthorized "
        '"invalid_client: authentication failed". Set the connection "gc" to a credential that may read '
        "this, and rerun."
    )
    packed = base64.b64encode(b"client-1:wrong-secret-77").decode()
    for secret in ("wrong-secret-77", packed):
        assert secret not in caplog.text + repr(caught.value)
    assert cloud.log == ["POST /oauth/token"]


def test_tokens_are_not_shown_when_the_tool_repeats_them(time: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    cloud = Cloud()

    def echo(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/oauth/token":
            return cloud(request)
        return httpx.Response(400, json={"message": f"odd: {request.headers['authorization']} secret-5d0c"})

    with opened(echo, time) as source, pytest.raises(SourceError) as caught:
        list(source.pages("conversations", WINDOW, None))
    assert "odd: Bearer *** ***" in str(caught.value)
    assert "token-a" not in caplog.text


def test_every_cursor_resumes_where_its_page_ended(time: Any) -> None:
    for taken in (1, 2):
        cloud = Cloud()
        with opened(cloud, time) as source:
            pages = source.pages("conversations", WINDOW, None)
            first = [next(pages) for _ in range(taken)]
            cloud.broken = {"results": 503}
            with pytest.raises(SourceUnavailable):
                next(pages)
        assert list(cloud.jobs) == ["job1"], "the job stays for the rerun"
        cloud.broken = {}
        cloud.tokens = ["token-b"]
        cursor = json.loads(json.dumps(first[-1].cursor))
        assert "secret" not in json.dumps(cursor)
        assert "token" not in json.dumps(cursor)
        with opened(cloud, time) as source:
            rest = list(source.pages("conversations", WINDOW, cursor))
        assert ids(first + rest) == EVERYTHING
        assert len(cloud.started) == 1
        assert cloud.jobs == {}


def test_a_job_that_is_gone_is_started_anew(time: Any) -> None:
    cloud = Cloud()
    cursor = {"job": "job0-long-gone", "cursor": "2"}
    with opened(cloud, time) as source:
        pages = list(source.pages("conversations", WINDOW, cursor))
    assert ids(pages) == EVERYTHING
    assert len(cloud.started) == 1
    assert cloud.jobs == {}


@pytest.mark.parametrize(
    ("broken", "error"),
    [
        ({"GET /job1": 503}, SourceUnavailable),
        ({"results": 503}, SourceUnavailable),
        ({"results": 400}, SourceError),
        ({"GET /job1": 403}, SourceError),
    ],
)
def test_a_job_that_nothing_came_of_is_deleted(
    time: Any, broken: dict[str, int], error: type[Exception]
) -> None:
    cloud = Cloud()
    cloud.broken = broken
    with opened(cloud, time) as source, pytest.raises(error):
        list(source.pages("conversations", WINDOW, None))
    assert cloud.jobs == {}


def test_a_job_that_is_refused_in_the_middle_is_deleted(time: Any) -> None:
    cloud = Cloud()
    with opened(cloud, time) as source:
        pages = source.pages("conversations", WINDOW, None)
        next(pages)
        cloud.broken = {"results": 400}
        with pytest.raises(SourceError):
            next(pages)
    assert cloud.jobs == {}


def test_a_reader_that_goes_away_at_once_leaves_no_job(time: Any) -> None:
    cloud = Cloud()
    with opened(cloud, time) as source:
        pages = source.pages("conversations", WINDOW, None)
        next(pages)
        pages.close()  # type: ignore[attr-defined]
    assert cloud.jobs == {}


def test_a_job_that_cannot_be_deleted_costs_a_warning_only(
    time: Any, caplog: pytest.LogCaptureFixture
) -> None:
    cloud = Cloud()
    cloud.broken = {"DELETE": 403}
    with opened(cloud, time) as source:
        assert ids(list(source.pages("conversations", WINDOW, None))) == EVERYTHING
    assert "deleting job job1" in caplog.text


def test_results_that_never_end_are_refused(time: Any) -> None:
    cloud = Cloud(conversations=9)
    cloud.same_cursor = True
    with opened(cloud, time) as source, pytest.raises(SourceError, match="same cursor twice"):
        list(source.pages("conversations", WINDOW, None))
    assert cloud.jobs == {}


@pytest.mark.parametrize(
    ("missing", "named"),
    [
        ({"client_secret"}, "no client_secret"),
        ({"login_url"}, "no login_url"),
        ({"client_id", "client_secret"}, "no client_id, client_secret"),
    ],
)
def test_what_a_connection_lacks_is_named(missing: set[str], named: str) -> None:
    connection = CONNECTION.model_copy(update=dict.fromkeys(missing))
    with (
        pytest.raises(ConfigError, match=f'the connection "gc" has {named}'),
        genesys.connect(CONFIG, connection),
    ):
        pass

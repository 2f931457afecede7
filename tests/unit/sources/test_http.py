"""The HTTP core, against a server on loopback."""

from __future__ import annotations

import gzip
import logging
import traceback
from collections.abc import Iterator
from typing import Any

import httpx
import msgspec
import pytest
from pydantic import SecretStr
from voxpop.errors import SourceError, SourceUnavailable, VoxpopError
from voxpop.sources.connections import Connection
from voxpop.sources.http import Http, Refusal

SECRET = "sk-live-4f1c9a7be2"
CLIENT_SECRET = "oauth-77aa31fe"
QUERY = "alice-in-the-query"


class Found(msgspec.Struct):
    n: int


def http(url: str, time: Any, **more: Any) -> Http:
    bounds = {key: more.pop(key) for key in ("tries", "seconds") if key in more}
    connection = Connection(base_url=url, api_key=SECRET, client_secret=CLIENT_SECRET)
    return Http("touchpoints", "touchpoints-key", connection, patience=time.patience(**bounds), **more)


def ask(core: Http, url: str) -> Found:
    with core:
        answer = core.ask(
            "GET",
            f"{url}/forms/ab12/responses",
            Found,
            what='form "ab12", page 3',
            secrets={"x-api-key": SecretStr(SECRET)},
            params={"page[number]": 3, "who": QUERY},
        )
    return answer.value


def test_a_good_answer_is_given_with_its_bytes(server: Any, time: Any, told: Any) -> None:
    body = b'{ "n" : 7, "more" : [1, {"a": "\xc3\xa9"}] }\n'
    server.script = [told(body=body)]
    with http(server.url, time) as core:
        answer = core.ask("GET", f"{server.url}/x", Found, what="x", secrets={"x-api-key": SecretStr(SECRET)})
    assert answer.value == Found(7)
    assert answer.body == body
    assert [seen.headers["x-api-key"] for seen in server.seen] == [SECRET]
    assert SECRET not in server.seen[0].path
    assert time.slept == []


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_passing_statuses_are_tried_again(server: Any, time: Any, told: Any, status: int) -> None:
    server.script = [told(status), told(status), told(body=b'{"n":1}')]
    assert ask(http(server.url, time), server.url) == Found(1)
    # Half (no jitter) of 0.5 s, then of its double.
    assert time.slept == [0.25, 0.5]


def test_jitter_spreads_between_half_and_the_whole_wait(server: Any, time: Any, told: Any) -> None:
    server.script = [told(503), told(503), told(body=b'{"n":1}')]
    connection = Connection(base_url=server.url, api_key=SECRET)
    core = Http("s", "c", connection, patience=time.patience(jitter=lambda: 1.0))
    ask(core, server.url)
    assert time.slept == [0.5, 1.0]


def test_waits_double_up_to_a_bound(server: Any, time: Any, told: Any) -> None:
    server.script = [told(503)]
    with pytest.raises(SourceUnavailable):
        ask(http(server.url, time, tries=10, seconds=10_000), server.url)
    assert time.slept == [0.25, 0.5, 1, 2, 4, 8, 16, 30, 30]
    assert len(server.seen) == 10


@pytest.mark.parametrize(
    ("headers", "waited"),
    [
        ({"retry-after": "7"}, 7),
        ({"retry-after": "0"}, 0),
        (
            {"retry-after": "Wed, 21 Oct 2026 07:28:09 GMT", "date": "Wed, 21 Oct 2026 07:28:00 GMT"},
            9,
        ),
        ({"retry-after": "Wed, 21 Oct 2020 07:28:00 GMT", "date": "Wed, 21 Oct 2026 07:28:00 GMT"}, 0),
        ({"retry-after": "Fri, 21 Oct 2011 07:28:00 GMT"}, 0),
        ({"retry-after": "soon"}, 0.25),
        ({"retry-after": "-5"}, 0.25),
        ({"retry-after": ""}, 0.25),
    ],
)
def test_retry_after_is_honoured(
    server: Any, time: Any, told: Any, headers: dict[str, str], waited: float
) -> None:
    server.script = [told(429, headers=headers), told(body=b'{"n":1}')]
    ask(http(server.url, time), server.url)
    assert time.slept == [waited]


def test_429_for_ever_ends_after_its_tries_and_says_what_is_kept(server: Any, time: Any, told: Any) -> None:
    server.script = [told(429, b'{"error":{"code":"OVER_RATE_LIMIT","message":"You have exceeded"}}')]
    with pytest.raises(SourceUnavailable) as caught:
        ask(http(server.url, time), server.url)
    assert len(server.seen) == 6
    assert str(caught.value) == (
        f'touchpoints: form "ab12", page 3: GET {server.url}/forms/ab12/responses: no good answer in 6 tries '
        'and 8 s. The last: 429 Too Many Requests "You have exceeded". Rerun when the tool '
        "answers again: it goes on behind the last page that landed."
    )


def test_a_wait_that_is_longer_than_the_bound_is_not_begun(server: Any, time: Any, told: Any) -> None:
    server.script = [told(429, headers={"retry-after": "3600"})]
    with pytest.raises(SourceUnavailable, match=r"it asks to wait 3,600 s"):
        ask(http(server.url, time), server.url)
    assert time.slept == []
    assert len(server.seen) == 1


def test_total_time_is_bounded(server: Any, time: Any, told: Any) -> None:
    server.script = [told(503, headers={"retry-after": "4"})]
    with pytest.raises(SourceUnavailable):
        ask(http(server.url, time, tries=1000, seconds=10), server.url)
    assert time.slept == [4, 4]


def test_an_unreachable_host_is_unavailable(closed_port: int, time: Any) -> None:
    url = f"http://127.0.0.1:{closed_port}"
    with pytest.raises(SourceUnavailable, match=r"no good answer in 6 tries .* ConnectError .*refused"):
        ask(http(url, time), url)


def test_a_body_shorter_than_promised_is_asked_for_again(server: Any, time: Any, told: Any) -> None:
    server.script = [told(body=b'{"n":', promised_bytes=500), told(body=b'{"n":1}')]
    assert ask(http(server.url, time), server.url) == Found(1)


def test_json_that_is_cut_off_is_asked_for_again(server: Any, time: Any, told: Any) -> None:
    server.script = [told(body=b'{"n":1,"data":[{"a":"tru'), told(body=b'{"n":1,"data":[]}')]
    assert ask(http(server.url, time), server.url) == Found(1)
    assert time.slept == [0.25]


def test_json_that_stays_cut_off_is_given_up_and_said(server: Any, time: Any, told: Any) -> None:
    server.script = [told(body=b'{"n":1,"data":[{"a":"tru')]
    with pytest.raises(SourceUnavailable, match=r"an answer of 24 bytes that is no JSON from byte 20 on"):
        ask(http(server.url, time), server.url)


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (400, b'{"message":"page[size] must not exceed 5000"}', "page[size] must not exceed 5000"),
        (
            401,
            b'{"error":"invalid_client","description":"client not found"}',
            "invalid_client: client not found",
        ),
        (403, b'{"error":{"code":"API_KEY_INVALID","message":"An invalid api_key"}}', "An invalid api_key"),
        (403, b'{"message":"Not yours."}', '"Not yours". Set the connection'),
        (404, b'{"errors":[{"title":"no form","status":404}]}', "no form"),
        (409, b"plain\n\x00text " + b"x" * 1000, "plain text xxx"),
        (400, b'{"code":"bad.request","status":400}', '"bad.request"'),
        (410, b"", "410 Gone."),
        (418, b"[]", "418"),
        (422, b'{"error":', '{"error":'),
    ],
)
def test_a_refusal_fails_at_once(
    server: Any, time: Any, told: Any, status: int, body: bytes, said: str
) -> None:
    server.script = [told(status, body)]
    with pytest.raises(Refusal) as caught:
        ask(http(server.url, time), server.url)
    assert isinstance(caught.value, SourceError)
    assert caught.value.status == status
    message = str(caught.value)
    assert message.startswith(
        f'touchpoints: form "ab12", page 3: GET {server.url}/forms/ab12/responses answered {status}'
    )
    assert said in message
    assert len(message) < 800
    assert len(server.seen) == 1
    assert ('Set the connection "touchpoints-key"' in message) == (status in (401, 403))


def test_redirects_are_not_followed(server: Any, other_server: Any, time: Any, told: Any) -> None:
    server.script = [told(302, headers={"location": f"{other_server.url}/there?token={QUERY}"})]
    with pytest.raises(SourceError, match=r"redirects to http://127.0.0.1:\d+/there\. Redirects are not"):
        ask(http(server.url, time), server.url)
    assert other_server.seen == []


def test_an_answer_too_large_is_refused(server: Any, time: Any, told: Any) -> None:
    server.script = [told(body=b'{"n":1,"x":"' + b"y" * 5000 + b'"}')]
    with pytest.raises(SourceError, match=r"more than 1,000 bytes"):
        ask(http(server.url, time, max_bytes=1000), server.url)


def test_the_bound_counts_unpacked_bytes(server: Any, time: Any, told: Any) -> None:
    packed = gzip.compress(b'{"n":1,"x":"' + b"y" * 1_000_000 + b'"}')
    assert len(packed) < 5000
    server.script = [told(body=packed, headers={"content-encoding": "gzip"})]
    with pytest.raises(SourceError, match=r"more than 100,000 bytes"):
        ask(http(server.url, time, max_bytes=100_000), server.url)


def test_a_packed_body_that_is_damaged_is_asked_for_again(server: Any, time: Any, told: Any) -> None:
    packed = {"content-encoding": "gzip"}
    server.script = [
        told(body=b"no gzip at all", headers=packed),
        told(body=gzip.compress(b'{"n":1}'), headers=packed),
    ]
    assert ask(http(server.url, time), server.url) == Found(1)


def test_json_of_another_shape_is_the_contracts_end(server: Any, time: Any, told: Any) -> None:
    server.script = [told(body=b'{"n":"seven"}')]
    with pytest.raises(
        SourceError, match=r"another shape than agreed: Expected `int`, got `str` - at `\$.n`"
    ):
        ask(http(server.url, time), server.url)
    assert len(server.seen) == 1


def test_every_request_has_a_timeout_within_what_is_left(time: Any) -> None:
    timeouts: list[dict[str, float]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        timeouts.append(request.extensions["timeout"])
        return httpx.Response(503, headers={"retry-after": "50"})

    url = "https://tool.example.gov"
    with pytest.raises(SourceUnavailable):
        ask(http(url, time, seconds=120, transport=httpx.MockTransport(answer)), url)
    assert [each["read"] for each in timeouts] == [60, 60, 20]
    assert all(0 < value <= 60 for each in timeouts for value in each.values())


def test_an_answer_that_drips_ends_at_the_total_bound(time: Any) -> None:
    def drops() -> Iterator[bytes]:
        while True:
            time.now += 50
            yield b" "

    transport = httpx.MockTransport(lambda request: httpx.Response(200, content=drops()))
    url = "https://tool.example.gov"
    with pytest.raises(SourceUnavailable, match="not at its end after"):
        ask(http(url, time, seconds=120, transport=transport), url)
    assert time.now <= 1000 + 120 + 2 * 50


def _failures(server: Any, told: Any, closed_port: int) -> dict[str, tuple[str, list[Any]]]:
    echo = f"key {SECRET} / {CLIENT_SECRET} unknown".encode()
    return {
        "refused": (server.url, [told(403, echo)]),
        "busy": (server.url, [told(429, echo)]),
        "broken": (server.url, [told(500, echo)]),
        "redirected": (server.url, [told(302, headers={"location": f"/to/{SECRET}?{SECRET}"})]),
        "cut off": (server.url, [told(body=b'{"n":')]),
        "short": (server.url, [told(body=b'{"n":', promised_bytes=99)]),
        "shape": (server.url, [told(body=b'{"n":"x"}')]),
        "unreachable": (f"http://127.0.0.1:{closed_port}", [told()]),
    }


@pytest.mark.parametrize(
    "case", ["refused", "busy", "broken", "redirected", "cut off", "short", "shape", "unreachable"]
)
def test_no_secret_and_no_query_is_ever_shown(
    server: Any, time: Any, told: Any, closed_port: int, case: str, caplog: pytest.LogCaptureFixture
) -> None:
    for name in (None, "httpx", "httpcore", "httpcore.http11", "httpcore.connection", "voxpop"):
        caplog.set_level(logging.DEBUG, name)
    url, server.script = _failures(server, told, closed_port)[case]
    core = http(url, time)
    with pytest.raises(VoxpopError) as caught:
        ask(core, url)
    shown = [caplog.text, str(caught.value), repr(caught.value), repr(core)]
    assert caplog.records
    error: BaseException | None = caught.value
    while error is not None:
        shown.append("".join(traceback.format_exception(error)))
        shown.append(repr(error))
        error = error.__cause__ or error.__context__
    for each in (SECRET, CLIENT_SECRET, QUERY):
        assert each not in "\n".join(shown)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


@pytest.mark.parametrize("case", ["cut off", "short", "shape", "unreachable"])
def test_a_traceback_with_locals_shows_no_secret(
    server: Any, time: Any, told: Any, closed_port: int, case: str
) -> None:
    url, server.script = _failures(server, told, closed_port)[case]
    with pytest.raises(VoxpopError) as caught:
        ask(http(url, time), url)
    frames = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    assert SECRET not in "".join(frames.format())


def test_good_requests_are_logged_without_their_query(
    server: Any, time: Any, told: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.script = [told(body=b'{"n":1}')]
    ask(http(server.url, time), server.url)
    assert f"GET {server.url}/forms/ab12/responses: 200, 7 bytes" in caplog.text
    assert QUERY not in caplog.text
    assert SECRET not in caplog.text


def test_tell_needs_no_json(server: Any, time: Any, told: Any) -> None:
    server.script = [told(204, b"")]
    with http(server.url, time) as core:
        core.tell("DELETE", f"{server.url}/x", what="x", secrets={})
    assert [seen.method for seen in server.seen] == ["DELETE"]

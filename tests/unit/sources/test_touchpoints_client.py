"""Touchpoints over HTTP: pages by number, resumed, and read again where they shifted."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from voxpop.errors import ConfigError, SourceError, SourceUnavailable
from voxpop.raw.records import Window
from voxpop.sources import touchpoints
from voxpop.sources.connections import Connection
from voxpop.sources.protocol import Page
from voxpop.sources.touchpoints.config import Form, TouchpointsConfig

KEY = "key-9f8e7d"
CONNECTION = Connection(base_url="https://api.example.gov/touchpoints/v1", api_key=KEY)
WINDOW = Window(datetime(2026, 1, 5, tzinfo=UTC), datetime(2026, 1, 8, tzinfo=UTC))


def config(*forms: str, page_size: int = 3) -> TouchpointsConfig:
    return TouchpointsConfig(
        name="touchpoints",
        kind="touchpoints",
        connection="tp",
        repull_days=35,
        page_size=page_size,
        forms=tuple(Form(id=form, identifiers={"answer_10": "email"}) for form in forms),
    )


class Agency:
    """Forms and their submissions, served as the tool does; `meanwhile` runs before each answer."""

    def __init__(self, **forms: int) -> None:
        self.forms = {form: [f"{form}-{n:02d}" for n in range(count)] for form, count in forms.items()}
        self.requests: list[httpx.Request] = []
        self.meanwhile: Callable[[int], None] = lambda request_number: None

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        self.meanwhile(len(self.requests))
        if request.headers.get("x-api-key") != KEY:
            return httpx.Response(
                403, json={"error": {"code": "API_KEY_INVALID", "message": "An invalid key"}}
            )
        *_, form, responses = request.url.path.split("/")
        assert responses == "responses"
        if form not in self.forms:
            return httpx.Response(404, json={"error": {"message": f"no form with Short UUID of {form}"}})
        number, size = int(request.url.params["page[number]"]), int(request.url.params["page[size]"])
        ids = self.forms[form]
        page = ids[(number - 1) * size : number * size]
        meta = {"current_page": number, "total_pages": -(-len(ids) // size), "total_count": len(ids)}
        data = [{"id": "1", "type": "submissions", "attributes": {"uuid": each}} for each in page]
        return httpx.Response(200, json={"data": data, "links": {}, "meta": meta})

    def asked(self) -> list[tuple[str, int]]:
        return [
            (request.url.path.split("/")[-2], int(request.url.params["page[number]"]))
            for request in self.requests
        ]


def opened(
    agency: Any, time: Any, *forms: str, page_size: int = 3
) -> AbstractContextManager[touchpoints.client.Touchpoints]:
    return touchpoints.connect(
        config(*forms, page_size=page_size),
        CONNECTION,
        patience=time.patience(),
        transport=httpx.MockTransport(agency),
    )


def ids(pages: list[Page]) -> list[str]:
    return [each["attributes"]["uuid"] for page in pages for each in json.loads(page.body)["data"]]


def test_every_form_is_read_page_by_page(time: Any) -> None:
    agency = Agency(aa=7, bb=0, cc=3)
    with opened(agency, time, "aa", "bb", "cc") as source:
        assert source.streams() == ("responses",)
        pages = list(source.pages("responses", WINDOW, None))
    assert agency.asked() == [("aa", 1), ("aa", 2), ("aa", 3), ("bb", 1), ("cc", 1)]
    assert ids(pages) == agency.forms["aa"] + agency.forms["cc"]
    assert [page.scope for page in pages] == ["aa", "aa", "aa", "bb", "cc"]
    assert [page.cursor is None for page in pages] == [False, False, False, False, True]
    assert {str(each.url.copy_with(query=None)) for each in agency.requests} == {
        f"https://api.example.gov/touchpoints/v1/forms/{form}/responses" for form in ("aa", "bb", "cc")
    }
    assert all(KEY not in str(request.url) for request in agency.requests)


@pytest.mark.parametrize(
    ("start", "end", "first", "last"),
    [
        ("2026-01-05T00:00:00Z", "2026-01-06T00:00:00Z", "2026-01-05", "2026-01-05"),
        ("2026-01-05T00:00:00Z", "2026-01-08T00:00:00Z", "2026-01-05", "2026-01-07"),
        ("2026-01-05T13:00:00Z", "2026-01-06T00:00:01Z", "2026-01-05", "2026-01-06"),
        ("2025-12-31T23:00:00-05:00", "2026-01-02T00:00:00Z", "2026-01-01", "2026-01-01"),
    ],
)
def test_the_window_is_asked_for_in_inclusive_days(
    time: Any, start: str, end: str, first: str, last: str
) -> None:
    agency = Agency(aa=1)
    window = Window(datetime.fromisoformat(start), datetime.fromisoformat(end))
    with opened(agency, time, "aa") as source:
        list(source.pages("responses", window, None))
    params = agency.requests[0].url.params
    assert (params["start_date"], params["end_date"]) == (first, last)


def test_each_page_is_asked_for_only_after_the_one_before_was_taken(time: Any) -> None:
    agency = Agency(aa=7)
    with opened(agency, time, "aa") as source:
        pages = source.pages("responses", WINDOW, None)
        assert agency.requests == []
        next(pages)
        assert len(agency.requests) == 1


def test_every_cursor_resumes_where_its_page_ended(time: Any) -> None:
    agency = Agency(aa=7, bb=4)
    with opened(agency, time, "aa", "bb") as source:
        pages = list(source.pages("responses", WINDOW, None))
        everything = ids(pages)
        assert len(everything) == 11
        for taken, page in enumerate(pages[:-1], start=1):
            cursor = json.loads(json.dumps(page.cursor))
            rest = list(source.pages("responses", WINDOW, cursor))
            assert ids(pages[:taken]) + ids(rest) == everything


@pytest.mark.parametrize("deleted", [1, 2, 3, 4, 6])
@pytest.mark.parametrize("before_request", [2, 3, 4])
def test_submissions_deleted_meanwhile_lose_no_other(time: Any, deleted: int, before_request: int) -> None:
    agency = Agency(aa=12)
    everything = list(agency.forms["aa"])

    def delete(request_number: int) -> None:
        if request_number == before_request:
            del agency.forms["aa"][:deleted]

    agency.meanwhile = delete
    with opened(agency, time, "aa") as source:
        found = ids(list(source.pages("responses", WINDOW, None)))
    assert set(agency.forms["aa"]) <= set(found) <= set(everything)


def test_without_the_guard_a_submission_would_be_lost(time: Any) -> None:
    """The case above has teeth: the tool's pages alone, read in order, miss one."""
    agency = Agency(aa=12)
    found: list[str] = []
    for number in (1, 2, 3, 4):
        if number == 2:
            del agency.forms["aa"][0]
        request = httpx.Request(
            "GET",
            "https://x/forms/aa/responses",
            params={"page[number]": number, "page[size]": 3},
            headers={"x-api-key": KEY},
        )
        found += [each["attributes"]["uuid"] for each in agency(request).json()["data"]]
    assert set(agency.forms["aa"]) - set(found) == {"aa-03"}


def test_submissions_deleted_between_a_crash_and_its_rerun_lose_no_other(time: Any) -> None:
    agency = Agency(aa=12)
    with opened(agency, time, "aa") as source:
        pages = source.pages("responses", WINDOW, None)
        taken = [next(pages), next(pages)]
        del agency.forms["aa"][0]
        rest = list(source.pages("responses", WINDOW, taken[-1].cursor))
    assert set(agency.forms["aa"]) <= set(ids(taken + rest))


def test_submissions_that_arrive_meanwhile_are_read_too(time: Any) -> None:
    agency = Agency(aa=6)
    agency.meanwhile = lambda number: agency.forms["aa"].append("late") if number == 2 else None
    with opened(agency, time, "aa") as source:
        found = ids(list(source.pages("responses", WINDOW, None)))
    assert found == agency.forms["aa"]
    assert agency.asked() == [("aa", 1), ("aa", 2), ("aa", 3)]


def test_a_form_that_never_rests_is_given_up(time: Any) -> None:
    agency = Agency(aa=3000)

    def churn(request_number: int) -> None:
        if request_number % 2 == 0:
            del agency.forms["aa"][:3]
        else:
            agency.forms["aa"].extend(["new", "new", "new"])

    agency.meanwhile = churn
    with (
        opened(agency, time, "aa") as source,
        pytest.raises(SourceUnavailable, match=r'form "aa": submissions are being deleted'),
    ):
        list(source.pages("responses", WINDOW, None))
    assert len(agency.requests) < 100


def test_a_wrong_key_is_refused_with_the_tools_words(time: Any) -> None:
    wrong = CONNECTION.model_copy(update={"api_key": SecretStr("not-this-one")})
    agency = Agency(aa=1)
    refused = touchpoints.connect(
        config("aa"), wrong, patience=time.patience(), transport=httpx.MockTransport(agency)
    )
    with refused as source, pytest.raises(SourceError) as caught:
        list(source.pages("responses", WINDOW, None))
    assert str(caught.value) == (
        'touchpoints: form "aa", page 1: GET https://api.example.gov/touchpoints/v1/forms/aa/responses '
        'answered 403 Forbidden "An invalid key". Set the connection "tp" to a credential '
        "that may read this, and rerun."
    )
    assert len(agency.requests) == 1


def test_an_unknown_form_is_named(time: Any) -> None:
    with (
        opened(Agency(aa=1), time, "aa", "zz") as source,
        pytest.raises(
            SourceError, match=r'form "zz", page 1: .* 404 Not Found "no form with Short UUID of zz"'
        ),
    ):
        list(source.pages("responses", WINDOW, None))


def test_a_form_id_stays_inside_its_path(time: Any) -> None:
    agency = Agency(aa=1)
    with opened(agency, time, "../../admin?x=") as source, pytest.raises(SourceError):
        list(source.pages("responses", WINDOW, None))
    assert agency.requests[0].url.raw_path.startswith(
        b"/touchpoints/v1/forms/..%2F..%2Fadmin%3Fx%3D/responses?"
    )


def test_an_answer_without_page_counts_is_no_touchpoints_answer(time: Any) -> None:
    transport = httpx.MockTransport(lambda request: httpx.Response(200, json={"data": []}))
    other = touchpoints.connect(config("aa"), CONNECTION, patience=time.patience(), transport=transport)
    with other as source, pytest.raises(SourceError, match=r"another shape than agreed: .*meta"):
        list(source.pages("responses", WINDOW, None))


def test_pages_before_a_failure_are_given_and_a_rerun_goes_on(time: Any) -> None:
    agency = Agency(aa=9)
    broken = {3, 4, 5, 6, 7, 8}

    def answer(request: httpx.Request) -> httpx.Response:
        good = agency(request)
        return httpx.Response(200, content=good.content[:-20]) if len(agency.requests) in broken else good

    taken: list[Page] = []
    with opened(answer, time, "aa") as source:
        with pytest.raises(SourceUnavailable, match="page 3"):
            for page in source.pages("responses", WINDOW, None):
                taken.append(page)
        rest = list(source.pages("responses", WINDOW, taken[-1].cursor))
    assert ids(taken + rest) == agency.forms["aa"]
    assert agency.asked() == [("aa", 1), ("aa", 2)] + [("aa", 3)] * 7


def test_parse_uses_the_pages_form(time: Any) -> None:
    agency = Agency(aa=1, bb=1)
    with opened(agency, time, "aa", "bb") as source:
        kinds = [
            source.parse("responses", page)[0][0].kind for page in source.pages("responses", WINDOW, None)
        ]
    assert kinds == ["submission:aa", "submission:bb"]


def test_a_connection_without_a_key_is_named() -> None:
    with (
        pytest.raises(ConfigError, match=r'touchpoints: the connection "tp" has no api_key'),
        touchpoints.connect(config("aa"), Connection(base_url="https://x.gov")),
    ):
        pass

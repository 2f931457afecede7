"""Reading JSON as it came."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from voxpop.sources import verbatim
from voxpop.sources.verbatim import CutOff, decode, elements, sort_out, texts, utc


class Meta(msgspec.Struct):
    pages: int


class Envelope(msgspec.Struct):
    meta: Meta


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"data":[{"a":1},{"b":2}]}', [b'{"a":1}', b'{"b":2}']),
        (b' {\n"data" : [ {"a" : 1 } ,\t{}\n] } ', [b'{"a" : 1 }', b"{}"]),
        (b'{"meta":{"data":[9]},"data":[1,"x",null,true,[]]}', [b"1", b'"x"', b"null", b"true", b"[]"]),
        (b'{"data":[]}', []),
        (b'{"data":null}', []),
        (b"{}", []),
        ('{"data":[{"a":"é 日本 😀"}]}'.encode(), ['{"a":"é 日本 😀"}'.encode()]),
        (b'{"data":[{"a":"]},{"}]}', [b'{"a":"]},{"}']),
        (b'{"data":[{"a":"\\"]"}]}', [b'{"a":"\\"]"}']),
        (
            b'{"data":[{"a":123456789012345678901234567890, "b":1e999}]}',
            [b'{"a":123456789012345678901234567890, "b":1e999}'],
        ),
        (b'{"data":[{"a":1,"a":2}]}', [b'{"a":1,"a":2}']),
    ],
)
def test_elements_are_the_bytes_they_came_in(body: bytes, expected: list[bytes]) -> None:
    assert elements(body, "data") == expected
    assert verbatim._tolerant_elements(body, "data") == expected


@pytest.mark.parametrize(
    "odd",
    [b'{"a":"\\ud800"}', b'{"a":"t\tb"}', b'{"a":NaN}', b'{"a":-Infinity}', b'{"a":"\\udc00\\ud800"}'],
)
def test_one_odd_record_does_not_make_a_page_unreadable(odd: bytes) -> None:
    body = b'{"meta":{"pages":3},"data":[{"a":1}, ' + odd + b' ,{"b":2}],"links":{}}'
    assert elements(body, "data") == [b'{"a":1}', odd, b'{"b":2}']
    assert decode(body, Envelope) == Envelope(Meta(3))


@pytest.mark.parametrize(
    "whole",
    [
        b'{"meta":{"pages":3},"data":[{"a":"one"},{"b":[1,2]}]}',
        b'{"meta":{"pages":3},"data":[{"a":"t\tb"},{"b":[1,2]}]}',
    ],
    ids=["strict", "with an odd record"],
)
def test_a_page_cut_off_anywhere_is_told(whole: bytes) -> None:
    for length in range(len(whole)):
        part = whole[:length]
        for read in (lambda body: decode(body, Envelope), lambda body: elements(body, "data")):
            with pytest.raises(CutOff) as caught:
                read(part)
            # A text that is cut off is cut off at its end, or at the token that was begun there.
            assert part[caught.value.position :].count(b"{") == 0
            assert caught.value.position <= length


@pytest.mark.parametrize(
    "body",
    [
        b"<html></html>",
        b"\xef\xbb\xbf{}",
        b'{"data":[01]}',
        b'{"meta":{"pages":1},"data":[1]} {}',
        b"\xff\xfe",
    ],
)
def test_what_is_no_json_is_cut_off_too(body: bytes) -> None:
    with pytest.raises(CutOff):
        decode(body, Envelope)
    with pytest.raises(CutOff):
        elements(body, "data")


def test_nesting_without_end_is_told_and_not_a_crash() -> None:
    body = b'{"data":[' + b"[" * 200_000
    with pytest.raises(CutOff):
        elements(body, "data")
    with pytest.raises(CutOff):
        decode(body, Envelope)


@pytest.mark.parametrize("body", [b"[]", b'{"data":{}}', b'{"data":"x"}', b"5"])
def test_another_shape_is_told_apart_from_a_cut_off_page(body: bytes) -> None:
    with pytest.raises(msgspec.ValidationError):
        elements(body, "data")


def test_sort_out_rejects_text_that_is_no_utf8_and_keeps_the_rest() -> None:
    body = b'{"data":[{"a":"ok"},{"a":"\xe9"},{"a":"\xc3\xa9"}]}'
    seen: list[bytes] = []
    records, rejected = sort_out(body, "data", seen.append)  # type: ignore[arg-type]
    assert seen == [b'{"a":"ok"}', b'{"a":"\xc3\xa9"}']
    assert len(records) == 2
    assert [(each.body, each.reason) for each in rejected] == [(b'{"a":"\xe9"}', "not UTF-8")]


def test_sort_out_never_raises_on_a_page_that_is_none() -> None:
    for body in (b'{"data":[', b'{"data":5}', b""):
        records, rejected = sort_out(body, "data", lambda each: pytest.fail("no record was there"))
        assert records == []
        assert [each.body for each in rejected] == [body]
        assert rejected[0].reason.startswith("the page can't be read: ")


JULY = datetime(2026, 7, 1, 12, 30, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-07-01T12:30:05Z", JULY),
        ("2026-07-01T12:30:05.123Z", JULY.replace(microsecond=123000)),
        ("2026-07-01T12:30:05.123456Z", JULY.replace(microsecond=123456)),
        ("2026-07-01T12:30:05.123456789Z", JULY.replace(microsecond=123456)),
        ("2026-07-01T08:30:05-04:00", JULY),
        ("2026-07-01T12:30:05.000+0000", JULY),
        ("2026-07-01T12:30:05", JULY),
        ("2026-07-01 12:30:05 UTC", None),
        ("2026-07-01", JULY.replace(hour=0, minute=0, second=0)),
        ("0001-01-01T00:00:00+14:00", None),
        ("2026-02-30T00:00:00Z", None),
        ("yesterday", None),
        ("", None),
        (None, None),
        (1751373005, None),
        (["2026-07-01T12:30:05Z"], None),
    ],
)
def test_times(value: object, expected: datetime | None) -> None:
    assert utc(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a@b.gov", ["a@b.gov"]),
        (" a@b.gov ", [" a@b.gov "]),
        ("  ", []),
        ("", []),
        (None, []),
        (True, []),
        (112233, ["112233"]),
        (1.5, []),
        (["+12025550100", "", None, ["+12025550101"]], ["+12025550100", "+12025550101"]),
        ({"a": "b"}, []),
    ],
)
def test_texts(value: object, expected: list[str]) -> None:
    assert texts(value) == expected


def test_decode_reads_what_the_standard_library_reads() -> None:
    found: dict[str, Any] = {"meta": {"pages": 2, "other": [None, 1.5, "é"]}}
    assert decode(json.dumps(found).encode(), Envelope) == Envelope(Meta(2))

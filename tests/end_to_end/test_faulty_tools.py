"""A tool that fails stops itself alone: what landed is kept, the others go on, a release says who is late."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from voxpop.pipeline import RunResult

from .home import END, Home, tools


def failure(result: RunResult, source: str) -> str:
    """The one line about the one source that failed."""
    assert list(result.failures) == [source]
    message = str(result.failures[source])
    assert "\n" not in message
    return message


@pytest.fixture(scope="module")
def refused(earlier: Home, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Home, RunResult]]:
    """A run with a credential that Touchpoints refuses, while Genesys sends records without an id."""
    folder = tmp_path_factory.mktemp("refused")
    home = earlier.copy(folder / "var")
    home.connect("touchpoints", api_key="a-key-of-somebody-else")
    with tools(folder / "agency", END, "--fault", "record_without_id") as faulty:
        home.connect("genesys", **faulty.connection("genesys"))
        yield home, home.run()


@pytest.fixture
def behind(refused: tuple[Home, RunResult], tmp_path: Path) -> Home:
    """A home whose other sources have landed and are published, and Touchpoints not."""
    return refused[0].copy(tmp_path / "var")


def test_a_wrong_credential_stops_its_source_alone(earlier: Home, refused: tuple[Home, RunResult]) -> None:
    home, result = refused
    message = failure(result, "touchpoints")
    assert re.fullmatch(
        r'touchpoints: form "569499e0", page 1: GET http://127\.0\.0\.1:\d+/\S+/responses answered 403 '
        r'Forbidden "[^"]*API key[^"]*"\. Set the connection "touchpoints" to a credential that may read '
        r"this, and rerun\. Nothing new of responses \S+ has landed\.",
        message,
    ), message
    assert "a-key-of-somebody-else" not in message
    assert earlier.landed_files().items() <= home.landed_files().items()
    assert {batch.source for batch in result.landed} == {
        "genesys",
        "field_offices",
        "text_messages",
        "kiosk_surveys",
        "survey_offers",
        "web",
        "dap",
        "dap_files",
    }
    assert home.current().release_id == result.release_id
    late = {"source": "touchpoints", "newest": "2026-06-28", "expected": "2026-06-30"}
    assert home.current().manifest["late_sources"] == [late]
    assert home.sql("select late_sources from marts.release_info") == [("touchpoints",)]
    page = (home.current().folder / "reports" / "index.html").read_text()
    assert "touchpoints is late: its data end on 2026-06-28, the others' on 2026-06-30." in page
    before = "select count(*) from marts.fct_survey_responses where source_system = 'touchpoints'"
    assert home.sql(before) == earlier.sql(before)


def test_a_record_without_an_id_goes_to_quarantine_and_the_others_are_published(
    refused: tuple[Home, RunResult],
) -> None:
    home, _ = refused
    (batch,) = home.batches("genesys")[1:]
    assert batch.quarantined == 1
    assert batch.received == batch.records + batch.quarantined + batch.duplicates
    kept = home.settings.raw / "_quarantine" / "genesys" / "conversations" / f"{batch.batch_id}.parquet"
    (row,) = pq.read_table(kept).to_pylist()
    assert "conversationId" in row["reason"]
    assert b"conversationStart" in row["body"]
    ((in_release,),) = home.sql(
        f"select count(*) from marts.fct_interactions where _batch_id = '{batch.batch_id}'"
    )
    assert 0 < in_release <= batch.records


def test_an_unreachable_host_is_given_up_and_the_current_release_stays(behind: Home) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    behind.connect("touchpoints", base_url=f"http://127.0.0.1:{port}/v1")
    assert re.fullmatch(
        rf'touchpoints: form "569499e0", page 1: GET http://127\.0\.0\.1:{port}/v1/\S+: no good answer in 6 '
        r"tries and \d+ s\. The last: ConnectError .*refused\. Rerun when the tool answers again: it goes on "
        r"behind the last page that landed\. Nothing new of responses \S+ has landed\.",
        message := _stays_as_it_is(behind),
    ), message


def test_429_for_ever_is_given_up_and_the_current_release_stays(behind: Home, tmp_path: Path) -> None:
    with tools(tmp_path / "agency", END, "--fault", "always_429") as faulty:
        behind.connect("touchpoints", **faulty.connection("touchpoints"))
        assert re.fullmatch(
            r'touchpoints: form "569499e0", page 1: GET \S+: no good answer in 6 tries and \d+ s\. The last: '
            r'429 Too Many Requests "Rate limit exceeded"; it asks to wait 1 s\. Rerun when the tool answers '
            r"again: it goes on behind the last page that landed\. Nothing new of responses \S+ has landed\.",
            message := _stays_as_it_is(behind),
        ), message


def test_a_page_cut_off_in_mid_json_is_given_up_and_a_rerun_goes_on_behind_the_last_whole_page(
    agency: Home, behind: Home, published: Home, tmp_path: Path
) -> None:
    with tools(tmp_path / "agency", END, "--fault", "cut_off_json") as faulty:
        behind.connect("touchpoints", **faulty.connection("touchpoints"))
        message = _stays_as_it_is(behind)
    found = re.fullmatch(
        r'touchpoints: form "f8e3fbc3", page 1: GET \S+: no good answer in 6 tries and \d+ s\. The last: an '
        r"answer of [\d,]+ bytes that is no JSON from byte [\d,]+ on\. Rerun when the tool answers again: it "
        r"goes on behind the last page that landed\. (\d+) records of responses \S+ are kept for the next "
        r"run\.",
        message,
    )
    assert found, message
    assert int(found[1]) > 0
    (page,) = behind.settings.raw.glob("touchpoints/responses/.landing/*/part-00000.parquet")
    kept = page.read_bytes()

    behind.connect("touchpoints", **agency.connection("touchpoints"))
    result = behind.run()
    assert result.failures == {}
    (batch,) = (batch for batch in result.landed if batch.source == "touchpoints")
    assert batch.part_files[0].read_bytes() == kept
    assert behind.current().release_id == result.release_id
    assert behind.current().manifest["late_sources"] == []
    tables = ("fct_survey_responses", "fct_survey_answers", "fct_comments")
    assert [behind.hashes()[table] for table in tables] == [published.hashes()[table] for table in tables]


def _stays_as_it_is(home: Home) -> str:
    """Run with Touchpoints failing, and nothing new of the others.

    Returns:
        What is said about it.
    """
    before, landed = home.current().release_id, home.landed_files()
    result = home.run()
    assert result.release_id is None
    assert home.current().release_id == before
    assert [late["source"] for late in home.current().manifest["late_sources"]] == ["touchpoints"]
    assert landed.items() <= home.landed_files().items()
    assert {batch.source for batch in result.landed} == {"genesys", "dap"}, "asked all the same"
    return failure(result, "touchpoints")

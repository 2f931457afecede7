"""The agency as a process, its truth, and what it may know of the rest."""

from __future__ import annotations

import ast
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pyarrow.parquet as pq
import pytest
import voxpop.sample_agency
from voxpop.config import PROJECT
from voxpop.errors import UsageError
from voxpop.sample_agency.agency import Agency
from voxpop.sample_agency.clock import DAY_MS, day_number
from voxpop.sample_agency.events import events_between
from voxpop.sample_agency.generate import generate
from voxpop.sample_agency.misbehavior import LEVELS
from voxpop.sample_agency.server import serve

from tests.waiting import until

PACKAGE = Path(voxpop.sample_agency.__file__).parent


@contextmanager
def _running(home: Path, day: str | None = None) -> Iterator[dict[str, Any]]:
    """The agency serving from 2026-06-22 to a day, the home's own if None.

    Gives its connections, what the ready file says, and as `printed` what it printed first.
    """
    ready = home / "ready.json"
    ready.unlink(missing_ok=True)
    command = [sys.executable, "-m", "voxpop.sample_agency.server", "--home", str(home)]
    command += ["--first", "2026-06-22", "--ready", str(ready), *(["--date", day] if day else [])]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        until(lambda: ready.exists() or process.poll() is not None, 60, every=0.02)
        assert process.poll() is None, "the process ended"
        said = json.loads(ready.read_bytes())
        assert said["pid"] == process.pid
        assert process.stdout is not None
        said["printed"] = process.stdout.readline()
        yield said | json.loads((home / "secrets" / "connections.json").read_bytes())
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)


def test_it_says_where_it_answers_and_knows_the_day_that_the_home_has_landed_to(tmp_path: Path) -> None:
    (tmp_path / "sample_agency").mkdir()
    (tmp_path / "sample_agency" / "date").write_text("2026-07-02\n")
    with _running(tmp_path) as said:
        assert said["date"] == "2026-07-02"
        where = f"http://127.0.0.1:{said['port']}"
        assert said["printed"] == f"The agency's tools answer at {where} up to 2026-07-02; end with Ctrl+C.\n"
        assert said["genesys"]["base_url"] == where


QUARTERS = ("2024Q3", "2024Q4", *(f"2025Q{quarter}" for quarter in range(1, 5)), "2026Q1", "2026Q2")


def _drops(home: Path) -> set[str]:
    return {path.name for path in (home / "drop").rglob("*.*")}


def test_a_process_serves_and_its_date_moves_on(tmp_path: Path) -> None:
    with _running(tmp_path, "2026-06-30") as first:
        url = first["touchpoints"]["base_url"]
        headers = {"x-api-key": first["touchpoints"]["api_key"]}
        before = httpx.get(f"{url}/forms/f8e3fbc3/responses", headers=headers).raise_for_status().json()
        assert before["data"][-1]["attributes"]["created_at"][:10] <= "2026-06-30"
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{url}/forms")
    tables = {name for name in _drops(tmp_path) if name.startswith("events_")}
    assert _drops(tmp_path) - tables == {
        "field_offices_2026-06.csv",
        "kiosk_surveys_2026-06.ndjson",
        "survey_offers_2026-06.csv",
        "text_messages_2026-06.parquet",
        "devices.csv",
        "devices.json",
        *(f"goal_values_{quarter}.csv" for quarter in QUARTERS),
    }
    assert max(tables) == "events_20260629.ndjson.gz", "the website's own day is not over at midnight UTC"
    for path in ("secrets", "secrets/connections.json", "sample_agency/truth", "drop"):
        assert not (tmp_path / path).stat().st_mode & 0o077, path
    with _running(tmp_path, "2026-07-01") as second:
        assert second["date"] == "2026-07-01"
        assert second["touchpoints"]["api_key"] == first["touchpoints"]["api_key"]
        assert second["genesys"]["client_secret"] == first["genesys"]["client_secret"]
        url = second["touchpoints"]["base_url"]
        after = httpx.get(f"{url}/forms/f8e3fbc3/responses", headers=headers).raise_for_status().json()
        assert after["meta"]["total_count"] > before["meta"]["total_count"]
    assert {"field_offices_2026-07-01.csv", "events_20260630.ndjson.gz"} <= _drops(tmp_path)


def test_the_truth_knows_every_record_that_is_served(agency: Agency, tmp_path: Path) -> None:
    counts = generate(tmp_path, date(2026, 6, 1), date(2026, 6, 14))
    truth = {path.stem: pq.read_table(path).to_pydict() for path in (tmp_path / "truth").glob("*.parquet")}
    lines = (tmp_path / "genesys" / "conversations.ndjson").read_bytes().splitlines()
    conversations = {json.loads(line)["conversationId"]: json.loads(line) for line in lines}
    contacts = dict(zip(truth["contacts"]["record_id"], truth["contacts"]["person_id"], strict=True))
    assert len(conversations) == counts["genesys"] > 1000
    assert set(conversations) <= set(contacts)
    assert len(contacts) == counts["genesys"] + counts["field_offices"] + counts["text_messages"]
    submissions = {
        json.loads(line)["attributes"]["uuid"]: json.loads(line)["attributes"]
        for path in (tmp_path / "touchpoints").iterdir()
        for line in path.read_bytes().splitlines()
    }
    asked = truth["experiences"]
    answered = {
        record_id: (person, contact)
        for record_id, person, contact in zip(
            asked["record_id"], asked["person_id"], asked["contact_record_id"], strict=True
        )
        if record_id is not None
    }
    assert len(submissions) == counts["touchpoints"] > 200
    assert set(submissions) <= set(answered)
    assert len(answered) == counts["touchpoints"] + counts["kiosk_surveys"]
    assert asked["record_id"].count(None) > len(answered), "most people don't answer"
    accounts = [truth["people"]["account"][contacts[record_id]] for record_id in conversations]
    given = [one["participants"][0]["attributes"].get("account_number") for one in conversations.values()]
    same = sum(a == b for a, b in zip(accounts, given, strict=True) if b)
    assert 0.9 < same / sum(b is not None for b in given) < 1.0, "right but for typing errors"
    for record_id, (_, contact) in answered.items():
        assert contact is None or answered[record_id][0] == contacts.get(contact, answered[record_id][0])
    causes = json.loads((tmp_path / "truth" / "causes.json").read_bytes())
    assert causes["services"][0]["satisfaction_weights"] == list(
        agency.service_causes[0].satisfaction_weights
    )
    texts = {
        record_id: " ".join(str(value) for name, value in attributes.items() if name.startswith("answer"))
        for record_id, attributes in submissions.items()
    }
    personal = list(zip(truth["personal_data"]["record_id"], truth["personal_data"]["value"], strict=True))
    assert personal
    assert all(value in texts[record_id] for record_id, value in personal if record_id in texts)
    visits = truth["web_visits"]
    assert len(visits["visit_id"]) > 2 * (len(visits["journey_id"]) - visits["journey_id"].count(None)) > 200


def test_web_visits_come_before_the_first_contact_day_ends(agency: Agency) -> None:
    events = events_between(agency, date(2026, 6, 1), date(2026, 6, 7))
    first = events.conversations.number == 0
    began = events.journeys.day[events.conversations.journey[first]]
    assert (events.conversations.start_ms[first] // DAY_MS >= began).all()
    assert day_number(date(2026, 6, 7)) == events.journeys.day.max()


def test_wrong_use_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="misbehave 'badly': known are not, a-little, a-lot"):
        serve(tmp_path, misbehave="badly")
    with pytest.raises(UsageError, match="fault earthquake: known are"):
        serve(tmp_path, faults=["earthquake"])
    with pytest.raises(UsageError, match="starts on 2024-04-01"):
        serve(tmp_path, date(2020, 1, 1))
    with pytest.raises(UsageError, match="the last day comes before the first"):
        generate(tmp_path, date(2026, 6, 2), date(2026, 6, 1))
    assert not list(tmp_path.iterdir())
    assert "a-little" in LEVELS


def test_it_knows_nothing_of_what_it_is_used_to_test() -> None:
    """The truth would prove nothing if the agency shared code with measures, identity or raw."""
    modules = list(PACKAGE.glob("*.py"))
    assert len(modules) > 10
    for path in modules:
        for node in ast.walk(ast.parse(path.read_text())):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            for name in names:
                inside = name.startswith(("voxpop.sample_agency", "voxpop.config", "voxpop.errors"))
                assert inside or not name.startswith("voxpop"), f"{path.name} imports {name}"


def test_no_model_and_no_test_of_a_formula_reads_its_truth() -> None:
    """Only tests that compare may, each a `test_…truth.py`, and what makes the records of one."""
    folders = [PROJECT / "dbt_project", PROJECT / "expectations", PROJECT / "tests" / "dbt"]
    files = [
        path
        for folder in folders
        for path in folder.rglob("*")
        if path.suffix in (".sql", ".yml", ".csv", ".py")
        and not path.name.endswith("truth.py")
        and path.name != "agency_records.py"
    ]
    assert len(files) > 100
    assert [path for path in files if "sample_agency" in path.read_text(encoding="utf-8")] == []

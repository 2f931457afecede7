"""What `voxpop doctor` says to do about a home that is not well."""

from __future__ import annotations

import shutil
import socket
from datetime import UTC, datetime
from pathlib import Path

from voxpop import doctor
from voxpop.config import PROJECT, Settings
from voxpop.sample_agency.reached import date_file

NOW = datetime(2026, 1, 10, tzinfo=UTC)
SOURCES = """
sources:
  visitor_survey:
    kind: touchpoints
    connection: touchpoints_prod
    repull_days: 3
    forms: [{id: f8e3fbc3}]
"""


def home(folder: Path) -> Settings:
    """A home with a source, and seeds that can be used."""
    shutil.copytree(PROJECT / "dbt_project" / "seeds", folder / "seeds")
    (folder / "sources.yml").write_text(SOURCES)
    return Settings(home=folder, sources_file=folder / "sources.yml", seeds=folder / "seeds")


def look(settings: Settings) -> dict[str, doctor.Check]:
    return {check.what: check for check in doctor.examine(settings, NOW)}


def test_sources_that_cannot_be_read_are_said_once(tmp_path: Path) -> None:
    settings = home(tmp_path)
    settings.sources_file.write_text(SOURCES.replace("kind:", "kin:"))
    found = doctor.examine(settings, NOW)
    (broken,) = (check for check in found if "sources.yml" in check.found)
    assert (broken.what, broken.status) == ("sources", "fail")
    assert {check.what: check.status for check in found}["seeds"] == "ok", "what is broken hides no other"


def test_a_seed_that_cannot_be_used_is_seen(tmp_path: Path) -> None:
    settings = home(tmp_path)
    policy = settings.seeds / "policy.csv"
    policy.write_text(policy.read_text().replace("suppression_min_n,10", "suppression_min_n,ten"))
    seeds = look(settings)["seeds"]
    assert seeds.status == "fail" and "policy.csv: row 2: value 'ten': is no number" in seeds.found


DROP = """
  visits:
    kind: file_drop
    folder: drop
    pattern: "*.csv"
    format: csv
    maps_to: interaction
    fields: {interaction_id: Visit, started_at: In, source_channel: Channel}
"""


def test_a_file_that_a_landing_would_refuse_is_seen_and_not_one_that_is_good(tmp_path: Path) -> None:
    settings = home(tmp_path)
    settings.sources_file.write_text(SOURCES + DROP)
    (tmp_path / "drop").mkdir()
    (tmp_path / "drop" / "good.csv").write_text("Visit,In,Channel\nV-1,2026-01-05T10:00:00Z,VISIT\n")
    assert "visits: files" not in look(settings)
    (tmp_path / "drop" / "bad.csv").write_text("Visit,Arrived,Channel\nV-1,2026-01-05T10:00:00Z,VISIT\n")
    assert look(settings)["visits: files"] == doctor.Check(
        "visits: files",
        "fail",
        'bad.csv: missing columns: "In"; unexpected columns: "Arrived". Correct the file, or its mapping.',
        f"Correct them, or {settings.sources_file}, then voxpop land visits",
    )
    assert not settings.raw.exists(), "it only looks"


def test_the_sample_agency_at_rest_is_no_failure(tmp_path: Path) -> None:
    settings = home(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    settings.secrets.mkdir()
    known = f'{{"touchpoints_prod": {{"base_url": "http://127.0.0.1:{port}", "api_key": "k"}}}}'
    settings.connections_file.write_text(known)
    settings.connections_file.chmod(0o600)
    down = look(settings)["visitor_survey: connection"]
    assert (down.status, down.next_step) == ("fail", "Is the tool up and the address right?")
    date_file(settings.home).parent.mkdir()
    date_file(settings.home).write_text("2026-06-30\n")
    resting = look(settings)["visitor_survey: connection"]
    assert resting.status == "warn" and resting.found == down.found
    assert resting.next_step.startswith(
        "The sample agency's tools answer only while `make run`, `make up` or"
    )


def test_the_connection_that_is_missing_is_named_and_not_its_source(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, sources_file=tmp_path / "sources.yml", seeds=tmp_path / "seeds")
    settings.sources_file.write_text(SOURCES)
    found = {check.what: check for check in doctor.examine(settings, NOW)}
    assert found["visitor_survey: connection"] == doctor.Check(
        "visitor_survey: connection",
        "fail",
        "not configured",
        'Set the connection "touchpoints_prod" in Airflow, or in connections.json.',
    )


def test_beside_airflow_a_connection_that_is_not_in_the_file_is_unknown_and_not_missing(
    tmp_path: Path,
) -> None:
    settings = Settings(home=tmp_path, sources_file=tmp_path / "sources.yml", seeds=tmp_path / "seeds")
    settings.sources_file.write_text(SOURCES)
    (tmp_path / "airflow").mkdir()
    found = {check.what: check for check in doctor.examine(settings, NOW)}["visitor_survey: connection"]
    assert found.status == "warn"
    assert found.found.startswith("unknown here")
    assert found.next_step == 'In Airflow look at Admin → Connections for "touchpoints_prod".'

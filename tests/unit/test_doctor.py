"""What `voxpop doctor` says to do about a home that is not well."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from voxpop import doctor
from voxpop.config import Settings

NOW = datetime(2026, 1, 10, tzinfo=UTC)
SOURCES = """
sources:
  visitor_survey:
    kind: touchpoints
    connection: touchpoints_prod
    repull_days: 3
    forms: [{id: f8e3fbc3}]
"""


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

"""Exclusions: the last line about a batch counts, nothing is ever taken out of the list."""

from __future__ import annotations

import json
import stat
from datetime import timedelta

import pytest
from voxpop.config import Settings
from voxpop.errors import UsageError, VoxpopError
from voxpop.raw.exclusions import exclude, exclusions, include

from .conftest import NOW, Opens


@pytest.fixture
def batch_id(opens: Opens) -> str:
    with opens() as writer:
        return writer.finish().batch_id


def test_exclude_then_include(settings: Settings, batch_id: str) -> None:
    assert exclusions(settings) == {}
    exclude(settings, batch_id, "wrong export", NOW)
    assert exclusions(settings)[batch_id].reason == "wrong export"
    include(settings, batch_id, "it was right", NOW + timedelta(hours=1))
    assert exclusions(settings) == {}
    exclude(settings, batch_id, "it was wrong", NOW + timedelta(hours=2))
    assert exclusions(settings)[batch_id].reason == "it was wrong"
    path = settings.raw / "_exclusions.ndjson"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["action"] for line in lines] == ["exclude", "include", "exclude"]
    assert set(lines[0]) == {"batch_id", "action", "reason", "at"}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_makes_no_sense_is_refused(settings: Settings, batch_id: str) -> None:
    with pytest.raises(UsageError, match="no such batch"):
        exclude(settings, "other", "why", NOW)
    with pytest.raises(UsageError, match="give a reason"):
        exclude(settings, batch_id, "  ", NOW)
    with pytest.raises(UsageError, match="is not excluded"):
        include(settings, batch_id, "why", NOW)
    exclude(settings, batch_id, "why", NOW)
    with pytest.raises(UsageError, match="excluded already"):
        exclude(settings, batch_id, "why", NOW)
    assert len(exclusions(settings)) == 1


def test_a_reason_that_holds_personal_data_is_refused_by_kind(settings: Settings, batch_id: str) -> None:
    """The number is that of an old specimen card, the address one reserved for examples."""
    told = "rows of jane.doe@example.com, SSN 078-05-1120, sent twice"
    with pytest.raises(UsageError) as refused:
        exclude(settings, batch_id, told, NOW)
    assert str(refused.value) == (
        f"{batch_id}: the reason holds what looks like personal data (SSN, email), and it is public: on the "
        "page and in every release's manifest. Nothing was excluded. Give a reason without it."
    )
    assert exclusions(settings) == {}
    exclude(settings, batch_id, f"the same days as {batch_id}, sent twice on 2026-01-05", NOW)
    with pytest.raises(UsageError, match=r"\(phone\).*Nothing was included\."):
        include(settings, batch_id, "ask (202) 555-0123", NOW)
    assert list(exclusions(settings)) == [batch_id]


def test_a_torn_line_is_named(settings: Settings, batch_id: str) -> None:
    exclude(settings, batch_id, "why", NOW)
    with (settings.raw / "_exclusions.ndjson").open("ab") as file:
        file.write(b'{"batch_id": "x"')
    with pytest.raises(VoxpopError, match=r"_exclusions\.ndjson: line 2"):
        exclusions(settings)

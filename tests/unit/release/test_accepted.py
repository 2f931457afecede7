"""Accepting what a new method changes: for that method and release alone, with a reason that is public."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from voxpop.errors import UsageError
from voxpop.release import candidate
from voxpop.release.accepted import accept

NOW = datetime(2026, 5, 3, 6, 0, tzinfo=UTC)
WHY = "two services are closed and left out"


def stage(home, fingerprint=None):
    if fingerprint:
        home.fingerprint = fingerprint * 64
        home.build()
    made = candidate.stage(home.settings, now=NOW, sources=home.sources)
    assert made is not None
    return made


def test_an_accepted_change_is_in_the_next_candidates_manifest(home):
    home.publish(NOW.replace(day=2))
    made = stage(home, "a")
    assert made.manifest["accepted"] is None
    accept(home.settings, made, "the index has another scale", NOW)
    accept(home.settings, made, WHY, NOW)
    assert stage(home).manifest["accepted"] == {"reason": WHY, "at": NOW.isoformat()}
    assert stage(home, "b").manifest["accepted"] is None, "of another method nobody has said anything"


def test_only_a_change_of_method_can_be_accepted_and_its_reason_tells_of_nobody(home):
    with pytest.raises(UsageError, match="doesn't follow the current release"):
        accept(home.settings, stage(home), WHY, NOW)
    home.publish(NOW.replace(day=2))
    home.land("genesys", "conversations", ["conv-1"])
    home.build()
    with pytest.raises(UsageError, match="no change of method to accept"):
        accept(home.settings, stage(home), WHY, NOW)
    made = stage(home, "a")
    with pytest.raises(UsageError, match=r"personal data \(email\)") as refused:
        accept(home.settings, made, "jane.doe@example.com asked for it", NOW)
    assert "jane" not in str(refused.value)
    assert stage(home).manifest["accepted"] is None

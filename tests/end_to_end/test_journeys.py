"""Journeys of the small agency against its truth: who it was, what it was about, and when."""

from __future__ import annotations

from tests.episodes import boundaries, f1, touches_of

from .home import Home


def test_journeys_begin_and_end_where_they_do_in_truth(published: Home) -> None:
    """Over the contacts that can be known: whose they are and what they are about is what is tried."""
    touches = touches_of(published.settings.warehouse, published.path / "sample_agency" / "truth")
    true, of_several = boundaries(touches, ["group", "service", "episode"])
    found, found_of_several = boundaries(touches, ["journey_id"])
    assert len(of_several) > 50
    assert f1(found, true) >= 0.98
    assert f1(found_of_several, of_several) >= 0.95

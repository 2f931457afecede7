"""The agency and two stretches of its events: the whole default history and one week."""

from __future__ import annotations

from datetime import date

import pytest
from voxpop.config import load_settings
from voxpop.sample_agency import HISTORY_ENDS, HISTORY_STARTS
from voxpop.sample_agency.agency import Agency, make_agency
from voxpop.sample_agency.events import Events, events_between


@pytest.fixture(scope="session")
def agency() -> Agency:
    """The default agency."""
    return make_agency(load_settings({}).seeds)


@pytest.fixture(scope="session")
def history(agency: Agency) -> Events:
    """Nine fiscal quarters and a day."""
    return events_between(agency, HISTORY_STARTS, HISTORY_ENDS)


@pytest.fixture(scope="session")
def week(agency: Agency) -> Events:
    """The first week of June 2026, Monday to Sunday."""
    return events_between(agency, date(2026, 6, 1), date(2026, 6, 7))

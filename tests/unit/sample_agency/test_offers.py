"""Counts of offered surveys: whom they count, on which local day; files of days add up to a month's."""

from __future__ import annotations

import csv
import io
from collections import Counter
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from voxpop.sample_agency.agency import Agency
from voxpop.sample_agency.clock import day_number
from voxpop.sample_agency.events import Events, events_between
from voxpop.sample_agency.files import kiosk_ids
from voxpop.sample_agency.offers import OFFER_COLUMNS, offers_csv
from voxpop.sample_agency.opinions import is_offered

DISPOSITIONS = OFFER_COLUMNS[6:]
FIRST, LAST = date(2026, 5, 1), date(2026, 6, 30)


def rows(agency: Agency, events: Events, first: date, last: date) -> list[dict[str, str]]:
    content = offers_csv(agency, events.experiences, day_number(first), day_number(last))
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


def test_everybody_who_was_through_on_a_local_day_is_counted_once(agency: Agency) -> None:
    """The local days of June 1 to 29, by the standard library's time zones."""
    events = events_between(agency, FIRST, LAST)
    asked = events.experiences
    expected: Counter[tuple[str, str]] = Counter()
    for end_ms, service, offered, kiosk in zip(
        asked.end_ms.tolist(),
        asked.service.tolist(),
        asked.offered.tolist(),
        asked.kiosk.tolist(),
        strict=True,
    ):
        zone = ZoneInfo(agency.catalogue.services[service].time_zone)
        day = np.datetime64(end_ms, "ms").item().replace(tzinfo=ZoneInfo("UTC")).astimezone(zone).date()
        if date(2026, 6, 1) <= day <= date(2026, 6, 29):
            form = agency.catalogue.forms[service]
            survey = agency.catalogue.kiosk_survey_id if kiosk else form.survey_id
            expected[survey, "Customers"] += 1
            expected[survey, "Offered"] += offered
    found: Counter[tuple[str, str]] = Counter()
    for row in rows(agency, events, date(2026, 6, 1), date(2026, 6, 29)):
        assert (row["From"], row["To"]) == ("2026-06-01", "2026-06-29")
        for column in ("Customers", "Offered"):
            found[row["Survey"], column] += int(row[column] or 0)
    unknown = agency.causes.counts_no_offers, "Offered"
    assert found.pop(unknown) == 0
    assert expected.pop(unknown) > 0
    assert found == expected


def test_days_add_up_to_the_month(agency: Agency) -> None:
    events = events_between(agency, FIRST, LAST)
    days = [date(2026, 5, 31) + timedelta(days=number) for number in range(31)]

    def total(found: list[dict[str, str]]) -> Counter[tuple[str, str, str]]:
        counts: Counter[tuple[str, str, str]] = Counter()
        for row in found:
            for column in ("Customers", "Offered", *DISPOSITIONS):
                counts[row["Survey"], row["Channel"], column] += int(row[column] or 0)
        return counts

    month = rows(agency, events, days[0], days[-1])
    assert {(row["From"], row["To"]) for row in month} == {
        ("2026-05-31", "2026-05-31"),
        ("2026-06-01", "2026-06-30"),
    }
    assert total(month) == total([row for day in days for row in rows(agency, events, day, day)])


def test_the_kiosk_knows_what_became_of_every_offer_and_nobody_else_does(agency: Agency) -> None:
    events = events_between(agency, FIRST, LAST)
    found = rows(agency, events, FIRST, LAST)
    for row in found:
        counts = [row[name] for name in DISPOSITIONS]
        if row["Survey"] == agency.catalogue.kiosk_survey_id:
            assert sum(map(int, counts)) == int(row["Offered"]) == int(row["Customers"])
        else:
            assert counts == [""] * len(DISPOSITIONS)
    kiosk = [row for row in found if row["Survey"] == agency.catalogue.kiosk_survey_id]
    answered = sum(int(row["Complete"]) + int(row["Partial"]) for row in kiosk)
    # Who answers neither question has refused; days of the border may differ by the zone.
    assert 0.9 * len(kiosk_ids(events.kiosk)) < answered <= len(kiosk_ids(events.kiosk))


def test_a_contact_says_whether_its_survey_was_offered(agency: Agency, week: Events) -> None:
    asked = week.experiences
    after = asked.contact_key[asked.offered & ~asked.kiosk & (asked.contact_key > 0)]
    said = week.conversations.key[is_offered(agency, week.conversations)]
    assert 0 < len(said) < len(week.conversations.key)
    assert np.isin(said, after).all()
    assert set(said.tolist()) == set(after.tolist()) & set(week.conversations.key.tolist())

"""Files whose rows count the people whom a survey was offered to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, ClassVar, Literal

from voxpop.sources.fields import Count, Date, Text, Time, Unmappable
from voxpop.sources.file_source import Fields, FileSource

_MONTHS_A_QUARTER = 3


class SurveyOfferFields(Fields):
    """The people served and those offered a survey on a day, or from it until another; one count a row.

    The last six say what became of those offered, as AAPOR's Standard Definitions divide them.
    """

    survey_id: Text
    offered_on: Date
    offered_until: Date | None = None
    source_channel: Text | None = None
    source_service: Text | None = None
    customer_count: Count | None = None
    offered_count: Count | None = None
    complete_count: Count | None = None
    partial_count: Count | None = None
    refused_count: Count | None = None
    not_reached_count: Count | None = None
    other_count: Count | None = None
    unknown_eligibility_count: Count | None = None
    updated_at: Time | None = None


class SurveyOfferFiles(FileSource):
    """Files whose rows count offers. A row's id is what it counts, so that a corrected count replaces it."""

    stream: ClassVar = "survey_offers"

    maps_to: Literal["survey_offer"]
    fields: SurveyOfferFields

    def record_id(self, fields: Mapping[str, Any]) -> str:
        """The survey, channel, service and first day."""
        named = (fields[name] or "" for name in ("survey_id", "source_channel", "source_service"))
        return "/".join((*named, fields["offered_on"].isoformat()))

    def day(self, fields: Mapping[str, Any]) -> date:
        """The last day of the offers, local: up to which the row speaks.

        Raises:
            Unmappable: it comes before the first one, or in another quarter.
        """
        first: date = fields["offered_on"]
        last: date = fields["offered_until"] or first
        if last < first:
            raise Unmappable("offered_until is before offered_on")
        if _quarter(last) != _quarter(first):
            raise Unmappable("offered_on and offered_until lie in two quarters, and it counts in neither")
        return last


def _quarter(day: date) -> tuple[int, int]:
    """Fiscal quarters begin when calendar quarters do."""
    return day.year, (day.month - 1) // _MONTHS_A_QUARTER

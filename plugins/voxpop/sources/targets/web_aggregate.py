"""Files whose rows are what a web analytics tool counted itself."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, ClassVar, Literal

import msgspec

from voxpop.sources.fields import Count, Date, Share, Text, Time, Unmappable
from voxpop.sources.file_source import Fields, FileSource


class WebAggregateFields(Fields):
    """What was counted on a day, or from it to `last_date`: of a page, a dimension's member, a site or all.

    `vote` is yes or no, and `event_count` how many voted so on the page.
    """

    first_date: Date
    last_date: Date | None = None
    report: Text | None = None
    site: Text | None = None
    page: Text | None = None
    dimension: Text | None = None
    member: Text | None = None
    vote: Text | None = None
    visits: Count | None = None
    users: Count | None = None
    pageviews: Count | None = None
    event_count: Count | None = None
    engaged_share: Share | None = None
    bounce_share: Share | None = None
    updated_at: Time | None = None


class WebAggregateFiles(FileSource):
    """Files of web aggregates. A row's id is what it counts, so that a corrected count replaces it."""

    stream: ClassVar = "web_aggregates"

    maps_to: Literal["web_aggregate"]
    fields: WebAggregateFields

    def record_id(self, fields: Mapping[str, Any]) -> str:
        """A JSON array of its days, report, site, page, dimension, member and vote."""
        told = ("first_date", "last_date", "report", "site", "page", "dimension", "member", "vote")
        return msgspec.json.encode([fields[name] for name in told]).decode()

    def day(self, fields: Mapping[str, Any]) -> date:
        """Its last day.

        Raises:
            Unmappable: it comes before the first one, or only one of dimension and member is there.
        """
        first: date = fields["first_date"]
        last: date = fields["last_date"] or first
        if last < first:
            raise Unmappable("last_date is before first_date")
        if (fields["dimension"] is None) != (fields["member"] is None):
            raise Unmappable("a dimension has a member, and the other way round")
        return last

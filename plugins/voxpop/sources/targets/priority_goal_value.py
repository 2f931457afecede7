"""Files whose rows are the values of priority goals, as performance.gov publishes them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, ClassVar, Literal

from voxpop.sources.fields import Date, Period, Text
from voxpop.sources.file_source import Fields, FileSource, content_id


class PriorityGoalValueFields(Fields):
    """A goal's value of one fiscal quarter, and what was published of it; values are texts as they came.

    `indicator_type` says which way the value is to go: increase, decrease, maintain_at_or_above,
    maintain_at_or_below, milestone or undefined. `progress` and the fields after it are the publisher's own
    verdicts, in the publisher's own words.
    """

    edition: Text
    edition_date: Date
    period: Period
    goal_id: Text
    goal: Text
    target: Text | None = None
    indicator_type: Text
    indicator: Text | None = None
    owner: Text | None = None
    kind: Text | None = None
    start_date: Date | None = None
    target_date: Date | None = None
    value_start: Text | None = None
    value_target: Text | None = None
    value_current: Text | None = None
    progress: Text | None = None
    progress_range: Text | None = None
    target_status: Text | None = None
    threshold: Text | None = None
    completions: Text | None = None


class PriorityGoalValueFiles(FileSource):
    """Files of priority goals' values. A row has no id, and rows of different measures can read alike."""

    stream: ClassVar = "priority_goal_values"
    is_publication: ClassVar = True

    maps_to: Literal["priority_goal_value"]
    fields: PriorityGoalValueFields

    def record_id(self, fields: Mapping[str, Any]) -> str:
        """A hash of all that the row says."""
        return content_id(fields)

    def day(self, fields: Mapping[str, Any]) -> date:
        """When the edition was taken."""
        taken: date = fields["edition_date"]
        return taken

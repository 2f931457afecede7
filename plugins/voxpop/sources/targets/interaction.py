"""Files whose rows are interactions: contacts of a person with the agency."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, ClassVar, Literal

from voxpop.sources.fields import Flag, Number, Text, Time
from voxpop.sources.file_source import Fields, FileSource


class InteractionFields(Fields):
    """A contact of a person with the agency; one a row.

    `responded_at` is when somebody first answered: the wait ends there, where no `wait_seconds` is given.
    """

    interaction_id: Text
    started_at: Time
    ended_at: Time | None = None
    source_channel: Text | None = None
    source_service: Text | None = None
    source_organization: Text | None = None
    direction: Text | None = None
    responded_at: Time | None = None
    wait_seconds: Number | None = None
    talk_seconds: Number | None = None
    hold_seconds: Number | None = None
    wrap_seconds: Number | None = None
    handled_by: Text | None = None
    is_abandoned: Flag | None = None
    is_transferred: Flag | None = None
    is_resolved: Flag | None = None
    is_survey_offered: Flag | None = None
    journey_stage: Text | None = None
    segment: Text | None = None
    updated_at: Time | None = None


class InteractionFiles(FileSource):
    """Files whose rows are interactions."""

    stream: ClassVar = "interactions"

    maps_to: Literal["interaction"]
    fields: InteractionFields

    def record_id(self, fields: Mapping[str, Any]) -> str:
        """The contact's own id."""
        return str(fields["interaction_id"])

    def day(self, fields: Mapping[str, Any]) -> date:
        """When it began, UTC."""
        started_on: date = fields["started_at"].date()
        return started_on

"""Files whose rows are filled-in surveys."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, model_validator

from voxpop.sources.fields import Date, Number, Text, Time, Unmappable
from voxpop.sources.file_source import Fields, FileSource, same_names


class SurveyResponseFields(Fields):
    """A filled-in survey; one a row. `answered_at` is a time, `answered_on` a date where no more is known."""

    response_id: Text
    form_id: Text
    answered_at: Time | None = None
    answered_on: Date | None = None
    source_channel: Text | None = None
    source_service: Text | None = None
    language: Text | None = None
    weight: Number | None = None
    cluster_id: Text | None = None
    source_interaction: Text | None = None
    updated_at: Time | None = None

    @model_validator(mode="after")
    def _one_time(self) -> SurveyResponseFields:
        if (self.answered_at is None) == (self.answered_on is None):
            raise ValueError("give answered_at (a time) or answered_on (a date), one of them")
        return self


class SurveyResponseFiles(FileSource):
    """Files whose rows are survey responses; `answers`: question id → column, or a list of both in one."""

    stream: ClassVar = "survey_responses"

    maps_to: Literal["survey_response"]
    fields: SurveyResponseFields
    answers: Annotated[dict[str, str], BeforeValidator(same_names), Field(min_length=1)]

    def record_id(self, fields: Mapping[str, Any]) -> str:
        """The response's own id."""
        return str(fields["response_id"])

    def day(self, fields: Mapping[str, Any]) -> date:
        """When the person answered: the date that the file gives, or UTC of a time."""
        answered: date | None = fields["answered_at"] or fields["answered_on"]
        if answered is None:
            raise Unmappable("the time of the answer is blank")
        return answered.date() if isinstance(answered, datetime) else answered

    def collected(self) -> Mapping[str, Mapping[str, str]]:
        """The answers, and who gave them, as they stand in the file."""
        return {**super().collected(), "answers": self.answers}

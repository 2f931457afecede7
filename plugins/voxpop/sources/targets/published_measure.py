"""Files whose rows hold figures that somebody published: scores, volumes, counts of answers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field

from voxpop.sources.fields import Date, Period, Text
from voxpop.sources.file_source import Fields, FileSource, content_id, same_names


class PublishedMeasureFields(Fields):
    """What a row's figures are about; one row may hold any number of figures.

    `edition` names the publication, `edition_date` the day it was taken: a later edition of a period restates
    it. `question` is what names the question where a row is about one, `wording` how it was put to people.
    """

    publisher: Text
    organization: Text | None = None
    service: Text | None = None
    touchpoint: Text | None = None
    period: Period | None = None
    edition: Text
    edition_date: Date
    question: Text | None = None
    wording: Text | None = None


class PublishedMeasureFiles(FileSource):
    """Files of published figures; `figures`: name in the crosswalk → column, or a list of both in one.

    A row has no id of its own, and two may say the same of what only looks alike: each counts.
    """

    stream: ClassVar = "published_measures"
    is_publication: ClassVar = True

    maps_to: Literal["published_measure"]
    fields: PublishedMeasureFields
    figures: Annotated[dict[str, str], BeforeValidator(same_names), Field(min_length=1)]

    def record_id(self, fields: Mapping[str, Any]) -> str:
        """A hash of all that the row says."""
        return content_id(fields)

    def day(self, fields: Mapping[str, Any]) -> date:
        """When the edition was taken."""
        taken: date = fields["edition_date"]
        return taken

    def collected(self) -> Mapping[str, Mapping[str, str]]:
        """The figures, as they stand in the file."""
        return {"figures": self.figures}

"""What a file's rows can be: a module a target, with its fields and what tells a row by."""

from __future__ import annotations

from voxpop.sources.file_source import FileSource
from voxpop.sources.targets.interaction import InteractionFiles
from voxpop.sources.targets.priority_goal_value import PriorityGoalValueFiles
from voxpop.sources.targets.published_measure import PublishedMeasureFiles
from voxpop.sources.targets.survey_offer import SurveyOfferFiles
from voxpop.sources.targets.survey_response import SurveyResponseFiles
from voxpop.sources.targets.web_aggregate import WebAggregateFiles

TARGETS: dict[str, type[FileSource]] = {
    "interaction": InteractionFiles,
    "survey_offer": SurveyOfferFiles,
    "priority_goal_value": PriorityGoalValueFiles,
    "published_measure": PublishedMeasureFiles,
    "survey_response": SurveyResponseFiles,
    "web_aggregate": WebAggregateFiles,
}
"""`maps_to` → how such files are configured."""

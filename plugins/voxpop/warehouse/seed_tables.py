"""What each seed's rows hold: a type a seed, what is unique in it, and what it refers to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal, get_args
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from voxpop.raw.records import IdentifierType

_SCALES = {
    "likert_5": (1, 5),
    "radio_5": (1, 5),
    "csat_5": (1, 5),
    "thumbs": (0, 1),
    "nps_11": (0, 10),
    "ten": (1, 10),
}


def _zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError("is no IANA time zone, such as America/New_York")
    return name


def _true_or_false(text: object) -> object:
    if text not in {"true", "false"}:
        raise ValueError("is neither true nor false")
    return text == "true"


def _number(text: object) -> object:
    if not isinstance(text, str) or not re.fullmatch(r"-?\d+(\.\d+)?", text):
        raise ValueError("is no number")
    return text


def _day(text: object) -> object:
    if not isinstance(text, str) or not re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        raise ValueError("is no date as YYYY-MM-DD")
    return text


def _token(text: str) -> str:
    if not re.fullmatch(r"[0-9a-f]{32}", text):
        raise ValueError("is no token, which is 32 digits and letters from a to f, as in identity_tokens")
    return text


def _identifier_types(text: str) -> str:
    """`email`, or `phone+name`: the type of a token, or of one made of two."""
    types = text.split("+")
    if len(types) > 2 or not set(types) <= set(get_args(IdentifierType)):
        raise ValueError(
            f"is none of {', '.join(get_args(IdentifierType))}, nor two of them with a + between"
        )
    return text


Text = Annotated[str, Field(min_length=1)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Flag = Annotated[bool, BeforeValidator(_true_or_false)]
Count = Annotated[int, BeforeValidator(_number)]
Number = Annotated[float, BeforeValidator(_number)]
Day = Annotated[date, BeforeValidator(_day)]
Token = Annotated[str, AfterValidator(_token)]
IdentifierOrPair = Annotated[str, AfterValidator(_identifier_types)]


class Row(BaseModel):
    """A row as the file has it; an empty cell is null."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Organization(Row):
    organization_id: Text
    organization_name: Text
    organization_abbreviation: Text
    parent_organization_id: str | None
    level: Literal["agency", "division"]
    time_zone: Annotated[str, AfterValidator(_zone)]

    @model_validator(mode="after")
    def _has_the_parent_that_its_level_has(self) -> Organization:
        if (self.level == "agency") != (self.parent_organization_id is None):
            raise ValueError("an agency has no parent_organization_id, and a division has one")
        return self


class EarlierTimeZone(Row):
    organization_id: Text
    valid_to: Day
    time_zone: Annotated[str, AfterValidator(_zone)]


class Service(Row):
    service_id: Text
    service_name: Text
    organization_id: Text
    stages: Text
    is_high_impact: Flag


class Channel(Row):
    channel: Text
    channel_name: Text
    channel_group: Literal["digital", "phone", "in_person", "mail"]
    service_level: (
        Literal["service_level_seconds", "service_level_message_seconds", "service_level_email_seconds"]
        | None
    )


class ChannelAlias(Row):
    source_system: Text
    source_value: Text
    channel: Text


class ContactQueue(Row):
    queue_id: Text
    queue_name: Text
    organization_id: Text
    service_id: str | None


class Survey(Row):
    survey_id: Text
    survey_version: Annotated[Count, Field(ge=1)]
    survey_name: Text
    instrument: Text
    organization_id: Text
    service_id: str | None
    default_channel: Text
    sampling_design: Literal["census", "probability", "intercept", "opt_in"]
    is_weighted: Flag
    omb_control_number: str | None
    omb_expires_on: Day | None
    source_system: Text
    source_form_id: Text
    valid_from: Day
    valid_to: Day | None

    @model_validator(mode="after")
    def _has_whole_clearance_and_span(self) -> Survey:
        if (self.omb_control_number is None) != (self.omb_expires_on is None):
            raise ValueError("omb_control_number and omb_expires_on come both or neither")
        if self.valid_to is not None and self.valid_to < self.valid_from:
            raise ValueError("valid_to is before valid_from")
        return self


class SurveyChange(Row):
    survey_id: Text
    changed_on: Day
    kind: Literal["wording", "question_set", "order", "mode", "sampling", "method"]
    reason: Text


class Question(Row):
    instrument: Text
    question_id: Text
    role: Literal["core", "comment", "reason_positive", "reason_negative", "identifier", "ignore"]
    driver: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")] | None
    scale: Literal["likert_5", "radio_5", "thumbs", "nps_11", "csat_5", "ten"] | None
    valid_min: Count | None
    valid_max: Count | None
    positive_min: Count | None
    not_answered: str | None
    statement: Text

    @model_validator(mode="after")
    def _measures_something_if_core(self) -> Question:
        if self.role != "core":
            if (self.driver, self.scale, self.valid_min, self.valid_max, self.positive_min) != (None,) * 5:
                raise ValueError(f"a question of the role {self.role} has no driver, scale or range")
            return self
        if self.driver is None or self.scale is None or self.valid_min is None or self.valid_max is None:
            raise ValueError("a core question needs driver, scale, valid_min and valid_max")
        least, most = _SCALES[self.scale]
        if not least <= self.valid_min < self.valid_max <= most:
            raise ValueError(
                f"valid_min and valid_max must be in order and within {least} to {most}, the scale's range"
            )
        if self.positive_min is not None and not self.valid_min < self.positive_min <= self.valid_max:
            raise ValueError("positive_min must be above valid_min and not above valid_max")
        if self.scale == "thumbs" and self.positive_min is None:
            raise ValueError("a question of thumbs needs positive_min, which says what is up")
        return self


class ServiceProvider(Row):
    organization_id: Text
    service_provider_id: Text
    service_provider_name: Text
    service_provider_slug: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    contact_email: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]


def _reasons(text: object) -> object:
    named = str(text).split("|") if text is not None else []
    unknown = sorted(set(named) - set(REASONS))
    if unknown:
        raise ValueError(f"names {', '.join(unknown)}; a reason is one of {', '.join(REASONS)}")
    return text


class FiledSurvey(Row):
    survey_id: Text
    transaction_point: Literal["post_interaction", "post_service_journey", "relational"]
    service_stage: str | None
    reasons_offered: Annotated[str | None, AfterValidator(_reasons)]


class Segment(Row):
    segment: Text
    segment_name: Text


class IdentityRule(Row):
    identifier_type: Literal[IdentifierType, "link"]
    tier: Literal["strong", "medium", "weak", "attribute"]
    second_attribute: str | None
    degree_cap: Annotated[Count, Field(ge=1)] | None

    @model_validator(mode="after")
    def _has_a_cap_if_it_joins(self) -> IdentityRule:
        if self.second_attribute is not None and self.tier not in {"medium", "weak"}:
            raise ValueError(f"the tier {self.tier} needs no second_attribute; medium and weak ones have one")
        joins = self.tier == "medium" or self.second_attribute is not None
        if joins != (self.degree_cap is not None):
            raise ValueError(
                "the tier medium, and a weak one with a second_attribute, needs a degree_cap, "
                "and no other has one"
            )
        return self


class DeniedPair(Row):
    identifier_type: IdentifierOrPair
    token: Token
    other_identifier_type: IdentifierOrPair
    other_token: Token
    reason: Text
    decided_on: Day

    @model_validator(mode="after")
    def _names_two_tokens(self) -> DeniedPair:
        if (self.identifier_type, self.token) == (self.other_identifier_type, self.other_token):
            raise ValueError("both tokens are the same one; a row parts two")
        return self


class BlockedIdentifier(Row):
    identifier_type: IdentifierType
    value: Text
    reason: Text


POLICIES = {
    "a11_due_days": "days",
    "change_max_index_points": "index points",
    "change_max_volume_share": "share",
    "identity_cluster_max_tokens": "identifiers",
    "identity_household_max_customers": "customers",
    "item_response_min_share": "share",
    "journey_gap_days": "days",
    "link_min_weight": "log2 odds",
    "low_n_below": "responses",
    "match_claim_min_share": "share",
    "minimum_difference_index": "index points",
    "minimum_difference_points": "points",
    "minimum_difference_share": "share",
    "out_of_range_max_share": "share",
    "quarantine_max_share": "share",
    "raw_volume_max_factor": "times",
    "redaction_max_share": "share",
    "repeat_contact_days": "days",
    "segment_claim_min_share": "share",
    "service_level_email_seconds": "seconds",
    "service_level_message_seconds": "seconds",
    "service_level_seconds": "seconds",
    "short_abandon_seconds": "seconds",
    "suppression_min_n": "responses",
    "survey_answer_days": "days",
    "unit_response_min_share": "share",
    "web_session_max_events": "events",
    "web_session_max_seconds": "seconds",
}
"""Every policy that something goes by, and the unit in which it is taken."""
_COUNTED = frozenset({"customers", "days", "events", "identifiers", "responses"})
"""Units of which there is a whole number, 1 at least: with 0 a limit would limit nothing."""


class Policy(Row):
    policy: Text
    value: Annotated[Number, Field(ge=0)]
    unit: Text
    description: Text
    source: Text

    @model_validator(mode="after")
    def _is_a_value_of_its_unit(self) -> Policy:
        unit = POLICIES.get(self.policy, self.unit)
        if self.unit != unit:
            raise ValueError(f"{self.policy} is taken in {unit}, not in {self.unit}")
        if unit == "share" and self.value > 1:
            raise ValueError(f"{self.policy} is a share from 0 to 1, and {self.value:g} is none")
        if unit in _COUNTED and (self.value < 1 or not self.value.is_integer()):
            raise ValueError(
                f"{self.policy} is a whole number of {unit}, 1 at least, and {self.value:g} is none"
            )
        return self


class WebPage(Row):
    host: Annotated[str, Field(pattern=r"^[a-z0-9.-]+$")]
    path_pattern: Annotated[str, Field(pattern=r"^/[^?#]*$")]
    service_id: str | None
    journey_stage: str | None
    is_task_start: Flag
    is_task_done: Flag

    @model_validator(mode="after")
    def _has_a_service_if_it_is_of_one(self) -> WebPage:
        if self.service_id is None and (self.journey_stage, self.is_task_start, self.is_task_done) != (
            None,
            False,
            False,
        ):
            raise ValueError("a page without service_id has no journey_stage and no task")
        return self


class WebEvent(Row):
    event_name: Text
    parameter: str | None
    value: str | None
    meaning: Literal["helpful_yes", "helpful_no", "task_start", "task_done"]

    @model_validator(mode="after")
    def _has_a_parameter_if_a_value_tells(self) -> WebEvent:
        if self.value is not None and self.parameter is None:
            raise ValueError("a value is one of a parameter, and none is named")
        return self


REASONS = ("effectiveness", "ease", "efficiency", "transparency", "humanity", "employee", "other")
"""What an A-11 v2 form's boxes may list, in the order of the upload's columns."""


class PublishedFigure(Row):
    source_system: Text
    figure: str | None
    question: str | None
    measure: (
        Literal[
            "mean",
            "top_box",
            "top_two",
            "bottom_two",
            "thumbs_up",
            "universe",
            "offered",
            "responses",
            "answers",
            "response_rate",
            "answers_1",
            "answers_2",
            "answers_3",
            "answers_4",
            "answers_5",
            "ignore",
        ]
        | None
    )
    driver: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")] | None
    scale: Literal["likert_5", "thumbs", "nps_11", "csat_5", "ten"] | None
    unit: Literal["points", "share", "people", "index"] | None
    zero_means: Literal["not_asked", "not_reported"] | None
    blank_means: Literal["not_asked", "not_reported"] | None

    @model_validator(mode="after")
    def _is_of_a_figure_or_a_question(self) -> PublishedFigure:
        if (self.figure is None) == (self.question is None):
            raise ValueError("a row is about a figure or about a question: one of them is given")
        if self.question is not None:
            if self.driver is None or (self.measure, self.scale, self.unit) != (None,) * 3:
                raise ValueError("a question has a driver, and no measure, scale or unit")
        elif self.measure is None:
            raise ValueError("a figure needs its measure, or ignore")
        elif (self.measure == "ignore") != (self.unit is None):
            raise ValueError("a figure that is not ignored needs its unit")
        return self


GOAL_FIGURES = ("value_column", "n_column", "low_column", "high_column")
"""The columns of a goal that name a figure of its table of measures."""


class PriorityGoal(Row):
    goal_id: Text
    goal: Text
    target: Text
    indicator: Text
    owner: Text
    table_name: Name
    value_column: Name
    n_column: Name | None
    low_column: Name | None
    high_column: Name | None
    period_type: Literal["month", "quarter"]
    row_filter: Annotated[str, Field(pattern=r"^[a-z_]+=[^|=]+(\|[a-z_]+=[^|=]+)*$")]
    direction: Literal["increase", "decrease", "maintain_at_or_above", "maintain_at_or_below"]
    kind: Literal["level", "rate", "cumulative"]
    value_start: Number | None
    value_target: Number | None
    start_date: Day
    target_date: Day

    @model_validator(mode="after")
    def _can_be_followed(self) -> PriorityGoal:
        if self.target_date <= self.start_date:
            raise ValueError("target_date is not after start_date")
        if self.direction in {"increase", "decrease"} and self.value_start is None:
            raise ValueError("a goal that is to change something needs its value_start")
        if self.direction.startswith("maintain") and self.kind == "cumulative":
            raise ValueError("what adds up can't be maintained: kind is level or rate")
        return self

    @property
    def figures(self) -> dict[str, str]:
        """Which figures of the table it names, each by its own column."""
        return {name: column for name in GOAL_FIGURES if (column := getattr(self, name))}

    @property
    def filtered(self) -> dict[str, str]:
        """Column → value of the rows that `row_filter` leaves."""
        return dict(part.split("=") for part in self.row_filter.split("|"))


@dataclass(frozen=True)
class Table:
    """A seed: its rows' type, what is unique in it, and what refers to which column of which seed."""

    row: type[Row]
    key: tuple[str, ...]
    refers: tuple[tuple[str, str, str], ...] = ()


TABLES = {
    "organizations": Table(
        Organization, ("organization_id",), (("parent_organization_id", "organizations", "organization_id"),)
    ),
    "earlier_time_zones": Table(
        EarlierTimeZone,
        ("organization_id", "valid_to"),
        (("organization_id", "organizations", "organization_id"),),
    ),
    "services": Table(Service, ("service_id",), (("organization_id", "organizations", "organization_id"),)),
    "channels": Table(Channel, ("channel",)),
    "channel_aliases": Table(
        ChannelAlias, ("source_system", "source_value"), (("channel", "channels", "channel"),)
    ),
    "contact_queues": Table(
        ContactQueue,
        ("queue_id",),
        (("organization_id", "organizations", "organization_id"), ("service_id", "services", "service_id")),
    ),
    "surveys": Table(
        Survey,
        ("source_system", "source_form_id", "valid_from"),
        (
            ("organization_id", "organizations", "organization_id"),
            ("service_id", "services", "service_id"),
            ("default_channel", "channels", "channel"),
            ("instrument", "question_crosswalk", "instrument"),
        ),
    ),
    "survey_changes": Table(
        SurveyChange, ("survey_id", "changed_on", "kind"), (("survey_id", "surveys", "survey_id"),)
    ),
    "question_crosswalk": Table(Question, ("instrument", "question_id")),
    "service_providers": Table(
        ServiceProvider, ("organization_id",), (("organization_id", "organizations", "organization_id"),)
    ),
    "a11_280_surveys": Table(FiledSurvey, ("survey_id",), (("survey_id", "surveys", "survey_id"),)),
    "segments": Table(Segment, ("segment",)),
    "identity_rules": Table(IdentityRule, ("identifier_type",)),
    "identity_denied": Table(
        DeniedPair, ("identifier_type", "token", "other_identifier_type", "other_token")
    ),
    "identity_blocklist": Table(BlockedIdentifier, ("identifier_type", "value")),
    "policy": Table(Policy, ("policy",)),
    "web_pages": Table(WebPage, ("host", "path_pattern"), (("service_id", "services", "service_id"),)),
    "web_events": Table(WebEvent, ("event_name", "value")),
    "published_measure_crosswalk": Table(PublishedFigure, ("source_system", "figure", "question")),
    "priority_goals": Table(PriorityGoal, ("goal_id", "indicator")),
}
"""Every seed, by the name of its file."""

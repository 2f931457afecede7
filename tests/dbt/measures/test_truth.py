"""Who answers at the sample agency and who doesn't: what is planted is found, and what isn't is not.

The facts are the agency's own, and which answer is tied to its contact is drawn here: an email's always is,
since it names its writer, and one after any other contact in 8 of 10 cases. So whoever takes the answers that
are tied for all answers finds that those who write emails, and wait for hours, answer more than others do.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit
from scipy.stats import ttest_1samp
from voxpop.config import load_settings
from voxpop.sample_agency.agency import Agency, make_agency
from voxpop.sample_agency.causes import CAUSES, CHANNELS, EMAIL, OUTBOUND, SEGMENTS, Causes
from voxpop.sample_agency.clock import DAY_MS
from voxpop.sample_agency.columns import stack
from voxpop.sample_agency.events import events_between
from voxpop.sample_agency.opinions import Experiences, is_offered
from voxpop.sample_agency.touchpoints import MARTS_CHANNELS

from .sql import Measures
from .tables import touched_quarters

FIRST, LAST = date(2026, 1, 1), date(2026, 3, 31)
NOBODY_MORE = replace(
    CAUSES,
    responds=(0.5,) * OUTBOUND + (0.0,) + (0.5,) * (len(CHANNELS) - OUTBOUND - 1),
    kiosk_responds=0.5,
    dissatisfied_respond=0.0,
    delighted_respond=0.0,
)
"""Everybody who is asked answers as often as anybody else."""
THE_UNHAPPY = replace(NOBODY_MORE, dissatisfied_respond=1.2)
"""Whoever is less satisfied answers more; so do those whose matter isn't settled."""
WIDER = 3.29 / 1.96
"""What makes a 99.9% interval of a 95% one: many are looked at."""


@dataclass(frozen=True)
class Asked:
    """The truth: each person asked, and whether the contact center knows the contact before it."""

    people: pd.DataFrame
    gaps: pd.DataFrame
    """What survey_nonresponse has of the classes, by breakdown and member."""
    wholes: pd.DataFrame
    """What it has of all, by breakdown."""

    def asked(self, breakdown: str) -> pd.DataFrame:
        """Those whom a breakdown compares."""
        of_surveys = breakdown in ("channel", "service")
        asked = self.people[self.people["offered"] & (of_surveys | self.people["is_of_center"])]
        if of_surveys:
            asked = asked[asked["survey"] != CAUSES.counts_no_offers]
        assert len(asked) > 2_000
        return asked

    def truth(self, breakdown: str, answers: str = "responds") -> pd.Series:
        """The gap of each class, counted person by person.

        Args:
            breakdown: whose classes.
            answers: `responds`, who did; `chance`, how likely each was to, which is what is planted.
        """
        asked = self.asked(breakdown)
        of_answers = asked[answers].astype(float).groupby(asked[breakdown]).sum()
        of_asked = asked[breakdown].value_counts(normalize=True)
        return of_answers / of_answers.sum() - of_asked.reindex(of_answers.index)

    def difference(self, breakdown: str, answers: str = "responds") -> float:
        """How far satisfaction moves if each class had answered as often as it was asked, by persons."""
        asked = self.asked(breakdown)
        rated = asked[asked["score"].notna() & (asked[answers] > 0)]
        weights = rated[answers].astype(float)
        of_answers = weights.groupby(rated[breakdown]).sum()
        points = (weights * rated["score"]).groupby(rated[breakdown]).sum()
        of_asked = asked[breakdown].value_counts().reindex(points.index)
        return float((of_asked * points / of_answers).sum() / of_asked.sum() - points.sum() / weights.sum())


def wait_class(seconds: float) -> str:
    for limit, name in ((60, "up to 1 minute"), (300, "up to 5 minutes"), (1200, "up to 20 minutes")):
        if seconds <= limit:
            return name
    return "over 20 minutes"


def asked_by(causes: Causes, seed: int) -> Asked:
    measures = Measures()
    agency = make_agency(load_settings({}).seeds, seed, causes)
    people, contacts = people_asked(agency)
    is_drawn = np.random.default_rng(seed).random(len(people)) < 0.8
    people["is_tied"] = people["responds"] & people["is_of_center"] & (people["is_email"] | is_drawn)
    load(measures, people, contacts)
    measures.build("int_measures__nonresponse")
    # what is withheld because few who answered are of no class is another matter: figures are asked of each
    measures.connection.execute("update int_measures__nonresponse set others_count = 0")
    measures.build("survey_nonresponse")
    shown = measures.frame("select * from survey_nonresponse")
    assert shown["is_claim_allowed"].all() and not shown["suppressed"].any()
    gaps = shown[shown["member"] != "all"].set_index(["breakdown", "member"])
    return Asked(people, gaps, shown[shown["member"] == "all"].set_index("breakdown"))


def chances(causes: Causes, asked: Experiences) -> np.ndarray:
    """What is planted: how likely each of them answers, if they are asked."""
    by_channel = np.where(asked.kiosk, causes.kiosk_responds, np.array(causes.responds)[asked.channel])
    opinion = asked.opinions[:, 0]
    odds = logit(by_channel) + causes.dissatisfied_respond * (causes.response_neutral - opinion)
    return expit(odds + causes.delighted_respond * (opinion > 4.5))


def people_asked(agency: Agency) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Those who could have been asked in the quarter, and the contacts of which one knows if somebody was."""
    events = events_between(agency, FIRST, LAST)
    center = stack([events.conversations, events.texts])
    names = np.array([MARTS_CHANNELS[name] for name in CHANNELS])
    contacts = pd.DataFrame(
        {
            "contact": center.key,
            "channel": names[center.channel],
            "is_email": center.channel == EMAIL,
            "wait_seconds": center.wait_ms / 1000.0,
            "is_resolved": center.resolved,
            "is_survey_offered": is_offered(agency, center),
            "segment": np.array(SEGMENTS)[agency.people.segment[center.person]],
        }
    )
    asked = events.experiences
    services = np.array([service.service_id for service in agency.catalogue.services])
    forms = np.array([form.survey_id for form in agency.catalogue.forms])
    people = pd.DataFrame(
        {
            "survey": np.where(asked.kiosk, agency.catalogue.kiosk_survey_id, forms[asked.service]),
            "channel": np.where(asked.kiosk, "self_service_kiosk", names[asked.channel]),
            "service": services[np.where(asked.kiosk, agency.catalogue.kiosk_service, asked.service)],
            "contact": np.where(asked.kiosk, 0, asked.contact_key),
            "offered": asked.offered,
            "responds": asked.responds,
            "chance": chances(agency.causes, asked),
            "score": np.where(asked.kiosk, np.nan, asked.scores[:, 0]),
            "day": asked.end_ms // DAY_MS,
        }
    )
    days = pd.to_datetime(people["day"], unit="D").dt.date
    people = people[(days >= FIRST) & (days <= LAST)].reset_index(drop=True)
    known = contacts.set_index("contact")
    people["is_of_center"] = people["contact"].isin(known.index)
    people["segment"] = people["contact"].map(known["segment"])
    people["wait"] = people["contact"].map(known["wait_seconds"]).map(wait_class)
    people["resolution"] = (
        people["contact"].map(known["is_resolved"]).map({True: "resolved", False: "not resolved"})
    )
    people["is_email"] = people["contact"].isin(known.index[known["is_email"]])
    return people, contacts


def load(measures: Measures, people: pd.DataFrame, contacts: pd.DataFrame) -> None:
    """What the models read of them; local days are those in UTC."""
    measures.table("int_journey_years", touched_quarters(pd.to_datetime(pd.Series([FIRST]))))
    offers = people.groupby(["survey", "channel", "service"])["offered"].sum().reset_index()
    offers.columns = pd.Index(["survey_id", "channel", "service_id", "offered_count"])
    offers["offered_count"] = offers["offered_count"].where(offers["survey_id"] != CAUSES.counts_no_offers)
    measures.table("int_survey_offers", offers.assign(quarter_start=FIRST, last_offered_date=LAST))
    measures.connection.execute(
        "alter table int_survey_offers alter offered_count type bigint"
        " using nullif(offered_count, 'nan'::double)::bigint"
    )
    answered = people[people["responds"]].assign(response_id=lambda frame: "r" + frame.index.astype(str))
    measures.table(
        "fct_survey_responses",
        pd.DataFrame(
            {
                "response_id": answered["response_id"],
                "survey_id": answered["survey"],
                "channel": answered["channel"],
                "service_id": answered["service"],
                "answered_local_date": LAST,
                "is_counted": True,
            }
        ),
    )
    rated = answered[answered["score"].notna()]
    measures.table(
        "fct_survey_answers",
        rated[["response_id", "score"]].assign(driver="satisfaction", scale="likert_5"),
    )
    contacts = contacts.assign(interaction_id="i" + contacts["contact"].astype(str))
    measures.table("int_interactions", contacts[["interaction_id", "segment"]])
    measures.table("segments", pd.DataFrame({"segment": SEGMENTS}))
    measures.table(
        "fct_interactions",
        contacts.assign(customer_id=contacts["interaction_id"], started_local_date=FIRST)[
            [
                "interaction_id",
                "customer_id",
                "channel",
                "wait_seconds",
                "is_resolved",
                "is_survey_offered",
                "started_local_date",
            ]
        ],
    )
    tied = answered[answered["is_tied"]]
    measures.table(
        "int_survey_ties",
        pd.DataFrame(
            {"response_id": tied["response_id"], "interaction_id": "i" + tied["contact"].astype(str)}
        ),
    )
    measures.connection.execute(
        "create or replace table survey_quality (period_type text, period_start date, breakdown text,"
        " member text, suppressed boolean);"
        "create or replace table int_withheld_items (period_type text, period_start date, breakdown text,"
        " member text, scale text, driver text);"
        "create or replace table dim_surveys (survey_id text, service_id text)"
    )


SEEDS = (7, 8, 9, 10, 11)
OF_SURVEYS = ("channel", "service")
OF_CONTACTS = ("segment", "wait", "resolution")


@pytest.fixture(scope="module")
def nobody_more() -> list[Asked]:
    """Twice as many: gaps of one agency hang together, and several may be beyond by one chance."""
    return [asked_by(NOBODY_MORE, seed) for seed in (*SEEDS, 12, 13, 14, 15, 16)]


@pytest.fixture(scope="module")
def by_default() -> list[Asked]:
    """The agency's channels differ in how many answer, and so do the content and the discontent."""
    return [asked_by(CAUSES, seed) for seed in SEEDS]


@pytest.fixture(scope="module")
def the_unhappy() -> list[Asked]:
    return [asked_by(THE_UNHAPPY, seed) for seed in SEEDS]


@pytest.fixture(params=["by_default", "the_unhappy"])
def planted(request: pytest.FixtureRequest) -> list[Asked]:
    """The agencies of one plant."""
    agencies: list[Asked] = request.getfixturevalue(request.param)
    return agencies


def test_where_none_is_planted_no_gap_is_shown(nobody_more: list[Asked]) -> None:
    gaps = pd.concat([each.gaps for each in nobody_more])
    assert len(gaps) > 250 and set(gaps.index.get_level_values(0)) == {*OF_SURVEYS, *OF_CONTACTS}
    beyond = (gaps["gap_low"] > 0) | (gaps["gap_high"] < 0)
    assert beyond.mean() <= 0.08, gaps[beyond]  # 5% of them are expected to be
    reach = np.where(gaps["gap"] > 0, gaps["gap"] - gaps["gap_low"], gaps["gap_high"] - gaps["gap"])
    assert (gaps["gap"].abs() <= WIDER * reach).all(), gaps


def test_answers_that_are_tied_are_no_sample_of_all(nobody_more: list[Asked]) -> None:
    """The data of the test before do hold what it says is not shown."""
    first = nobody_more[0]
    asked = first.asked("wait")
    shares = [(frame["wait"] == "over 20 minutes").mean() for frame in (asked[asked["is_tied"]], asked)]
    class_ = first.gaps.loc[("wait", "over 20 minutes")]
    assert shares[0] - shares[1] > class_["gap_high"] > 0 > class_["gap_low"]


def test_a_gap_is_as_large_as_it_was_planted(planted: list[Asked]) -> None:
    """The interval holds what the chances of all who were asked make of it; what is large is claimed."""
    frames = []
    for each in planted:
        for breakdown in (*OF_SURVEYS, *OF_CONTACTS):
            shown = each.gaps.loc[breakdown]
            frames.append(shown.assign(planted=each.truth(breakdown, "chance").reindex(shown.index)))
    both = pd.concat(frames, ignore_index=True)
    assert len(both) > 125
    inside = (both["gap_low"] <= both["planted"]) & (both["planted"] <= both["gap_high"])
    assert inside.mean() >= 0.92, both[~inside]
    claim = (both["gap_low"] > 0).astype(int) - (both["gap_high"] < 0)
    assert (claim[claim != 0] == np.sign(both["planted"])[claim != 0]).all()
    is_large = both["planted"].abs() > both["gap_high"] - both["gap_low"]
    assert is_large.sum() >= 4 * len(planted) and (claim[is_large] != 0).all()


def test_gaps_of_surveys_are_counted_person_by_person(planted: list[Asked]) -> None:
    for each in planted:
        for breakdown in OF_SURVEYS:
            truth, shown = each.truth(breakdown), each.gaps.loc[breakdown]["gap"]
            assert shown.to_dict() == pytest.approx(truth.to_dict(), abs=1e-9), breakdown
            difference = each.wholes.loc[breakdown, "satisfaction_difference"]
            assert difference == pytest.approx(each.difference(breakdown), abs=1e-9), breakdown


def test_channels_that_answer_more_are_found(by_default: list[Asked]) -> None:
    for each in by_default:
        channels = each.gaps.loc["channel"]
        assert channels.loc["self_service_kiosk", "gap_high"] < -0.05
        assert (channels.loc[["live_chat", "website"], "gap_low"] > 0).all()


def test_that_the_unsettled_answer_more_is_found(the_unhappy: list[Asked]) -> None:
    for each in the_unhappy:
        assert each.gaps.loc[("resolution", "not resolved"), "gap_low"] > 0
        assert each.wholes.loc["resolution", "satisfaction_difference"] > 0
        for breakdown in OF_CONTACTS:
            truth = each.truth(breakdown)
            shown = each.gaps.loc[breakdown].reindex(truth.index)
            reach = (shown["gap_high"] - shown["gap_low"]) / 2
            assert ((shown["gap"] - truth).abs() <= WIDER * reach).all(), (breakdown, truth, shown)


@pytest.mark.parametrize("breakdown", OF_CONTACTS)
def test_satisfaction_moves_as_far_as_it_was_planted(planted: list[Asked], breakdown: str) -> None:
    """By tied answers it is off by chance alone, and not to one side."""
    errors = [
        each.wholes.loc[breakdown, "satisfaction_difference"] - each.difference(breakdown, "chance")
        for each in planted
    ]
    assert ttest_1samp(errors, 0).pvalue > 0.01, errors


@pytest.mark.parametrize("breakdown", OF_CONTACTS)
def test_where_none_is_planted_satisfaction_stays(nobody_more: list[Asked], breakdown: str) -> None:
    moved = [each.wholes.loc[breakdown, "satisfaction_difference"] for each in nobody_more]
    assert ttest_1samp(moved, 0).pvalue > 0.01, moved

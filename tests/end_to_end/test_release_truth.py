"""The figures of a release against what pandas counts from that which only the small agency knows.

The truth says what each person thought, waited and was offered. What its tools lost, showed late or changed
by the time they were last asked follows from the same seed, and so do the items that people passed over:
with these the truth determines the figures, and they are compared exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from voxpop.config import load_settings
from voxpop.sample_agency import web
from voxpop.sample_agency.agency import Agency, make_agency
from voxpop.sample_agency.causes import CHANNELS
from voxpop.sample_agency.clock import DAY_MS, day_number
from voxpop.sample_agency.draws import Draws, Ints
from voxpop.sample_agency.events import Events, events_between
from voxpop.sample_agency.files import kiosk_ids
from voxpop.sample_agency.genesys import conversation_ids
from voxpop.sample_agency.journeys import local_offsets_ms
from voxpop.sample_agency.misbehavior import LEVELS, late_days
from voxpop.sample_agency.offers import offer_days
from voxpop.sample_agency.opinions import RATINGS, Experiences, kiosk_score
from voxpop.sample_agency.touchpoints import MARTS_CHANNELS, changes_of, submission_ids
from voxpop.sample_agency.truth import ITEM_NAMES

from tests.episodes import STEPS, touches_of
from tests.figures import ACSI

from .home import END, FIRST, LATELY, MIDDLE, SETTLED, Home

QUARTER = "2026Q3"
"""April to June 2026: all that there is before `END`."""
TOOLS = LEVELS["a-little"]
"""How the tools misbehave."""
FLAGGED, ARCHIVED, DELETED, REVISED = 1, 2, 3, 5
"""What becomes of an answer, as `sample_agency.touchpoints` numbers it."""
PLANTED = {("all", "all"), ("organization", "dps-fld"), ("service", "fld-card"), ("channel", "in_person")}
"""Where the visit to an office counts that the home plants."""
WEEK = pd.Timedelta(days=7)
"""The policies journey_gap_days and repeat_contact_days."""
COMPLETE_UNTIL = pd.Timestamp("2026-07-09T07:00Z")
"""When the last day ends that is complete everywhere before `SETTLED`, the 8th of July in the west."""
LAST_OFFERS = day_number(END) - 2
"""A day's offers are counted when it is over everywhere: of the last day's there is no count yet."""
ROUNDED = 1e-9
"""Figures are stored to ten decimals."""


@dataclass(frozen=True)
class Truth:
    """What only the agency knows of all before the day `end`, and the records that it is known by."""

    end: date
    agency: Agency
    events: Events
    contacts: pd.DataFrame
    experiences: pd.DataFrame
    people: pd.DataFrame
    web_visits: pd.DataFrame

    @property
    def organizations(self) -> dict[str, str]:
        """Service → the division that gives it."""
        return {one.service_id: one.organization_id for one in self.agency.catalogue.services}

    @property
    def surveys(self) -> dict[str, str]:
        """Service → its form's survey."""
        catalogue = self.agency.catalogue
        return {catalogue.services[form.service].service_id: form.survey_id for form in catalogue.forms}

    def is_in_quarter(self, service: pd.Series, at: pd.Series) -> pd.Series:
        """Whether these times (UTC) are in the quarter where the service is."""
        ends = {
            one.service_id: pd.Timestamp(END, tz=one.time_zone).tz_convert("UTC")
            for one in self.agency.catalogue.services
        }
        return at < service.map(ends)


def truth_of(home: Home, end: date) -> Truth:
    """Of a home whose tools are those of the morning of this day."""
    agency = make_agency(load_settings({}).seeds)
    events = events_between(agency, FIRST, end - timedelta(days=1))
    tables = {
        name: pd.read_parquet(home.path / "sample_agency" / "truth" / f"{name}.parquet")
        for name in ("contacts", "experiences", "people", "web_visits")
    }
    return Truth(end, agency, events, **tables)


@pytest.fixture(scope="module")
def truth(published: Home) -> Truth:
    return truth_of(published, END)


@pytest.fixture(scope="module")
def settled_truth(settled: Home) -> Truth:
    return truth_of(settled, SETTLED)


@pytest.fixture(scope="module")
def answers(truth: Truth) -> pd.DataFrame:
    """As `answers_of`, of what is published."""
    return answers_of(truth)


def answers_of(truth: Truth) -> pd.DataFrame:
    """One row per item that somebody answered on a response that counts.

    Columns: record_id, survey, service, organization, channel, day (local, by its number), scale, driver and
    points.
    """
    answers = pd.concat([form_answers(truth), kiosk_answers(truth)], ignore_index=True)
    return answers.assign(organization=answers["service"].map(truth.organizations))


def form_answers(truth: Truth) -> pd.DataFrame:
    """What the services' forms have of the true scores when they are last asked for an answer."""
    submissions, causes = truth.events.submissions, truth.agency.causes
    asked = np.where(
        submissions.created_ms < midnight_ms(LATELY), midnight_ms(MIDDLE), midnight_ms(truth.end)
    )
    changes = changes_of(submissions, TOOLS)
    kind = np.where(changes.changed_ms <= asked, changes.kind, 0)
    is_there = (changes.shown_on * DAY_MS < asked) & ~np.isin(kind, (FLAGGED, ARCHIVED, DELETED))
    forms = pd.DataFrame(
        {
            "record_id": [each.decode() for each in submission_ids(submissions)],
            "is_there": is_there,
            "day": local_days(truth, submissions),
            "is_revised": kind == REVISED,
            "thumb_skipped": Draws(submissions.key).happens("skips thumb", causes.item_skipped),
            **{
                f"{name}_skipped": Draws(submissions.key).happens(f"skips {number}", causes.item_skipped)
                for number, name in enumerate(ITEM_NAMES)
            },
            **{
                f"{name}_skipped": Draws(submissions.key).happens(f"skips {name}", causes.item_skipped)
                for name in RATINGS
            },
        }
    )
    said = truth.experiences[truth.experiences["responds"] & (truth.experiences["source"] == "touchpoints")]
    assert set(said["record_id"]) == set(forms["record_id"])
    said = said.merge(forms[forms["is_there"]], on="record_id", validate="one_to_one")
    instruments = {
        truth.agency.catalogue.services[form.service].service_id: form.instrument
        for form in truth.agency.catalogue.forms
    }
    instrument = said["service_id"].map(instruments)
    trusts = said["trust_opinion"] >= causes.thumbs_up_from
    # whoever writes again that it is settled now is one point more satisfied
    satisfied = (said["satisfaction_score"] + said["is_revised"]).clip(upper=5)
    points = {
        ("likert_5", name): (
            said[f"{name}_score"],
            instrument.isin(["a11", "a11_acsi"]) & ~said[f"{name}_skipped"],
        )
        for name in ITEM_NAMES
    }
    points |= {
        ("ten" if name in ACSI else "nps_11", name): (
            said[f"{name}_score"],
            (instrument == "a11_acsi") & ~said[f"{name}_skipped"],
        )
        for name in RATINGS
    }
    points["likert_5", "satisfaction"] = (satisfied, points["likert_5", "satisfaction"][1])
    # nobody is asked about the employee that a website doesn't have
    met = points["likert_5", "employee"][1] & (said["channel"] != "website")
    points["likert_5", "employee"] = (said["employee_score"], met)
    points["thumbs", "trust"] = (trusts, (instrument == "a11_v2") & ~said["thumb_skipped"])
    points["radio_5", "trust"] = (
        said["trust_score"],
        (instrument == "a11_v2_radio") & ~said["thumb_skipped"],
    )
    return pd.concat(
        [
            pd.DataFrame(
                {
                    "record_id": said["record_id"],
                    "person_id": said["person_id"],
                    "survey": said["service_id"].map(truth.surveys),
                    "service": said["service_id"],
                    "channel": said["channel"].map(MARTS_CHANNELS),
                    "day": said["day"],
                    "scale": scale,
                    "driver": driver,
                    "points": value.astype("int64"),
                }
            )[given]
            for (scale, driver), (value, given) in points.items()
        ]
    )


def kiosk_answers(truth: Truth) -> pd.DataFrame:
    """What was pressed at the kiosks; and the answer that the home plants, four points each."""
    kiosk, catalogue = truth.events.kiosk, truth.agency.catalogue
    is_there = (kiosk.created_ms // DAY_MS + late_days(kiosk.key, TOOLS)) * DAY_MS < midnight_ms(truth.end)
    pressed = [
        pd.DataFrame(
            {
                "record_id": [*[each.decode() for each in kiosk_ids(kiosk)], "K-planted"],
                "driver": driver,
                "points": [*kiosk_score(truth.agency, kiosk, button), 4],
                "is_there": [*is_there, True],
                "day": [*local_days(truth, kiosk), day_number(date(2026, 6, 18))],
            }
        )
        for button, driver in (("rating", "satisfaction"), ("easy", "ease"))
    ]
    answers = pd.concat(pressed)
    return answers[answers.pop("is_there") & answers["points"].between(1, 5)].assign(
        survey=catalogue.kiosk_survey_id,
        service=catalogue.services[catalogue.kiosk_service].service_id,
        channel="self_service_kiosk",
        scale="csat_5",
    )


def local_days(truth: Truth, answers: Experiences) -> Ints:
    """Numbers of the days on which these answers were given where their service is."""
    offsets = local_offsets_ms(truth.agency, answers.service, answers.created_ms // DAY_MS)
    return (answers.created_ms + offsets) // DAY_MS


def milliseconds(times: pd.Series) -> pd.Series:
    return times.dt.tz_localize(None).astype("datetime64[ms]").astype("int64")


def midnight_ms(day: date) -> int:
    return day_number(day) * DAY_MS


def cells(rows: pd.DataFrame, *breakdowns: str) -> list[tuple[str, str, pd.DataFrame]]:
    """The rows of everybody and of each member: breakdown, member and rows."""
    found = [("all", "all", rows)]
    for breakdown in breakdowns:
        found += [(breakdown, str(member), part) for member, part in rows.groupby(breakdown)]
    return found


def shown(home: Home, table: str, *columns: str) -> pd.DataFrame:
    """The quarter's figures that are not withheld; of a first release none is held from one before it."""
    assert len(home.published()) == 1
    rows = home.sql(
        f"select {', '.join(columns)} from marts.{table} "
        f"where period_type = 'quarter' and period_label = '{QUARTER}' and not suppressed"
    )
    return pd.DataFrame(rows, columns=pd.Index(columns))


def test_the_index_and_its_items_are_those_of_the_true_scores(published: Home, answers: pd.DataFrame) -> None:
    """By quarter: n, means, shares, scores and indexes, of all and of each division, service and channel."""
    truth: dict[tuple[str, ...], tuple[int, float]] = {}
    for breakdown, member, rows in cells(answers, "organization", "service", "channel"):
        for (scale, driver), points in rows.groupby(["scale", "driver"])["points"]:
            key = (breakdown, member, scale)
            if scale == "thumbs":
                truth[*key, "thumbs_up", driver] = (len(points), points.mean())
                continue
            if scale == "ten":
                truth[*key, "mean", driver] = (len(points), points.mean())
                continue
            if scale == "nps_11":
                score = 100 * ((points >= 9).mean() - (points <= 6).mean())
                truth[*key, "nps", driver] = (len(points), score)
                continue
            for measure, value in {
                "mean": points.mean(),
                "top_box": (points == 5).mean(),
                "top_two": (points >= 4).mean(),
                "bottom_two": (points <= 2).mean(),
            }.items():
                truth[*key, measure, driver] = (len(points), value)
            truth[*key, {"satisfaction": "csat", "ease": "ces"}.get(str(driver), "none"), driver] = (
                len(points),
                (points >= 4).mean() if driver == "satisfaction" else points.mean(),
            )
        likert = rows[rows["scale"] == "likert_5"]
        if len(likert):
            mean = likert.groupby("driver")["points"].mean().mean()
            people = likert["record_id"].nunique()
            truth[breakdown, member, "likert_5", "cx_index", "all"] = (people, 100 * (mean - 1) / 4)
        rated = rows[rows["driver"].isin(ACSI)]
        if len(rated):
            total = rated.groupby("driver")["points"].mean().sum()
            people = rated["record_id"].nunique()
            truth[breakdown, member, "ten", "acsi_equal_weight", "all"] = (people, 100 * (total - 3) / 27)
    told = shown(
        published,
        "cx_index",
        *("breakdown", "member", "scale", "measure", "driver", "n", "value"),
    )
    # of whom a segment is known is a matter of identity
    told = told[told["breakdown"] != "segment"]
    assert {"csat", "ces"} <= set(told["measure"])
    for measure in ("acsi_equal_weight", "nps"):
        rated_services = told.loc[(told["measure"] == measure) & (told["breakdown"] == "service"), "member"]
        assert set(rated_services) == {"tax-file", "tax-refund"}, measure
    assert len(told) > 400 and {"all", "organization", "service", "channel"} == set(told["breakdown"])
    for *key, n, value in told.itertuples(index=False):
        true_n, true_value = truth[tuple(key)]
        assert (n, value) == (true_n, pytest.approx(true_value, abs=ROUNDED)), key


def test_respondents_and_offers_are_those_of_the_truth(
    published: Home, truth: Truth, answers: pd.DataFrame
) -> None:
    """Who answered, and whom each survey was offered to on the days of which its count has come."""
    catalogue = truth.agency.catalogue
    offered = offers(truth)["survey"].value_counts()
    owner = {survey: truth.organizations[service] for service, survey in truth.surveys.items()}
    owner[catalogue.kiosk_survey_id] = truth.organizations[
        catalogue.services[catalogue.kiosk_service].service_id
    ]
    answers = answers.assign(organization=answers["survey"].map(owner))
    told = shown(
        published,
        "survey_quality",
        *("breakdown", "member", "respondent_count", "offered_count", "surveys_without_offers"),
        *("response_rate", "customer_count", "lowest_item_share", "aapor_rr1"),
        "collected_without_clearance_count",
    )
    respondents = {
        (breakdown, member): rows["record_id"].nunique()
        for breakdown, member, rows in cells(answers, "organization", "survey")
    }
    found = told.set_index(["breakdown", "member"])
    assert len(found) >= 15
    assert found["respondent_count"].to_dict() == {key: respondents[key] for key in found.index}
    uncounted = truth.agency.causes.counts_no_offers
    counted = found.loc["survey"].drop(uncounted, errors="ignore")["offered_count"]
    assert counted.to_dict() == offered[counted.index].to_dict()
    people = served(truth)["survey"].value_counts()
    assert (
        found.loc["survey"].loc[counted.index, "customer_count"].to_dict() == people[counted.index].to_dict()
    )
    # the kiosk's clearance ran out long ago
    kiosk = catalogue.kiosk_survey_id
    uncleared = found.loc["survey"]["collected_without_clearance_count"].dropna()
    assert uncleared[kiosk] == respondents["survey", kiosk] and uncleared.drop(kiosk).eq(0).all()
    # what became of each offer is known of the kiosk's alone
    complete = offers(truth).groupby("survey")["is_complete"].mean()[kiosk]
    rates = found.loc["survey"]["aapor_rr1"].dropna()
    assert rates.to_dict() == {kiosk: pytest.approx(complete, abs=ROUNDED)} and 0 < complete < 1
    lowest = answers.groupby(["survey", "driver"])["record_id"].nunique().groupby("survey").min()
    shares = found.loc["survey"]["lowest_item_share"].dropna()
    true_shares = lowest / answers.groupby("survey")["record_id"].nunique()
    assert len(shares) > 5
    assert shares.to_dict() == pytest.approx(true_shares[shares.index].to_dict(), abs=ROUNDED)
    in_time = answers[answers["day"] <= LAST_OFFERS].groupby("survey")["record_id"].nunique()
    rates = found.loc["survey"].drop(uncounted, errors="ignore")["response_rate"]
    assert rates.to_dict() == pytest.approx((in_time / offered)[rates.index].to_dict(), abs=ROUNDED)
    without = found[found["surveys_without_offers"].notna()]
    assert set(without["surveys_without_offers"]) == {uncounted} and without["offered_count"].isna().all()
    divisions = offered.groupby(owner).sum()
    known = found.loc["organization"]["offered_count"].dropna()
    assert len(known) and known.to_dict() == divisions[known.index].to_dict()


def offers(truth: Truth) -> pd.DataFrame:
    """One row per offer of a survey on a day of which the count has come, as `served`."""
    people = served(truth)
    return people[people.pop("is_offered")]


def served(truth: Truth) -> pd.DataFrame:
    """One row per person served on such a day.

    Columns: survey, service, channel, is_offered and is_complete, that they answered both of a kiosk's
    questions.
    """
    asked, catalogue = truth.events.experiences, truth.agency.catalogue
    days = offer_days(truth.agency, asked)
    services = np.array([service.service_id for service in catalogue.services])
    forms = np.array([form.survey_id for form in catalogue.forms])
    channels = np.array([MARTS_CHANNELS[name] for name in CHANNELS])
    pressed = [kiosk_score(truth.agency, asked, button) for button in ("rating", "easy")]
    return pd.DataFrame(
        {
            "survey": np.where(asked.kiosk, catalogue.kiosk_survey_id, forms[asked.service]),
            "service": services[np.where(asked.kiosk, catalogue.kiosk_service, asked.service)],
            "channel": np.where(asked.kiosk, "self_service_kiosk", channels[asked.channel]),
            "is_offered": asked.offered,
            "is_complete": asked.responds & np.all(np.isin(pressed, range(1, 6)), axis=0),
        }
    )[(days >= day_number(FIRST)) & (days <= LAST_OFFERS)]


def test_roll_ups_by_people_served_are_those_of_the_truth(
    published: Home, truth: Truth, answers: pd.DataFrame
) -> None:
    """Each service's figure counts as many times as it served people."""
    volume = served(truth)["service"].value_counts()
    told = shown(
        published,
        "cx_index",
        *("breakdown", "member", "scale", "driver", "measure", "volume", "volume_value"),
    )
    told = told[told["measure"].isin(["mean", "thumbs_up", "nps", "cx_index", "acsi_equal_weight"])]
    services = told[told["breakdown"] == "service"]
    assert len(services) > 40 and (services["volume"] == services["member"].map(volume)).all()

    points = answers["points"].mask(
        answers["scale"] == "nps_11", 100 * ((answers["points"] >= 9) * 1 - (answers["points"] <= 6))
    )
    means = points.groupby([answers[name] for name in ("service", "scale", "driver")]).mean()
    indexes = {
        measure: 100 * (means.xs(scale, level="scale").groupby("service").mean() - 1) / steps
        for measure, scale, steps in (("cx_index", "likert_5", 4), ("acsi_equal_weight", "ten", 9))
    }
    # a service whose own figure is withheld leaves none
    wholes = told[told["breakdown"].isin(["all", "organization"])].dropna(subset=["volume_value"])
    assert len(wholes) > 20 and {"nps", "acsi_equal_weight"} < set(wholes["measure"])
    for row in wholes.itertuples(index=False):
        if row.measure in indexes:
            values = indexes[row.measure]
        else:
            values = means.xs((row.scale, row.driver), level=[1, 2])
        if row.breakdown == "organization":
            values = values[values.index.map(truth.organizations) == row.member]
        weights = volume[values.index]
        assert row.volume == weights.sum(), row
        assert row.volume_value == pytest.approx(np.average(values, weights=weights), abs=ROUNDED), row


def test_who_answers_is_compared_with_the_true_offers(
    published: Home, truth: Truth, answers: pd.DataFrame
) -> None:
    """By channel and service: the shares of those asked and of those who answered, and their satisfaction."""
    uncounted = truth.agency.causes.counts_no_offers
    offered = offers(truth)
    offered = offered[offered["survey"] != uncounted]
    answered = answers[(answers["survey"] != uncounted) & (answers["day"] <= LAST_OFFERS)]
    people = answered.drop_duplicates("record_id")
    rated = answered[(answered["scale"] == "likert_5") & (answered["driver"] == "satisfaction")]
    told = shown(
        published,
        "survey_nonresponse",
        *("breakdown", "member", "offered_count", "respondent_count", "gap", "rated_count", "satisfaction"),
        "weighted_satisfaction",
    ).set_index("breakdown")
    for breakdown in ("channel", "service"):
        asked, came = offered[breakdown].value_counts(), people[breakdown].value_counts()
        means = rated.groupby(breakdown)["points"].mean()
        classes = told.loc[breakdown].set_index("member")
        whole, classes = classes.loc["all"], classes.drop("all")
        assert (whole["offered_count"], whole["respondent_count"]) == (len(offered), len(people))
        assert (whole["rated_count"], whole["satisfaction"]) == (
            len(rated),
            pytest.approx(rated["points"].mean(), abs=ROUNDED),
        )
        weighted = np.average(means, weights=asked[means.index])
        assert whole["weighted_satisfaction"] == pytest.approx(weighted, abs=ROUNDED), breakdown
        assert len(classes)
        assert classes["offered_count"].to_dict() == asked[classes.index].to_dict()
        assert classes["respondent_count"].to_dict() == came[classes.index].to_dict()
        gaps = (came / len(people) - asked / len(offered))[classes.index]
        assert classes["gap"].to_dict() == pytest.approx(gaps.to_dict(), abs=ROUNDED)


def test_calls_and_messages_are_those_of_the_truth(published: Home, truth: Truth) -> None:
    """Who was answered, gave up and was handed on, how long it took, and what was in time."""
    calls, now = truth.events.conversations, midnight_ms(END)
    state = pd.DataFrame(
        {
            "record_id": conversation_ids(calls).astype(str),
            "is_late": (calls.start_ms // DAY_MS + late_days(calls.key, TOOLS)) * DAY_MS >= now,
            # emails wait for hours, and callbacks: of some the last run can't know yet how they end
            "is_waiting": calls.met_ms > now,
            "is_open": calls.end_ms > now,
            "is_done": calls.end_ms + calls.wrap_ms <= now,
            "talked": (calls.talk_ms + calls.hold_ms) / 1000,
            "wrapped": calls.wrap_ms / 1000,
            "handed_on": calls.transferred,
        }
    )
    contacts = truth.contacts[
        truth.contacts["source"].isin(["genesys", "text_messages"])
        & (truth.contacts["channel"] != "outbound")
    ].merge(state, on="record_id", how="left", validate="one_to_one")
    contacts = contacts[contacts["is_late"].ne(True)]
    contacts["handled"] = contacts["answered"] & contacts["is_waiting"].ne(True)
    contacts["gave_up"] = contacts["abandoned"] & contacts["is_open"].ne(True)
    contacts = contacts.assign(
        service=contacts["service_id"],
        organization=contacts["service_id"].map(truth.organizations),
        channel=contacts["channel"].map(MARTS_CHANNELS),
    )
    policy = pd.read_csv(published.settings.seeds / "policy.csv").set_index("policy")["value"].astype(float)
    soon = pd.read_csv(published.settings.seeds / "channels.csv").set_index("channel")["service_level"]
    waited = contacts["waited_seconds"]
    contacts = contacts.assign(
        in_time=contacts["handled"] & (waited <= contacts["channel"].map(soon).map(policy)),
        left_at_once=contacts["gave_up"] & (waited < policy["short_abandon_seconds"]),
        # the agent's notes on the last ones aren't written yet
        seconds=contacts["talked"] + contacts["wrapped"].where(contacts["is_done"].eq(True), 0),
    )
    told = shown(
        published,
        "contact_center_performance",
        *("source_system", "breakdown", "member", "offered", "handled", "abandoned", "abandonment_share"),
        *("speed_of_answer_count", "average_speed_of_answer_seconds", "service_level_share"),
        *("service_level_count", "handle_time_count", "average_handle_seconds", "transfer_share"),
    )
    true = {
        (source, breakdown, member): rows
        for source, of_source in contacts.groupby("source")
        for breakdown, member, rows in cells(of_source, "organization", "service", "channel")
    }
    assert len(told) > 20 and set(told["breakdown"]) == {"all", "organization", "service", "channel"}
    exact = 0
    for row in told.itertuples(index=False):
        rows = true[row.source_system, row.breakdown, row.member]
        handled = rows[rows["handled"]]
        assert (row.offered, row.handled) == (len(rows), len(handled)), row
        assert row.speed_of_answer_count == len(handled), row
        assert row.average_speed_of_answer_seconds == pytest.approx(
            handled["waited_seconds"].mean(), abs=ROUNDED
        ), row
        counted = rows[~rows["left_at_once"]]
        assert row.service_level_count == len(counted), row
        assert row.service_level_share == pytest.approx(counted["in_time"].mean(), abs=ROUNDED), row
        if row.source_system == "genesys":
            ended = handled[handled["is_open"].ne(True)]
            # of who was handed on and is still talking, the first part is known
            assert len(ended) <= row.handle_time_count <= len(handled), row
            near = ROUNDED if row.handle_time_count == len(ended) else 2.0
            assert row.average_handle_seconds == pytest.approx(ended["seconds"].mean(), abs=near), row
            exact += near == ROUNDED
            assert row.transfer_share == pytest.approx(handled["handed_on"].mean(), abs=ROUNDED), row
            assert row.abandoned == rows["gave_up"].sum(), row
            assert row.abandonment_share == pytest.approx(rows["gave_up"].mean(), abs=ROUNDED), row
        else:
            # who writes a message and leaves is not known to have left
            assert pd.isna(row.abandoned) and pd.isna(row.abandonment_share)
    assert exact > 10


def test_no_journeys_are_told_of_a_quarter_before_it_is_settled(published: Home) -> None:
    for table in ("journey_measures", "journey_paths"):
        assert published.sql(f"from marts.{table}") == []


def test_answers_are_tied_to_the_contact_that_they_are_about(settled: Home, settled_truth: Truth) -> None:
    """The one that a kiosk's ticket names; else the true one wherever the release knows it as the person's.

    It can tie another where the true one isn't known as theirs, or is of another channel than the form says:
    whoever went to an office's kiosk answers that they were there in person. The answers are the quarter's.
    """
    ties, answers = ties_and_truth(settled, settled_truth), answers_of(settled_truth)
    assert set(ties["record_id"]) == set(answers["record_id"])
    of_quarter = answers.loc[answers["day"] < day_number(END), "record_id"]
    ties = ties[ties["record_id"].isin(of_quarter)]
    assert ties["is_named"].sum() > 30 and ties["is_known"].sum() > 150
    named = ties[ties["is_named"]]
    assert (named["tie_method"] == "named").all() and named["is_right"].all()
    assert (ties["tie_method"].eq("named") == ties["is_named"]).all()
    known = ties[ties["is_known"] & ~ties["is_named"]]
    assert known["is_right"].all(), known[~known["is_right"]]
    tied = ties[ties["is_tied"]]
    right = tied.groupby("channel")["is_right"].agg(["mean", "size"])
    assert set(right.index) == set(ties["channel"])
    assert (right["mean"].drop("in_person") == 1).all(), right
    others = tied[~tied["is_right"]]
    assert not others["is_known"].any()

    linked = ties["is_named"] | ties["is_known"] | ties["record_id"].isin(others["record_id"])
    true = {
        (breakdown, member): (len(rows), pytest.approx(rows["is_linked"].mean(), abs=ROUNDED))
        for breakdown, member, rows in cells(
            ties.assign(is_linked=linked), "organization", "service", "channel"
        )
    }
    told = shown(settled, "journey_measures", "breakdown", "member", "n", "value", "measure")
    told = told[told["measure"] == "survey_linked_share"].set_index(["breakdown", "member"])
    assert len(told) >= 15
    assert {key: tuple(told.loc[key, ["n", "value"]]) for key in told.index} == {
        key: true[key] for key in told.index
    }


def ties_and_truth(home: Home, truth: Truth) -> pd.DataFrame:
    """One row per response that counts.

    Columns: record_id, channel, service, organization, tie_method, is_tied; is_named, that a kiosk's answer
    kept the ticket of a visit that has come; is_known, that the true contact, or a visit to the website of
    the true journey that began before the answer, is of the response's customer and channel; is_right, that
    the tie is to it.
    """
    columns = ("record_id", "channel", "service", "organization", "customer", "tie_method", "tied_to")
    ties = pd.DataFrame(
        home.sql(
            "select responses.source_record_id, channel, service_id, organization_id, customer_id, "
            "tie_method, interaction_id from marts.fct_survey_responses as responses "
            "inner join marts.fct_survey_ties using (response_id)"
        ),
        columns=pd.Index(columns),
    )
    about = truth.experiences[truth.experiences["responds"]].merge(
        interactions_of(home, truth), left_on="contact_record_id", right_on="contact"
    )
    after_website = truth.experiences[
        truth.experiences["responds"] & (truth.experiences["channel"] == "website")
    ].merge(visits_of(home, truth), on="journey_id")
    after_website = after_website[after_website["started_at"] <= after_website["answered_at"]]
    pairs = pd.concat([about, after_website])[["record_id", "interaction_id", "of_channel", "of_customer"]]
    kiosk = truth.events.kiosk
    kept = Draws(kiosk.key).happens("ticket kept", truth.agency.causes.identifiers.kiosk_ticket)
    tickets = {each.decode() for each, has_it in zip(kiosk_ids(kiosk), kept, strict=True) if has_it}
    pairs = ties.merge(pairs, on="record_id")
    pairs["is_known"] = (pairs["customer"] == pairs["of_customer"]) & (
        pairs["channel"] == pairs["of_channel"]
    )
    pairs["is_right"] = pairs["tied_to"] == pairs["interaction_id"]
    of_response = pairs.groupby("record_id")[["is_known", "is_right"]].any()
    return ties.assign(
        is_tied=ties["tied_to"].notna(),
        is_named=ties["record_id"].isin(tickets) & ties["record_id"].isin(pairs["record_id"]),
        **{name: ties["record_id"].map(of_response[name]).eq(True) for name in of_response},
    )


def interactions_of(home: Home, truth: Truth) -> pd.DataFrame:
    """The release's contacts that the truth knows: contact, interaction_id, of_channel and of_customer."""
    rows = home.sql(
        "select source_record_id, interaction_id, channel, customer_id from marts.fct_interactions "
        "where channel <> 'website'"
    )
    found = pd.DataFrame(rows, columns=pd.Index(["contact", "interaction_id", "of_channel", "of_customer"]))
    return found[found["contact"].isin(truth.contacts["record_id"])]


def visits_of(home: Home, truth: Truth) -> pd.DataFrame:
    """The release's visits to the website that are a true one of a person, by the millisecond they began."""
    rows = home.sql(
        "select epoch_ms(started_at), interaction_id, channel, customer_id from marts.fct_interactions "
        "where channel = 'website'"
    )
    found = pd.DataFrame(rows, columns=pd.Index(["ms", "interaction_id", "of_channel", "of_customer"]))
    visits = truth.web_visits[truth.web_visits["person_id"].notna()]
    visits = visits.assign(ms=milliseconds(visits["started_at"]))
    return visits[["journey_id", "started_at", "ms"]].merge(found, on="ms")


def test_both_sides_of_a_comparison_are_true_means(published: Home, answers: pd.DataFrame) -> None:
    """A service, division or channel, and all the others together."""
    told = shown(
        published,
        "cx_comparisons",
        *("breakdown", "member", "scale", "driver", "n", "value", "other_n", "other_value"),
        *("comparison", "measure"),
    )
    told = told[
        (told["comparison"] == "rest") & (told["measure"] == "mean") & (told["breakdown"] != "segment")
    ]
    assert len(told) > 80
    for row in told.itertuples(index=False):
        asked = answers[(answers["scale"] == row.scale) & (answers["driver"] == row.driver)]
        is_of = asked[row.breakdown] == row.member
        sides = [asked.loc[side, "points"] for side in (is_of, ~is_of)]
        assert (row.n, row.other_n) == tuple(map(len, sides)), row
        assert (row.value, row.other_value) == pytest.approx([side.mean() for side in sides], abs=ROUNDED)


def asked_of(answers: pd.DataFrame, scale: str, driver: str) -> pd.DataFrame:
    """The answers on a scale to a driver, or to all of them."""
    asked = answers[answers["scale"] == scale]
    return asked if driver == "all" else asked[asked["driver"] == driver]


def figure_of(rows: pd.DataFrame, measure: str) -> tuple[int, float]:
    """The n and value of a mean, a top-two share or the index (of people; every driver counts alike)."""
    if measure == "cx_index":
        mean = rows.groupby("driver")["points"].mean().mean()
        return rows["record_id"].nunique(), 100 * (mean - 1) / 4
    points = rows["points"]
    return len(points), points.mean() if measure == "mean" else (points >= 4).mean()


def test_segments_are_those_of_the_people(published: Home, truth: Truth, answers: pd.DataFrame) -> None:
    """Of those whom one of their contacts names: their answers and everybody else's, in both tables."""
    named = {
        record
        for (record,) in published.sql(
            "select source_record_id from marts.fct_survey_responses where customer_id in "
            "(select customer_id from marts.fct_interactions where segment is not null)"
        )
    }
    known = named - {"K-planted"}
    segment = truth.people.set_index("person_id")["segment"]
    person = truth.experiences[truth.experiences["responds"]].set_index("record_id")["person_id"]
    of_record = person[person.index.isin(known)].map(segment)
    answers = answers.assign(segment=answers["record_id"].map(of_record))
    people = answers.drop_duplicates("record_id")
    people = people.assign(
        is_known=people["segment"].notna() | people["record_id"].isin(named & {"K-planted"})
    )
    quality = shown(published, "survey_quality", "breakdown", "member", "known_segment_share")
    quality = quality[quality["breakdown"].isin(["all", "survey"])].set_index(["breakdown", "member"])
    shares = quality["known_segment_share"]
    known_shares = {
        (breakdown, member): rows["is_known"].mean() for breakdown, member, rows in cells(people, "survey")
    }
    assert len(shares) > 5
    assert shares.to_dict() == pytest.approx({key: known_shares[key] for key in shares.index}, abs=ROUNDED)
    least = pd.Series({"mean": 30, "top_two": 30, "cx_index": 3})
    index = shown(published, "cx_index", *("breakdown", "member", "scale", "measure", "driver", "n", "value"))
    index = index[(index["breakdown"] == "segment") & index["measure"].isin(least.index)]
    gaps = shown(
        published,
        "equity_gaps",
        *("segment", "scale", "driver", "n", "value", "rest_n", "rest_value", "breakdown", "measure"),
    )
    gaps = gaps[(gaps["breakdown"] == "all") & gaps["measure"].isin(least.index)]
    for found in (index, gaps):
        assert (found["measure"].value_counts()[least.index] >= least).all()
    for row in index.itertuples(index=False):
        asked = asked_of(answers, row.scale, row.driver)
        n, value = figure_of(asked[asked["segment"] == row.member], row.measure)
        assert (row.n, row.value) == (n, pytest.approx(value, abs=ROUNDED)), row
    for row in gaps.itertuples(index=False):
        asked = asked_of(answers, row.scale, row.driver)
        is_of = asked["segment"] == row.segment
        sides = [figure_of(asked[side], row.measure) for side in (is_of, ~is_of)]
        assert (row.n, row.rest_n) == tuple(n for n, _ in sides), row
        assert (row.value, row.rest_value) == pytest.approx([value for _, value in sides], abs=ROUNDED), row


def test_series_break_where_the_agency_changed_what_it_asks(published: Home, truth: Truth) -> None:
    """One form asks for five points instead of a thumb since a day: both scales break on it, and no other."""
    catalogue = truth.agency.catalogue
    changed = {
        (catalogue.services[form.service].service_id, form.survey_id, since)
        for form in catalogue.forms
        for since, _ in form.instruments[1:]
    }
    assert len(changed) == 1
    told = published.sql(
        "select breakdown, member, survey_id, break_date, scale from marts.series_breaks "
        "where kind = 'question_set'"
    )
    assert {row[1:4] for row in told if row[0] == "service"} == changed
    assert {row[4] for row in told} == {"thumbs", "radio_5"}
    assert {row[2:4] for row in told} == {each[1:] for each in changed}


def test_visits_and_votes_are_those_of_the_truth(published: Home, truth: Truth) -> None:
    """What DAP counts of people's visits and votes, and the votes in the tables of the website's events."""
    newest = web.last_table_day(END - timedelta(days=1))
    visits = truth.web_visits
    days = web.table_days(milliseconds(visits["started_at"]).to_numpy())
    late = late_days(visits["visit_id"].to_numpy(), TOOLS)
    counted = visits[~visits["is_program"].to_numpy() & (days + late <= newest)]
    told = shown(published, "web_performance", "breakdown", "member", "source_system", "visits")
    told = told[(told["breakdown"] == "site") & (told["source_system"] == "dap")]
    assert told["visits"].tolist() == [len(counted)]

    voted = counted["helpful"].dropna().astype(bool)
    made, of_visits = votes_in_tables(truth, newest)
    votes = shown(published, "page_helpfulness", "source_system", "page", "n", "value").set_index("page")
    votes = votes.loc["all"].set_index("source_system")
    assert len(voted) > made > 0.98 * len(voted)
    assert votes["n"].to_dict() == {"dap": len(voted), "web": made}
    assert votes["value"].to_dict() == pytest.approx({"dap": voted.mean(), "web": of_visits}, abs=ROUNDED)


def votes_in_tables(truth: Truth, newest: int) -> tuple[int, float]:
    """How many votes the tables of events have, and the share that helped; some are late, some vanish."""
    first = day_number(FIRST)
    visits = web.visits_of(truth.agency, truth.events.journeys, first - 1, newest)
    made = web.events_of(truth.agency, visits)
    day = web.table_days(made.at_ms)
    vanishes = Draws(made.key).happens("vanishes", truth.agency.causes.web.vanishes)
    is_there = (day >= first) & (day + late_days(made.key, TOOLS) <= newest) & ~(vanishes & (day < newest))
    voted = made.visit[(made.kind == web.VOTE) & is_there]
    return len(voted), float(web.helpful(truth.agency, visits)[voted].mean())


@pytest.fixture(scope="module")
def touches(settled: Home, settled_truth: Truth) -> pd.DataFrame:
    """One row per contact of a customer, by what the truth says of it, in the order of time.

    Whoever isn't known has no row, and of one customer's contacts those of two people are two people's.
    Columns: customer, person_id, service_id, organization, channel, step (the channel, and whether the agency
    called) and at.
    """
    truth = settled_truth
    facts = pd.DataFrame(
        settled.sql(
            "select interaction_id, source_record_id, customer_id, channel, service_id, "
            "epoch_ms(started_at), epoch_ms(ended_at) from marts.fct_interactions "
            "where customer_id is not null and service_id is not null"
        ),
        columns=pd.Index(
            ["interaction_id", "record_id", "customer", "channel", "service_id", "start", "end"]
        ),
    )
    step = truth.contacts["channel"].map(STEPS)
    true = truth.contacts.assign(step=step)[["record_id", "person_id", "service_id", "step", "started_at"]]
    (planted,) = facts.index[facts["record_id"] == "WFS-planted"]
    contacts = pd.concat(
        [
            facts[["interaction_id", "record_id", "customer"]].merge(true, on="record_id"),
            facts.loc[[planted], ["interaction_id", "customer"]].assign(
                person_id=-1,
                service_id="fld-card",
                step="in_person",
                started_at=pd.Timestamp("2026-06-18T10:50:00-07:00").tz_convert("UTC"),
            ),
        ]
    )
    found = pd.concat([contacts, true_visits(facts, truth).assign(step="website")])
    assert sorted(found["interaction_id"]) == sorted(facts["interaction_id"])
    return found.assign(
        organization=found["service_id"].map(truth.organizations),
        channel=found["step"].str.removeprefix("outbound_"),
        at=pd.to_datetime(found["started_at"], utc=True),
    ).sort_values(["at", "interaction_id"], ignore_index=True)


def true_visits(facts: pd.DataFrame, truth: Truth) -> pd.DataFrame:
    """The customers' sessions that begin or else end in one millisecond with a visit of one who signed in."""
    visits = truth.web_visits[truth.web_visits["signed_in"] & truth.web_visits["person_id"].notna()]
    visits = visits.assign(start=milliseconds(visits["started_at"]), end=milliseconds(visits["ended_at"]))
    visits = visits[["start", "end", "person_id", "service_id", "started_at"]]
    sessions = facts[facts["channel"] == "website"][
        ["interaction_id", "customer", "service_id", "start", "end"]
    ]
    begun = sessions.merge(visits.drop(columns="end"), on=["service_id", "start"])
    others = sessions[~sessions["interaction_id"].isin(begun["interaction_id"])]
    return pd.concat([begun, others.merge(visits.drop(columns="start"), on=["service_id", "end"])])


def test_customers_are_people(settled: Home, touches: pd.DataFrame) -> None:
    """Pairs of contacts of a customer are of one person, and those that can be known are of one customer."""

    def pairs(of: pd.DataFrame, *by: str) -> int:
        sizes = of.groupby(list(by)).size()
        return int((sizes * (sizes - 1) // 2).sum())

    joined = pairs(touches, "customer")
    assert joined > 1_000
    assert pairs(touches, "customer", "person_id") / joined >= 0.995
    known = touches_of(settled.settings.warehouse, settled.path / "sample_agency" / "truth")
    known = known.merge(touches[["interaction_id", "customer"]], on="interaction_id", how="left")
    knowable = pairs(known, "group")
    assert knowable > 1_000
    assert pairs(known, "group", "customer") / knowable >= 0.97


def test_further_contacts_are_those_of_the_truth(
    settled: Home, settled_truth: Truth, touches: pd.DataFrame
) -> None:
    """Of contacts of people whom an account names: who had made one in the week before, and who in the next.

    Whom an email alone names nobody knows in a call. About each service there are fewer of them. The contacts
    are those of the quarter; what followed may have come after it.
    """
    truth = settled_truth
    accounts = {
        customer
        for (customer,) in settled.sql(
            "select customer_id from marts.identity_tokens where tier = 'strong' and customer_id is not null"
        )
    }
    landed = {record for (record,) in settled.sql("select source_record_id from marts.fct_interactions")}
    everything = truth.contacts[truth.contacts["record_id"].isin(landed)].assign(
        step=truth.contacts["channel"].map(STEPS)
    )
    is_asked = truth.is_in_quarter(everything["service_id"], everything["started_at"])
    everything = everything[is_asked & (everything["step"] != "outbound_phone")].assign(
        service=everything["service_id"],
        organization=everything["service_id"].map(truth.organizations),
        channel=everything["step"],
    )
    contacts = touches[~touches["step"].isin(["website", "outbound_phone"])]
    times = contacts.groupby(["customer", "person_id", "service_id"])["at"]
    contacts = contacts.assign(
        service=contacts["service_id"], is_repeat=times.diff() <= WEEK, is_last=~(-times.diff(-1) <= WEEK)
    )
    contacts = contacts[truth.is_in_quarter(contacts["service_id"], contacts["at"])]
    is_judged = contacts["customer"].isin(accounts)
    assert (is_judged.groupby(contacts["service_id"]).mean() > 0.5).all()
    assert not is_judged[contacts["channel"] == "email"].all()
    contacts = contacts[is_judged]
    # nobody knows what came in the week before the first contact of all; what comes after the last is known
    began = contacts[contacts["at"] - truth.contacts["started_at"].min() > WEEK]
    assert (COMPLETE_UNTIL - contacts["at"] > WEEK).all()
    told = shown(
        settled,
        "journey_measures",
        *(
            "measure",
            "breakdown",
            "member",
            "n",
            "value",
            "unknown_count",
            "pending_count",
            "contact_coverage",
        ),
    )
    of_all = {
        (breakdown, member): len(part)
        for breakdown, member, part in cells(everything, "organization", "service", "channel")
    }
    of_judged = {
        (breakdown, member): len(part)
        for breakdown, member, part in cells(contacts, "organization", "service", "channel")
    }
    for measure, rows, is_so in (
        ("repeat_contact_share", began, "is_repeat"),
        ("first_contact_resolution_share", contacts, "is_last"),
    ):
        true = {
            (breakdown, member): (len(part), pytest.approx(part[is_so].mean(), abs=ROUNDED))
            for breakdown, member, part in cells(rows, "organization", "service", "channel")
        }
        of_measure = told[told["measure"] == measure]
        assert len(of_measure) > 10
        for row in of_measure.itertuples(index=False):
            cell = (row.breakdown, row.member)
            assert (row.n, row.value) == true[cell], row
            planted = 0 if cell not in PLANTED else 1
            assert row.unknown_count == of_all[cell] + planted - of_judged[cell], row
            coverage = of_judged[cell] / (of_all[cell] + planted)
            assert row.contact_coverage == pytest.approx(coverage, abs=ROUNDED), row
            if measure == "first_contact_resolution_share":
                assert (row.n, row.pending_count) == (of_judged[cell], 0), row


def true_journeys(truth: Truth, touches: pd.DataFrame, *who: str) -> pd.DataFrame:
    """One row per journey of the quarter that began a week after history, and ended a week before its end.

    Args:
        truth: when history began, and where services are.
        touches: service_id, step and at of each contact, in the order of time.
        who: the columns that say whose a contact is.

    Returns:
        service, organization, path, has_call and has_visit_before, that a visit came before the first call.
    """
    whose = [*who, "service_id"]
    is_first = ~(touches.groupby(whose)["at"].diff() <= WEEK)
    journey = [*whose, "episode"]
    touches = touches.assign(
        episode=is_first.groupby([touches[column] for column in whose]).cumsum(),
        call_at=touches["at"].where(touches["step"] == "phone"),
        visit_at=touches["at"].where(touches["step"] == "website"),
    )
    is_next = touches["step"] != touches.groupby(journey)["step"].shift()
    journeys = touches.groupby(journey).agg(
        first=("at", "min"), last=("at", "max"), call=("call_at", "min"), visit=("visit_at", "min")
    )
    journeys["path"] = touches[is_next].groupby(journey)["step"].agg(" > ".join)
    began, over = truth.contacts["started_at"].min() + WEEK, COMPLETE_UNTIL - WEEK
    journeys = journeys[(journeys["first"] > began) & (journeys["last"] < over)].reset_index()
    journeys = journeys[truth.is_in_quarter(journeys["service_id"], journeys["first"])]
    return journeys.assign(
        service=journeys["service_id"],
        organization=journeys["service_id"].map(truth.organizations),
        has_call=journeys["call"].notna(),
        has_visit_before=journeys["visit"] < journeys["call"],
    )


def test_paths_are_those_of_the_truth(settled: Home, settled_truth: Truth, touches: pd.DataFrame) -> None:
    """How many journeys of people who are known took each path."""
    journeys = true_journeys(settled_truth, touches, "customer", "person_id")
    told = shown(settled, "journey_paths", *("breakdown", "member", "path", "journey_count", "share"))
    told = told[told["path"] != "other"]
    assert len(told) > 30
    true = {
        (breakdown, member): rows for breakdown, member, rows in cells(journeys, "organization", "service")
    }
    for row in told.itertuples(index=False):
        of_cell = true[row.breakdown, row.member]
        count = len(of_cell) if row.path == "all" else (of_cell["path"] == row.path).sum()
        assert row.journey_count == count, row
        assert row.share == pytest.approx(count / len(of_cell), abs=ROUNDED), row


def test_who_tried_the_website_before_calling(
    settled: Home, settled_truth: Truth, touches: pd.DataFrame
) -> None:
    """The share is that of people who are known, and its interval holds that of everybody."""
    truth = settled_truth
    told = shown(
        settled, "journey_measures", *("measure", "breakdown", "member", "n", "value", "low", "high")
    )
    told = told[told["measure"] == "website_before_call_share"]
    visits = truth.web_visits[truth.web_visits["person_id"].notna() & ~truth.web_visits["is_program"]]
    everything = pd.concat(
        [
            truth.contacts.assign(step=truth.contacts["channel"].map(STEPS)),
            visits.assign(step="website"),
        ]
    )
    everything = everything.assign(at=pd.to_datetime(everything["started_at"], utc=True))
    everything = everything.sort_values("at", ignore_index=True)
    known, everybody = (
        {
            (breakdown, member): rows
            for breakdown, member, rows in cells(journeys[journeys["has_call"]], "organization", "service")
        }
        for journeys in (
            true_journeys(truth, touches, "customer", "person_id"),
            true_journeys(truth, everything, "person_id"),
        )
    )
    assert len(told) >= 5
    for row in told.itertuples(index=False):
        of_known = known[row.breakdown, row.member]["has_visit_before"]
        assert (row.n, row.value) == (len(of_known), pytest.approx(of_known.mean(), abs=ROUNDED)), row
        of_all = everybody[row.breakdown, row.member]["has_visit_before"].mean()
        assert row.low <= of_all <= row.high, (row, of_all)

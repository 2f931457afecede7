"""The sample agency's true figures, their changes and the natural limits of their series, by pandas."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
from scipy import stats
from voxpop.config import load_settings
from voxpop.sample_agency.agency import make_agency
from voxpop.sample_agency.causes import CAUSES
from voxpop.sample_agency.opinions import RATINGS
from voxpop.sample_agency.touchpoints import MARTS_CHANNELS
from voxpop.sample_agency.truth import ITEM_NAMES

SERIES = ["period_type", "breakdown", "member", "scale", "measure", "driver"]
ACSI = ("acsi_overall", "acsi_expectations", "acsi_ideal")
CYCLES = {"month": 12, "quarter": 4}
"""How many periods a year has."""


def instrument_changes() -> list[tuple[str, date]]:
    """Services whose form asks other questions since a day."""
    catalogue = make_agency(load_settings({}).seeds).catalogue
    return [
        (catalogue.services[form.service].service_id, since)
        for form in catalogue.forms
        for since, _ in form.instruments[1:]
    ]


def true_answers(warehouse: Path, truth: Path) -> pd.DataFrame:
    """What those think who answered, item by item.

    The warehouse says which answers to forms count, and which items they give; the points are the true ones.

    Returns:
        scale, driver, service, organization, channel, all, month, quarter (by their first days, where the
        service is) and points: of thumbs 1 or 0, of recommendations 100 by promoters (9, 10), -100 by
        detractors (0 to 6) and 0 by the rest, so that their mean is the net promoter score.
    """
    drivers = (*ITEM_NAMES, *RATINGS)
    scores = ", ".join(f"{driver}_score as {driver}" for driver in drivers)
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        answers = connection.execute(
            f"""
            with opinions as (
                unpivot (select record_id, {scores} from '{truth}/experiences.parquet' where responds)
                on {", ".join(drivers)} into name driver value points
            )
            select
                scale, facts.driver, said.service_id as service, services.organization_id as organization,
                said.channel, 'all' as all, timezone(time_zone, said.answered_at) as at,
                case scale
                    when 'thumbs' then (trust_opinion >= {CAUSES.thumbs_up_from})::int
                    when 'nps_11' then 100 * ((points >= 9)::int - (points <= 6)::int)
                    else points
                end as points
            from marts.fct_survey_answers as facts
            inner join marts.fct_survey_responses as responses using (response_id)
            inner join '{truth}/experiences.parquet' as said
                on said.record_id = responses.source_record_id and said.responds
            inner join opinions on opinions.record_id = said.record_id and opinions.driver = facts.driver
            inner join marts.dim_services as services on services.service_id = said.service_id
            inner join marts.dim_organizations as organizations
                on organizations.organization_id = services.organization_id
            where responses.is_counted and responses.source_system = 'touchpoints'
            """
        ).df()
    return answers.assign(
        channel=answers["channel"].map(MARTS_CHANNELS),
        month=answers["at"].dt.to_period("M").dt.start_time,
        quarter=answers["at"].dt.to_period("Q").dt.start_time,
    )


def true_cells(answers: pd.DataFrame) -> pd.DataFrame:
    """By month and quarter: all these answers, and those of each organization, service and channel.

    Returns:
        period_type, period_start, breakdown, member, scale and driver; n, mean and variance (s²).
    """
    found = []
    for period_type in CYCLES:
        for breakdown in ("all", "organization", "service", "channel"):
            rows = answers.rename(columns={period_type: "period_start"}).assign(member=answers[breakdown])
            points = rows.groupby(["period_start", "member", "scale", "driver"])["points"]
            cells = points.agg(n="size", mean="mean", variance="var").reset_index()
            found.append(cells.assign(period_type=period_type, breakdown=breakdown))
    return pd.concat(found, ignore_index=True)


def true_figures(cells: pd.DataFrame) -> pd.DataFrame:
    """The means of these cells (of thumbs the shares up), the index of five points, and ACSI's of ten.

    Returns:
        `SERIES`, period_start and true_value.
    """
    measure = cells["scale"].map({"thumbs": "thumbs_up", "nps_11": "nps"}).fillna("mean")
    means = cells.assign(measure=measure, true_value=cells["mean"])
    whole = [name for name in [*SERIES, "period_start"] if name not in ("measure", "driver")]
    indexes = []
    for name, steps, is_in_it in (
        ("cx_index", 4, means["scale"] == "likert_5"),
        ("acsi_equal_weight", 9, means["driver"].isin(ACSI)),
    ):
        index = 100 * (means[is_in_it].groupby(whole)["mean"].mean().rename("true_value") - 1) / steps
        indexes.append(index.reset_index().assign(measure=name, driver="all"))
    return pd.concat([means, *indexes])[[*SERIES, "period_start", "true_value"]]


def true_changes(cells: pd.DataFrame, months: int) -> pd.DataFrame:
    """Each cell beside the same some months earlier.

    Returns:
        As `cells`, with other_n, other_mean and p: the larger of two, z by the variance of all answers
        together and Welch's t.
    """
    earlier = cells.assign(period_start=cells["period_start"] + pd.DateOffset(months=months))
    key = ["period_type", "period_start", "breakdown", "member", "scale", "driver"]
    both = cells.merge(earlier, on=key, suffixes=("", "_before"))
    n, other = both["n"].to_numpy(float), both["n_before"].to_numpy(float)
    mean, other_mean = both["mean"].to_numpy(), both["mean_before"].to_numpy()
    variance, other_variance = both["variance"].to_numpy(), both["variance_before"].to_numpy()
    total = n + other
    between = n * other / total * (mean - other_mean) ** 2
    pooled = ((n - 1) * variance + (other - 1) * other_variance + between) / (total - 1)
    with np.errstate(invalid="ignore"):  # where nobody differs
        z = (mean - other_mean) / np.sqrt(pooled * (1 / n + 1 / other))
    welch = stats.ttest_ind_from_stats(
        *(mean, np.sqrt(variance), n, other_mean, np.sqrt(other_variance), other), equal_var=False
    )
    return both.rename(columns={"n_before": "other_n", "mean_before": "other_mean"}).assign(
        p=np.maximum(2 * stats.norm.sf(np.abs(z)), welch.pvalue)
    )


def people_served(warehouse: Path, truth: Path) -> pd.DataFrame:
    """How many people each service served, as its surveys count them; a kiosk counts all for its own.

    Returns:
        One row per month and quarter and service: period_type, period_start, member and served.
    """
    catalogue = make_agency(load_settings({}).seeds).catalogue
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        people = connection.execute(
            f"""
            select
                if(source = 'touchpoints', service_id, ?) as member,
                timezone(time_zone, ended_at) as at
            from '{truth}/experiences.parquet'
            inner join marts.dim_services using (service_id)
            inner join marts.dim_organizations using (organization_id)
            """,
            [catalogue.services[catalogue.kiosk_service].service_id],
        ).df()
    return pd.concat(
        people.assign(period_type=name, period_start=people["at"].dt.to_period(frequency).dt.start_time)
        .groupby(["period_type", "period_start", "member"])
        .size()
        .rename("served")
        .reset_index()
        for name, frequency in (("month", "M"), ("quarter", "Q"))
    )


def true_mix(cells: pd.DataFrame, organizations: pd.Series, months: int, weight: str) -> pd.DataFrame:
    """What a change of all or of an organization is made of, each service counting by its weight.

    The services' own changes count at the mean of their shares of the weights, now and some months earlier; a
    service that is there once counts in the mix alone (Kitagawa, JASA 50, 1955).

    Args:
        cells: of `true_cells`, with that column.
        organizations: service → its organization.
        months: how many.
        weight: the column.

    Returns:
        period_type, period_start, breakdown, member, scale and driver; change and within.
    """
    services = cells[cells["breakdown"] == "service"]
    of_organizations = services.assign(breakdown="organization", whole=services["member"].map(organizations))
    services = pd.concat([services.assign(breakdown="all", whole="all"), of_organizations])
    whole = ["period_type", "period_start", "breakdown", "whole", "scale", "driver"]
    services["share"] = services[weight] / services.groupby(whole)[weight].transform("sum")
    earlier = services.assign(period_start=services["period_start"] + pd.DateOffset(months=months))
    both = services.merge(earlier, on=[*whole, "member"], suffixes=("", "_before"))
    own = (both["share"] + both["share_before"]) / 2 * (both["mean"] - both["mean_before"])

    def sums(rows: pd.DataFrame, parts: pd.Series) -> pd.Series:
        return parts.groupby([rows[name] for name in whole]).sum()

    change = sums(services, services["share"] * services["mean"]) - sums(
        earlier, earlier["share"] * earlier["mean"]
    )
    found = pd.DataFrame({"change": change, "within": sums(both, own)}).reset_index()
    return found.rename(columns={"whole": "member"})


def natural_limits(points: pd.DataFrame, broken_on: date | None) -> pd.DataFrame:
    """The chart of individuals and moving ranges of one series (NIST/SEMATECH e-Handbook 6.3.2.2).

    Args:
        points: period_start, end (the day after the period) and true_value of each period, in their order.
        broken_on: the day on which another series begins. A period that it lies inside of is in neither.

    Returns:
        Of stretches of eight periods or more the points, with first_start and size of the stretch,
        true_center, true_lower and true_upper.
    """
    day = pd.Timestamp(broken_on) if broken_on else points["end"].max()
    is_before, is_after = points["end"] <= day, points["period_start"] >= day
    found = [points.iloc[:0]]
    for stretch in (points[is_before], points[is_after]):
        if len(stretch) < 8:
            continue
        value, start = stretch["true_value"], stretch["period_start"]
        cycle = CYCLES[stretch["period_type"].iloc[0]]
        center = pd.Series(value.mean(), value.index)
        if len(stretch) >= 2 * cycle:
            center = value.groupby(start.dt.month).transform("mean")
        moved = (value - center).diff().abs()[start == stretch["end"].shift()]
        reach = 2.66 * moved.mean()
        found.append(
            stretch.assign(
                first_start=start.iloc[0],
                size=len(stretch),
                true_center=center,
                true_lower=center - reach,
                true_upper=center + reach,
            )
        )
    return pd.concat(found)

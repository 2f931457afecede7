"""A day's build onto nine fiscal quarters writes what its batches touch: rows counted model by model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from voxpop.raw.records import Record
from voxpop.warehouse import build

from tests.parsed_once import ParsedOnce

from .conftest import Home, new_home
from .raw_zone import contact, conversation, page_view, submission, survey_response
from .written import rows_written

SOURCES = ("touchpoints", "genesys", "field_offices", "kiosk_surveys")
QUARTERS = [datetime(2024 + (3 + 3 * n) // 12, (3 + 3 * n) % 12 + 1, 1, tzinfo=UTC) for n in range(9)]
"""April 2024 to April 2026; each has records on ten of its days."""
DAY = datetime(2026, 5, 14, tzinfo=UTC)
SHARE = 0.25
"""Of what the first build wrote: nine quarters alike are 0.11 each, and a day is less."""

PEOPLE = "its size is that of the people whom the agency knows, and one new token can join any two of them"
GOALS = "it has a row a goal and period, and each is judged by those before it: sums, breaks and forecasts"
WHOLE = {
    "dim_dates": "it is as long as the calendar of the years in which something was recorded",
    "dim_customers": PEOPLE,
    "int_customers": PEOPLE,
    "int_customer_tokens": PEOPLE,
    "int_identity__tokens": PEOPLE,
    "int_identity__components": PEOPLE,
    "int_identity__edges": PEOPLE,
    "int_identity__record_tokens": "it is what all records say of people, and identity is made of all",
    "int_record_customers": "it names the customer of every record that says who it was",
    "identity_conflicts": PEOPLE,
    "identity_clusters": PEOPLE,
    "int_priority_goals__own_values": GOALS,
    "int_priority_goals__values": GOALS,
    "priority_goal_measures": GOALS,
    "int_web__touched_stretches": "it is empty where everything is built anew",
}
"""Models that are written whole in every build, each with the reason."""


@dataclass(frozen=True)
class Builds:
    """A home with nine quarters and a day built onto them."""

    home: Home
    first: Mapping[str, int]
    """Model → rows that the first build wrote."""
    day: Mapping[str, int]
    new_batches: frozenset[str]
    models: Mapping[str, Any]
    """Of dbt's manifest, by name."""


def land(home: Home, times: Mapping[str, datetime], tables: dict[str, list[Record]]) -> list[str]:
    """One record of each stream by its name and time; people come back in every quarter.

    A day's table of the website lands whole: with what `tables` has of it from before.
    """
    caller = {
        "purpose": "customer",
        "sessions": [{"mediaType": "voice", "direction": "inbound", "segments": [], "metrics": []}],
    }
    answers = {f"answer_{item:02}": str(item % 5 + 1) for item in range(1, 8)} | {"answer_08": "Thank you"}
    visit = {"source_channel": "VISIT", "source_service": "fld-card", "direction": "inbound"}
    records: dict[str, list[Record]] = {source: [] for source in SOURCES}
    for name, at in times.items():
        person = [("account", f"4000000{name[-2:]}"), ("email", f"person{name[-2:]}@example.org")]
        two = [*person, ("account", "499999999")] if name == "0-00" else person
        records["touchpoints"].append(submission(f"t{name}", at, identifiers=two, **answers))
        records["genesys"].append(conversation(f"g{name}", [caller], started_at=at, identifiers=person[:1]))
        records["field_offices"].append(contact(f"f{name}", at, **visit))
        records["kiosk_surveys"].append(survey_response(f"k{name}", at, source_channel="KIOSK"))
        view = page_view(f"v{name}", at)
        tables.setdefault(view.record_id, []).append(view)
    days = {f"events_{at:%Y%m%d}" for at in times.values()}
    records["web"] = [view for day in sorted(days) for view in tables[day]]
    return [home.raw.land(source, found).batch_id for source, found in records.items()]


def built(home: Home) -> Counter[str]:
    """Build all layers; the rows that each model wrote."""
    home.begin()
    with rows_written() as written:
        for layer in build.LAYERS:
            build.run_layer(home.settings, layer)
    build.finish(home.settings)
    return written


@pytest.fixture(scope="module")
def builds(tmp_path_factory: pytest.TempPathFactory) -> Builds:
    home = new_home(tmp_path_factory.mktemp("rows") / "home")
    tables: dict[str, list[Record]] = {}
    for number, quarter in enumerate(QUARTERS):
        days = [quarter + timedelta(days=3 + 8 * place, hours=15) for place in range(10)]
        land(home, {f"{number}-{place:02}": at for place, at in enumerate(days)}, tables)
    first = built(home)
    new_batches = frozenset(land(home, {"new-03": DAY + timedelta(hours=15)}, tables))
    day = built(home)
    nodes = ParsedOnce(home.settings).manifest().nodes.values()
    models = {node.name: node for node in nodes if node.resource_type == "model"}
    return Builds(home, first, day, new_batches, models)


def rows(builds: Builds, model: Any, where: str = "true") -> int:
    (count,) = builds.home.rows(f"select count(*) from {model.schema}.{model.name} where {where}")[0]
    return int(count)


def touched(builds: Builds, model: Any) -> str:
    """A condition on an incremental model's rows: those of the partitions that the day's batches touch."""
    key = model.config.get("partition_by") or model.config.unique_key
    if name := model.config.get("touched"):
        return f"{key} in (select {key} from {builds.models[name].schema}.{name})"
    return f"{key} in ({', '.join(repr(batch) for batch in sorted(builds.new_batches))})"


def test_the_day_is_one_of_many(builds: Builds) -> None:
    """Else the counts would prove nothing."""
    assert builds.home.rows("select distinct record_date from staging.stg_touched_records") == [(DAY.date(),)]
    assert builds.home.rows("select * from intermediate.int_touched_days") == [(DAY.date(),) * 4]
    assert len(builds.home.rows("select distinct quarter_start from marts.cx_index")) == len(QUARTERS)
    assert builds.first["fct_interactions"] == 3 * 90
    assert builds.day["fct_interactions"] == 3 + 3, "the day had three already"
    assert builds.day["stg_ga4__events"] == builds.day["fct_web_sessions"] == 2
    assert builds.day["stg_touchpoints__responses"] == builds.day["base_touchpoints__responses"] == 1


def test_an_incremental_model_writes_the_partitions_that_are_touched(builds: Builds) -> None:
    replaced = {
        name: model
        for name, model in builds.models.items()
        if model.config.materialized == "incremental" and model.config.incremental_strategy != "append"
    }
    assert len(replaced) > 20
    expected = {name: rows(builds, model, touched(builds, model)) for name, model in replaced.items()}
    assert {name: builds.day.get(name, 0) for name in replaced} == expected


def test_no_model_writes_history_anew(builds: Builds) -> None:
    """Those that do are listed with the reason; who needs none is not."""
    assert builds.first.keys() >= builds.models.keys()
    of_seeds = {name for name, model in builds.models.items() if "of_seeds" in model.tags}
    assert len(of_seeds) >= 5
    assert builds.day.keys() == builds.models.keys() - of_seeds
    whole = {name for name in builds.models if builds.day.get(name, 0) > SHARE * builds.first[name]}
    assert whole - WHOLE.keys() == set(), "written whole, and the list has no reason for it"
    assert WHOLE.keys() - whole == set(), "these follow what is new"

"""A day's build onto nine fiscal quarters writes what its batches touch: rows counted model by model."""

from __future__ import annotations

import itertools
import json
import shutil
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from voxpop.config import PROJECT, load_settings
from voxpop.raw.records import Record
from voxpop.sources.dap.parse import Scope, rows
from voxpop.sources.registry import load_sources
from voxpop.warehouse import build

from tests.parsed_once import ParsedOnce

from .conftest import Home, new_home
from .raw_zone import contact, conversation, dap_file, page_view, record, submission, survey_response
from .written import rows_written

QUARTERS = [datetime(2024 + (3 + 3 * n) // 12, (3 + 3 * n) % 12 + 1, 1, tzinfo=UTC) for n in range(9)]
"""April 2024 to April 2026; each has records on ten of its days."""
DAY = datetime(2026, 5, 14, 15, tzinfo=UTC)
DAY_OF_RENAMING = DAY + timedelta(days=1)
SHARE = 0.4
"""Of what the first build wrote: nine quarters alike are 0.11 each, and the newest year's three 0.33."""

PEOPLE = "it counts over the people whom the agency knows, by what all of their records say"
LISTED = "it is empty where everything is built anew"
GOALS = "it has a row a goal and period, and each is judged by those before it: sums, breaks and forecasts"
STATEMENTS = "it has a row a published report, and an edition takes the place of the one before"
COMPARED = "it compares periods with earlier ones, and is small beside the facts"
WHOLE = {
    "series_breaks": COMPARED,
    "cx_comparisons": COMPARED,
    "cx_control_limits": COMPARED,
    "equity_gaps": COMPARED,
    "dim_dates": "it is as long as the calendar of the years in which something was recorded",
    "dim_customers": PEOPLE,
    "int_household_ties": PEOPLE,
    "int_households": PEOPLE,
    "identity_conflicts": PEOPLE,
    "identity_clusters": PEOPLE,
    "identity_outcomes": PEOPLE,
    "identity_tokens": PEOPLE,
    "int_priority_goals__own_values": GOALS,
    "int_priority_goals__values": GOALS,
    "priority_goal_measures": GOALS,
    "stg_dap__files": STATEMENTS,
    "int_web_report_statements": STATEMENTS,
    "web_report_checks": STATEMENTS,
    "int_web_overlaps": "a stretch of days may share some with any other of its report, and few do",
    "int_contact_history": "it has one row",
    "int_web__touched_stretches": LISTED,
    "int_renamed_records": LISTED,
    "int_identity__touched_records": LISTED,
    "int_identity__touched_nodes": LISTED,
    "int_identity__touched_matches": LISTED,
}
"""Models that are written whole in every build, each with the reason."""


OF_CUSTOMERS = {
    "int_customer_quarters",
    "int_journey_years",
    "int_journey_paths",
    "journey_paths",
    "int_survey_ties",
    "fct_survey_ties",
    "int_measures__surveys",
    "int_measures__nonresponse",
    "survey_quality",
    "survey_nonresponse",
    "identity_quality",
    "identity_merges",
    "int_measures__journey_units",
    "int_measures__journeys",
    "int_withheld_journeys",
    "int_row_counts",
    "journey_measures",
}
"""Models that ask who it was, and so follow a renamed customer into each quarter with a record of theirs."""
FACTS = {
    "fct_interactions": "interaction_id",
    "fct_survey_responses": "response_id",
    "fct_comments": "comment_id",
    "fct_web_sessions": "session_id",
}


@dataclass(frozen=True)
class Built:
    """What a build wrote, and was to write."""

    written: Mapping[str, int]
    """Model → rows."""
    expected: Mapping[str, int]
    """Incremental model → its rows in the partitions that are touched, and of renamed customers."""
    renamed: Mapping[str, frozenset[str]]
    """Fact → keys of the rows that were there and have another customer since."""
    touched: Mapping[str, list[tuple[Any, ...]]]
    """Model that lists what is touched → its rows."""


@dataclass(frozen=True)
class Builds:
    """A home with nine quarters, a day built onto them, and another day on which a customer is renamed."""

    first: Mapping[str, int]
    """Model → rows that the first build wrote."""
    day: Built
    renaming: Built
    parting: Built
    """Nothing lands; the two who were found to be one are parted by a row of the seed."""
    landed: frozenset[str]
    """Sources that landed something on each of the days."""
    quarters_of_index: int
    models: Mapping[str, Any]
    """Of dbt's manifest, by name."""


def land(
    home: Home, times: Mapping[str, datetime], tables: dict[str, list[Record]], *, joined: bool = False
) -> dict[str, str]:
    """One record of each stream by its name and time; people come back in every quarter.

    Nobody knows whose address the text messages come from until a caller is `joined` with it. A day's table
    of the website lands whole: with what `tables` has of it from before.

    Returns:
        Source → its batch.
    """
    caller = {
        "purpose": "customer",
        "sessions": [{"mediaType": "voice", "direction": "inbound", "segments": [], "metrics": []}],
    }
    answers = {f"answer_{item:02}": str(item % 5 + 1) for item in range(1, 8)} | {"answer_08": "Thank you"}
    visit = {"source_service": "fld-card", "direction": "inbound"}
    records: dict[str, list[Record]] = defaultdict(list)
    for name, at in times.items():
        day, number = f"{at:%Y-%m-%d}", f"1{name[-2:]}"
        person = [("account", f"4000000{name[-2:]}"), ("email", f"person{name[-2:]}@example.org")]
        two = [*person, ("account", "499999999")] if name == "0-00" else person
        sender = [("email", f"sender{name[-2:]}@example.org")]
        called = [*person[:1], *(sender if joined else [])]
        records["touchpoints"].append(submission(f"t{name}", at, identifiers=two, **answers))
        records["genesys"].append(conversation(f"g{name}", [caller], started_at=at, identifiers=called))
        records["field_offices"].append(contact(f"f{name}", at, source_channel="VISIT", **visit))
        records["text_messages"].append(
            contact(
                f"x{name}",
                at + timedelta(hours=1),
                identifiers=sender,
                source_channel="TEXT",
                is_survey_offered=True,
                **visit,
            )
        )
        records["kiosk_surveys"].append(survey_response(f"k{name}", at, source_channel="KIOSK"))
        offer = {"survey_id": "fld-kiosk", "offered_on": day, "offered_until": day, "offered_count": number}
        records["survey_offers"].append(record(f"o{day}", offer, "survey_offer"))
        value = {"edition": day, "edition_date": day, "period": "2026Q1", "goal_id": "G", "goal": "G"}
        value |= {"indicator_type": "increase", "value_current": "5"}
        records["goal_values"].append(record(f"v{name}", value, "priority_goal_value"))
        row = {"id": 1, "date": day, "report_name": "device", "report_agency": "dps", "device": "mobile"}
        found, rejected = rows(json.dumps([row | {"visits": number}]).encode(), Scope("device"))
        assert not rejected
        records["dap"] += found
        view = page_view(f"v{name}", at)
        tables.setdefault(view.record_id, []).append(view)
    published = home.settings.home / "devices.csv"
    visits = [f"{at:%Y-%m-%d},mobile,1{name[-2:]}" for name, at in times.items()]
    published.write_text("\n".join(["date,device,visits", *visits]) + "\n")
    records["dap_files"] += dap_file(published)
    days = {f"events_{at:%Y%m%d}" for at in times.values()}
    records["web"] = [view for day in sorted(days) for view in tables[day]]
    return {source: home.raw.land(source, found).batch_id for source, found in records.items()}


def deny(home: Home, record_key: str) -> None:
    """Judge that the account and the email of a record aren't the same person's."""
    tokens = home.rows(
        "select identifier_type, token from intermediate.int_identity__record_tokens "
        f"where _record_key = '{record_key}' order by identifier_type"
    )
    assert [identifier_type for identifier_type, _ in tokens] == ["account", "email"]
    with (home.settings.seeds / "identity_denied.csv").open("a") as seed:
        seed.write(f"{','.join(itertools.chain(*tokens))},another's address,2026-05-16\n")


def built(home: Home) -> Counter[str]:
    """Build all layers; the rows that each model wrote."""
    home.begin()
    with rows_written() as written:
        for layer in build.LAYERS:
            build.run_layer(home.settings, layer)
    build.finish(home.settings)
    return written


def build_onto(home: Home, batches: Mapping[str, str], models: Mapping[str, Any]) -> Built:
    """Build batches onto what is there."""
    before = {fact: customers(home, fact) for fact in FACTS}
    written = built(home)
    after = {fact: customers(home, fact) for fact in FACTS}
    renamed = {
        fact: frozenset(key for key, who in before[fact].items() if after[fact].get(key, who) != who)
        for fact in FACTS
    }
    expected = {
        name: count(
            home, model, f"({touched(batches, models, model)}) or {among(FACTS.get(name), renamed.get(name))}"
        )
        for name, model in models.items()
        if model.config.materialized == "incremental" and model.config.incremental_strategy != "append"
    }
    lists = {
        name: home.rows(f"from {model.schema}.{name}")
        for name, model in models.items()
        if name
        in (
            "stg_touched_records",
            "int_touched_days",
            "int_touched_quarters",
            "int_touched_years",
            "int_customer_quarters",
            "int_touched_customers",
            "int_identity__touched_nodes",
        )
    }
    return Built(written, expected, renamed, lists)


def customers(home: Home, fact: str) -> dict[str, str]:
    return dict(home.rows(f"select {FACTS[fact]}, customer_id from marts.{fact}"))


def touched(batches: Mapping[str, str], models: Mapping[str, Any], model: Any) -> str:
    """A condition on an incremental model's rows: those of the partitions that the day's batches touch."""
    key = model.config.get("partition_by") or model.config.unique_key
    if key == "component_hash":
        key = "node"  # what falls apart has parts of other names
    if name := model.config.get("touched"):
        return f"{key} in (select {key} from {models[name].schema}.{name})"
    return among(key, frozenset(batches.values()))


def among(key: str | None, renamed: frozenset[str] | None) -> str:
    return f"{key} in ({', '.join(map(repr, renamed))})" if renamed else "false"


def count(home: Home, model: Any, where: str) -> int:
    return int(home.rows(f"select count(*) from {model.schema}.{model.name} where {where}")[0][0])


@pytest.fixture(scope="module")
def builds(tmp_path_factory: pytest.TempPathFactory) -> Builds:
    folder = tmp_path_factory.mktemp("rows")
    home = new_home(folder / "home", shutil.copytree(PROJECT / "dbt_project" / "seeds", folder / "seeds"))
    tables: dict[str, list[Record]] = {}
    for number, quarter in enumerate(QUARTERS):
        days = [quarter + timedelta(days=3 + 8 * place, hours=15) for place in range(10)]
        land(home, {f"{number}-{place:02}": at for place, at in enumerate(days)}, tables)
    first = built(home)
    nodes = ParsedOnce(home.settings).manifest().nodes.values()
    models = {node.name: node for node in nodes if node.resource_type == "model"}
    batches = land(home, {"new-03": DAY}, tables)
    day = build_onto(home, batches, models)
    renaming = build_onto(home, land(home, {"new-05": DAY_OF_RENAMING}, tables, joined=True), models)
    deny(home, "genesys/conversations/gnew-05")
    parting = build_onto(home, {}, models)
    ((quarters,),) = home.rows(
        "select count(distinct period_start) from marts.cx_index where period_type = 'quarter'"
    )
    return Builds(first, day, renaming, parting, frozenset(batches), quarters, models)


def test_the_day_is_one_of_many(builds: Builds) -> None:
    """Else the counts would prove nothing."""
    assert builds.landed == load_sources(load_settings()).keys(), "every source of the agency lands"
    assert {row[-1] for row in builds.day.touched["stg_touched_records"]} == {DAY.date()}
    assert builds.day.touched["int_touched_days"] == [(DAY.date(),) * 4]
    assert builds.day.touched["int_touched_quarters"] == [(QUARTERS[-1].date(),)]
    assert not any(builds.day.renamed.values())
    assert {row[1] for row in builds.day.touched["int_touched_customers"]} == {DAY.date()}
    assert len(builds.day.touched["int_touched_customers"]) == 2, "of four who came that day, two were known"
    assert builds.quarters_of_index == len(QUARTERS)
    assert builds.first["fct_interactions"] == 4 * 90
    written = builds.day.written
    assert written["fct_interactions"] == 4 + 4, "the day had four already"
    assert written["stg_ga4__events"] == written["fct_web_sessions"] == 2
    assert written["stg_touchpoints__responses"] == written["base_touchpoints__responses"] == 1
    assert written["int_survey_offers"] == 1, "its numbers are corrected"
    assert written["int_web_aggregates"] == 2, "the API's, corrected, and the published file's"


def test_a_customer_is_renamed_in_every_quarter(builds: Builds) -> None:
    """The address is a caller's, as is known since: its messages are, one a quarter, and nothing else."""
    assert {fact: len(keys) for fact, keys in builds.renaming.renamed.items()} == {
        "fct_interactions": len(QUARTERS),
        "fct_survey_responses": 0,
        "fct_comments": 0,
        "fct_web_sessions": 0,
    }
    assert builds.renaming.touched["int_touched_days"] == [(DAY_OF_RENAMING.date(),) * 4]
    assert builds.renaming.touched["int_touched_quarters"] == [(QUARTERS[-1].date(),)]
    assert {row[0] for row in builds.renaming.touched["int_touched_years"]} == {date(2025, 10, 1)}
    assert len(builds.renaming.touched["int_customer_quarters"]) == len(QUARTERS)
    assert builds.renaming.written["fct_interactions"] == 4 + len(QUARTERS)
    journeys_of = {row[0] for row in builds.renaming.touched["int_touched_customers"]}
    assert len(journeys_of) == 2, "by the caller's name, and by that of the address"


def test_a_parted_pair_makes_its_own_component_anew(builds: Builds) -> None:
    """The caller's account, their email and the address; of four times nine people's tokens no other's."""
    parting = builds.parting
    nodes = {row[0].split(":")[0] for row in parting.touched["int_identity__touched_nodes"]}
    assert len(parting.touched["int_identity__touched_nodes"]) == 3 and nodes == {"account", "email"}
    assert parting.written["int_customer_tokens"] == 3 < builds.first["int_customer_tokens"]
    assert parting.touched["stg_touched_records"] == parting.touched["int_touched_days"] == []
    assert {fact: len(keys) for fact, keys in parting.renamed.items()} == {
        "fct_interactions": len(QUARTERS) + 1,
        "fct_survey_responses": 0,
        "fct_comments": 0,
        "fct_web_sessions": 0,
    }
    assert parting.written["fct_interactions"] == len(QUARTERS) + 1, (
        "the address's own messages, with the newest"
    )
    assert all(parting.written[name] == 0 for name in builds.models if name.startswith(("stg_g", "base_")))


@pytest.mark.parametrize("name", ["day", "renaming", "parting"])
def test_an_incremental_model_writes_what_is_touched(builds: Builds, name: str) -> None:
    """The partitions that are touched whole, and of the facts the rows of renamed customers besides."""
    onto: Built = getattr(builds, name)
    assert len(onto.expected) > 20
    assert {model: onto.written.get(model, 0) for model in onto.expected} == onto.expected


def test_no_model_writes_history_anew(builds: Builds) -> None:
    """Those that do are listed with the reason; who needs none is not."""
    assert builds.first.keys() >= builds.models.keys()
    of_seeds = {name for name, model in builds.models.items() if "of_seeds" in model.tags}
    assert len(of_seeds) >= 5
    assert builds.day.written.keys() == builds.models.keys() - of_seeds
    whole = written_whole(builds, builds.day)
    assert whole - WHOLE.keys() == set(), "written whole, and the list has no reason for it"
    assert with_rows(builds, builds.day, WHOLE) - whole == set(), "these follow what is new"


def test_a_renamed_customer_touches_what_asks_who_it_was(builds: Builds) -> None:
    expected = with_rows(builds, builds.renaming, {*WHOLE, *OF_CUSTOMERS})
    assert written_whole(builds, builds.renaming) == expected


def with_rows(builds: Builds, onto: Built, names: Iterable[str]) -> set[str]:
    """Those of which the first build or this one wrote anything: no survey breaks in these quarters, say."""
    return {name for name in names if builds.first[name] or onto.written.get(name, 0)}


def written_whole(builds: Builds, onto: Built) -> set[str]:
    return {name for name in builds.models if onto.written.get(name, 0) > SHARE * builds.first[name]}

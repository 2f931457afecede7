"""Facts, dimensions and identity built in steps, in another order, after a crash, or at once: the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest
from voxpop.release.manifest import table_hash

from .project import Project
from .staging_tables import BUILD_ENDED, Staging, Version, random_batches

FOLDERS = (
    "organizations",
    "surveys",
    "web",
    "interactions",
    "comments",
    "identity",
    "journeys",
    "touched",
)
INTERMEDIATE = [f"path:models/intermediate/{folder}" for folder in FOLDERS]
UP_TO_CONTACTS = [
    *(path for path in INTERMEDIATE if not path.endswith(("/journeys", "/touched"))),
    "int_touched_days",
    "int_renamed_records",
]
"""What contacts and who they are of stand on."""
MEASURES = ["path:models/intermediate/measures", "path:models/marts/measures", "a11_280_collection_details"]
EVERYTHING = [
    *INTERMEDIATE,
    *MEASURES,
    "path:models/marts/comparisons",
    "a11_280_collections",
    "a11_280_responses",
    "path:models/marts/core",
]
OF_RUNS = (
    "identity_merges",
    "int_touched_",
    "int_identity__touched_",
    "int_renamed_records",
    "int_customer_quarters",
    "int_journey_years",
    "int_journey_paths",
    "int_web__touched_",
    "int_measures__",
)
"""How tables begin that tell of builds and not of the agency, or hold what one build works on."""


def step(
    project: Project,
    staging: Staging,
    delivered: Sequence[Version],
    run_id: str,
    selected: Sequence[str] = EVERYTHING,
    *,
    takes_over: bool = False,
) -> None:
    """One build: staging as it is after a delivery, then what is built on it."""
    staging.versions += [version for version in delivered if version not in staging.versions]
    with project.connect() as connection:
        staging.fill(connection, delivered, run_id, takes_over=takes_over)
    # what published reports say of themselves is read anew in every build, and from the base tables
    project.dbt("run", "--select", *selected, "--exclude", "int_web_report_statements+")
    with project.connect() as connection:
        connection.execute(BUILD_ENDED)


def in_steps(project: Project, deliveries: Sequence[Sequence[Version]]) -> Project:
    staging = Staging()
    for number, delivered in enumerate(deliveries):
        step(project, staging, delivered, f"run-{number}")
    return project


@dataclass(frozen=True)
class Contents:
    """What a table holds, without the columns that begin with an underscore."""

    rows: int
    hash: str


def contents(project: Project) -> dict[str, Contents]:
    """Every table's, whatever the order of its rows."""
    with project.connect() as connection:
        tables = connection.execute(
            "select table_schema, table_name, list(column_name order by ordinal_position) "
            "from information_schema.columns where table_schema in ('intermediate', 'marts') group by all"
        ).fetchall()
        return {
            name: Contents(
                connection.execute(f"select count(*) from {schema}.{name}").fetchall()[0][0],
                table_hash(connection, f"{schema}.{name}", columns),
            )
            for schema, name, columns in tables
            if not name.startswith(OF_RUNS)
        }


@pytest.fixture(scope="module")
def deliveries() -> list[list[Version]]:
    return random_batches(seed=11, count=1200, batches=3)


@pytest.fixture(scope="module")
def whole(make_voxpop: Callable[[], Project], deliveries: list[list[Version]]) -> dict[str, Contents]:
    at_once = [[version for delivered in deliveries for version in delivered]]
    project = in_steps(make_voxpop(), at_once)
    project.dbt("test", "--select", *EVERYTHING, "--exclude", "test_type:unit", "int_web_report_statements+")
    return contents(project)


@pytest.fixture(scope="module")
def begun(make_voxpop: Callable[[], Project], deliveries: list[list[Version]]) -> Project:
    """After the first delivery."""
    return in_steps(make_voxpop(), deliveries[:1])


@pytest.fixture(scope="module")
def stepped(
    begun: Project, deliveries: list[list[Version]], tmp_path_factory: pytest.TempPathFactory
) -> Project:
    project, staging = begun.copy(tmp_path_factory.mktemp("stepped")), Staging([*deliveries[0]])
    for number, delivered in enumerate(deliveries[1:]):
        step(project, staging, delivered, f"run-{number + 1}")
    return project


def test_the_deliveries_try_what_the_test_is_about(stepped: Project, whole: dict[str, Contents]) -> None:
    """Else equality would prove nothing: days without new records, customers renamed there, conflicts."""
    causes = dict(stepped.query("select cause, count(*) from marts.identity_merges group by cause"))
    assert set(causes) == {"merge", "split", "earlier token"}
    touched, all_days = stepped.query(
        "select count(distinct touched.record_date), count(distinct all_days.record_date) "
        "from intermediate.int_interactions as all_days "
        "left join staging.stg_touched_records as touched on all_days.record_date = touched.record_date"
    )[0]
    assert 0 < touched < all_days / 2
    renamed_elsewhere = stepped.query(
        "select count(*) from intermediate.int_renamed_records "
        "where record_date not in (select record_date from intermediate.int_touched_days)"
    )[0][0]
    assert renamed_elsewhere > 0
    journeys = stepped.query("select count(*) filter (touch_count > 1) from marts.customer_journeys")[0][0]
    assert journeys >= 20
    for table in (
        "customer_journeys",
        "journey_paths",
        "fct_interactions",
        "fct_survey_responses",
        "fct_survey_answers",
        "fct_survey_ties",
        "fct_comments",
        "fct_web_sessions",
        "identity_conflicts",
    ):
        assert whole[table].rows > 10, table
    ties = dict(
        stepped.query("select tie_method, count(*) from intermediate.int_survey_ties group by tie_method")
    )
    assert ties["named"] > 10 and ties["nearest"] > 0


def test_steps_give_what_one_build_gives(stepped: Project, whole: dict[str, Contents]) -> None:
    found = contents(stepped)
    assert found.keys() == whole.keys()
    assert [table for table in whole if found[table] != whole[table]] == []


def test_another_order_of_arrival_gives_the_same(
    make_voxpop: Callable[[], Project], deliveries: list[list[Version]], whole: dict[str, Contents]
) -> None:
    first, second, third = deliveries
    found = contents(in_steps(make_voxpop(), [third + second, first]))
    assert [table for table in whole if found[table] != whole[table]] == []


def test_a_build_that_stopped_between_the_facts_is_made_good(
    begun: Project, deliveries: list[list[Version]], whole: dict[str, Contents], tmp_path: Path
) -> None:
    """Identity and one fact were built when the process died; the next build gets its batches, and more."""
    project, staging = begun.copy(tmp_path), Staging([*deliveries[0]])
    stopped = [*INTERMEDIATE, "fct_interactions"]
    step(project, staging, deliveries[1], "run-1", stopped)
    moved = "select count(*) from intermediate.int_customer_tokens where _moved_run_id = 'run-1'"
    assert project.query(moved)[0][0] > 0
    quarters = "select quarter_start from intermediate.int_customer_quarters"
    stopped_at = set(project.query(quarters))
    # the facts name everybody right by now: the next delivery alone would not reach those quarters
    step(project, staging, deliveries[2], "run-2", [*INTERMEDIATE], takes_over=True)
    assert stopped_at <= set(project.query(quarters))
    step(project, staging, deliveries[1] + deliveries[2], "run-2", takes_over=True)
    assert stopped_at <= set(project.query(quarters))
    told = {run_id for (run_id,) in project.query("select _run_id from marts.identity_merges")}
    assert told == {"run-1", "run-2"}
    found = contents(project)
    assert [table for table in whole if found[table] != whole[table]] == []


def contact(number: int, day: int, *identifiers: tuple[str, str]) -> Version:
    at = datetime.fromisoformat(f"2026-01-{day:02d}T15:00")
    values = {"started_at": at, "source_channel": "VISIT", "source_service": "fld-card"}
    return Version(
        "stg_file_drop__interactions",
        "field_offices",
        f"f{number}",
        at,
        0,
        "b",
        values,
        identifiers=identifiers,
    )


def test_merges_splits_and_earlier_tokens_are_told_and_reach_old_days(
    make_voxpop: Callable[[], Project],
) -> None:
    account, email = ("account", "a"), ("email", "e")
    project, staging = make_voxpop(), Staging()
    selected = [*UP_TO_CONTACTS, "fct_interactions", "identity_merges", "identity_conflicts"]

    def who() -> dict[str, str]:
        return dict(project.query("select source_record_id, customer_id from marts.fct_interactions"))

    def told(run_id: str) -> set[tuple[str, str, str]]:
        sql = f"select old_id, new_id, cause from marts.identity_merges where _run_id = '{run_id}'"
        return {(old, new, cause) for old, new, cause in project.query(sql)}

    def conflicts() -> list[tuple[int, int, str]]:
        return project.query(
            "select count(*), count(distinct conflict_id), min(reason) from marts.identity_conflicts "
            "where reason in ('two_strong', 'denied', 'too_large') group by reason"
        )

    step(project, staging, [contact(1, 5, email), contact(2, 6, account)], "run-0", selected)
    first = who()
    assert first["f1"] != first["f2"]
    assert told("run-0") == set()

    step(project, staging, [contact(3, 9, account, email)], "run-1", selected)
    second = who()
    assert set(second.values()) == {first["f1"]}, "the email was seen first and names the customer"
    assert told("run-1") == {(first["f2"], first["f1"], "merge")}

    step(project, staging, [contact(4, 2, account)], "run-2", selected)
    third = who()
    assert set(third.values()) == {first["f2"]}, "the account turns out to have been seen before the email"
    assert told("run-2") == {(first["f1"], first["f2"], "earlier token")}

    step(project, staging, [contact(5, 12, ("account", "b"), email)], "run-3", selected)
    fourth = who()
    assert fourth["f1"] is None, "the email is of two accounts now: it is nobody's"
    assert {fourth["f2"], fourth["f3"], fourth["f4"]} == {first["f2"]}, (
        "a strong token decides for its records"
    )
    assert fourth["f5"] not in (None, first["f1"], first["f2"])
    assert told("run-3") == set(), "who is somebody's no more has no new name"
    assert conflicts() == []

    by_itself = [contact(6, 13, ("account", "c"), ("email", "c1")), contact(7, 13, ("email", "c1"))]
    step(project, staging, [*by_itself, contact(8, 14, ("account", "d"), ("email", "d1"))], "run-4", selected)
    fifth = who()
    assert fifth["f6"] == fifth["f7"] != fifth["f8"]
    step(project, staging, [contact(9, 15, ("email", "c1"), ("email", "d1"))], "run-5", selected)
    sixth = who()
    assert conflicts() == [(4, 1, "two_strong")], (
        "neither email is beside two accounts, all of them together are"
    )
    assert (sixth["f6"], sixth["f8"]) == (fifth["f6"], fifth["f8"]), "each account stands for itself"
    assert sixth["f7"] not in (None, fifth["f7"]) and sixth["f9"] is None
    assert {cause for _, _, cause in told("run-5")} == {"split"}
    assert len(project.query("select * from marts.identity_merges")) == 4, "nothing is told twice"


def test_two_who_are_parted_stay_so_until_the_row_goes(
    make_voxpop: Callable[[], Project], tmp_path: Path
) -> None:
    """Builds onto which nothing landed but a row of the seed, and days that follow."""
    account, email, other = ("account", "a"), ("email", "e"), ("email", "g")
    project, staging = make_voxpop(), Staging()
    selected = ["path:models/intermediate/identity", "identity_merges", "identity_conflicts"]

    def deny(run_id: str, seed: str) -> set[str]:
        """Build what a change of the seed makes; give the tokens whose components it made anew."""
        with project.connect() as connection:
            connection.execute(seed)
        step(project, staging, [], run_id, selected)
        (tmp_path / run_id).mkdir()
        whole = project.copy(tmp_path / run_id)
        whole.dbt("run", "--full-refresh", "--select", *selected)
        assert contents(project) == contents(whole)
        return {
            node for (node,) in project.query("select node from intermediate.int_identity__touched_nodes")
        }

    def whose() -> dict[str, str]:
        return dict(
            project.query(
                "select identifier_type || token, customer_id from intermediate.int_customer_tokens"
            )
        )

    def told(run_id: str) -> list[tuple[str, str, str]]:
        sql = f"select cause, old_id, new_id from marts.identity_merges where _run_id = '{run_id}'"
        return project.query(sql)

    others = contact(9, 4, ("account", "z"), ("email", "y"))
    days = [contact(1, 5, account, email), others]
    step(project, staging, days, "run-0", [*UP_TO_CONTACTS, *selected[1:]])
    joined, of_others = whose()["accounta"], {token: whose()[token] for token in ("accountz", "emaily")}
    made_anew = deny(
        "run-1",
        "insert into seeds.identity_denied values ('account', 'a', 'email', 'e', 'typed', '2026-01-05')",
    )
    assert made_anew == {"account:a", "email:e"}
    parted = whose()
    assert parted["accounta"] == joined != parted["emaile"], "the account's token is the smaller one"
    assert told("run-1") == [("split", joined, parted["emaile"])]

    step(project, staging, [contact(2, 9, account, email), contact(3, 9, email, other)], "run-2", selected)
    assert whose() == parted | {"emailg": parted["emaile"]}
    step(project, staging, [contact(4, 10, account, other)], "run-3", selected)
    assert whose() == parted | {"emailg": None}, "what comes beside both is nobody's"
    assert project.query("select reason, token from marts.identity_conflicts") == [("denied", "g")]

    assert deny("run-4", "delete from seeds.identity_denied") == {"account:a", "email:e", "email:g"}
    assert whose() == of_others | {"accounta": joined, "emaile": joined, "emailg": joined}
    assert told("run-4") == [("merge", parted["emaile"], joined)]

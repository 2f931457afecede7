"""Every public table is attacked for what it tells of people, or the list here says why it need not be."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

import duckdb
import yaml
from voxpop.release.compared import COMPARED
from voxpop.release.counted import DERIVED, MADE_OF_PUBLISHED, WITHHELD
from voxpop.release.tables import OWN_TABLES

from . import (
    test_releases,
    test_releases_of_answers,
    test_releases_of_contacts,
    test_releases_of_counts,
    test_releases_of_website,
)
from .sql import DBT, MODELS
from .test_suppression_across_tables import ROWS_OF_JOURNEYS, ROWS_OF_RECORDS
from .test_suppression_of_answers import ROWS as ROWS_OF_ANSWERS

NAMES = "it lists what there is by name, and counts nothing"
OF_ROWS = "its figures are made of other public tables' rows, as these are published"
TELLS_OF_NOBODY = {
    "dim_channels": NAMES,
    "dim_dates": NAMES,
    "dim_organizations": NAMES,
    "dim_questions": NAMES,
    "dim_services": NAMES,
    "dim_surveys": NAMES,
    "series_breaks": "it says on which day a survey that may reach a member was asked in another way",
    "cx_control_limits": OF_ROWS,
    "priority_goal_measures": OF_ROWS,
    "published_measures": OF_ROWS,
    "data_dictionary": NAMES,
    "release_info": "it counts batches, and of these nothing says how many records they hold",
    "timeliness": "it counts nothing, and a day of few records has no row",
}
"""Public table → why no attack here takes its numbers together with other tables'."""

OVER_RELEASES = {
    "cx_index": test_releases.__name__,
    **dict.fromkeys(test_releases_of_answers.TABLES, test_releases_of_answers.__name__),
    **dict.fromkeys(test_releases_of_counts.TABLES, test_releases_of_counts.__name__),
    **dict.fromkeys(test_releases_of_contacts.TABLES, test_releases_of_contacts.__name__),
    **dict.fromkeys(test_releases_of_website.TABLES, test_releases_of_website.__name__),
}
"""Public table → the attack over three releases that reads it."""

SEEDS = "what changes in it somebody wrote into a seed, or a source's description of its forms"
AGAIN = "it is made once more, of the rows that this release publishes (`counted.MADE_OF_PUBLISHED`)"
RESTS = "a row that rests on a held one is held, or has no figure (`counted.DERIVED`)"
NOT_OVER_RELEASES = {
    "dim_channels": SEEDS,
    "dim_dates": "it is a calendar, from the first day of any record to the last",
    "dim_organizations": SEEDS,
    "dim_questions": SEEDS,
    "dim_services": SEEDS,
    "dim_surveys": SEEDS,
    "series_breaks": "its rows are those of seeds and of whom an agency counts as offered a survey",
    "cx_control_limits": AGAIN,
    "priority_goal_measures": RESTS,
    "published_measures": RESTS,
    "data_dictionary": "it describes columns",
    "release_info": "it counts batches, and of these nothing public says how many records they hold",
    "timeliness": "it counts nothing, and a day of few records has no row",
}
"""Public table → why no attack reads it over releases."""


@cache
def public_tables() -> set[str]:
    described = [
        model
        for path in (DBT / "models" / "marts").glob("*/*.yml")
        for model in yaml.safe_load(path.read_text())["models"]
    ]
    of_dbt = {model["name"] for model in described if model["config"]["meta"]["audience"] == "public"}
    assert len(of_dbt) > 15
    return of_dbt | set(OWN_TABLES)


def test_every_public_table_is_attacked_over_releases_or_said_to_tell_of_nobody() -> None:
    assert OVER_RELEASES.keys() | NOT_OVER_RELEASES.keys() == public_tables()
    assert not OVER_RELEASES.keys() & NOT_OVER_RELEASES.keys()
    derived = {one.table for one in DERIVED} | {"priority_goal_measures"}
    assert {name for name, why in NOT_OVER_RELEASES.items() if why == RESTS} <= derived
    assert {name for name, why in NOT_OVER_RELEASES.items() if why == AGAIN} <= MADE_OF_PUBLISHED.keys()
    assert OVER_RELEASES.keys() <= COMPARED.keys()


def read_by(rows: Mapping[str, str]) -> set[str]:
    """The public tables that an attack's queries read, one each; its own test holds that it tells of each."""
    found = set()
    for query in rows.values():
        [(tree,)] = duckdb.execute("select json_serialize_sql(?)", [query]).fetchall()
        (table,) = public_tables() & set(re.findall(r'"table_name":"(\w+)"', tree))
        found.add(table)
    return found


def test_every_public_table_is_attacked_or_said_to_tell_of_nobody() -> None:
    of_contacts = read_by(ROWS_OF_JOURNEYS) | read_by(ROWS_OF_RECORDS)
    of_website = read_by(test_releases_of_website.ROWS)
    attacked = of_contacts | of_website | read_by(ROWS_OF_ANSWERS)
    assert attacked | TELLS_OF_NOBODY.keys() == public_tables()
    assert not attacked & TELLS_OF_NOBODY.keys()
    # what is told alike over releases is read by the same queries
    assert set(test_releases_of_answers.TABLES) == read_by(ROWS_OF_ANSWERS)
    assert set(test_releases_of_contacts.TABLES) == of_contacts
    assert set(test_releases_of_website.TABLES) == of_website


def test_what_rows_are_of_is_kept_of_years_that_a_build_leaves_alone() -> None:
    """A release keeps these counts of all years; what a build works on has those that it touches."""
    read = {name for query in WITHHELD.values() for name in re.findall(r"{intermediate}[.](\w+)", query)}
    assert read > {"int_contact_history"}, "which says of no year what it counts: it has one row"
    for name in read - {"int_contact_history"}:
        assert "materialized='incremental'" in MODELS[name].read_text(), name

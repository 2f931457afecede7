"""What the command line says of releases: to an analyst who asks, and where something is broken."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime

import pytest
from voxpop import cli, doctor

NOW = datetime(2026, 5, 2, 6, 0, tzinfo=UTC)


@pytest.fixture
def published(home):
    """A home with two releases."""
    first = home.publish(NOW)
    home.land("genesys", "conversations", ["conv-1"])
    home.build()
    return home, first, home.publish(NOW.replace(day=3))


@pytest.fixture
def say(published, monkeypatch, capsys):
    """Run the command line on that home: exit code, what it printed, and what it complained of."""
    monkeypatch.setenv("VOXPOP_HOME", str(published[0].settings.home))

    def run(*arguments):
        monkeypatch.setattr("sys.argv", ["voxpop", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        printed = capsys.readouterr()
        return ended.value.code or 0, printed.out, printed.err

    return run


def test_two_columns_of_one_name_are_both_shown(say):
    assert say("sql", "select 1 as a, 2 as a, 3 as b, 4 as a") == (0, "a  a_1  b  a_2\n1  2    3  4\n", "")


def test_json_has_numbers_as_numbers_and_times_as_iso_texts(say):
    moments = "timestamp '2026-01-02 03:04:05' as t, date '2026-01-02' as day"
    query = f"select 1.50::decimal(9, 3) as d, {moments}, [1] as l"
    code, out, _ = say("sql", query, "--json")
    assert (code, json.loads(out)) == (
        0,
        [{"d": 1.5, "t": "2026-01-02T03:04:05", "day": "2026-01-02", "l": [1]}],
    )


def test_a_row_stays_on_its_line(say):
    assert say("sql", "select 'one' || chr(10) || 'two' as a, null as b, '[red]x' as c")[1] == (
        "a        b  c\none two     [red]x\n"
    )


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("", "There is no statement."),
        ("selec 1", "syntax error"),
        ("select * from nowhere", "nowhere does not exist"),
        ("select valu from cx_index", '"value"'),
    ],
)
def test_a_wrong_query_says_what_and_where_to_look(say, query, said):
    code, out, err = say("sql", query)
    assert (code, out) == (2, "")
    assert said in err and 'voxpop sql "show tables"' in err


def test_a_damaged_database_is_named_and_left_by_going_back(say, published):
    home, first, second = published
    database = home.settings.releases / second / "voxpop.duckdb"
    database.chmod(0o640)
    database.write_bytes(b"damaged")
    code, _, err = say("sql", "select 1")
    assert code == 1 and f"{second}: voxpop.duckdb can't be opened" in err and "releases rollback" in err
    (found,) = (one for one in doctor.examine(home.settings, NOW) if one.what == "release")
    assert (found.status, found.found) == ("fail", f"{second}: voxpop.duckdb is not what was published")
    assert say("releases", "rollback", "--reason", "damaged")[:2] == (0, f"Current is {first}.\n")
    assert say("sql", "select 1 as a")[0] == 0


@pytest.mark.parametrize("broken", ["manifest", "folder"])
def test_a_current_release_that_is_damaged_or_gone_is_named_and_left_by_going_back(say, published, broken):
    home, first, second = published
    folder = home.settings.releases / second
    if broken == "folder":
        shutil.rmtree(folder)
    else:
        (folder / "manifest.json").chmod(0o640)
        (folder / "manifest.json").write_text("{")
    for arguments in (("sql", "select 1"), ("releases", "show")):
        code, _, err = say(*arguments)
        assert code == 1 and f"{second}/manifest.json: can't be read" in err, arguments
    (found,) = (one for one in doctor.examine(home.settings, NOW) if one.what == "release")
    assert found.status == "fail" and f"{second}/manifest.json: can't be read" in found.found
    assert say("releases", "rollback", "--reason", "damaged")[:2] == (0, f"Current is {first}.\n")
    assert say("sql", "select 1 as a")[0] == 0


def test_doctor_goes_on_behind_what_it_cannot_read(published):
    """What is broken is a check of its own; it hides no other."""
    home, _, second = published
    home.settings.connections_file.parent.mkdir(parents=True, exist_ok=True)
    home.settings.connections_file.write_text("{x")
    found = {one.what: one for one in doctor.examine(home.settings, NOW)}
    assert "connections.json" in found["connections"].found and found["connections"].status == "fail"
    assert found["identifier key"].status == "fail"  # records have landed, and the key is gone
    assert found["release"].found == f"current is {second}"


def test_a_home_in_which_nothing_has_landed_needs_no_key_yet(make_home):
    home = make_home("empty")
    shutil.rmtree(home.settings.raw)
    (key,) = (one for one in doctor.examine(home.settings, NOW) if one.what == "identifier key")
    assert key.status == "warn"

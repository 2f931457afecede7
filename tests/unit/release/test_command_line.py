"""What the command line says of releases: to an analyst who asks, and where something is broken."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from voxpop import cli, doctor, pipeline
from voxpop.errors import SourceUnavailable
from voxpop.raw.exclusions import exclude
from voxpop.release import manifest, store

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
    assert said in err
    assert 'voxpop sql "show tables"' in err


def test_several_queries_are_not_run(say):
    code, out, err = say("sql", "select 1; select 2")
    assert (code, out) == (2, "")
    assert "These are 2 statements. Ask one at a time: nothing was run." in err


def test_a_pivot_is_one_query(say):
    query = "pivot (values ('phone', 1), ('email', 2)) as t (channel, n) on channel using sum(n);"
    assert say("sql", query)[1] == "email  phone\n2      1\n"


def test_figures_are_shown_in_six_digits_and_given_whole_to_a_script(say):
    query = "select 61.123456789::double as a, 1234567.25::double as b, 1e-9::double as c, 25.0::double as d"
    assert say("sql", query)[1] == "a        b        c      d\n61.1235  1234567  1e-09  25\n"
    assert json.loads(say("sql", query, "--json")[1])[0]["a"] == 61.123456789


LONG = "select 'a-batch-id.20260701' as id, 'one two three four five six' as said"


def test_on_a_terminal_cells_are_wrapped_at_spaces_and_ids_stay_whole(say, monkeypatch):
    monkeypatch.setenv("COLUMNS", "30")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    # 30 columns less the id's 19 and a gap of 2 leave 9
    assert say("sql", LONG)[1].splitlines() == [
        "id                   said",
        "a-batch-id.20260701  one two",
        "                     three",
        "                     four five",
        "                     six",
    ]


def test_elsewhere_a_row_stays_a_line(say):
    row = "a-batch-id.20260701  one two three four five six"
    assert say("sql", LONG)[1].splitlines()[1:] == [row]


def test_the_current_release_is_compared_with_the_one_before_where_none_is_named(say, published):
    _, first, second = published
    named = say("releases", "diff", first, second)
    assert named[0] == 0 and "added" in named[1]
    assert say("releases", "diff") == say("releases", "diff", first) == named
    say("releases", "rollback", "--reason", "wrong")
    code, _, err = say("releases", "diff")
    assert code == 2 and f"{first}: is the first release; there is none before it." in err


@pytest.fixture
def ran(published, monkeypatch):
    """Let `voxpop run` come to this result, with this in the current release's manifest."""
    home, _, second = published

    def result(release_id, failures=(), **said):
        file = home.settings.releases / second / manifest.NAME
        file.chmod(0o640)
        manifest.write(file.parent, store.show(home.settings, second).manifest | said)
        failed = {name: SourceUnavailable(f"{name}: no good answer.") for name in failures}
        monkeypatch.setattr(pipeline, "run", lambda *_, **__: pipeline.RunResult(release_id, (), failed))

    return result


def test_a_run_says_what_the_gate_warns_of_and_what_is_restated(say, published, ran):
    home, _, second = published
    passed = {"passed": True, "expectations": 9, "failed": 0, "warnings": 1, "page": "audit/index.html"}
    ran(second, audit=passed, restatements=[{}, {}])
    page = home.settings.releases / second / "audit" / "index.html"
    assert say("run") == (
        0,
        f"Published {second}.\nThe gate warns of 1 expectation: see {page}\n"
        "2 figures of closed periods are restated: see `voxpop releases diff`.\n",
        "",
    )


LATE = {"source": "touchpoints", "newest": "2026-04-29", "expected": "2026-04-30"}


@pytest.mark.parametrize(
    ("is_new", "late", "said"),
    [
        (True, [LATE], "Not every source landed; the release names touchpoints as late."),
        (True, [], "Not every source landed; the release has what they landed before."),
        (False, [LATE], "Not every source landed."),
    ],
    ids=["late", "not behind", "no new release"],
)
def test_a_run_says_of_a_failed_source_only_what_is_so(say, published, ran, is_new, late, said):
    ran(published[2] if is_new else None, ["touchpoints"], late_sources=late)
    assert say("run")[::2] == (1, f"{said}\ntouchpoints: no good answer.\n")


def test_a_run_without_landing_takes_the_five_steps_after_it(say, published, monkeypatch):
    home, _, second = published
    monkeypatch.setattr(pipeline, "run", None)
    monkeypatch.setattr(pipeline, "build_and_publish", lambda settings, **_: None)
    assert say("run", "--no-land")[:2] == (0, f"Nothing new: {second} holds all that has landed.\n")
    exclude(home.settings, home.batches[-1].batch_id, "sent twice", NOW)
    assert say("run", "--no-land")[1] == (
        f"Nothing new: {second} holds all that has landed but for 1 excluded batch.\n"
    )
    code, _, err = say("run", "--no-land", "--from", "2026-01-01", "--to", "2026-01-02")
    assert code == 2 and "--no-land lands no window" in err


@pytest.mark.parametrize(("count", "said"), [(1, "Built 1 batch.\n"), (1200, "Built 1,200 batches.\n")])
def test_batches_are_counted_as_people_count(say, monkeypatch, count, said):
    plan = SimpleNamespace(batches=range(count), reason=None, parts_anew=False, nothing_to_do=False)
    monkeypatch.setattr(pipeline, "build", lambda *_, **__: plan)
    assert say("build")[1] == said


def test_what_was_rolled_back_is_named_as_a_reason_for_nothing_new(say, published):
    _, first, second = published
    say("releases", "rollback", "--reason", "wrong")
    assert say("stage")[1] == (
        f"Nothing new: {first}, or {second}, which was rolled back, holds all that has landed.\n"
    )


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


def test_a_home_without_a_release_is_named_as_it_may_be_the_wrong_one(say, published, monkeypatch, tmp_path):
    wrong = tmp_path / "mistyped"
    told = f"{wrong}: nothing has been published there yet. Run `voxpop run`, or set VOXPOP_HOME"
    monkeypatch.setenv("VOXPOP_HOME", str(wrong))
    code, out, err = say("sql", "select 1")
    assert (code, out) == (2, "") and told in err
    code, out, err = say("releases", "list")
    assert (code, err) == (0, "") and told in out

"""What a person asks of a home by the command line, and the exit code of each answer."""

from __future__ import annotations

import json
import shlex
import stat
from pathlib import Path

import pytest
from voxpop.release import store

from .home import Home


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ("", "Usage: voxpop"),
        ("publsh", "No such command 'publsh'"),
        ("batches exclude some-batch", "Missing option '--reason'"),
        (
            "land no_such_source",
            'There is no source "no_such_source" in sources.yml. There are: touchpoints, ',
        ),
        ("land genesys --from 2026-06-01", "--from and --to go together"),
        ("run --from 2026-06-02 --to 2026-06-01", "The window is empty"),
        ("land genesys --from June --to July", "'June' does not match the format"),
        ("batches exclude no-such-batch --reason why", "no-such-batch: no such batch. `voxpop batches list`"),
        ("releases show 20200101T000000Z-00000000", "there is no such release. Kept: "),
        ("releases rollback --reason ' '", "rollback: give a reason; it is kept in the log."),
        ("sql 'select no_such_column from cx_index'", 'Referenced column "no_such_column" not found'),
        ("audit", "There is no candidate. Run `voxpop stage`."),
        ("publish 20200101T000000Z-00000000", "there is no such candidate"),
    ],
)
def test_usage_errors_exit_with_2_and_say_what_to_do(history: Home, arguments: str, told: str) -> None:
    said = history.command(*shlex.split(arguments))
    assert said.code == 2
    assert told in said.out + said.err
    assert "Traceback" not in said.err


def test_steps_with_nothing_new_say_so_and_exit_with_0(history: Home, tmp_path: Path) -> None:
    home = history.copy(tmp_path / "var")
    for arguments, told in {
        ("land", "kiosk_surveys"): "Nothing new: every file that is ready has landed.\n",
        ("build",): "Nothing new: the warehouse holds all that has landed.\n",
        ("stage",): f"Nothing new: {home.current().release_id} holds all that has landed.\n",
    }.items():
        said = home.command(*arguments)
        assert (said.code, said.out, said.err) == (0, told, "")
    assert store.current(home.settings) is not None


def test_nothing_published_is_said(agency: Home, tmp_path: Path) -> None:
    home = Home.at(tmp_path / "var")
    for arguments, code, told in [
        (("releases", "list"), 0, f"{home.settings.home}: nothing has been published there yet."),
        (("batches", "list"), 0, "Nothing has landed yet.\n"),
        (("releases", "list", "--json"), 0, "[]\n"),
        (("sql", "select 1"), 2, f"{home.settings.home}: nothing has been published there yet."),
        (("stage",), 2, "Nothing has been built yet. Run `voxpop build`.\n"),
    ]:
        said = home.command(*arguments)
        assert said.code == code, said
        assert told in said.out + said.err


def test_modes_are_0700_and_0600_in_raw_0750_and_0440_in_releases(published: Home) -> None:
    home = published
    for folder, folders, files in [
        (home.settings.raw, 0o700, 0o600),
        (home.settings.secrets, 0o700, 0o600),
        (home.current().folder, 0o750, 0o440),
    ]:
        paths = [folder, *folder.rglob("*")]
        assert any(path.is_file() for path in paths)
        modes = {(path, stat.S_IMODE(path.stat().st_mode)) for path in paths}
        assert modes == {(path, folders if path.is_dir() else files) for path in paths}
    # nobody else reads what is on its way to a release either
    for folder in (home.settings.warehouse.parent, home.settings.releases):
        assert stat.S_IMODE(folder.stat().st_mode) & 0o007 == 0, folder


def test_batches_list(history: Home) -> None:
    said = history.command("batches", "list")
    assert said.code == 0
    found = json.loads(history.command("batches", "list", "--json").out)
    assert [each["batch_id"] for each in found] == [each.batch_id for each in history.batches()]
    assert sum(each["records"] for each in found) == sum(each.records for each in history.batches())
    assert all(each["batch_id"] in said.out for each in found)
    files = {each["file"] for each in found if each["batch_id"].startswith("field_offices.")}
    assert "field_offices_2026-06-08.csv" in files and None not in files
    assert {each["file"] for each in found if each["batch_id"].startswith("genesys.")} == {None}


def test_releases_list_and_show(history: Home) -> None:
    said = history.command("releases", "list")
    assert said.code == 0
    found = json.loads(history.command("releases", "list", "--json").out)
    ids = [each["release_id"] for each in found]
    assert ids == history.published()[::-1]
    assert [each["current"] for each in found] == [True, False, False]
    assert all(each in said.out for each in ids)

    shown = history.command("releases", "show")
    assert shown.code == 0
    assert json.loads(shown.out) == history.current().manifest
    assert json.loads(history.command("releases", "show", ids[-1]).out)["release_id"] == ids[-1]


def test_releases_diff(history: Home) -> None:
    first, _, last = history.published()
    said = history.command("releases", "diff", first, last, "--json")
    assert said.code == 0
    found = json.loads(said.out)
    (interactions,) = (
        each for each in found if (each["what"], each["name"]) == ("table", "fct_interactions")
    )
    assert 0 < interactions["before"] < interactions["after"]
    added = {each["name"] for each in found if (each["what"], each["after"]) == ("batch", "added")}
    held = {each["batch_id"] for each in store.show(history.settings, first).manifest["batches"]}
    assert added == {batch.batch_id for batch in history.batches()} - held
    assert len(added) > 2
    assert history.command("releases", "diff", last, last).out == "The two releases hold the same.\n"


def test_releases_rollback_and_forward_again(history: Home, tmp_path: Path) -> None:
    home = history.copy(tmp_path / "var")
    first, second, third = home.published()
    said = home.command("releases", "rollback", "--reason", "the index of June is wrong")
    assert (said.code, said.out) == (0, f"Current is {second}.\n")
    assert home.current().release_id == second
    line = store.log(home.settings)[-1]
    assert (line["action"], line["before"], line["reason"]) == (
        "rollback",
        third,
        "the index of June is wrong",
    )
    # what was left is not published again by itself
    assert home.command("stage").out == (
        f"Nothing new: {second}, or {third}, which was rolled back, holds all that has landed.\n"
    )
    assert home.command("releases", "rollback", first, "--reason", "further back").code == 0
    assert home.command("releases", "rollback", third, "--reason", "it was right").code == 0
    assert home.current().release_id == third


def test_sql_reads_the_current_release(published: Home) -> None:
    said = published.command("sql", "select count(*) as n from fct_interactions")
    assert said.code == 0
    assert said.out.split() == ["n", str(published.sql("select count(*) from marts.fct_interactions")[0][0])]
    described = json.loads(
        published.command("sql", "select distinct table_name from data_dictionary", "--json").out
    )
    assert {each["table_name"] for each in described} == set(published.current().manifest["tables"])
    assert published.command("sql", "select 1 where false").out == "No rows.\n"
    assert published.command("sql", "select 1 where false", "--json").out == "[]\n"


def test_sql_only_reads_and_only_the_release(published: Home, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.csv"
    elsewhere.write_text("a\n1\n")
    raw = published.batches()[0].part_files[0]
    files = published.current().manifest["files"]
    for query in [
        "insert into release_info select * from release_info",
        "delete from fct_comments",
        "drop table cx_index",
        "create table marts.mine as select 1",
        f"attach '{tmp_path / 'new.duckdb'}' as other",
        f"attach '{published.settings.warehouse}' as warehouse",
        f"copy cx_index to '{tmp_path / 'out.csv'}'",
        f"select * from read_csv('{elsewhere}')",
        f"select * from '{raw}'",
        f"select * from read_text('{published.settings.connections_file}')",
        f"export database '{tmp_path / 'out'}'",
        "install httpfs",
        "set enable_external_access = true",
    ]:
        said = published.command("sql", query)
        assert said.code == 2, (query, said)
        assert "Traceback" not in said.err
    assert sorted(tmp_path.iterdir()) == [elsewhere]
    assert published.current().manifest["files"] == files


def test_doctor_of_a_home_that_is_well(agency: Home, published: Home) -> None:
    said = published.command("doctor")
    assert said.code == 0, said.out + said.err
    found = json.loads(published.command("doctor", "--json").out)
    status = {each["check"]: each["status"] for each in found}
    assert status["identifier key"] == status["touchpoints: connection"] == status["release"] == "ok"
    assert status["genesys: connection"] == "ok"
    assert "fail" not in status.values()
    assert published.current().release_id in said.out
    assert all(each["check"] in said.out for each in found)


def test_doctor_says_what_is_wrong_and_what_to_do(published: Home, tmp_path: Path) -> None:
    home = published.copy(tmp_path / "var")
    home.connect("genesys", base_url="http://127.0.0.1:9")
    (home.settings.secrets / "identifier-keys.json").unlink()
    batch = home.batches("kiosk_surveys")[0].batch_id
    assert home.command("batches", "exclude", batch, "--reason", "sent twice").code == 0
    said = home.command("doctor", "--json")
    assert said.code == 1
    found = {each["check"]: each for each in json.loads(said.out)}
    assert found["identifier key"]["status"] == "fail"
    assert found["genesys: connection"]["status"] == "fail"
    assert "127.0.0.1:9 does not answer" in found["genesys: connection"]["found"]
    assert found["excluded batch"]["found"] == f"{batch}: sent twice"
    assert found["excluded batch"]["next"].startswith(f"voxpop batches include {batch}")
    assert found["touchpoints: connection"]["status"] == "ok"


def test_a_release_opens_in_other_tools(published: Home) -> None:
    """The Parquet files hold what the database holds, and the public folder only what is public."""
    import pyarrow.parquet as pq

    folder = published.current().folder
    tables = published.current().manifest["tables"]
    assert {path.stem for path in (folder / "parquet").iterdir()} == set(tables)
    public = {name for name, table in tables.items() if table["audience"] == "public"}
    assert {path.stem for path in (folder / "public").iterdir()} == public
    assert "cx_index" in public
    assert not any(name.startswith("fct_") or name == "dim_customers" for name in public)
    for name, table in tables.items():
        assert pq.ParquetFile(folder / "parquet" / f"{name}.parquet").metadata.num_rows == table["rows"]

"""A refusal and its repair by the command line, as docs/runbooks/refused-release.md tells it."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

from voxpop.config import PROJECT

from .home import END, LATELY, Home, Said, tools
from .planted import found_in

RUNBOOK = (PROJECT / "docs" / "runbooks" / "refused-release.md").read_text()
COMMANDS = [line for line in RUNBOOK.splitlines() if line.startswith(".venv/bin/voxpop ")]


def follow(home: Home, beginning: str, subject: str) -> Said:
    """Do what the runbook says of a batch, or of a candidate."""
    command = next(line for line in COMMANDS if line.startswith(f".venv/bin/voxpop {beginning}"))
    return home.command(*shlex.split(re.sub("BATCH|CANDIDATE", subject, command))[1:])


def test_an_unknown_question_is_refused_excluded_published_without_and_included(
    earlier: Home, tmp_path: Path
) -> None:
    home = earlier.copy(tmp_path / "var").configured_in(tmp_path / "config")
    before = home.current()
    with tools(tmp_path / "agency", END, "--fault", "unknown_question") as faulty:
        home.connect("touchpoints", **faulty.connection("touchpoints"))

        # a form has got a question that nobody told the agency of: refused, and readers keep what they have
        refused = home.command("run", "--from", LATELY.isoformat(), "--to", END.isoformat())
        assert refused.code == 3, refused.err
        assert home.current().release_id == before.release_id
        assert home.published() == [before.release_id]
        landed = home.landed_files()
        assert earlier.landed_files().items() < landed.items()
        (batch,) = home.batches("touchpoints")[1:]
        assert f"the gate refused it, and {before.release_id} stays current. 1 of " in refused.err
        assert re.search(
            r"^- unknown: not so: every question is in the seed question_crosswalk: \d+ rows? "
            rf"\(touchpoints answer_20 in \d+ records, such as of {re.escape(batch.batch_id)}\)$",
            refused.err,
            re.MULTILINE,
        ), refused.err
        page = re.search(r"^All of them: (\S+/audit/index\.html)$", refused.err, re.MULTILINE)
        assert page, refused.err
        assert "every question is in the seed question_crosswalk" in Path(page[1]).read_text()
        assert "answer_20" in Path(page[1]).read_text()
        # again without a change: refused again, as it says
        assert home.command("audit").code == 3
        assert batch.batch_id in follow(home, "batches list", "").out

        excluded = follow(home, "batches exclude", batch.batch_id)
        assert excluded.code == 0, excluded.err
        published = follow(home, "run", "")
        assert published.code == 0, published.err
        without = home.current()
        assert without.release_id in published.out
        (left_out,) = without.manifest["excluded"]
        assert left_out["batch_id"] == batch.batch_id
        assert left_out["reason"] == "touchpoints sends answer_20, which nobody has described"
        assert [late["source"] for late in without.manifest["late_sources"]] == ["touchpoints"]
        assert home.sql(_of(batch.batch_id)) == [(0,)]

        # the question is described, and the batch taken back
        with (home.settings.seeds / "question_crosswalk.csv").open("a") as seed:
            seed.write("a11,answer_20,ignore,,,,,,,A box nobody knows of\n")
            seed.write("a11_acsi,answer_20,ignore,,,,,,,A box nobody knows of\n")
            seed.write("a11_v2,answer_20,ignore,,,,,,,A box nobody knows of\n")
            seed.write("a11_v2_radio,answer_20,ignore,,,,,,,A box nobody knows of\n")
        included = follow(home, "batches include", batch.batch_id)
        assert included.code == 0, included.err
        mended = follow(home, "run", "")
        assert mended.code == 0, mended.err
    assert home.current().manifest["excluded"] == []
    assert home.current().manifest["late_sources"] == []
    ((with_it,),) = home.sql(_of(batch.batch_id))
    assert with_it > 0
    assert home.landed_files() == landed, "raw is as it was, from the refusal to the end"
    assert [each["release_id"] for each in json.loads(home.command("releases", "list", "--json").out)] == [
        home.current().release_id,
        without.release_id,
        before.release_id,
    ]
    said = [refused, excluded, published, included, mended]
    assert found_in(home, "".join(each.out + each.err for each in said)) == []


def test_a_method_that_drops_closed_figures_is_refused_and_published_once_accepted(
    whole: Home, tmp_path: Path
) -> None:
    home = whole.copy(tmp_path / "var").configured_in(tmp_path / "config")
    before = home.current()
    # another method: nobody asks any more whether people were treated fairly
    crosswalk = home.settings.seeds / "question_crosswalk.csv"
    asked = crosswalk.read_text()
    dropped = re.sub(r",core,transparency,(?:[^,]*,){5}", ",ignore,,,,,,,", asked)
    assert dropped != asked
    crosswalk.write_text(dropped)
    refused = home.command("run", "--no-land")
    assert refused.code == 3, refused.err
    assert "no closed period lacks a figure that it had" in refused.err
    assert home.current().release_id == before.release_id
    candidate = re.search(r"^(\S+): the gate refused it", refused.err, re.MULTILINE)
    assert candidate, refused.err

    accepted = follow(home, "releases accept", candidate[1])
    assert accepted.code == 0, accepted.err
    published = follow(home, "run", "")
    assert published.code == 0, published.err
    release = home.current()
    assert release.manifest["accepted"]["reason"] == "the index leaves out the two services that were closed"
    assert home.sql("select count(*) from marts.cx_index where driver = 'transparency'") == [(0,)]


def test_the_runbook_has_no_command_that_is_not_tested() -> None:
    tested = {
        "batches list",
        "batches exclude",
        "batches include",
        "releases accept",
        "releases show",
        "run --no-land",
    }
    assert {" ".join(command.split()[1:3]) for command in COMMANDS} == tested


def _of(batch_id: str) -> str:
    return f"select count(*) from marts.fct_survey_responses where _batch_id = '{batch_id}'"

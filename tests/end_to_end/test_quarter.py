"""A quarter from the small agency: the same counts by mart, by file and by page, and the same bytes."""

from __future__ import annotations

import csv
import html
import re
from collections import Counter
from pathlib import Path

from voxpop import pipeline
from voxpop.quarter import Quarter

from .home import Home

QUARTER = "2026Q3"
"""April to June 2026: the agency's history begins in it."""


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as opened:
        return list(csv.DictReader(opened))


def test_counts_are_the_same_by_mart_by_file_and_by_page(whole: Home, tmp_path: Path) -> None:
    said = whole.command("export", "a11-280", "--quarter", QUARTER, "--to", str(tmp_path / "filed"))
    assert said.code == 0, said.err
    assert "The first answer of all is of" in said.err

    facts = Counter(
        dict(
            whole.sql(
                "select survey_id, count(*) from marts.fct_survey_responses where is_counted "
                "and fiscal_quarter = '2026Q3' and survey_id <> 'fld-kiosk' group by all"
            )
        )
    )
    assert len(facts) == 12 and facts.total() > 100

    details = rows(tmp_path / "filed" / "cx_collection_details.csv")
    survey = dict(whole.sql("select id, survey_id from marts.a11_280_collection_details"))
    by_file: Counter[str] = Counter()
    for detail in details:
        for upload in (tmp_path / "filed" / "responses").glob(f"*_{detail['id'][:8]}.csv"):
            lines = rows(upload)
            assert len(lines) == int(detail["volume_of_respondents"])
            by_file[survey[detail["id"]]] += len(lines)
            asked = {line["question_1"] for line in lines} - {"null"}
            assert asked <= ({"0", "1"} if detail["survey_type"] == "thumbs_up_down" else set("12345"))
            assert not re.search(r"[\w.]+@[\w.]+\.\w", "".join(line["question_4"] for line in lines))
    assert by_file == facts

    page = html.unescape((whole.current().folder / "reports" / "index.html").read_text())
    shown = {
        name: int(count.replace(",", ""))
        for name, count in re.findall(
            r'<th scope="row">([^<]+?: customer feedback)[^\n]*</th>\s*<td>([\d,]+)</td>', page
        )
    }
    names = dict(whole.sql("select survey_id, max(survey_name) from marts.dim_surveys group by all"))
    assert shown, "the page shows no survey"
    told = whole.sql(
        "select member, respondent_count, held_from from marts.survey_quality "
        "where breakdown = 'survey' and period_label = '2026Q3' and not suppressed"
    )
    assert shown == {names[one]: count for one, count, _ in told if names[one] in shown}
    # what differs from the day before by few shows that day's figures until more people have answered
    first, _ = whole.published()
    assert {one: held_from or count for one, count, held_from in told} == {
        one: first if held_from else facts[one] for one, _, held_from in told
    }
    withheld = whole.sql(
        "select count(*) from marts.survey_quality where period_label = '2026Q3' and breakdown = 'survey' "
        "and suppressed and member <> 'fld-kiosk'"
    )[0][0]
    assert len(shown) == 12 - withheld


def test_a_form_of_radio_buttons_is_in_no_index(published: Home) -> None:
    """The trap is alive: the same form asked thumbs before 12 May 2025, and asks five points now."""
    scales = published.sql(
        "select distinct scale, measure from marts.cx_index "
        "where breakdown = 'service' and member = 'fld-records'"
    )
    assert {scale for scale, _ in scales} == {"radio_5"}
    assert "cx_index" not in {measure for _, measure in scales}


def test_the_command_and_the_dag_write_the_same_bytes(whole: Home, tmp_path: Path) -> None:
    home = whole.copy(tmp_path / "var")
    release_id, kinds = pipeline.check_quarter(home.settings, Quarter.parse(QUARTER))
    assert "a11-280" in kinds
    for kind in kinds:
        by_dag = pipeline.export(home.settings, kind, Quarter.parse(QUARTER), release_id=release_id)
        assert by_dag.folder == home.settings.exports / QUARTER / release_id / kind
        said = home.command("export", kind, "--quarter", QUARTER, "--to", str(tmp_path / kind))
        assert said.code == 0, said.err
        assert contents(by_dag.folder) == contents(tmp_path / kind)
        again = pipeline.export(home.settings, kind, Quarter.parse(QUARTER), release_id=release_id)
        assert (again.folder, again.files) == (by_dag.folder, by_dag.files)


def test_a_quarter_that_is_not_over_is_refused(published: Home, tmp_path: Path) -> None:
    """At the end of June in UTC the last day is under way on the Pacific coast."""
    late = published.command("export", "a11-280", "--quarter", QUARTER, "--to", str(tmp_path / "filed"))
    assert late.code == 3
    assert "1 day of 2026Q3 is open: the data are complete to 2026-06-29" in late.err
    said = published.command("export", "a11-280", "--quarter", "2026Q4", "--to", str(tmp_path / "filed"))
    assert said.code == 3
    assert "2026Q4 are open: the data are complete to 2026-" in said.err
    assert not (tmp_path / "filed").exists()
    wrong = published.command("export", "a11-280", "--quarter", "2026", "--to", str(tmp_path / "filed"))
    assert wrong.code == 2 and "is no fiscal quarter" in wrong.err

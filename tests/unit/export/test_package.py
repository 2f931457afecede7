"""A quarter's files from a release: the same counts everywhere, the same bytes twice, or refused."""

from __future__ import annotations

import csv
import hashlib
import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest
from openpyxl import load_workbook
from voxpop.errors import Refused, UsageError
from voxpop.export import package
from voxpop.export.a11_280 import mean
from voxpop.export.columns import COLLECTION, DETAIL, QUESTIONS, SUMMARY, UPLOAD
from voxpop.export.memo import rate
from voxpop.quarter import Quarter
from voxpop.release.store import Release

QUARTER = Quarter.parse("2026Q2")
Publish = Callable[..., Release]


def rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as opened:
        return list(csv.DictReader(opened))


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def made(release: Release, tmp_path_factory: pytest.TempPathFactory) -> package.Package:
    return package.export(release, "a11-280", QUARTER, tmp_path_factory.mktemp("to") / "filed")


def test_files_have_their_headers_and_nobody_else_can_read_them(made: package.Package) -> None:
    headers = {
        "cx_collections": COLLECTION,
        "cx_collection_details": DETAIL,
        "summary": SUMMARY,
        "questions": QUESTIONS,
    }
    for name, header in headers.items():
        assert (made.folder / f"{name}.csv").read_text().splitlines()[0] == ",".join(header)
    uploads = sorted((made.folder / "responses").iterdir())
    assert len(uploads) == 4  # two services in two channels
    for upload in uploads:
        assert upload.read_text().splitlines()[0] == ",".join(UPLOAD)
    assert {path.stat().st_mode & 0o777 for path in made.folder.rglob("*")} == {0o700, 0o600}
    assert made.files == len(contents(made.folder)) == 11


def test_counts_are_those_of_the_facts(made: package.Package, release: Release) -> None:
    """Recounted from the facts by service and channel: January to March 2026, and only what counts."""
    with duckdb.connect(str(release.database), read_only=True) as connection:
        counted = {
            (service, channel): count
            for service, channel, count in connection.execute(
                "select service_id, channel, count(*) from marts.fct_survey_responses where is_counted "
                "and answered_local_date between '2026-01-01' and '2026-03-31' group by all"
            ).fetchall()
        }
    details = rows(made.folder / "cx_collection_details.csv")
    assert {
        (one["service_id"], one["channel"]): int(one["volume_of_respondents"]) for one in details
    } == counted
    for one in details:
        (upload,) = (made.folder / "responses").glob(f"*_{one['id'][:8]}.csv")
        assert (
            upload.name
            == f"{one['service_id']}_{one['service_id']}-cx_v1_{one['channel']}_{one['id'][:8]}.csv"
        )
        assert len(rows(upload)) == int(one["volume_of_respondents"])
    summary = rows(made.folder / "summary.csv")
    assert [one["response_count"] for one in summary] == [one["volume_of_respondents"] for one in details]
    assert f"{sum(counted.values()):,} answers" in (made.folder / "memo.html").read_text()


def test_means_and_likert_counts_are_those_of_the_answers(made: package.Package, release: Release) -> None:
    with duckdb.connect(str(release.database), read_only=True) as connection:
        counts = connection.execute(
            "select count(*) filter (score = 1), count(*) filter (score = 2), count(*) filter (score = 3), "
            "count(*) filter (score = 4), count(*) filter (score = 5), round(avg(score)::decimal(18, 9), 2) "
            "from marts.fct_survey_answers inner join marts.fct_survey_responses using (response_id) "
            "where is_counted and driver = 'trust' and service_id = 'ben-apply' and channel = 'phone' "
            "and fct_survey_responses.answered_local_date < '2026-04-01'"
        ).fetchall()[0]
    (question,) = [
        one
        for one in rows(made.folder / "questions.csv")
        if (one["service_provided"], one["channel"], one["standardized_question_identifier"])
        == ("Apply for a benefit", "phone", "trust")
    ]
    assert [int(question[f"likert_scale_{points}"]) for points in range(1, 6)] == list(counts[:5])
    assert int(question["question_total"]) == sum(counts[:5])
    assert question["standardized_question_number"] == "2"
    assert question["customized_question_text"] == "This interaction increased my confidence in the agency."
    assert (question["start_date"], question["end_date"]) == ("2026-01-01", "2026-03-31")
    (summary,) = [
        one
        for one in rows(made.folder / "summary.csv")
        if (one["service_provided"], one["channel"]) == ("Apply for a benefit", "phone")
    ]
    assert summary["trust"] == str(counts[5])
    assert summary["employee"] == "", "nobody was asked, which is no zero"


def test_a_mean_is_rounded_once_and_half_away_from_zero() -> None:
    # 200 answers: 1 one, 198 twos, 1 three... 2.00; (3*1 + 5*2) / 8 = 1.625 -> 1.63; 2.5 stays
    assert str(mean([3, 5, 0, 0, 0])) == "1.63"
    assert str(mean([1, 0, 0, 1, 0])) == "2.50"
    assert str(mean([0, 0, 0, 0, 7])) == "5.00"


def test_a_rate_is_none_where_offers_are_unknown_or_fewer_than_answers() -> None:
    assert rate(1, 3) == "33.3%"
    assert rate(1, 16) == "6.3%"  # 6.25
    assert (rate(3, None), rate(0, 0), rate(4, 3)) == ("—", "—", "—")


def test_words_that_look_like_formulas_are_texts(made: package.Package) -> None:
    said = {
        row["external_id"]: row["question_4"]
        for upload in (made.folder / "responses").iterdir()
        for row in rows(upload)
    }
    assert said[hashlib.md5(b"r1").hexdigest()] == "'=1+1"
    assert said[hashlib.md5(b"r3").hexdigest()] == "-1"


def test_the_workbook_holds_the_same_rows(made: package.Package) -> None:
    book = load_workbook(made.folder / "a11_280_2026Q2.xlsx", read_only=True)
    assert book.sheetnames == ["cx_collections", "cx_collection_details", "summary", "questions", "responses"]
    for name in book.sheetnames[:4]:
        width = len(rows(made.folder / f"{name}.csv")[0])
        cells = [
            ["" if cell is None else str(cell) for cell in (*row, *[None] * (width - len(row)))]
            for row in book[name].values
        ]
        written = [cells[0], *(list(row.values()) for row in rows(made.folder / f"{name}.csv"))]
        if name == "summary":  # a mean is a number there, and shows no trailing zero
            cells, written = ([[_short(cell) for cell in row] for row in table] for table in (cells, written))
        assert cells == written
    assert len(list(book["responses"].values)) - 1 == sum(
        len(rows(upload)) for upload in (made.folder / "responses").iterdir()
    )


def _short(cell: str) -> str:
    return str(float(cell)) if re.fullmatch(r"\d\.\d+|\d", cell) else cell


def test_the_same_release_gives_the_same_bytes(
    made: package.Package, release: Release, tmp_path: Path
) -> None:
    again = package.export(release, "a11-280", QUARTER, tmp_path / "again")
    assert contents(again.folder) == contents(made.folder)


def test_the_memo_says_when_it_is_due_what_is_missing_and_who_checks(made: package.Package) -> None:
    memo = (made.folder / "memo.html").read_text()
    assert "Due to OMB on Thursday, 30 April 2026." in memo
    assert "how many customers there were is unknown in 2 of 4 details" in memo
    assert "Feedback: 3 answers came after its clearance (3090-0300) expired. They are filed." in memo
    assert (
        "A nonresponse bias analysis is required, because too few answered the survey or an item of it: "
        "Feedback (25.0% answered)." in memo
    )
    assert "team@dps.example.gov" in memo
    assert "For the agency and for OMB" in memo
    assert made.warnings and all(said in memo.replace("&#39;", "'") for said in made.warnings)


def together(made: package.Package) -> list[str]:
    """The cells of the memo's last row."""
    (row,) = re.findall(r"<tfoot><tr>(.*?)</tr></tfoot>", (made.folder / "memo.html").read_text())
    return re.findall(r"<t[hd][^>]*>([^<]*)</t[hd]>", row)


def test_customers_are_added_up_where_all_are_known(
    made: package.Package, publish: Publish, tmp_path: Path
) -> None:
    """Of four details two don't say how many customers there were; then each says 1,250."""
    names = ["Together", "2", "4", "4"]
    assert together(made)[:5] == [*names, "unknown"]
    found = publish("update marts.a11_280_collection_details set volume_of_customers = 1250")
    assert together(package.export(found, "a11-280", QUARTER, tmp_path / "to"))[:5] == [*names, "5,000"]


def test_what_is_in_the_folder_stays(release: Release, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep me")
    with pytest.raises(UsageError, match="something is there"):
        package.export(release, "a11-280", QUARTER, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_an_empty_folder_is_filled(release: Release, tmp_path: Path) -> None:
    (tmp_path / "filed").mkdir()
    assert package.export(release, "a11-280", QUARTER, tmp_path / "filed").files == 11
    assert [path.name for path in tmp_path.iterdir()] == ["filed"], "nothing unfinished is left"


def test_where_nobody_may_write_is_said_and_nothing_is_left(
    release: Release, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a_file").write_text("")
    with pytest.raises(UsageError, match=r"a_file/to: can't be written \(File exists\)\. Nothing was"):
        package.export(release, "a11-280", QUARTER, tmp_path / "a_file" / "to")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "chmod", full)
    with pytest.raises(UsageError, match="No space left on device"):
        package.export(release, "a11-280", QUARTER, tmp_path / "to")
    assert [path.name for path in tmp_path.iterdir()] == ["a_file"], "what people wrote lies nowhere half"


def told(release: Release, kind: str, quarter: str = "2026Q2") -> list[str]:
    findings = package.check(release, "a11-280", Quarter.parse(quarter))
    assert findings is not None
    return [found.said for found in findings if found.kind == kind]


def test_an_open_quarter_is_refused_with_its_days(release: Release, tmp_path: Path) -> None:
    """Complete to 29 April: of April to June 62 days are open, 1 + 31 + 30."""
    assert release.manifest["complete_to"] == "2026-04-29"
    with pytest.raises(
        Refused, match="62 days of 2026Q3 are open: the data are complete to 2026-04-29"
    ) as caught:
        package.export(release, "a11-280", Quarter.parse("2026Q3"), tmp_path / "to")
    assert caught.value.exit_code == 3
    assert not (tmp_path / "to").exists()
    assert told(release, "refused") == []


def test_a_quarter_of_which_nothing_is_there_is_refused_with_those_that_are(
    release: Release, tmp_path: Path
) -> None:
    said = "Nobody answered a filed survey in 2019Q1: this release has 2026Q2, 2026Q3"
    with pytest.raises(Refused, match=said):
        package.export(release, "a11-280", Quarter.parse("2019Q1"), tmp_path / "to")


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("survey_nonresponse", "None of these tables counts what is filed."),
        ("survey_quality", "compare cx_collection_details.csv with the package that was filed before."),
    ],
)
def test_the_memo_says_whether_what_was_restated_is_filed(
    release: Release, tmp_path: Path, table: str, said: str
) -> None:
    change = {"table": table, "cause": "method", "period_label": "2026Q2"}
    other = {"table": "cx_index", "cause": "method", "period_label": "2026Q1"}
    found = with_manifest(release, restatements=[change, other])
    memo = (package.export(found, "a11-280", QUARTER, tmp_path / "to").folder / "memo.html").read_text()
    assert f"{table}: 1 figure, because models, seeds or policies changed" in memo
    assert said in memo


def with_manifest(release: Release, **changes: Any) -> Release:
    changed: Any = json.loads(json.dumps(release.manifest)) | changes
    return replace(release, manifest=changed)


def test_a_late_source_refuses_where_the_filing_rests_on_it(release: Release) -> None:
    late = [
        {"source": source, "newest": newest, "expected": "2026-04-30"}
        for source, newest in (("touchpoints", "2026-03-30"), ("genesys", "2026-03-30"), ("ga4", None))
    ]
    found = with_manifest(release, late_sources=late)
    assert told(found, "refused") == [
        "touchpoints is late (its data end on 2026-03-30), and what is filed rests on it."
    ]
    assert [said.split(" (")[0] for said in told(found, "warned") if "late" in said] == [
        "genesys is late",
        "ga4 is late",
    ]
    late[0]["newest"] = "2026-03-31"
    assert told(with_manifest(release, late_sources=late), "refused") == []


def test_offers_that_are_late_refuse_too(release: Release) -> None:
    batch = release.manifest["batches"][0] | {"source": "offers", "stream": "survey_offers"}
    late = [{"source": "offers", "newest": "2026-03-01", "expected": "2026-04-30"}]
    found = with_manifest(release, late_sources=late, batches=[*release.manifest["batches"], batch])
    assert told(found, "refused") == [
        "offers is late (its data end on 2026-03-01), and what is filed rests on it."
    ]


def test_a_batch_that_a_person_left_out_is_said(release: Release) -> None:
    excluded = [
        {"source": "touchpoints", "stream": "responses", "batch_id": "b9", "reason": "a test", "at": ""}
    ]
    assert "b9 was left out by a person, because: a test" in told(
        with_manifest(release, excluded=excluded), "warned"
    )


def test_counts_that_do_not_agree_refuse(publish: Publish) -> None:
    found = publish("delete from marts.a11_280_responses where external_id = md5('r7')")
    (said,) = told(found, "refused")
    assert re.match(r"2026Q2: 1,764 answers count, the details say 1,764, and 1,763 would be uploaded", said)


def test_records_that_are_unaccounted_for_refuse(publish: Publish) -> None:
    """A response that landed and lost its row between landing and the facts."""
    found = publish(
        "delete from marts.fct_survey_responses where source_record_id = 'sub-50'",
        "delete from marts.fct_survey_answers where response_id = md5('r50')",
    )
    assert any(
        "touchpoints: 1 records that landed are in no table" in said for said in told(found, "refused")
    )


def test_what_nobody_files_is_none_and_not_refused(publish: Publish, tmp_path: Path) -> None:
    found = publish(
        *(
            f"delete from marts.a11_280_{table}"
            for table in ("collections", "collection_details", "responses")
        )
    )
    assert package.check(found, "a11-280", QUARTER) is None
    with pytest.raises(UsageError, match="the agency files none of it"):
        package.export(found, "a11-280", QUARTER, tmp_path / "to")


GOAL = (
    "insert into marts.priority_goal_measures by name select 'g' as measure_id, 'quarter' as period_type, "
    "date '2026-01-01' as period_start, '2026Q2' as period_label"
)


@pytest.mark.parametrize(
    ("kind", "changes", "lacks"),
    [
        (
            "priority-goals",
            [GOAL, "alter table marts.priority_goal_measures drop column is_provisional"],
            "is_provisional",
        ),
        ("priority-goals", [GOAL, "alter table marts.priority_goal_measures drop column owner"], "owner"),
        ("a11-280", ["alter table marts.a11_280_collections drop column aasm_state"], "aasm_state"),
        ("a11-280", ["drop table marts.a11_280_collections"], "a11_280_collections"),
    ],
)
def test_a_release_of_other_code_says_what_it_lacks_and_what_to_do(
    release: Release, tmp_path: Path, kind: package.Kind, changes: list[str], lacks: str
) -> None:
    """As after a rollback to a release that was made before a column was added."""
    shutil.copytree(release.folder, tmp_path / "earlier")
    found = replace(release, folder=tmp_path / "earlier")
    with duckdb.connect(str(found.database)) as connection:
        for change in changes:
            connection.execute(change)
    with pytest.raises(UsageError) as caught:
        package.export(found, kind, QUARTER, tmp_path / "to")
    assert re.search(
        rf"made by another version of the code, .*{lacks}.* `voxpop run --no-land`, then export again",
        str(caught.value),
    )
    assert not (tmp_path / "to").exists()

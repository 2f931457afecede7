"""Reports that DAP published for Veterans Affairs and for all agencies, from the files to a release.

What is expected is read from the files by json and pandas, of each file alone: nothing is added across files.
devices.json says 90 days and 98,321,105 visits, and the rows of devices.csv are of 30 days: the release says
so, field by field, and chooses neither.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest
from voxpop import pipeline
from voxpop.config import PROJECT, Settings, load_settings
from voxpop.release import store

CONFIG = PROJECT / "config" / "examples" / "dap_va"
NOW = datetime(2026, 1, 6, tzinfo=UTC)


def quiet(what: str, count: int) -> None:
    """Progress that nobody watches."""


@pytest.fixture(scope="module")
def folder(sample: Callable[[str], Path]) -> Path:
    return sample("dap/veterans-affairs")


@pytest.fixture(scope="module")
def helpful(sample: Callable[[str], Path]) -> Path:
    return sample("dap/analytics.usa.gov/was-this-page-helpful-30-days.json")


@pytest.fixture(scope="module")
def home(folder: Path, helpful: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    home = tmp_path_factory.mktemp("dap_va") / "var"
    settings = load_settings({"VOXPOP_CONFIG": str(CONFIG), "VOXPOP_HOME": str(home)})
    drop = settings.home / "drop" / "dap_files"
    drop.mkdir(parents=True)
    for path in (*folder.iterdir(), helpful):
        shutil.copy(path, drop)
    return settings


@pytest.fixture(scope="module")
def result(home: Settings) -> pipeline.RunResult:
    return pipeline.run(home, window=None, connections={}, now=NOW, progress=quiet)


@pytest.fixture(scope="module")
def released(home: Settings, result: pipeline.RunResult) -> Callable[[str], pd.DataFrame]:
    """Ask the release."""
    current = store.current(home)
    assert current is not None and current.release_id == result.release_id

    def ask(query: str) -> pd.DataFrame:
        with closing(duckdb.connect(str(current.database), read_only=True)) as connection:
            connection.execute("set schema = 'marts'")
            return connection.execute(query).df()

    return ask


def report(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def stated(released: Callable[[str], pd.DataFrame], name: str, subject: str) -> dict[tuple[str, str], str]:
    found = released(
        "select file, stated_by, stated, is_agreed from web_report_checks "
        f"where report = '{name}' and subject = '{subject}'"
    )
    assert found["is_agreed"].nunique() == 1
    assert found["is_agreed"].all() == (found["stated"].nunique() == 1)
    return {(row.file, row.stated_by): row.stated for row in found.itertuples()}


def test_it_is_published_and_the_gate_warns_of_what_contradicts_itself(
    home: Settings, result: pipeline.RunResult
) -> None:
    assert result.failures == {}
    current = store.current(home)
    assert current is not None
    found = report(current.folder / "audit" / "results.json")["expectations"]
    warned = {one["name"]: one["observed"] for one in found if not one["success"]}
    assert set(warned) == {"a published report says one thing of itself"}
    said = warned["a published report says one thing of itself"]
    assert "dap_files was-this-page-helpful-30-days days: 5 rows" in said
    assert "dap_files devices days: 3 rows" in said


def test_every_row_of_every_file_landed(home: Settings, folder: Path, helpful: Path) -> None:
    from voxpop.raw.manifests import visible

    landed = {batch.original.name: batch for batch in visible(home) if batch.original}
    paths = [*folder.iterdir(), helpful]
    assert set(landed) == {path.name for path in paths}
    for path in paths:
        rows = len(pd.read_csv(path)) if path.suffix == ".csv" else len(report(path).get("data", []))
        batch = landed[path.name]
        assert (batch.records, batch.quarantined, batch.duplicates) == (rows + 1, 0, 0), path.name


def test_devices_by_month_are_the_files_days_added(
    folder: Path, released: Callable[[str], pd.DataFrame]
) -> None:
    rows = pd.read_csv(folder / "devices.csv")
    expected = rows.groupby([rows["date"].str[:7], "device"])["visits"].agg(["sum", "count"]).reset_index()
    found = released(
        "select period_label, member, visits, day_count, users, suppressed from web_performance "
        "where report = 'devices' and period_type = 'month' order by 1, 2"
    )
    assert found["visits"].sum() == rows["visits"].sum() == 31_435_334
    assert (
        found[["period_label", "member", "visits", "day_count"]].values.tolist() == expected.values.tolist()
    )
    assert found["users"].isna().all() and not found["suppressed"].any()


def test_devices_contradict_their_own_totals_and_both_stand(
    folder: Path, released: Callable[[str], pd.DataFrame]
) -> None:
    totals = report(folder / "devices.json")["totals"]
    rows = pd.read_csv(folder / "devices.csv")
    assert stated(released, "devices", "visits") == {
        ("devices.json", "totals"): str(totals["visits"]),
        ("devices.csv", "rows"): str(rows["visits"].sum()),
    }
    assert totals["visits"] == 98_321_105
    by_device = rows.groupby("device")["visits"].sum()
    for device, total in totals["devices"].items():
        assert stated(released, "devices", f"visits of {device}") == {
            ("devices.json", "totals"): str(total),
            ("devices.csv", "rows"): str(by_device[device]),
        }
    assert stated(released, "devices", "days") == {
        ("devices.json", "description"): "90",
        ("devices.json", "query"): "90",
        ("devices.csv", "rows"): str(rows["date"].nunique()),
    }
    assert rows["date"].nunique() == 30
    first = stated(released, "devices", "first_day")
    assert first == {("devices.json", "query"): "2023-10-07", ("devices.csv", "rows"): rows["date"].min()}


@pytest.mark.parametrize("name", ["today", "last-48-hours", "top-domains-30-days", "top-pages-30-days"])
def test_a_files_rows_against_its_own_total(
    folder: Path, released: Callable[[str], pd.DataFrame], name: str
) -> None:
    published = report(folder / f"{name}.json")
    total = sum(int(row["visits"]) for row in published["data"])
    assert stated(released, name, "visits") == {
        (f"{name}.json", "totals"): str(published["totals"]["visits"]),
        (f"{name}.json", "rows"): str(total),
    }


def test_hours_of_two_files_are_not_added(folder: Path, released: Callable[[str], pd.DataFrame]) -> None:
    """Both files count January 5; each stands with its own figures, hours that nobody knows among them."""
    for name in ("today", "last-48-hours"):
        rows = pd.DataFrame(report(folder / f"{name}.json")["data"])
        expected = rows["visits"].astype(int).groupby(rows["hour"]).sum().to_dict()
        found = released(
            f"select member, visits from web_performance where report = '{name}' and period_type = 'month'"
        )
        assert dict(zip(found["member"], found["visits"], strict=True)) == expected
        assert "(other)" in expected


def test_domains_have_the_files_own_users(folder: Path, released: Callable[[str], pd.DataFrame]) -> None:
    published = report(folder / "top-domains-30-days.json")
    found = released(
        "select member, visits, users, pageviews, bounce_share, period_type, period_start, "
        "period_end_date, basis, day_count from web_performance where report = 'top-domains-30-days' "
        "order by visits desc"
    )
    assert len(found) == len(published["data"]) == 20
    for row, expected in zip(found.itertuples(), published["data"], strict=True):
        assert (row.member, row.visits, row.users, row.pageviews) == (
            expected["domain"],
            *(int(expected[count]) for count in ("visits", "users", "pageviews")),
        )
        assert row.bounce_share == pytest.approx(float(expected["bounce_rate"]), abs=1e-9)
    assert set(zip(found["period_type"], found["basis"], found["day_count"], strict=True)) == {
        ("span", "source", 30)
    }
    assert found["period_start"].dt.date.unique().tolist() == [date(2023, 12, 6)]
    assert found["period_end_date"].dt.date.unique().tolist() == [date(2024, 1, 4)]


def test_pages_are_one_without_their_query_and_last_slash(
    folder: Path, released: Callable[[str], pd.DataFrame]
) -> None:
    """Views add up; visits don't where one page came twice, for a visit may be in both rows."""
    rows = pd.DataFrame(report(folder / "top-pages-30-days.json")["data"])
    pages = rows["page"].str.partition("?")[0]
    rows["page"] = pages.where(pages.str.count("/") == 1, pages.str.rstrip("/"))
    counted = rows.astype({"pageviews": int, "visits": int}).groupby("page")
    found = released(
        "select member, pageviews, visits, n from web_performance where report = 'top-pages-30-days'"
    ).set_index("member")
    assert found["pageviews"].to_dict() == counted["pageviews"].sum().to_dict()
    once = counted.filter(lambda page: len(page) == 1).set_index("page")
    assert found["visits"].dropna().to_dict() == once["visits"].to_dict()
    twice = found[found["visits"].isna()]
    assert list(twice.index) == ["www.va.gov/"]  # also as www.va.gov/?next=loginModal
    assert twice["n"].to_dict() == counted["visits"].max()[twice.index].to_dict()


def test_no_row_is_of_two_reports(released: Callable[[str], pd.DataFrame]) -> None:
    found = released(
        "select report, sum(visits) as visits from web_performance "
        "where period_type <> 'quarter' and report <> 'top-pages-30-days' group by 1"
    )
    by_report = dict(zip(found["report"], found["visits"], strict=True))
    assert by_report == {
        "devices": 31_435_334,
        "today": 231_875,
        "last-48-hours": 1_704_688,
        "top-domains-30-days": 37_784_159,
    }


def test_votes_say_sixty_days_where_the_files_name_says_thirty(
    helpful: Path, released: Callable[[str], pd.DataFrame]
) -> None:
    found = stated(released, "was-this-page-helpful-30-days", "days")
    assert {by: days for (_, by), days in found.items()} == {
        "file_name": "30",
        "report_name": "60",
        "title": "60",
        "description": "60",
        "query": "60",
    }
    totals = report(helpful)["totals"]
    assert set(stated(released, "was-this-page-helpful-30-days", "total_events").values()) == {
        str(totals["total_events"])
    }
    for vote, count in totals["by_customEvent:event_label"].items():
        name = "was-this-page-helpful-30-days"
        assert set(stated(released, name, f"total_events of {vote}").values()) == {str(count)}


def test_votes_by_page_are_withheld_where_few(helpful: Path, released: Callable[[str], pd.DataFrame]) -> None:
    rows = pd.DataFrame(report(helpful)["data"])
    rows["votes"] = rows["total_events"].astype(int)
    rows["page"] = "analytics.usa.gov" + rows["pagePath"].where(
        rows["pagePath"] == "/", rows["pagePath"].str.rstrip("/")
    )
    by_page = rows.pivot_table(
        index="page", columns="customEvent:event_label", values="votes", aggfunc="sum"
    ).fillna(0)
    by_page["n"] = by_page["yes"] + by_page["no"]
    found = released(
        "select page, n, value, low, high, suppressed, period_label from page_helpfulness"
    ).set_index("page")
    assert set(found.index) == {*by_page.index, "all"}
    assert found["period_label"].unique().tolist() == ["2024-12-15/2025-02-12"]
    shown = found[~found["suppressed"]]
    assert shown["n"].to_dict() == {"all": 57, "analytics.usa.gov/": 24}
    assert by_page["n"].sum() == 57
    assert (by_page.drop("analytics.usa.gov/")["n"] < 10).all()
    assert shown["value"].to_dict() == pytest.approx({"all": 46 / 57, "analytics.usa.gov/": 20 / 24})
    # Wilson's interval, by statsmodels proportion_confint(46, 57, method="wilson")
    assert shown.loc["all", ["low", "high"]].tolist() == pytest.approx([0.6865930975, 0.8886725302])

"""The pages in Airflow's UI: who may read them, what they show, and what they can't be made to show."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from voxpop.airflow import runs
from voxpop.config import Settings
from voxpop.release import diff
from voxpop.warehouse.dbt import ModelResult

FIRST, SECOND = "20260105T060000Z-0123abcd", "20260106T060000Z-4567cdef"
REFUSED = "20260107T060000Z-89abcdef"
EVIL = "<script>alert(1)</script>"


def manifest(release_id: str, supersedes: str | None, *, passed: bool = True) -> dict[str, Any]:
    audit = {
        "passed": passed,
        "expectations": 20,
        "failed": 0 if passed else 2,
        "warnings": 1,
        "page": "audit/index.html",
    }
    return {
        "schema_version": 1,
        "release_id": release_id,
        "created_at": f"{release_id[:4]}-{release_id[4:6]}-{release_id[6:8]}T06:00:00+00:00",
        "code_version": "0.1.0",
        "fingerprint": "f",
        "content_sha256": "c",
        "supersedes": supersedes,
        "batches": [
            {
                "source": "genesys",
                "stream": "conversations",
                "batch_id": "genesys.x",
                "records": 1204,
                "sha256": "s",
            }
        ],
        "excluded": [
            {
                "source": "kiosk",
                "stream": "s",
                "batch_id": "kiosk.y",
                "reason": EVIL,
                "at": "2026-01-05T00:00:00+00:00",
            }
        ],
        "late_sources": [{"source": "touchpoints", "newest": "2026-01-03", "expected": "2026-01-04"}],
        "policy": {},
        "tables": {"cx_index": {"rows": 4321, "sha256": "t", "audience": "public"}},
        "audit": audit,
        "restatements": [],
        "files": {},
    }


def put(settings: Settings, folder: str, content: dict[str, Any]) -> Path:
    release = settings.releases / folder
    for part in ("audit", "reports"):
        (release / part).mkdir(parents=True)
    (release / "manifest.json").write_text(json.dumps(content))
    (release / "voxpop.duckdb").write_text("rows of people")
    (release / "audit" / "index.html").write_text("the gate's page")
    (release / "reports" / "index.html").write_text("<h1>The report</h1>")
    return release


@pytest.fixture
def home(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Two releases, the second current, and a candidate that was refused."""
    monkeypatch.setenv("VOXPOP_HOME", str(tmp_path))
    own = Settings(home=tmp_path, sources_file=settings.sources_file, seeds=settings.seeds)
    put(own, FIRST, manifest(FIRST, None))
    put(own, SECOND, manifest(SECOND, FIRST))
    put(own, f".tmp-{REFUSED}", manifest(REFUSED, SECOND, passed=False))
    (own.releases / "current").symlink_to(SECOND)
    return own


class Changes:
    """What `diff` gives."""

    def rows(self) -> list[dict[str, Any]]:
        batches = [
            {"what": "batch", "name": f"genesys.{number}", "before": None, "after": "added"}
            for number in range(200)
        ]
        table = {"what": "table", "name": "cx_index", "before": 4000, "after": 4321}
        restated = {"what": "restated", "name": "2026Q1 all", "before": 61.25000000000001, "after": 62.5}
        return [table, restated, *batches]


@pytest.fixture
def browser(home: Settings, monkeypatch: pytest.MonkeyPatch) -> TestClient:
    """Somebody who is signed in."""
    from airflow.api_fastapi.core_api.security import get_user
    from voxpop.airflow.pages import make_app

    monkeypatch.setattr(diff, "diff", lambda *_: Changes())
    app = make_app()
    app.dependency_overrides[get_user] = object
    return TestClient(app)


def test_every_page_asks_who_it_is(home: Settings) -> None:
    from airflow.api_fastapi.core_api.security import get_user
    from voxpop.airflow.pages import make_app

    routes = make_app().routes
    assert len(routes) == 4
    for route in routes:
        assert get_user in {dependency.call for dependency in route.dependant.dependencies}, route.path


@pytest.mark.parametrize(
    "path",
    [
        "/releases",
        f"/releases/{FIRST}",
        f"/releases/{FIRST}/files/reports/index.html",
        "/build/build_and_publish?run_id=x",
    ],
)
def test_nobody_reads_anything_without_signing_in(path: str, home: Settings) -> None:
    from voxpop.airflow.pages import make_app

    answer = TestClient(make_app()).get(path)
    assert answer.status_code == 401
    assert FIRST not in answer.text


def test_pages_only_read(home: Settings) -> None:
    from voxpop.airflow.pages import make_app

    assert {method for route in make_app().routes for method in route.methods} == {"GET"}


def test_a_release_that_was_left_by_going_back_says_when_and_why(browser: TestClient, home: Settings) -> None:
    log = home.releases / "log.ndjson"
    back = {
        "at": "2026-01-08T09:00:00+00:00",
        "action": "rollback",
        "release_id": FIRST,
        "before": SECOND,
        "reason": EVIL,
    }
    log.write_text(json.dumps(back) + "\n")
    page = browser.get("/releases").text
    assert "rolled back from here on 2026-01-08: &lt;script&gt;alert(1)" in page
    assert page.count("rolled back from here") == 1
    assert page.index(SECOND) < page.index("rolled back from here") < page.index(FIRST)
    assert ">1, without 1<" in page, "how many batches were left out"
    again = back | {"release_id": SECOND, "before": FIRST, "reason": "it was right"}
    log.write_text(json.dumps(back) + "\n" + json.dumps(again) + "\n")
    page = browser.get("/releases").text
    assert page.index(FIRST) < page.index("rolled back from here on 2026-01-08: it was right")


def test_releases_are_listed_with_the_current_one_marked(browser: TestClient) -> None:
    page = browser.get("/releases").text
    assert page.index(SECOND) < page.index(FIRST)
    assert page.count('class="mark"') == 1
    assert page.index(SECOND) < page.index('class="mark"') < page.index(FIRST)
    assert "1,204" in page and "touchpoints" in page


def test_a_refused_candidate_is_there_to_be_read(browser: TestClient) -> None:
    page = browser.get("/releases").text
    assert "Not published" in page and page.index("Not published") < page.index(REFUSED)
    assert "refused" in browser.get(f"/releases/{REFUSED}").text
    assert browser.get(f"/releases/{REFUSED}/files/audit/index.html").text == "the gate's page"


def test_a_release_shows_gate_changes_tables_batches_and_what_was_left_out(browser: TestClient) -> None:
    page = browser.get(f"/releases/{SECOND}").text
    assert "20 expectations, 1 warning" in page
    assert "1 warnings" not in page
    assert f"What changed from {FIRST}" in page
    assert page.index("<td>4000</td><td>4321</td>") < page.index("genesys.0"), "figures before batches"
    assert "The first 200 of 202" in page and "genesys.197" in page and "genesys.198" not in page
    assert "<td>61.25</td><td>62.5</td>" in page
    assert "data to 2026-01-03, expected to 2026-01-04" in page
    assert "genesys.x" in page and "kiosk.y" in page
    assert f"/voxpop/releases/{SECOND}/files/reports/index.html" in page
    assert f"/voxpop/releases/{SECOND}/files/audit/index.html" in page


def test_the_first_release_says_so(browser: TestClient) -> None:
    assert "It is the first." in browser.get(f"/releases/{FIRST}").text


def test_what_people_wrote_is_text_and_not_markup(browser: TestClient) -> None:
    page = browser.get(f"/releases/{SECOND}").text
    assert EVIL not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_nothing_has_been_published_yet(
    settings: Settings, browser: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VOXPOP_HOME", str(tmp_path / "new"))
    assert "Nothing has been published yet" in browser.get("/releases").text


def test_the_report_is_served_and_may_run_and_fetch_nothing(browser: TestClient) -> None:
    answer = browser.get(f"/releases/{FIRST}/files/reports/index.html")
    assert answer.text == "<h1>The report</h1>"
    assert answer.headers["content-type"].startswith("text/html")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "script-src" not in policy


OUTSIDE = [
    "voxpop.duckdb",
    "manifest.json",
    "reports/../voxpop.duckdb",
    "reports/%2e%2e/voxpop.duckdb",
    "reports/..%2fvoxpop.duckdb",
    "..%2f..%2fsecrets%2fkey",
    "%2fetc%2fpasswd",
    "/etc/passwd",
    "reports/link",
    "reports",
    "reports%00/index.html",
    "",
]


@pytest.mark.parametrize("path", OUTSIDE)
def test_no_path_leads_out_of_the_folders_that_are_served(
    path: str, browser: TestClient, home: Settings
) -> None:
    home.secrets.mkdir()
    (home.secrets / "key").write_text("rows of people")
    (home.releases / FIRST / "reports" / "link").symlink_to(home.releases / FIRST / "voxpop.duckdb")
    answer = browser.get(f"/releases/{FIRST}/files/{path}")
    assert answer.status_code == 404
    assert "rows of people" not in answer.text


@pytest.mark.parametrize(
    "name", ["..", ".tmp-x", "current", "%2e%2e", f"..%2f{FIRST}", "20990101T000000Z-00000000"]
)
def test_only_a_release_that_is_kept_is_served(name: str, browser: TestClient) -> None:
    for rest in ("", "/files/reports/index.html", "/files/key"):
        assert browser.get(f"/releases/{name}{rest}").status_code == 404


Built = Callable[..., None]


def test_the_build_page_shows_a_runs_models(browser: TestClient, home: Settings) -> None:
    run_id = "scheduled__2026-01-05T06:00:00+00:00"
    good = ModelResult("stg_genesys__conversations", "success", 1.25, None, None)
    bad = ModelResult("unique_fct_comments", "fail", 0.5, 3, "Got 3 results, configured to fail if != 0")
    runs.save(home, run_id, runs.Layer("marts", (bad,)))
    runs.save(home, run_id, runs.Layer("staging", (good,)))
    runs.save(home, run_id, runs.Layer("seeds", ()))
    page = browser.get("/build/build_and_publish", params={"run_id": run_id}).text
    assert page.index("stg_genesys__conversations") < page.index("unique_fct_comments"), (
        "not in the build's order"
    )
    assert "1.25" in page and "Got 3 results" in page
    assert page.count("<table>") == 2, "seeds that have not changed are no table of nothing"


@pytest.mark.parametrize("run_id", ["never ran", "../../secrets", EVIL])
def test_the_build_page_of_an_unknown_run_is_empty(run_id: str, browser: TestClient) -> None:
    answer = browser.get("/build/build_and_publish", params={"run_id": run_id})
    assert answer.status_code == 200 and "No model has run yet" in answer.text
    assert EVIL not in answer.text


def test_the_build_page_of_another_dag_says_where_to_look(browser: TestClient) -> None:
    assert "runs no model" in browser.get("/build/extract_genesys", params={"run_id": "x"}).text


def test_airflow_registers_both_pages_and_nothing_but_the_plugin(settings: Settings) -> None:
    from airflow import plugins_manager

    plugins, errors = plugins_manager._get_plugins()
    assert errors == {}
    ours = [plugin for plugin in plugins if plugin.name == "voxpop"]
    assert [view["name"] for view in ours[0].external_views] == ["Releases", "Build"]

"""`make up` with a real scheduler and a real browser: a scheduled landing leads to a release people can see.

The tests build on one another, in this order.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect, sync_playwright
from voxpop.airflow import home, session
from voxpop.config import Settings, load_settings
from voxpop.raw.manifests import visible
from voxpop.raw.records import Window
from voxpop.release import store
from voxpop.sources.registry import load_sources

pytestmark = [pytest.mark.airflow, pytest.mark.timeout(1800)]

SCREENSHOTS = load_settings().home / "screenshots"
FLAGS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]


def test_a_scheduled_landing_of_every_source_leads_to_a_release(airflow: Any, settings: Settings) -> None:
    def built() -> list[dict[str, Any]]:
        runs = airflow.runs("build_and_publish")
        return [run for run in runs if (run["run_type"], run["state"]) == ("asset_triggered", "success")]

    (run,) = airflow.wait_for(built, 900)
    for name in load_sources(settings):
        (landed,) = [run for run in airflow.runs(f"extract_{name}") if run["run_type"] == "scheduled"]
        assert landed["state"] == "success"
    release = store.current(settings)
    assert release is not None
    made = datetime.fromisoformat(release.manifest["created_at"])
    assert datetime.fromisoformat(run["start_date"]) < made < datetime.fromisoformat(run["end_date"])
    assert release.manifest["audit"] is not None and release.manifest["audit"]["passed"]
    assert {batch["source"] for batch in release.manifest["batches"]} == set(load_sources(settings))


def test_with_nothing_new_a_build_makes_no_release(airflow: Any, settings: Settings) -> None:
    before = store.current(settings)
    assert before is not None
    run = airflow.trigger("build_and_publish")
    assert airflow.ended(run, 300) == "success"
    path = f"/api/v2/dags/build_and_publish/dagRuns/{run['dag_run_id']}/taskInstances"
    states = {task["task_id"]: task["state"] for task in airflow.get(path)["task_instances"]}
    assert {states[name] for name in ("stage", "audit", "report", "publish")} == {"skipped"}
    assert store.current(settings) == before


def test_a_second_make_up_says_that_it_is_up_and_make_run_keeps_away(
    airflow: Any, settings: Settings, command: Any
) -> None:
    again = command(settings, "up")
    assert again.returncode == 0
    assert "up already" in again.stdout and airflow.url in again.stdout
    run = command(settings, "first_run")
    assert run.returncode == 2
    assert "make down" in run.stdout


def test_the_pages_are_for_people_who_are_signed_in(airflow: Any, settings: Settings) -> None:
    release = store.current(settings)
    assert release is not None
    paths = (
        "/releases",
        f"/releases/{release.release_id}",
        f"/releases/{release.release_id}/files/reports/index.html",
    )
    for path in paths:
        answer = httpx.get(f"{airflow.url}/voxpop{path}", timeout=60)
        assert answer.status_code == 401, path
        assert release.release_id not in answer.text
    with airflow.client(home.VIEWER) as viewer:
        assert release.release_id in viewer.get("/voxpop/releases").raise_for_status().text


def test_who_may_only_look_triggers_nothing(airflow: Any) -> None:
    path, asked = "/api/v2/dags/rollback/dagRuns", {"logical_date": None, "conf": {"reason": "a test"}}
    assert httpx.post(f"{airflow.url}{path}", json=asked, timeout=60).status_code == 401
    with airflow.client(home.VIEWER) as viewer:
        assert viewer.get(path).raise_for_status().json()["total_entries"] == 0
        assert viewer.post(path, json=asked).status_code == 403
    assert airflow.runs("rollback") == []


def test_a_batch_is_left_out_and_then_readers_go_back(airflow: Any, settings: Settings) -> None:
    before = store.current(settings)
    assert before is not None
    batch = next(batch for batch in visible(settings) if batch.source == "kiosk_surveys")
    run = airflow.trigger("build_and_publish", exclude=batch.batch_id, reason="sent twice")
    assert airflow.ended(run, 300) == "success", airflow.why(run)
    without = store.current(settings)
    assert without is not None and without.release_id != before.release_id
    assert [left["batch_id"] for left in without.manifest["excluded"]] == [batch.batch_id]

    run = airflow.trigger("rollback", reason="it was not sent twice")
    assert airflow.ended(run, 300) == "success", airflow.why(run)
    assert store.current(settings) == before
    assert store.log(settings)[-1]["reason"] == "it was not sent twice"


def test_a_backfill_lands_each_of_its_days_and_no_more(airflow: Any, settings: Settings) -> None:
    asked = {"dag_id": "extract_touchpoints", "from_date": "2026-07-03", "to_date": "2026-07-04"}
    airflow.post("/api/v2/backfills", {**asked, "max_active_runs": 1})

    def backfilled() -> list[dict[str, Any]]:
        runs = [run for run in airflow.runs("extract_touchpoints") if run["run_type"] == "backfill"]
        return runs if runs and all(run["state"] == "success" for run in runs) else []

    runs = airflow.wait_for(backfilled, 300)
    assert sorted(run["logical_date"] for run in runs) == ["2026-07-03T00:00:00Z", "2026-07-04T00:00:00Z"]
    windows = [batch.window for batch in visible(settings) if batch.source == "touchpoints"]
    for day in (3, 4):
        assert Window(datetime(2026, 7, day, tzinfo=UTC), datetime(2026, 7, day + 1, tzinfo=UTC)) in windows


@pytest.fixture(scope="module")
def browser(airflow: Any) -> Iterator[Page]:
    """Chromium, signed in."""
    chromium = shutil.which("chromium")
    assert chromium, "this test needs chromium: apt-get install chromium"
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        page = running.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(120_000)
        page.goto(airflow.url)
        page.wait_for_url(re.compile("/auth/login"))
        page.fill("input[name=username]", home.USER)
        page.fill("input[name=password]", airflow.password(home.USER))
        page.click("button[type=submit]")
        page.wait_for_url(lambda url: "/login" not in url)
        yield page
        running.close()


def shoot(page: Page, name: str) -> None:
    page.screenshot(path=SCREENSHOTS / f"{name}.png")


def test_the_dags_are_listed(browser: Page, airflow: Any, settings: Settings) -> None:
    browser.goto(f"{airflow.url}/dags")
    for dag_id in (*(f"extract_{name}" for name in load_sources(settings)), "build_and_publish", "rollback"):
        expect(browser.get_by_role("link", name=dag_id, exact=True)).to_be_visible(timeout=120_000)
    shoot(browser, "dags")


def test_releases_is_in_the_navigation_and_leads_to_the_report(
    browser: Page, airflow: Any, settings: Settings
) -> None:
    release = store.current(settings)
    assert release is not None
    fetched: list[str] = []
    browser.on("request", lambda request: fetched.append(request.url))
    browser.get_by_role("link", name="Releases").click()
    inside = browser.frame_locator("iframe")
    expect(inside.get_by_role("heading", name="Releases")).to_be_visible(timeout=120_000)
    expect(inside.locator(".mark")).to_have_text("current")
    expect(inside.locator("tbody tr")).to_have_count(len(store.list_releases(settings)))
    shoot(browser, "releases")

    inside.get_by_role("link", name=release.release_id).click()
    expect(inside.get_by_role("heading", name="Gate")).to_be_visible()
    expect(inside.get_by_text("passed")).to_be_visible()
    expect(inside.get_by_role("heading", name="What changed")).to_be_visible()
    expect(inside.get_by_role("cell", name="cx_index", exact=True).first).to_be_visible()
    shoot(browser, "release")

    inside.get_by_role("link", name="every expectation and its result").click()
    expect(inside.locator("table").first).to_be_visible()
    shoot(browser, "gate")

    browser.goto(f"{airflow.url}/voxpop/releases/{release.release_id}/files/reports/index.html")
    expect(browser.locator("svg").first).to_be_visible()
    shoot(browser, "report")
    assert fetched and all(url.startswith((airflow.url, "data:", "blob:")) for url in fetched), fetched


def test_the_build_tab_shows_every_model(browser: Page, airflow: Any) -> None:
    (run,) = [run for run in airflow.runs("build_and_publish") if run["run_type"] == "asset_triggered"]
    browser.goto(f"{airflow.url}/dags/build_and_publish/runs/{run['dag_run_id']}/plugin/build")
    inside = browser.frame_locator("iframe")
    expect(inside.get_by_role("cell", name="cx_index", exact=True)).to_be_visible(timeout=120_000)
    assert inside.locator("td.bad").count() == 0
    shoot(browser, "build")


def test_the_log_says_how_long_each_model_took(airflow: Any) -> None:
    (run,) = [run for run in airflow.runs("build_and_publish") if run["run_type"] == "asset_triggered"]
    path = f"/api/v2/dags/build_and_publish/dagRuns/{run['dag_run_id']}/taskInstances/marts/logs/1"
    text = str(airflow.get(path))
    assert re.search(r"success +\d+\.\d\d s +cx_index", text)


def test_the_logs_of_tasks_that_succeeded_hold_no_error_and_no_chatter(settings: Settings) -> None:
    runs = home.logs(settings) / "airflow" / "dag_id=build_and_publish"
    found = sorted(runs.glob("run_id=asset_triggered*/**/*.log"))
    assert len(found) == 10
    for path in found:
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        assert [line["event"] for line in lines if line["level"] in ("error", "critical")] == [], path
        assert {line["logger"].split(".")[0] for line in lines} <= {"voxpop", "airflow", "task"}, path


def test_who_opens_the_log_of_a_failed_task_reads_what_to_do(
    browser: Page, airflow: Any, settings: Settings
) -> None:
    known = settings.connections_file.read_bytes()
    connections = json.loads(known)
    connections["touchpoints"]["api_key"] = "none of theirs"
    settings.connections_file.write_text(json.dumps(connections))
    try:
        run = airflow.trigger("extract_touchpoints")
        assert airflow.ended(run, 300) == "failed"
    finally:
        settings.connections_file.write_bytes(known)
    browser.goto(f"{airflow.url}/dags/extract_touchpoints/runs/{run['dag_run_id']}/tasks/land")
    for said in ("tried once", "403 Forbidden", "Mend the connection", "docs/runbooks/extract.md"):
        expect(browser.get_by_text(said).last).to_be_visible(timeout=120_000)
    shoot(browser, "failed")


def test_no_secret_is_in_what_airflow_wrote(airflow: Any, settings: Settings) -> None:
    secrets = secret_values(settings)
    assert len(secrets) >= 4
    searched = 0
    for path in (*home.logs(settings).rglob("*"), *home.folder(settings).rglob("*")):
        if path.is_file():
            searched += 1
            content = path.read_bytes()
            assert not [name for name, secret in secrets.items() if secret in content], path
    assert searched > 20


def secret_values(settings: Settings) -> dict[str, bytes]:
    """What the agency's credentials and the identifier key are."""
    found: dict[str, bytes] = {}
    connections: dict[str, dict[str, Any]] = json.loads(settings.connections_file.read_text())
    for source, fields in connections.items():
        found |= {f"{source}.{n}": v.encode() for n, v in fields.items() if not n.endswith("url")}
    keys = json.loads((settings.secrets / "identifier-keys.json").read_text())["keys"]
    return found | {f"key {version}": key.encode() for version, key in keys.items()}


def test_make_down_ends_every_process(
    airflow: Any, settings: Settings, command: Any, mentioning: Any
) -> None:
    assert mentioning(settings.home), "nothing was found while it is up: the search is blind"
    down = command(settings, "down")
    assert (down.returncode, "no process of it is left" in down.stdout) == (0, True)
    assert mentioning(settings.home) == []
    assert not session.is_up(settings)
    assert "was not up" in command(settings, "down").stdout

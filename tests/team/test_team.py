"""docker-compose.yml without Docker: its services as processes, on a PostgreSQL server of the test's own.

The secrets are made, and everything is operated, by the commands of docs/deploy.md as they stand there. The
tests build on one another, in this order.
"""

from __future__ import annotations

import json
import os
import pwd
import re
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.fernet import Fernet
from playwright.sync_api import expect, sync_playwright
from voxpop.airflow.connections import to_airflow
from voxpop.config import PROJECT, Settings, load_settings
from voxpop.release import store
from voxpop.sources.connections import load_connections

from tests.waiting import until

from . import compose

pytestmark = [pytest.mark.airflow, pytest.mark.timeout(900)]

DEPLOY = PROJECT / "docs" / "deploy.md"
IN_A_CONTAINER = re.compile(r"^docker compose (?:exec|run --rm --no-deps) -T ([\w-]+) (.+)$", re.MULTILINE)


class Page:
    """The commands of docs/deploy.md, run in a checkout as they stand there."""

    def __init__(self, checkout: Path) -> None:
        self.checkout = checkout
        self.blocks = re.findall(r"```sh\n(.*?)```", DEPLOY.read_text(), re.DOTALL)
        self.machine: compose.Machine
        self.done: set[tuple[str, str]] = set()

    def commands(self) -> set[tuple[str, str]]:
        """What is run inside a container: the service and the command, with its redirections."""
        return {found for block in self.blocks for found in IN_A_CONTAINER.findall(block)}

    def run(self, part: str) -> str:
        """Run the one command that has this in it; gives what it says."""
        ((service, command),) = [found for found in self.commands() if part in found[1]]
        done = self.machine.run(service, "bash", "-euo", "pipefail", "-c", command, cwd=self.checkout)
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        self.done.add((service, command))
        return done.stdout


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Page:
    """The page, and a checkout in which its commands have made the configuration and `.env`."""
    page = Page(tmp_path_factory.mktemp("checkout"))
    for name in ("config", "dbt_project"):
        (page.checkout / name).symlink_to(PROJECT / name)
    (making,) = [block for block in page.blocks if "> .env" in block]
    subprocess.run(["bash", "-euo", "pipefail", "-c", making], cwd=page.checkout, check=True)
    return page


@pytest.fixture(scope="module")
def values(page: Page) -> dict[str, str]:
    """What `.env` holds."""
    path = page.checkout / ".env"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    found = dict(line.split("=", 1) for line in path.read_text().splitlines())
    assert set(found) == set(compose.variables())
    return found


@pytest.fixture(scope="module")
def machine(
    tmp_path_factory: pytest.TempPathFactory, page: Page, values: dict[str, str]
) -> Iterator[compose.Machine]:
    """The services, none of Airflow's started yet; all ended afterwards whatever happened."""
    programs = PostgreSQL.programs()
    page.machine = machine = compose.Machine(
        tmp_path_factory.mktemp("machine"),
        compose.load(values)["services"],
        page.checkout / values["VOXPOP_CONFIG"],
        search=f"{programs}:{os.environ['PATH']}",
    )
    server = PostgreSQL(machine, programs)
    try:
        server.start()
        yield machine
    finally:
        for service in list(machine.running):
            machine.stop(service)
        server.stop()


class PostgreSQL:
    """A server as its image would make it, from what Debian installs, in a folder that goes again."""

    def __init__(self, machine: compose.Machine, programs: Path) -> None:
        self.machine, self.programs = machine, programs
        # PostgreSQL doesn't run as root, and its user can't read the tests' folders.
        self.user = "postgres" if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name
        self.folder = Path(tempfile.mkdtemp(prefix="voxpop-postgres-"))
        shutil.chown(self.folder, self.user)

    @staticmethod
    def programs() -> Path:
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
        found = found or [Path(name) for name in [shutil.which("initdb")] if name]
        assert found, "this test needs a PostgreSQL server: apt-get install postgresql"
        return found[-1].parent

    def start(self) -> None:
        given = self.machine.services["postgres"]["environment"]
        password = self.folder / "password"
        password.write_text(given["POSTGRES_PASSWORD"])
        shutil.chown(password, self.user)
        data, user, port = self.folder / "data", given["POSTGRES_USER"], self.machine.ports["5432"]
        asked = given["POSTGRES_INITDB_ARGS"].split()
        self._run("initdb", f"--pgdata={data}", f"--username={user}", f"--pwfile={password}", *asked)
        options = (
            f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.folder} -c fsync=off"
        )
        log = self.folder / "log"
        self._run("pg_ctl", "start", "--wait", f"--pgdata={data}", f"--log={log}", f"--options={options}")
        where = ("--host=127.0.0.1", f"--port={port}", f"--username={user}")
        self._run("createdb", *where, given["POSTGRES_DB"], PGPASSWORD=given["POSTGRES_PASSWORD"])

    def stop(self) -> None:
        try:
            self._run("pg_ctl", "stop", "--wait", "--mode=fast", f"--pgdata={self.folder / 'data'}")
        finally:
            shutil.rmtree(self.folder)

    def _run(self, program: str, *arguments: str, **variables: str) -> None:
        switch = ["runuser", "--user", self.user, "--"] if os.getuid() == 0 else []
        done = subprocess.run(
            [*switch, str(self.programs / program), *arguments],
            env={**os.environ, **variables},
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{program}: {done.stdout}"


@pytest.fixture(scope="module")
def settings(machine: compose.Machine) -> Settings:
    """The volume `home`, with the configuration that the services have."""
    return load_settings({"VOXPOP_HOME": str(machine.volume("home")), "VOXPOP_CONFIG": str(machine.config)})


def signed_in(machine: compose.Machine, user: str, password: str) -> httpx.Client:
    client = httpx.Client(base_url=f"http://127.0.0.1:{machine.ports['8080']}", timeout=60)
    answer = client.post("/auth/token", json={"username": user, "password": password}).raise_for_status()
    client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
    return client


def test_the_server_is_healthy_when_it_takes_connections(machine: compose.Machine) -> None:
    assert machine.is_healthy("postgres")


def test_a_password_too_short_makes_nothing(machine: compose.Machine, settings: Settings) -> None:
    environment = machine.services["init"]["environment"]
    password, environment["VOXPOP_ADMIN_PASSWORD"] = environment["VOXPOP_ADMIN_PASSWORD"], "admin"
    refused = machine.run("init")
    environment["VOXPOP_ADMIN_PASSWORD"] = password
    assert refused.returncode == 1
    assert "VOXPOP_ADMIN_PASSWORD has 5 characters and needs 12" in refused.stderr
    assert list(settings.home.iterdir()) == []


def test_init_makes_what_the_others_need_and_leaves_it_the_next_time(
    machine: compose.Machine, settings: Settings, values: dict[str, str]
) -> None:
    first = machine.run("init")
    assert first.returncode == 0, first.stderr
    assert 'The administrator "admin" was made' in first.stdout
    key = (settings.secrets / "identifier-keys.json").read_bytes()
    again = machine.run("init")
    assert again.returncode == 0, again.stderr
    assert 'The administrator "admin" was there already' in again.stdout
    assert (settings.secrets / "identifier-keys.json").read_bytes() == key
    said = first.stdout + first.stderr + again.stdout + again.stderr
    assert not [name for name, value in values.items() if name != "VOXPOP_URL" and value in said]


def test_every_service_becomes_healthy_by_its_own_check(machine: compose.Machine) -> None:
    for service in ("api-server", "scheduler", "dag-processor", "triggerer"):
        assert not machine.is_healthy(service), f"{service} is healthy before it runs"
        machine.start(service)
        if service == "api-server":
            # The others start when it is healthy.
            machine.wait_until_healthy(service)
    for service in ("scheduler", "dag-processor", "triggerer"):
        machine.wait_until_healthy(service)


def test_only_who_has_an_account_gets_in(machine: compose.Machine, values: dict[str, str]) -> None:
    url = f"http://127.0.0.1:{machine.ports['8080']}"
    wrong = httpx.post(f"{url}/auth/token", json={"username": "admin", "password": "admin"}, timeout=60)
    assert wrong.status_code == 401
    assert httpx.get(f"{url}/api/v2/dags", timeout=60).status_code == 401
    assert httpx.get(f"{url}/voxpop/releases", timeout=60).status_code == 401
    admin = signed_in(machine, "admin", values["VOXPOP_ADMIN_PASSWORD"])
    assert admin.get("/voxpop/releases").status_code == 200
    until(lambda: admin.get("/api/v2/dags/build_and_publish").status_code == 200, 120)


def test_a_person_signs_in_by_the_form(machine: compose.Machine, values: dict[str, str]) -> None:
    chromium = shutil.which("chromium")
    assert chromium, "this test needs chromium: apt-get install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        tab = browser.new_page()
        tab.set_default_timeout(60_000)
        tab.goto(f"http://localhost:{machine.ports['8080']}")
        tab.fill("input[name=username]", "admin")
        tab.fill("input[name=password]", "not the password")
        tab.click("input[type=submit]")
        expect(tab.get_by_text("Invalid login")).to_be_visible()
        tab.fill("input[name=username]", "admin")
        tab.fill("input[name=password]", values["VOXPOP_ADMIN_PASSWORD"])
        tab.click("input[type=submit]")
        expect(tab.get_by_role("link", name="Releases")).to_be_visible()
        cookies = {cookie["name"]: cookie for cookie in tab.context.cookies()}
        assert {"session", "_token"} <= set(cookies)
        assert cookies["session"]["secure"] and cookies["session"]["httpOnly"]
        browser.close()


def test_behind_a_proxy_that_ends_https_every_cookie_is_for_https(
    machine: compose.Machine, values: dict[str, str]
) -> None:
    site = "https://voxpop.example.gov"
    proxied = {
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "voxpop.example.gov",
        "X-Forwarded-For": "198.51.100.7",
        "Referer": f"{site}/auth/login/",
    }
    url = f"http://127.0.0.1:{machine.ports['8080']}/auth/login/"
    form = httpx.get(url, headers=proxied, timeout=60)
    (token,) = set(re.findall(r'name="csrf_token"[^>]*value="([^"]+)"', form.text))
    who = {"username": "admin", "password": values["VOXPOP_ADMIN_PASSWORD"], "csrf_token": token}
    session = form.headers["set-cookie"].split(";")[0]
    answer = httpx.post(url, data=who, headers={**proxied, "Cookie": session}, timeout=60)
    assert answer.status_code == 302
    cookies = answer.headers.get_list("set-cookie")
    assert {cookie.split("=")[0] for cookie in cookies} == {"session", "_token"}
    assert all("Secure" in cookie and "HttpOnly" in cookie for cookie in cookies)


def test_a_viewer_looks_and_changes_nothing(machine: compose.Machine, values: dict[str, str]) -> None:
    admin = signed_in(machine, "admin", values["VOXPOP_ADMIN_PASSWORD"])
    reader = {"username": "reader", "first_name": "A", "last_name": "Reader", "email": "reader@example.gov"}
    account = {**reader, "password": "a long password", "roles": [{"name": "Viewer"}]}
    admin.post("/auth/fab/v1/users", json=account).raise_for_status()
    viewer = signed_in(machine, "reader", "a long password")
    path, asked = "/api/v2/dags/rollback/dagRuns", {"logical_date": None, "conf": {"reason": "a test"}}
    assert viewer.get(path).status_code == 200
    assert viewer.get("/voxpop/releases").status_code == 200
    assert viewer.post(path, json=asked).status_code == 403
    assert viewer.get("/api/v2/connections").status_code == 403
    assert admin.get(path).json()["total_entries"] == 0


def test_the_sample_agency_leads_to_a_release_that_the_ui_shows(
    machine: compose.Machine, settings: Settings, values: dict[str, str], page: Page
) -> None:
    machine.start("sample-agency")
    machine.wait_until_healthy("sample-agency")
    # As of an agency's own tools, Airflow's database knows where they are, and no file does.
    found = {name: to_airflow(one) for name, one in load_connections(settings).items()}
    known = {name: {**fields, "extra": json.dumps(fields["extra"])} for name, fields in found.items()}
    (page.checkout / "connections.json").write_text(json.dumps(known))
    settings.connections_file.unlink()
    page.run("airflow connections import")

    admin = signed_in(machine, "admin", values["VOXPOP_ADMIN_PASSWORD"])

    def built() -> dict[str, Any] | None:
        failed = admin.get("/api/v2/dags/~/dagRuns?state=failed").raise_for_status().json()["dag_runs"]
        assert not failed, failed
        runs = admin.get("/api/v2/dags/build_and_publish/dagRuns").raise_for_status().json()["dag_runs"]
        return next((run for run in runs if run["state"] == "success"), None)

    page.run("airflow dags unpause")
    assert until(built, 600)["run_type"] == "asset_triggered"
    release = store.current(settings)
    assert release is not None and release.manifest["audit"]["passed"]
    assert {"touchpoints", "genesys"} <= {batch["source"] for batch in release.manifest["batches"]}
    assert release.release_id in admin.get("/voxpop/releases").text
    report = f"/voxpop/releases/{release.release_id}/files/reports/index.html"
    assert admin.get(report).status_code == 200
    assert release.release_id in page.run("voxpop releases list")
    assert "answers" in page.run("voxpop sql")


def test_a_key_is_changed_as_the_page_says(machine: compose.Machine, page: Page) -> None:
    environment = machine.services["scheduler"]["environment"]
    new = Fernet.generate_key().decode()
    environment["AIRFLOW__CORE__FERNET_KEY"] = f"{new},{environment['AIRFLOW__CORE__FERNET_KEY']}"
    page.run("airflow rotate-fernet-key")
    environment["AIRFLOW__CORE__FERNET_KEY"] = new
    shown = machine.run("scheduler", "airflow", "connections", "get", "touchpoints", "--output", "json")
    assert json.loads(shown.stdout)[0]["password"], shown.stderr


def test_a_service_writes_where_it_may_and_nowhere_else(machine: compose.Machine, settings: Settings) -> None:
    inside = machine.folder / "containers"
    assert {path.name for path in (inside / "api-server/var/lib/voxpop").iterdir()} == {"releases", "dbt"}
    for service in ("dag-processor", "triggerer"):
        assert list((inside / service / "var/lib/voxpop").iterdir()) == []
    assert stat.S_IMODE(settings.raw.stat().st_mode) == 0o700
    assert machine.written_into_image() == [], "a service wrote into the image, which is read-only"


def test_no_secret_is_in_what_was_logged(machine: compose.Machine, values: dict[str, str]) -> None:
    secrets = {
        name: value.encode() for name, value in values.items() if re.search("PASSWORD|KEY|SECRET", name)
    }
    assert len(secrets) == 5
    paths = [*machine.folder.glob("*.log"), *machine.volume("logs").rglob("*.log")]
    assert len(paths) > 20
    for path in paths:
        content = path.read_bytes()
        assert not [name for name, value in secrets.items() if value in content], path


def test_a_backup_is_taken_and_every_service_ends_when_it_is_told(
    machine: compose.Machine, page: Page
) -> None:
    for service in ("sample-agency", "scheduler"):
        assert machine.stop(service), f"{service} had to be killed"
    (page.checkout / "backup").mkdir()
    page.run("pg_dump")
    page.run("tar --create")
    for service in ("dag-processor", "triggerer", "api-server"):
        assert machine.stop(service), f"{service} had to be killed"


def test_what_was_lost_is_restored(machine: compose.Machine, settings: Settings, page: Page) -> None:
    before = store.current(settings)
    assert before is not None
    machine.empty("home")
    for command in (("dropdb", "airflow"), ("createdb", "airflow")):
        assert machine.run("postgres", command[0], "--username=airflow", *command[1:]).returncode == 0
    page.run("pg_restore")
    page.run("tar --extract")
    after = store.current(settings)
    assert after == before and store.is_whole(after)
    started = machine.run("init")
    assert 'The administrator "admin" was there already' in started.stdout, started.stderr
    checked = machine.run("scheduler", "voxpop", "doctor", "--json")
    found = {check["check"]: check["status"] for check in json.loads(checked.stdout)}
    assert (found["identifier key"], found["release"]) == ("ok", "ok")


def test_every_command_of_the_page_that_runs_in_a_container_was_run(page: Page) -> None:
    # `doctor` has looked above; of a connection that Airflow holds it says that it doesn't know it.
    left = {command for _, command in page.commands() - page.done}
    assert left == {"voxpop doctor"}

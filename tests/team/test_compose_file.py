"""What docker-compose.yml and the Dockerfile must hold for a team to rely on them; read, not run."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import compose_spec
import pytest
import yaml
from voxpop.airflow import home
from voxpop.config import PROJECT, load_settings

from . import compose

VALUES = dict.fromkeys(compose.variables(), "./somewhere")
SERVICES: dict[str, Any] = compose.load(VALUES)["services"]
DOCKERFILE = (PROJECT / "Dockerfile").read_text()
RUNNING = sorted(set(SERVICES) - {"init"})


def test_it_is_a_compose_file_whose_references_lead_somewhere() -> None:
    compose_spec.PyCompose.from_yaml(yaml.safe_dump(compose.load(VALUES))).validate()


def test_it_names_the_four_processes_of_airflow_and_what_they_need() -> None:
    assert set(SERVICES) == {
        "postgres", "init", "api-server", "scheduler", "dag-processor", "triggerer", "sample-agency",
    }  # fmt: skip
    assert {name for name, service in SERVICES.items() if "profiles" in service} == {"sample-agency"}


def test_every_variable_says_what_it_is_and_has_no_default() -> None:
    text = "\n".join(
        line for line in compose.FILE.read_text().splitlines() if not line.lstrip().startswith("#")
    )
    without = compose.VARIABLE.sub("", text).replace("$$", "")
    assert "$" not in without
    assert set(compose.variables()) == {
        "AIRFLOW_FERNET_KEY", "AIRFLOW_JWT_SECRET", "AIRFLOW_SECRET_KEY", "POSTGRES_PASSWORD",
        "VOXPOP_ADMIN_PASSWORD", "VOXPOP_CONFIG", "VOXPOP_URL",
    }  # fmt: skip
    assert all(len(what.split()) >= 4 for what in compose.variables().values())


def test_no_secret_stands_in_a_file() -> None:
    read = yaml.safe_load(compose.FILE.read_text())["services"]
    secret = re.compile("PASSWORD|SECRET|KEY|TOKEN")
    given = [
        (name, str(value))
        for service in read.values()
        for name, value in service.get("environment", {}).items()
        if secret.search(name)
        and not name.endswith("SECRETS__BACKEND")
        and name != "AIRFLOW__WORKERS__SECRETS_BACKEND"
    ]
    assert len(given) >= 10
    assert [name for name, value in given if not compose.VARIABLE.fullmatch(value)] == []
    assert not re.search(r"^(ARG|ENV).*(PASSWORD|SECRET|TOKEN)", DOCKERFILE, re.MULTILINE)
    assert ".env" in (PROJECT / ".gitignore").read_text().split()
    copied = [
        line for line in (PROJECT / ".dockerignore").read_text().splitlines() if line and line[0] != "#"
    ]
    assert copied[0] == "*"
    assert not [line for line in copied if line.startswith("!") and re.search(r"env|var|agency|\.git", line)]


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_a_service_may_do_no_more_than_it_has_to(name: str) -> None:
    service = SERVICES[name]
    user, group = service["user"].split(":")
    assert int(user) > 0 and int(group) > 0
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not {"privileged", "cap_add", "devices", "pid", "ipc"} & set(service)
    assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory", "pids"}
    assert {"max-size", "max-file"} == set(service["logging"]["options"])
    assert re.fullmatch(r"[\w/]+:\d+\.\d+(\.\d+)?(-\w+)?", service["image"])
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))


@pytest.mark.parametrize("name", RUNNING)
def test_a_service_that_stays_says_whether_it_is_well_and_comes_back(name: str) -> None:
    service = SERVICES[name]
    assert service["restart"] == "unless-stopped"
    assert {"test", "interval", "timeout", "retries", "start_period"} <= set(service["healthcheck"])
    assert compose.seconds(service["healthcheck"]["timeout"]) <= compose.seconds(
        service["healthcheck"]["interval"]
    )
    assert compose.seconds(service["stop_grace_period"]) >= 30


def test_init_ends_and_everything_of_airflow_waits_for_it() -> None:
    assert SERVICES["init"]["restart"] == "no"
    assert SERVICES["init"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    for name in ("api-server", "scheduler", "dag-processor", "triggerer"):
        assert SERVICES[name]["depends_on"]["init"] == {"condition": "service_completed_successfully"}


def test_a_service_sees_of_the_home_what_it_works_with() -> None:
    home_of = {
        name: [
            (mount["target"], mount["volume"].get("subpath"), mount["read_only"])
            for mount in compose.mounts(service)
            if mount["source"] == "home"
        ]
        for name, service in SERVICES.items()
    }
    whole = [("/var/lib/voxpop", None, False)]
    assert home_of == {
        "init": whole,
        "scheduler": whole,
        "sample-agency": whole,
        "api-server": [
            ("/var/lib/voxpop/releases", "releases", True),
            ("/var/lib/voxpop/dbt", "dbt", True),
        ],
        "dag-processor": [],
        "triggerer": [],
        "postgres": [],
    }
    binds = [
        mount for service in SERVICES.values() for mount in compose.mounts(service) if mount["type"] == "bind"
    ]
    assert len(binds) == 6 and all(mount["read_only"] for mount in binds)


def test_a_service_knows_the_secrets_that_it_needs() -> None:
    read = yaml.safe_load(compose.FILE.read_text())["services"]
    knows = {
        name: set(compose.VARIABLE.findall(str(service["environment"]))) for name, service in read.items()
    }
    named = {name: {variable for variable, _ in found} for name, found in knows.items()}
    assert [name for name, found in named.items() if "VOXPOP_ADMIN_PASSWORD" in found] == ["init"]
    assert named["sample-agency"] == set()
    assert named["postgres"] == {"POSTGRES_PASSWORD"}


def test_airflow_is_set_up_as_on_one_machine() -> None:
    one = home.environment(load_settings({}))
    many = SERVICES["scheduler"]["environment"]
    same = {
        "DO_NOT_TRACK", "PYTHONWARNINGS", "AIRFLOW__CORE__LOAD_EXAMPLES", "AIRFLOW__CORE__EXECUTOR",
        "AIRFLOW__CORE__PARALLELISM", "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION",
        "AIRFLOW__SECRETS__BACKEND", "AIRFLOW__WORKERS__SECRETS_BACKEND", "AIRFLOW__API__INSTANCE_NAME",
    }  # fmt: skip
    assert {name: many[name] for name in same} == {name: one[name] for name in same}
    only_one = {name for name in one if "SIMPLE_AUTH" in name} | {"PATH", "AIRFLOW__API__HOST"}
    assert set(one) - only_one <= set(many)


def test_the_image_is_made_from_the_lock_and_runs_as_nobody() -> None:
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    assert len(bases) == 2 and set(bases) == {"python:3.11.15-slim-bookworm"}
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    assert project["requires-python"] == ">=3.11,<3.12"
    assert "--require-hashes --constraint requirements.lock" in DOCKERFILE and "--no-build " in DOCKERFILE
    locked = (PROJECT / "requirements.lock").read_text()
    for wanted in project["optional-dependencies"]["team"]:
        assert f"\n{re.split('[=>]', wanted)[0]}==" in locked
    (uv,) = re.findall(r"^UV_VERSION := (\S+)", (PROJECT / "Makefile").read_text(), re.MULTILINE)
    assert f"uv=={uv} " in DOCKERFILE
    assert DOCKERFILE.rstrip().endswith(f"USER {SERVICES['scheduler']['user']}")
    assert f"voxpop:{project['version']}" == SERVICES["scheduler"]["image"]

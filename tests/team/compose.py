"""docker-compose.yml with its variables filled in, and its services as processes of this machine.

A service is run by its command, its environment and its health check as the file has them. What a container
gives and a process lacks is put in by `Machine`: where a name of the network leads, and which folder lies
under a path of the container. A volume that a service doesn't mount is an empty folder to it. The image's
code is a copy of the project's: what a service writes there, nobody else has written.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import yaml
from voxpop.airflow.processes import free_port
from voxpop.config import PROJECT

from tests.waiting import until

FILE = PROJECT / "docker-compose.yml"
VARIABLE = re.compile(r"\$\{(\w+):\?([^}]+)\}")

CODE = ("dags", "dbt_project", "plugins", "expectations", "config")
"""The folders of the project that services run or read."""

_UNITS = {"s": 1, "m": 60}


def variables() -> dict[str, str]:
    """Every variable that the file asks for, and what it says that this is."""
    return dict(VARIABLE.findall(str(yaml.safe_load(FILE.read_text()))))


def load(values: Mapping[str, str]) -> dict[str, Any]:
    """The file with its variables filled in, aliases and merges resolved."""

    def filled_in(part: Any) -> Any:
        if isinstance(part, dict):
            return {name: filled_in(value) for name, value in part.items()}
        if isinstance(part, list):
            return [filled_in(value) for value in part]
        if isinstance(part, str):
            return VARIABLE.sub(lambda found: values[found[1]], part).replace("$$", "$")
        return part

    read = yaml.safe_load(FILE.read_text())
    return {name: filled_in(part) for name, part in read.items() if not name.startswith("x-")}


def seconds(duration: str) -> int:
    """A duration such as `30s`."""
    return int(duration[:-1]) * _UNITS[duration[-1]]


def mounts(service: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A service's mounts, all in the long form."""
    found = []
    for mount in service["volumes"]:
        if isinstance(mount, str):
            source, target = mount.split(":")
            found.append(
                {"type": "volume", "source": source, "target": target, "read_only": False, "volume": {}}
            )
        else:
            found.append({"read_only": False, "volume": {}, **mount})
    return found


@dataclass
class Machine:
    """Where the containers' names, paths and ports are on this machine."""

    folder: Path
    services: dict[str, Any]
    config: Path
    search: str = os.environ["PATH"]
    ports: dict[str, int] = field(
        default_factory=lambda: {port: free_port() for port in ("5432", "8080", "8100")}
    )
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    began: float = field(init=False)

    def __post_init__(self) -> None:
        for part in CODE:
            skipped = shutil.ignore_patterns("__pycache__")
            shutil.copytree(PROJECT / part, self.image / part, ignore=skipped)
        self.began = time.time()

    @property
    def image(self) -> Path:
        """What a container sees as /opt/voxpop."""
        return self.folder / "image"

    def written_into_image(self) -> list[Path]:
        """Files of the image that are newer than it; what Python compiled for itself doesn't count."""
        files = [path for path in self.image.rglob("*") if path.is_file()]
        assert files, "the image is empty"
        return [
            path for path in files if "__pycache__" not in path.parts and path.stat().st_mtime > self.began
        ]

    def volume(self, name: str) -> Path:
        return self.folder / "volumes" / name

    def empty(self, name: str) -> None:
        """Lose what a volume holds."""
        shutil.rmtree(self.volume(name))
        self.volume(name).mkdir()

    def local(self, service: str, text: str) -> str:
        """A value of the file as it has to be for a process of this machine."""
        for host in ("postgres", "api-server", "localhost", "127.0.0.1"):
            for port, ours in self.ports.items():
                here = host if host == "localhost" else "127.0.0.1"
                text = text.replace(f"{host}:{port}", f"{here}:{ours}")
        for port, ours in self.ports.items():
            text = re.sub(rf"(?<![\d:]){port}\b", str(ours), text)
        paths = self._paths(service)
        return re.sub(rf"(?<![\w/])({'|'.join(paths)})(?![\w-])", lambda found: str(paths[found[1]]), text)

    def _paths(self, service: str) -> dict[str, Path]:
        root = self.folder / "containers" / service
        if not root.exists():
            for path in ("var/lib/voxpop", "var/log", "run/airflow", "tmp", "etc"):
                (root / path).mkdir(parents=True)
            for mount in mounts(self.services[service]):
                source = self.config if mount["type"] == "bind" else self.volume(mount["source"])
                target = root / mount["target"].lstrip("/")
                if mount["type"] == "volume" and not mount["volume"]:
                    source.mkdir(parents=True, exist_ok=True)
                if target.is_dir():
                    target.rmdir()
                target.parent.mkdir(parents=True, exist_ok=True)
                target.symlink_to(source / mount["volume"].get("subpath", ""))
        return {
            "/opt/voxpop": self.image,
            **{
                f"/{path}": root / path
                for path in ("var/lib/voxpop", "var/log/voxpop", "run/airflow", "etc/voxpop")
            },
            "/tmp": root / "tmp",
        }

    def environment(self, service: str) -> dict[str, str]:
        """The service's own variables and no other of this process, but where programs are."""
        given = {
            name: self.local(service, value) for name, value in self.services[service]["environment"].items()
        }
        if service == "postgres":
            # In the container the server's socket is where its programs look for it.
            given |= {"PGHOST": "127.0.0.1", "PGPORT": str(self.ports["5432"])}
        # The library is the image's, not the one that is installed here.
        library = f"{self.image / 'plugins'}:{self.image}"
        return {"PATH": f"{Path(sys.executable).parent}:{self.search}", "PYTHONPATH": library, **given}

    def start(self, service: str) -> None:
        """Start the service's command with its output in a file of its own."""
        words = [self.local(service, word) for word in self.services[service]["command"]]
        with self.log(service).open("ab") as log:
            self.running[service] = subprocess.Popen(
                words,
                env=self.environment(service),
                cwd=self.image,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def run(self, service: str, *command: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        """What `docker compose run` or `exec` would do with a command; without one, with the service's."""
        return subprocess.run(
            [self.local(service, word) for word in command or self.services[service]["command"]],
            env=self.environment(service),
            cwd=cwd or self.image,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=180,
        )

    def log(self, service: str) -> Path:
        return self.folder / f"{service}.log"

    def is_healthy(self, service: str) -> bool:
        """The health check as it stands in the file, with the time that it gives itself."""
        check = self.services[service]["healthcheck"]
        assert check["test"][0] == "CMD"
        try:
            done = subprocess.run(
                [self.local(service, word) for word in check["test"][1:]],
                env=self.environment(service),
                cwd=self.image,
                capture_output=True,
                timeout=seconds(check["timeout"]),
                check=False,
            )
        except subprocess.TimeoutExpired:
            return False
        return done.returncode == 0

    def wait_until_healthy(self, service: str) -> None:
        """Wait for as long as Docker would, before it called the service unhealthy."""
        check = self.services[service]["healthcheck"]

        def healthy_while_it_runs() -> bool:
            ended = self.running[service].poll()
            assert ended is None, f"{service} ended with status {ended}:\n{self.last_words(service)}"
            return self.is_healthy(service)

        patience = seconds(check["start_period"]) + check["retries"] * seconds(check["interval"])
        until(healthy_while_it_runs, patience, last_words=lambda: self.last_words(service))

    def last_words(self, service: str) -> str:
        return "\n".join(self.log(service).read_text(errors="replace").splitlines()[-25:])

    def stop(self, service: str) -> bool:
        """`docker stop`: tell its process to end; False if it has to be killed after the grace period."""
        process = self.running.pop(service)
        family = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(seconds(self.services[service]["stop_grace_period"]))
            return True
        except subprocess.TimeoutExpired:
            return False
        finally:
            # The end of a container is the end of whatever is in it.
            for one in (process, *family):
                try:
                    one.kill()
                except (psutil.NoSuchProcess, ProcessLookupError):
                    continue
            process.wait()

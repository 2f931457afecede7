"""docs/add-a-source.md is followed to the letter, on a copy of the project."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import duckdb
import pytest
from voxpop.config import PROJECT

GUIDE = PROJECT / "docs" / "add-a-source.md"
STEP = re.compile(r"^`(?P<file>[^`\n]+)`\n\n```(?P<kind>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
PARTS = ("plugins", "expectations", "dbt_project", "config", "tests/dbt/exceptions.yml", "pyproject.toml")
KEY = "tablets-key"

FIRST = {
    "id": "t-1",
    "form": "desk",
    "given_at": "2026-06-29T17:02:11Z",
    "edited_at": "2026-06-29T17:02:11Z",
    "trust": 4,
    "comment": "Call me: (202) 555-0142.",
    "account": "400193939",
}
OTHERS = [
    FIRST | {"id": f"t-{n}", "trust": 2, "comment": "Quick and kind.", "account": None} for n in range(2, 60)
]
ANSWERS = [
    FIRST,
    *OTHERS,
    # the first one again, edited: the newer version counts
    FIRST | {"trust": 5, "edited_at": "2026-06-30T08:00:00Z"},
    {"form": "desk", "trust": 1},
]
PAGE = 25


class Tablets(BaseHTTPRequestHandler):
    """The API that the guide describes."""

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        asked = parse_qs(url.query)
        wanted = (url.path, asked["from"], asked["to"])
        if self.headers["x-api-key"] != KEY or wanted != ("/v1/answers", ["2026-06-29"], ["2026-06-30"]):
            self.send_error(403)
            return
        begin = PAGE * (int(asked["page"][0]) - 1)
        page = {"answers": ANSWERS[begin : begin + PAGE], "more": begin + PAGE < len(ANSWERS)}
        body = json.dumps(page).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def tablets() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Tablets) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/v1"
        server.shutdown()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the project on which every step of the guide was taken."""
    copy = tmp_path / "project"
    for part in PARTS:
        source, target = PROJECT / part, copy / part
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    steps = [match.groupdict() for match in STEP.finditer(GUIDE.read_text())]
    assert {step["kind"] for step in steps} == {"python", "diff", "yaml", "sql", "csv"}
    for step in steps:
        follow(copy / step["file"], step["kind"], step["text"])
    return copy


def follow(file: Path, kind: str, text: str) -> None:
    """Write a file that is new; change or extend one that is there."""
    if kind == "diff":
        file.write_text(changed(file.read_text(), text, file.name))
    elif file.exists():
        between = "\n" if kind == "csv" else "\n\n"
        file.write_text(file.read_text().rstrip("\n") + between + text)
    else:
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)


def changed(content: str, diff: str, name: str) -> str:
    """Make a change as a reader does: find the old lines, which stand there once, and write the new ones."""
    for hunk in hunks(diff.splitlines()):
        old = "".join(f"{line[1:]}\n" for line in hunk if line[0] != "+")
        new = "".join(f"{line[1:]}\n" for line in hunk if line[0] != "-")
        assert content.count(old) == 1, f"{name} has not once:\n{old}"
        content = content.replace(old, new)
    return content


def hunks(lines: list[str]) -> Iterator[list[str]]:
    """A change begins anew where a line is taken out behind lines that were put in."""
    hunk: list[str] = []
    for line in (each or " " for each in lines):
        if hunk and hunk[-1][0] == "+" and line[0] == "-":
            yield hunk
            hunk = []
        hunk.append(line)
    yield hunk


def test_the_source_that_the_guide_adds_is_published(project: Path, tablets: str, tmp_path: Path) -> None:
    home, agency = tmp_path / "home", tmp_path / "agency"
    agency.mkdir()
    (agency / "seeds").symlink_to(project / "dbt_project" / "seeds")
    entry = (project / "config" / "sources.yml").read_text().partition("\n  tablets:\n")[2]
    (agency / "sources.yml").write_text(f"sources:\n  tablets:\n{entry}")
    (home / "secrets").mkdir(parents=True)
    connections = {"tablets": {"base_url": tablets, "api_key": KEY}}
    (home / "secrets" / "connections.json").write_text(json.dumps(connections))

    def run(*command: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", *command],
            env=os.environ
            | {"PYTHONPATH": f"{project / 'plugins'}{os.pathsep}{project}"}
            | {"VOXPOP_HOME": str(home), "VOXPOP_CONFIG": str(agency)},
            cwd=project,
            text=True,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    run("ruff", "check", "plugins")
    run("ruff", "format", "--check", "plugins")
    landed = run("voxpop.cli", "land", "tablets", "--from", "2026-06-29", "--to", "2026-07-01")
    assert "60 records; 1 in quarantine" in landed
    run("voxpop.cli", "run", "--no-land")
    with duckdb.connect(str(home / "releases" / "current" / "voxpop.duckdb"), read_only=True) as marts:
        found = marts.execute(
            """
            select
                responses.source_record_id, responses.survey_id, responses.service_id, responses.channel,
                answers.raw_value, answers.score, comments.comment_text, responses.customer_id is not null
            from marts.fct_survey_responses as responses
            inner join marts.fct_survey_answers as answers using (response_id)
            left join marts.fct_comments as comments using (response_id)
            order by cast(substr(responses.source_record_id, 3) as integer)
            """
        ).fetchall()
    where = ("fld-desk", "fld-card", "in_person")
    assert found == [
        ("t-1", *where, "5", 5.0, "Call me: [PHONE].", True),
        *((each["id"], *where, "2", 2.0, "Quick and kind.", False) for each in OTHERS),
    ]

"""The commands that the pages give exist, with the options, parameters and services that they name."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from voxpop.cli import app
from voxpop.config import PROJECT

PAGES = sorted([PROJECT / "README.md", *(PROJECT / "docs").rglob("*.md")])
COMMAND = re.compile(r"^(?:\.venv/bin/)?(voxpop|airflow|docker compose|make)( .*)?$")

# What `docker compose` of version 2.40 takes, as far as the pages use it: its options, and whether services
# follow, as all words, as the first word, or not at all.
COMPOSE = {
    "build": (set(), "all"),
    "config": ({"--quiet"}, "none"),
    "down": (set(), "none"),
    "exec": ({"-T"}, "first"),
    "logs": (set(), "all"),
    "ps": (set(), "all"),
    "restart": (set(), "all"),
    "run": ({"--rm", "--no-deps", "-T"}, "first"),
    "start": (set(), "all"),
    "stop": (set(), "all"),
    "up": ({"--detach", "--wait"}, "all"),
}


def commands() -> list[tuple[str, str, list[str]]]:
    """Page, program and words of every command, from blocks and from running text."""
    found = []
    for page in PAGES:
        text = page.read_text()
        lines = [
            line for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL) for line in whole_lines(block)
        ]
        lines += [" ".join(code.split()) for code in re.findall(r"(?<!`)`([^`]+)`(?!`)", text)]
        for line in lines:
            if told := COMMAND.match(line.strip()):
                words = shlex.split(told[2] or "", comments=True)
                if words and not words[0].startswith("…"):
                    found.append((page.name, told[1], until_redirected(words)))
    return found


def whole_lines(block: str) -> Iterator[str]:
    """The lines of a block; a quoted text may go over several."""
    line = ""
    for part in block.splitlines():
        line = f"{line} {part}" if line else part
        if line.count('"') % 2 == 0:
            yield line
            line = ""


def until_redirected(words: list[str]) -> list[str]:
    ends = [place for place, word in enumerate(words) if word in ("<", ">", "|", "…")]
    return words[: min(ends, default=len(words))]


COMMANDS = commands()


def those(program: str) -> list[Any]:
    found = {(page, tuple(words)) for page, name, words in COMMANDS if name == program}
    return [pytest.param(list(words), id=f"{page}: {' '.join(words)}") for page, words in sorted(found)]


def test_pages_were_read() -> None:
    assert {page for page, _, _ in COMMANDS} >= {
        "README.md",
        "deploy.md",
        "for-data-engineers.md",
        "extract.md",
    }
    assert all(len(those(program)) >= 3 for program in ("voxpop", "airflow", "docker compose", "make"))


@pytest.mark.parametrize("words", those("voxpop"))
def test_voxpop_has_the_command(words: list[str]) -> None:
    command: Any = typer.main.get_command(app)
    while words and hasattr(command, "commands"):
        assert words[0] in command.commands
        command, words = command.commands[words[0]], words[1:]
    # A page may leave out what a reader puts in; what it gives has to be taken.
    for option in (word.split("=")[0] for word in words if word.startswith("--")):
        assert any(option in parameter.opts for parameter in command.params), option


@pytest.mark.parametrize("words", those("airflow"))
def test_airflow_takes_the_command(words: list[str], dags: dict[str, Any]) -> None:
    from airflow.cli.cli_parser import get_parser

    given = get_parser().parse_args(words)
    if dag_id := None if getattr(given, "treat_dag_id_as_regex", False) else getattr(given, "dag_id", None):
        assert dag_id in dags
        if getattr(given, "conf", None):
            assert set(json.loads(given.conf)) <= set(dags[dag_id].params)


@pytest.mark.parametrize("words", those("docker compose"))
def test_compose_has_the_services(words: list[str]) -> None:
    services = yaml.safe_load((PROJECT / "docker-compose.yml").read_text())["services"]
    while words and words[0] in ("--profile", "--project-name"):
        assert words[0] == "--project-name" or [words[1]] in [
            one.get("profiles") for one in services.values()
        ]
        words = words[2:]
    if not words:
        return
    options, named = COMPOSE[words[0]]
    rest = words[1:]
    while rest and rest[0].startswith("-"):
        assert rest[0] in options
        rest = rest[1:]
    if named == "none":
        assert rest == []
    elif rest:
        assert set(rest[:1] if named == "first" else rest) <= set(services)


@pytest.mark.parametrize("words", those("make"))
def test_make_has_the_target(words: list[str]) -> None:
    targets = set(re.findall(r"^([\w-]+):", (PROJECT / "Makefile").read_text(), re.MULTILINE))
    assert words[0] in targets


def test_the_pages_lead_to_pages() -> None:
    links = [
        (page, link) for page in PAGES for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text())
    ]
    assert len(links) > 20
    assert [f"{page.name}: {link}" for page, link in links if not (Path(page).parent / link).exists()] == []

"""What `config/sources.yml` says: which tools an agency has, and how to read them.

A wrong key or value stops the run before anything is asked of a tool, with the file, the line and the key.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from pydantic import ValidationError

from voxpop import lined_yaml
from voxpop.config import Settings
from voxpop.errors import ConfigError, UsageError
from voxpop.sources import dap, genesys, touchpoints
from voxpop.sources.connections import Connection
from voxpop.sources.dap.files import DapFiles
from voxpop.sources.file_source import FileSource
from voxpop.sources.ga4.config import Ga4Config
from voxpop.sources.protocol import Source
from voxpop.sources.targets import TARGETS
from voxpop.sources.tool import Tool

FolderConfig = FileSource | DapFiles
SourceConfig = Tool | Ga4Config | FolderConfig

NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
"""A source's name: it becomes part of folder names, batch ids and DAG ids."""


class ToolPackage(Protocol):
    """What the package of a tool with an API offers."""

    @property
    def Config(self) -> type[Tool]:
        """What `sources.yml` says of it."""
        ...

    def connect(self, config: Any, connection: Connection) -> AbstractContextManager[Source]:
        """Open the tool for one run."""
        ...


TOOLS: Mapping[str, ToolPackage] = {"touchpoints": touchpoints, "genesys": genesys, "dap": dap}
"""`kind` → the package of a tool with an API."""

KINDS: Mapping[str, type[SourceConfig]] = {
    **{kind: package.Config for kind, package in TOOLS.items()},
    "ga4": Ga4Config,
    "dap_files": DapFiles,
}
"""`kind` → what `sources.yml` says of such a source; for `file_drop` that depends on `maps_to`: `TARGETS`."""


def load_sources(settings: Settings) -> dict[str, SourceConfig]:
    """Read the configured sources, by name, in the file's order.

    Raises:
        ConfigError: the file can't be read, or holds a wrong key or value; names the line and the key.
    """
    document = lined_yaml.read(settings.sources_file)
    top = document.value
    if not isinstance(top, dict) or set(top) != {"sources"} or not isinstance(top["sources"], dict):
        raise ConfigError(
            f"{document.path}: it holds one key, `sources`, with a mapping from name to source."
        )
    if not top["sources"]:
        raise document.error(("sources",), "it names no source")
    return {name: _source(document, name, body) for name, body in top["sources"].items()}


def find_sources(settings: Settings, names: Sequence[str]) -> list[SourceConfig]:
    """Give the configured sources of these names, in their order; without a name all of them.

    Raises:
        UsageError: there is none of a name; lists those that there are.
        ConfigError: as `load_sources`.
    """
    configured = load_sources(settings)
    for name in names:
        if name not in configured:
            there_are = ", ".join(configured)
            raise UsageError(
                f'There is no source "{name}" in {settings.sources_file.name}. There are: {there_are}.'
            )
    return [configured[name] for name in names or configured]


def _source(document: lined_yaml.Document, name: str, body: object) -> SourceConfig:
    at = ("sources", name)
    if not NAME.fullmatch(name):
        raise document.error(at, "a source's name is made of a–z, 0–9 and _, and begins with a letter")
    if not isinstance(body, dict):
        raise document.error(at, "it is a mapping that begins with `kind`")
    if "name" in body:
        raise document.error((*at, "name"), "the key above it is the source's name already")
    model = _model(document, at, body)
    try:
        return model.model_validate({**body, "name": name})
    except ValidationError as error:
        raise document.invalid(at, error, model.model_fields) from None


def _model(
    document: lined_yaml.Document, at: lined_yaml.Where, body: dict[str, object]
) -> type[SourceConfig]:
    kind = str(body.get("kind"))
    if kind == "file_drop":
        target = TARGETS.get(str(body.get("maps_to")))
        if target is None:
            raise document.error((*at, "maps_to"), f"it is one of {', '.join(TARGETS)}")
        return target
    if kind not in KINDS:
        raise document.error((*at, "kind"), f"it is one of {', '.join(KINDS)}, file_drop")
    return KINDS[kind]

"""dbt's project is parsed once a process, for every home that tests make: its models are the same in all."""

from __future__ import annotations

from typing import Any

from voxpop.config import Settings
from voxpop.warehouse.dbt import Dbt

_parsed: list[tuple[Any, bytes]] = []
"""The manifest and the file that dbt wrote of it, once there is one."""


class ParsedOnce(Dbt):
    """dbt with what another home's parsing gave; what differs between homes is where its seeds lie."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._project = settings.dbt_target / "project"

    def manifest(self) -> Any:
        if not _parsed:
            _parsed.append((super().manifest(), self._written.read_bytes()))
        manifest, written = _parsed[0]
        for node in manifest.nodes.values():
            if node.resource_type == "seed":
                node.root_path = str(self._project)
        if not self._written.exists():
            self._written.parent.mkdir(parents=True, exist_ok=True)
            self._written.write_bytes(written)
        return manifest

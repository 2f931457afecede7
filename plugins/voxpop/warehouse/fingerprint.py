"""What decides a build's results besides the data: models, macros, seeds, the model of links, the engine."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator
from importlib.metadata import version
from pathlib import Path

from voxpop.config import Settings

ENGINES = ("duckdb", "dbt-core", "dbt-duckdb")
FOLLOWED = frozenset({"identity_denied"})
"""Seeds whose changes a build follows row by row, as it does what lands."""


def fingerprint(settings: Settings, *, but: Collection[str] = ()) -> str:
    """Hash what the warehouse is made by, so that a change of it is seen.

    Args:
        settings: where everything is.
        but: seeds that are left out of it.

    Returns:
        64 hex digits, the same wherever the files lie and whenever they were written.
    """
    digest = hashlib.sha256()
    for engine in ENGINES:
        digest.update(f"{engine}=={version(engine)}\n".encode())
    for name, path in _files(settings, but):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{name} {content}\n".encode())
    return digest.hexdigest()


def _files(settings: Settings, but: Collection[str]) -> Iterator[tuple[str, Path]]:
    project = settings.dbt_project
    yield "dbt_project.yml", project / "dbt_project.yml"
    yield "profiles.yml", project / "profiles.yml"
    for folder in ("macros", "models"):
        for path in sorted((project / folder).rglob("*")):
            if path.suffix in {".sql", ".yml"}:
                yield path.relative_to(project).as_posix(), path
    if settings.link_model.exists():
        yield settings.link_model.name, settings.link_model
    for path in sorted(settings.seeds.glob("*.csv")):
        if path.stem not in but:
            yield f"seeds/{path.name}", path

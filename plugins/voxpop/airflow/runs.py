"""What a build did, model by model: kept per DAG run for the page *Build*."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import msgspec

from voxpop.config import Settings
from voxpop.raw import files
from voxpop.warehouse.dbt import ModelResult


class Layer(msgspec.Struct, frozen=True):
    """One task's models, in the order in which dbt ended them."""

    layer: str
    models: tuple[ModelResult, ...]


def save(settings: Settings, run_id: str, layer: Layer) -> None:
    """Keep a layer's results; a task that runs again replaces its own."""
    folder = _folder(settings, run_id)
    folder.mkdir(parents=True, exist_ok=True)
    files.replace_durably(folder / f"{layer.layer}.json", msgspec.json.encode(layer))


def load(settings: Settings, run_id: str, layers: Sequence[str]) -> list[Layer]:
    """What is kept of a run, in the order of `layers`; nothing for a run that is not known."""
    paths = [_folder(settings, run_id) / f"{layer}.json" for layer in layers]
    return [msgspec.json.decode(path.read_bytes(), type=Layer) for path in paths if path.is_file()]


def _folder(settings: Settings, run_id: str) -> Path:
    # A run id comes from a person or a URL, and may hold what no path should.
    return settings.dbt_target / "runs" / hashlib.sha256(run_id.encode()).hexdigest()[:24]

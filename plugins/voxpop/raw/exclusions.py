"""Which batches a person has taken out of the build, and why; raw itself stays as it is."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Literal

import msgspec

from voxpop.config import Settings
from voxpop.errors import UsageError, VoxpopError
from voxpop.raw import files, reasons
from voxpop.raw.manifests import visible

_KEPT = {
    "exclude": "it is public: on the page and in every release's manifest",
    "include": "it is kept in the list of exclusions",
}
"""Where a reason comes to stand."""


class Exclusion(msgspec.Struct, frozen=True):
    """One line of the list: what was said about a batch, why and when."""

    batch_id: str
    action: Literal["exclude", "include"]
    reason: str
    at: datetime


def exclusions(settings: Settings) -> dict[str, Exclusion]:
    """Give the batches that are excluded now, by id: the last line about a batch counts.

    Raises:
        VoxpopError: a line can't be read; names it.
    """
    said: dict[str, Exclusion] = {}
    for line in _lines(_path(settings)):
        said[line.batch_id] = line
    return {batch_id: line for batch_id, line in said.items() if line.action == "exclude"}


def exclude(settings: Settings, batch_id: str, reason: str, now: datetime) -> None:
    """Take a batch out of what is built, from the next build on.

    Raises:
        UsageError: no such batch, it is excluded already, or the reason is missing or holds personal data.
    """
    if batch_id in exclusions(settings):
        raise UsageError(f"{batch_id}: is excluded already.")
    _say(settings, Exclusion(batch_id, "exclude", reason, now))


def include(settings: Settings, batch_id: str, reason: str, now: datetime) -> None:
    """Put an excluded batch back, from the next build on.

    Raises:
        UsageError: no such batch, it is not excluded, or the reason is missing or holds personal data.
    """
    if batch_id not in exclusions(settings):
        raise UsageError(f"{batch_id}: is not excluded. `voxpop batches list` shows what is.")
    _say(settings, Exclusion(batch_id, "include", reason, now))


def _say(settings: Settings, line: Exclusion) -> None:
    reasons.check(
        line.reason,
        what=line.batch_id,
        kept=_KEPT[line.action],
        nothing=f"Nothing was {line.action}d.",
    )
    if all(line.batch_id != manifest.batch_id for manifest in visible(settings)):
        raise UsageError(f"{line.batch_id}: no such batch. `voxpop batches list` shows them.")
    files.append_durably(_path(settings), msgspec.json.encode(line) + b"\n")


def _lines(path: Path) -> list[Exclusion]:
    if not path.exists():
        return []
    found = []
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        try:
            found.append(msgspec.json.decode(line, type=Exclusion))
        except msgspec.DecodeError as error:
            raise VoxpopError(
                f"{path}: line {number} can't be read ({error}). Repair or remove it."
            ) from error
    return found


def _path(settings: Settings) -> Path:
    return settings.raw / "_exclusions.ndjson"

"""One writer at a time: the warehouse's lock."""

from __future__ import annotations

from contextlib import AbstractContextManager

from voxpop.config import Settings
from voxpop.raw import files


def hold(settings: Settings, step: str) -> AbstractContextManager[None]:
    """Keep every other process away from the warehouse while it is worked on; `step` says what is done.

    Raises:
        Locked: another holds it; the message names it.
    """
    files.make_folder(settings.warehouse.parent, below=settings.warehouse.parent)
    return files.locked(settings.warehouse.with_suffix(".lock"), "warehouse", step)

"""Tools whose tries and polls follow at once: the sample agency counts them, not seconds."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from voxpop.sources.http import Patience
from voxpop.sources.registry import TOOLS


def without_waiting(replace: Callable[[object, str, object], None]) -> None:
    """Let every tool that has an API be opened with a patience that doesn't wait.

    Args:
        replace: sets an attribute; `setattr`, or a patch's that is undone.
    """
    patience = Patience(sleep=lambda seconds: None)
    for tool in TOOLS.values():
        replace(tool, "connect", partial(tool.connect, patience=patience))

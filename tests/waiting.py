"""Waiting for a condition."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def until(
    condition: Callable[[], T], seconds: float, *, every: float = 0.5, last_words: Callable[[], str] = str
) -> T:
    """Wait until the condition gives something true, and give that.

    Args:
        condition: what is waited for.
        seconds: how long at most.
        every: seconds between two looks; what looks at files can look often.
        last_words: what helps whoever reads that it was waited for in vain.

    Raises:
        AssertionError: the time is up.
    """
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"waited for {seconds:.0f} seconds\n{last_words()}"
        time.sleep(every)
    return found

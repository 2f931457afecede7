"""One function over many things, side by side in processes that are forked from this one.

A process that dies takes with it only the thing that it was at: the others go on with what is left.
"""

from __future__ import annotations

import gc
import multiprocessing
import sys
from collections.abc import Callable, Sequence
from multiprocessing.context import ForkProcess
from multiprocessing.queues import SimpleQueue
from typing import TypeVar

import msgspec

T = TypeVar("T")


class Started(msgspec.Struct, frozen=True):
    """Processes that have begun to work."""

    workers: list[ForkProcess]

    def ended(self) -> list[int]:
        """Wait for all of them, and give each one's exit code: the highest of its calls, 1 if it died."""
        for worker in self.workers:
            worker.join()
        return [
            1 if worker.exitcode is None or worker.exitcode < 0 else worker.exitcode
            for worker in self.workers
        ]


def start(work: Callable[[T], int], things: Sequence[T], at_once: int) -> Started:
    """Begin to call a function with each of many things.

    Call it when no other thread runs: a fork has none of them, but the locks that they held.

    Args:
        work: gives an exit code.
        things: are taken up in this order.
        at_once: how many processes there are at most.
    """
    fork = multiprocessing.get_context("fork")
    left: SimpleQueue[T | None] = fork.SimpleQueue()

    def work_on() -> None:
        worst = 0
        while (thing := left.get()) is not None:
            worst = max(worst, work(thing))
        sys.exit(worst)

    # What is there by now stays, and whoever looks through it for garbage copies all of it into each fork.
    gc.freeze()
    # Daemons, so that they end when this process does.
    workers = [fork.Process(target=work_on, daemon=True) for _ in range(min(at_once, len(things)))]
    for worker in workers:
        worker.start()
    for thing in (*things, *(None for _ in workers)):
        left.put(thing)
    return Started(workers)

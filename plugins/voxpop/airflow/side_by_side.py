"""One function over many things, side by side in processes that are forked from this one.

A process that dies takes with it only the thing that it was at: the others go on with what is left.
"""

from __future__ import annotations

import gc
import multiprocessing
from collections.abc import Callable, Sequence
from multiprocessing.context import ForkProcess
from multiprocessing.queues import SimpleQueue
from typing import TypeVar

import msgspec

T = TypeVar("T")


class Started(msgspec.Struct, frozen=True):
    """Processes that have begun to work.

    Attributes:
        workers: the processes.
        number: of things.
        done: a thing's place and its exit code, from whoever has done it.
    """

    workers: list[ForkProcess]
    number: int
    done: SimpleQueue[tuple[int, int]]

    def ended(self) -> list[int | None]:
        """Wait for all of them, and give each thing's exit code: none where its process died first."""
        for worker in self.workers:
            worker.join()
        codes: list[int | None] = [None] * self.number
        while not self.done.empty():
            place, code = self.done.get()
            codes[place] = code
        return codes


def start(work: Callable[[T], int], things: Sequence[T], at_once: int) -> Started:
    """Begin to call a function with each of many things.

    Call it when no other thread runs: a fork has none of them, but the locks that they held.

    Args:
        work: gives an exit code.
        things: are taken up in this order.
        at_once: how many processes there are at most.
    """
    fork = multiprocessing.get_context("fork")
    left: SimpleQueue[int | None] = fork.SimpleQueue()
    done: SimpleQueue[tuple[int, int]] = fork.SimpleQueue()

    def work_on() -> None:
        while (place := left.get()) is not None:
            done.put((place, work(things[place])))

    # What is there by now stays, and whoever looks through it for garbage copies all of it into each fork.
    gc.freeze()
    # Daemons, so that they end when this process does.
    workers = [fork.Process(target=work_on, daemon=True) for _ in range(min(at_once, len(things)))]
    for worker in workers:
        worker.start()
    for place in (*range(len(things)), *(None for _ in workers)):
        left.put(place)
    return Started(workers, len(things), done)

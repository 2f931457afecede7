"""How fast the warehouse is built. Run by hand: `python -m tests.bench.bench_build HOME [--full-refresh]`.

HOME is what a run has written (`make run` makes `var/`). It builds there what has landed since, or everything
anew, and prints seconds, CPU seconds and peak memory a layer, with the slowest models.
"""

from __future__ import annotations

import resource
import sys
import time
from pathlib import Path

from voxpop import pipeline
from voxpop.config import load_settings
from voxpop.warehouse import build

SLOWEST = 5


def main(home: Path, *, full_refresh: bool) -> None:
    settings = load_settings({"VOXPOP_HOME": str(home)})
    clock = Clock()
    plan = pipeline.begin_build(settings, run_id="bench", full_refresh=full_refresh)
    print(f"{len(plan.batches)} batches; full refresh: {plan.reason or 'no'}; {clock.lap()}")
    for layer in build.LAYERS:
        results = build.run_layer(settings, layer)
        print(f"{layer}: {len(results)} nodes, {clock.lap()}")
        for result in sorted(results, key=lambda result: -result.seconds)[:SLOWEST]:
            print(f"  {result.seconds:6.2f} s {result.name}")
    build.finish(settings)
    print(f"all: {time.perf_counter() - clock.started:.1f} s")


class Clock:
    """Time since the last look."""

    def __init__(self) -> None:
        self.started = self._wall = time.perf_counter()
        self._cpu = time.process_time()

    def lap(self) -> str:
        wall, cpu = time.perf_counter() - self._wall, time.process_time() - self._cpu
        self._wall, self._cpu = time.perf_counter(), time.process_time()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        return f"{wall:.1f} s, {cpu:.1f} CPU s, peak {peak} MB"


if __name__ == "__main__":
    main(Path(sys.argv[1]), full_refresh="--full-refresh" in sys.argv)

"""The benchmarks are run by hand; what they stand on changes meanwhile, so that they can begin is tested."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

BENCHES = sorted(Path(__file__).resolve().parents[1].glob("bench/bench_*.py"))


def test_there_are_benchmarks() -> None:
    assert len(BENCHES) >= 5


@pytest.mark.parametrize("bench", BENCHES, ids=lambda bench: bench.stem)
def test_it_can_begin(bench: Path) -> None:
    assert callable(importlib.import_module(f"tests.bench.{bench.stem}").main)

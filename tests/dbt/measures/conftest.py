"""Databases for the tests of the measures."""

from __future__ import annotations

import pytest

from .sql import Measures


@pytest.fixture
def measures() -> Measures:
    """A fresh database."""
    return Measures()


@pytest.fixture(scope="module")
def macros() -> Measures:
    """One database for tests that only call macros."""
    return Measures()

"""A small agency. It is landed and published once; each test that changes something works on a copy.

`earlier` is published as of the day before the last two, from tools as they stood then; `agency` is the same
tools two days later, and `published` is everything, built at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from voxpop.raw.identifiers import Tokenizer

from .home import END, FIRST, LATELY, MIDDLE, SETTLED, SPLITS, Home, Said, morning_after, tools, window
from .patience import without_waiting
from .planted import plant_people, plant_secrets


@pytest.fixture(scope="session", autouse=True)
def no_waiting() -> Iterator[None]:
    """In this process."""
    with pytest.MonkeyPatch.context() as patch:
        without_waiting(patch.setattr)
        yield


@pytest.fixture(scope="session")
def before(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """The agency's home as long as it is the day before the last two: landed, and nothing built."""
    home = Home.at(tmp_path_factory.mktemp("agency") / "var")
    plant_secrets(home)
    plant_people(home)
    Tokenizer.load(home.settings, create=True)
    with tools(home.path, MIDDLE):
        home.land(window(FIRST, MIDDLE), now=morning_after(MIDDLE))
    return home


@pytest.fixture(scope="session")
def agency(before: Home, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """The agency's home two days later; its tools answer as long as the tests run."""
    home = before.copy(tmp_path_factory.mktemp("agency") / "var")
    with tools(home.path, END):
        yield home


@pytest.fixture(scope="session")
def earlier(before: Home, agency: Home, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """One release, of the time before the last two days; tests copy it, and can land those days."""
    home = before.copy(tmp_path_factory.mktemp("earlier") / "var")
    assert home.publish(now=morning_after(MIDDLE)) is not None
    return home.reach(agency)


@pytest.fixture(scope="session")
def history(earlier: Home, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Three releases: the earlier one, and one after each of two windows that overlap; tests only read it."""
    home = earlier.copy(tmp_path_factory.mktemp("history") / "var")
    for hours, each in enumerate(SPLITS):
        home.land(each)
        assert home.publish(now=morning_after(END) + timedelta(hours=hours)) is not None
    return home


@pytest.fixture(scope="session")
def landed(agency: Home, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """All that there is has landed, and nothing is built; tests copy it."""
    home = agency.copy(tmp_path_factory.mktemp("landed") / "var")
    home.land(window(LATELY, END))
    return home


@pytest.fixture(scope="session")
def spoken(landed: Home, tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, Said]:
    """One release of everything, built at once by the command line, and what it said; tests only read it."""
    home = landed.copy(tmp_path_factory.mktemp("published") / "var")
    return home, home.process("run", "--from", LATELY.isoformat(), "--to", END.isoformat())


@pytest.fixture(scope="session")
def published(spoken: tuple[Home, Said]) -> Home:
    """One release of everything; tests only read it."""
    home, said = spoken
    assert said.code == 0, said.out + said.err
    return home


@pytest.fixture(scope="session")
def whole(published: Home, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A day later: June is over at the westernmost office too, complete to its end; tests only read it."""
    home = published.copy(tmp_path_factory.mktemp("whole") / "var")
    after = END + timedelta(days=1)
    with tools(home.path, after):
        home.land(window(END, after), now=morning_after(after))
    assert home.publish(now=morning_after(after)) is not None
    return home


@pytest.fixture(scope="session")
def settled(before: Home, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """One release of everything, once the quarter is settled: it tells of journeys; tests only read it."""
    home = before.copy(tmp_path_factory.mktemp("settled") / "var")
    with tools(home.path, SETTLED):
        home.land(window(LATELY, SETTLED), now=morning_after(SETTLED))
    assert home.publish(now=morning_after(SETTLED)) is not None
    return home

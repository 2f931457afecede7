"""What people read about a figure is what the program does."""

from __future__ import annotations

import re

from voxpop.config import PROJECT

DECISIONS = PROJECT / "docs" / "decisions"


def test_the_index_of_decisions_has_each_once() -> None:
    decisions = sorted(path.name for path in DECISIONS.glob("0*.md"))
    assert decisions
    index = (DECISIONS / "README.md").read_text()
    assert sorted(re.findall(r"\]\((.*?)\)", index)) == decisions


def test_the_bands_that_are_explained_are_those_that_are_given() -> None:
    macro = (PROJECT / "dbt_project" / "macros" / "statistics" / "index_bands.sql").read_text()
    assert re.findall(r">= (\d+) then '([^']+)'", macro) == [
        ("85", "85+"),
        ("75", "75-85"),
        ("65", "65-75"),
        ("55", "55-65"),
    ]
    template = PROJECT / "plugins" / "voxpop" / "report" / "templates" / "index.html.j2"
    assert "85 and above, 75–85, 65–75, 55–65 or below 55, each with its lower border" in template.read_text()
    decision = (DECISIONS / "0016-the-cx-index.md").read_text()
    assert "85 and above, 75 to 85, 65 to 75, 55 to 65, below 55" in decision

"""A Sankey drawing has the proportions of its figures, keeps its parts apart and treats names as data."""

from __future__ import annotations

import itertools
import re

import pytest
from voxpop.report import sankey
from voxpop.report.sankey import Way

WAYS = [
    Way(("Website", "Phone"), 60, "Website, then Phone: 60"),
    Way(("Phone", "Live chat"), 25, "Phone, then Live chat: 25"),
    Way(("Website", "Phone", "Website"), 15, "Website, then Phone, then Website: 15"),
]
"""100 paths, so that two units of height stand for each: columns are 200 high without their gaps."""

UNITS = 2.0


def bars(svg: str) -> list[tuple[float, float, float]]:
    """Left, top and height of each, by column and from the top."""
    found = re.findall(r'<rect x="([\d.]+)" y="([\d.]+)" width="8" height="([\d.]+)"', svg)
    return sorted(tuple(map(float, bar)) for bar in found)  # type: ignore[misc]


def ribbons(svg: str) -> dict[str, list[tuple[float, float, float]]]:
    """What each says → its top at its left end, its top at its right end and its thickness, part by part."""
    found: dict[str, list[tuple[float, float, float]]] = {}
    number = r"([\d.]+)"
    shape = rf'd="M{number},{number}C[^ ]+ [^ ]+ {number},{number}V{number}C[^>]*><title>(.*?)</title>'
    for _, start, _, end, below, says in re.findall(shape, svg):
        found.setdefault(says, []).append(
            (float(start), float(end), pytest.approx(float(below) - float(end), abs=0.05))  # type: ignore[arg-type]
        )
    return found


def test_bars_and_ribbons_have_the_sizes_of_their_counts() -> None:
    svg = sankey.ways(WAYS, says="Paths")
    assert [(left, height) for left, _, height in bars(svg)] == [
        (0, 75 * UNITS),  # website first
        (0, 25 * UNITS),  # phone first
        (176, 75 * UNITS),  # phone second, where two of the paths meet
        (176, 25 * UNITS),
        (352, 15 * UNITS),
    ]
    assert {says: [part[2] for part in parts] for says, parts in ribbons(svg).items()} == {
        "Website, then Phone: 60": [60 * UNITS],
        "Phone, then Live chat: 25": [25 * UNITS],
        "Website, then Phone, then Website: 15": [15 * UNITS, 15 * UNITS],
    }


def test_ribbons_of_a_bar_lie_side_by_side_within_it() -> None:
    """Website's bar begins at 20, under its heading; the two ways through it fill its 150."""
    drawn = ribbons(sankey.ways(WAYS, says="Paths"))
    top = 20.0
    assert drawn["Website, then Phone: 60"][0][:2] == (top, top)
    longer = drawn["Website, then Phone, then Website: 15"]
    assert longer[0][:2] == (top + 120, top + 120)
    assert longer[1][:2] == (top + 120, top), "it leaves the second bar where it came in"


def test_names_of_small_bars_do_not_meet() -> None:
    few = [Way(("Phone", "Email"), 1000, "a"), Way(("Website", "In person"), 1, "b")]
    svg = sankey.ways([*few, Way(("Text messages", "Fax"), 1, "c")], says="Paths")
    names = re.findall(r'<text x="0?12" y="([\d.]+)"[^>]*>[^<]+', svg)
    lines = sorted(float(line) for line in names)
    assert len(lines) == 3
    assert all(after - before >= 14 for before, after in itertools.pairwise(lines))
    height = float(re.search(r'viewBox="0 0 360 ([\d.]+)"', svg)[1])  # type: ignore[index]
    assert lines[-1] < height


def test_names_are_data() -> None:
    svg = sankey.ways([Way(('<b> "A" & B', "C"), 1, "<i>")], says='"x" <y>')
    assert "<b>" not in svg and "<i>" not in svg and "<y>" not in svg
    assert "&lt;b&gt; &#34;A&#34; &amp; B</text>" in svg
    assert 'aria-label="&#34;x&#34; &lt;y&gt;"' in svg


def test_without_paths_there_is_no_drawing() -> None:
    assert sankey.ways([], says="Paths") == ""

"""A file that is not as configured is refused with its reason; the good ones land, nothing is lost."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from voxpop.raw.manifests import Manifest

from .home import Home, Said


@pytest.fixture
def home(earlier: Home, tmp_path: Path) -> Home:
    """A published home, with one good new file in the drop and nothing else that is new."""
    home = earlier.copy(tmp_path / "var")
    assert home.command("land", "field_offices").code == 0
    (drop(home) / "good.csv").write_bytes(visits("WFS-good"))
    return home


def drop(home: Home) -> Path:
    return home.path / "drop" / "field_offices"


def visits(*ids: str, office: str = "Spokane") -> bytes:
    """A file as the offices send it."""
    header = (
        "Visit ID,Office,Checked In,Finished,Channel,Service Code,Service,Segment,Account Number,Email,Phone,"
        "Wait Seconds,Desk Seconds,Clerk,Left Before Served,Resolved,Last Changed\r\n"
    )
    rows = (
        f"{each},{office},2026-06-30 09:00:00,2026-06-30 09:10:00,VISIT,fld-card,Replace an identity card,"
        "general,,,,60,540,clerk-07,No,Yes,2026-06-30 09:10:00\r\n"
        for each in ids
    )
    return (header + "".join(rows)).encode()


def land(home: Home, name: str, content: bytes) -> Said:
    """Put a file into the drop and land; what landed before, the good file and the release must be there."""
    (drop(home) / name).write_bytes(content)
    landed, current = home.landed_files(), home.current().release_id
    said = home.command("land", "field_offices")
    assert landed.items() <= home.landed_files().items()
    assert "good.csv" in names(home)
    assert home.current().release_id == current
    assert (drop(home) / name).read_bytes() == content, "the drop is not ours to change"
    return said


def name_of(batch: Manifest) -> str:
    """The file that it was made from."""
    assert batch.original
    return batch.original.name


def names(home: Home) -> set[str]:
    """The files that have landed."""
    return {name_of(batch) for batch in home.batches("field_offices")}


REFUSED: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "a file with wrong columns": (
        lambda content: content.replace(b"Wait Seconds", b"Waited"),
        r'missing columns: "Wait Seconds"; unexpected columns: "Waited"\. Correct the file, or its mapping\.',
    ),
    "a file in Latin-1": (
        lambda content: content.replace(b"Spokane", "Cañon City".encode("latin-1")),
        r"byte \d+ \(0xF1, in line 2\) is not UTF-8\. Save the file as UTF-8, or set `encoding`\.",
    ),
    "a file with the BOM of UTF-16": (
        lambda content: content.decode().encode("utf-16"),
        r"by its first bytes it is UTF-16, not UTF-8\. Save the file as UTF-8, or set `encoding`\.",
    ),
}


@pytest.mark.parametrize("fault", REFUSED)
def test_it_is_refused_with_its_reason(home: Home, fault: str) -> None:
    spoil, reason = REFUSED[fault]
    said = land(home, "bad.csv", spoil(visits("WFS-bad")))
    assert said.code == 1
    assert re.search(
        r"^field_offices: 1 of \d+ files can't be landed, and nothing of them was; the others are\. "
        rf"Rerun when they are as \S+sources\.yml says\.\nbad\.csv: {reason}\n\Z",
        said.err,
        re.MULTILINE,
    ), said.err
    assert "bad.csv" not in names(home)


def test_a_file_with_a_bom_lands_as_the_same_file_without_one_does(home: Home) -> None:
    said = land(home, "marked.csv", b"\xef\xbb\xbf" + visits("WFS-marked"))
    assert said.code == 0, said.out + said.err
    (batch,) = (each for each in home.batches("field_offices") if name_of(each) == "marked.csv")
    assert (batch.records, batch.quarantined) == (1, 0)


def test_a_half_written_file_is_left_for_the_next_run(home: Home) -> None:
    whole = visits("WFS-1", "WFS-2")
    said = land(home, "half.csv", whole[:-40])
    assert said.code == 0
    assert "field_offices: half.csv: its last row, 3, is cut off; left for the next run" in said.err
    assert "half.csv" not in names(home)
    (drop(home) / "half.csv").write_bytes(whole)
    assert home.command("land", "field_offices").code == 0
    assert "half.csv" in names(home)

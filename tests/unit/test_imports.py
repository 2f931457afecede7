"""Imports run one way. Read from the sources, so that an import inside a function counts too."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
LIBRARY = PROJECT / "plugins" / "voxpop"
SETTLED = {"config", "errors"}

MAY_IMPORT: dict[str, set[str]] = {
    "config": set(),
    "errors": set(),
    "lined_yaml": {"errors"},
    "quarter": {"errors"},
    "raw": SETTLED,
    "identity": SETTLED | {"raw"},
    "sources": SETTLED | {"lined_yaml", "raw"},
    "sample_agency": SETTLED,
    "warehouse": SETTLED | {"identity", "raw"},
    "release": SETTLED | {"raw", "warehouse"},
    "audit": SETTLED | {"raw", "warehouse", "release"},
    "export": SETTLED | {"quarter", "release"},
    "report": SETTLED | {"quarter", "raw", "warehouse", "release"},
}
"""What each part may import beside itself."""

ABOVE = {
    "pipeline": {"doctor", "airflow", "cli"},
    "doctor": {"airflow", "cli"},
    "airflow": {"cli"},
    "cli": {"airflow"},
}
"""The upper parts may import anything but these."""

EDGES = [PROJECT / "plugins" / "voxpop_plugin.py", *sorted((PROJECT / "dags").glob("*.py"))]


def imported(path: Path) -> set[str]:
    """Every module that a file imports, with the names taken from it: `from a import b` gives a and a.b."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide the direction"
            found |= {str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def parts(path: Path) -> set[str]:
    """The parts of the library that a file imports: the word after `voxpop.`."""
    return {name.split(".")[1] for name in imported(path) if name.startswith("voxpop.")}


def files_of(part: str) -> list[Path]:
    folder = LIBRARY / part
    found = sorted(folder.rglob("*.py")) if folder.is_dir() else [folder.with_suffix(".py")]
    assert found and all(path.exists() for path in found), f"{part} has no source files"
    return found


def all_parts() -> set[str]:
    return {path.stem for path in LIBRARY.iterdir() if path.suffix == ".py" or any(path.glob("*.py"))} - {
        "__init__"
    }


def test_every_part_of_the_library_has_its_place() -> None:
    assert all_parts() == MAY_IMPORT.keys() | ABOVE.keys()


@pytest.mark.parametrize("part", sorted(MAY_IMPORT))
def test_a_part_imports_only_what_lies_below_it(part: str) -> None:
    for path in files_of(part):
        assert parts(path) - {part} <= MAY_IMPORT[part], path


@pytest.mark.parametrize("part", sorted(ABOVE))
def test_the_upper_parts_import_nothing_above_themselves(part: str) -> None:
    for path in files_of(part):
        assert not parts(path) & ABOVE[part], path


def test_dags_and_plugin_import_only_the_airflow_package_and_what_they_list() -> None:
    assert len(EDGES) > 3
    for path in EDGES:
        assert parts(path) <= {"airflow", "config", "sources"}, path


def test_only_voxpop_airflow_imports_airflow() -> None:
    library = sorted(LIBRARY.rglob("*.py"))
    users = {path for path in library if any(name.split(".")[0] == "airflow" for name in imported(path))}
    assert users, "nothing imports airflow: the test reads the wrong folder"
    assert all(path.is_relative_to(LIBRARY / "airflow") for path in users), users


def test_expectations_know_nothing_of_voxpop() -> None:
    found = sorted((PROJECT / "expectations").glob("*.py"))
    assert found
    for path in found:
        assert not any(name.split(".")[0] == "voxpop" for name in imported(path)), path

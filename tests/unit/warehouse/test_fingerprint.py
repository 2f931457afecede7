"""The fingerprint changes with whatever decides results, and with nothing else."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from voxpop.config import PROJECT, Settings
from voxpop.warehouse import fingerprint as module
from voxpop.warehouse.fingerprint import fingerprint


class Project(Settings):
    """Settings whose dbt project is a copy that a test may change."""

    @property
    def dbt_project(self) -> Path:
        return self.home / "dbt_project"


@pytest.fixture
def settings(tmp_path: Path) -> Project:
    return copy_to(tmp_path)


def copy_to(folder: Path) -> Project:
    shutil.copytree(PROJECT / "dbt_project", folder / "dbt_project")
    shutil.copytree(PROJECT / "dbt_project" / "seeds", folder / "seeds")
    return Project(folder, Path("unused"), folder / "seeds")


@pytest.mark.parametrize(
    "changed",
    [
        "dbt_project/dbt_project.yml",
        "dbt_project/profiles.yml",
        "dbt_project/models/_seeds.yml",
        "dbt_project/models/staging/stg_identifiers.sql",
        "dbt_project/macros/policy.sql",
        "seeds/policy.csv",
    ],
)
def test_a_change_is_seen(settings: Project, changed: str) -> None:
    before = fingerprint(settings)
    with (settings.home / changed).open("a") as file:
        file.write("\n")
    assert fingerprint(settings) != before


def test_a_renamed_and_a_removed_model_are_seen(settings: Project) -> None:
    model = settings.dbt_project / "models" / "staging" / "stg_identifiers.sql"
    before = fingerprint(settings)
    moved = model.rename(model.with_name("stg_people.sql"))
    renamed = fingerprint(settings)
    moved.unlink()
    assert len({before, renamed, fingerprint(settings)}) == 3


def test_a_seed_is_left_out_that_a_build_follows(settings: Project) -> None:
    whole, method = fingerprint(settings), fingerprint(settings, but=module.FOLLOWED)
    with (settings.seeds / "identity_denied.csv").open("a") as file:
        file.write("\n")
    assert fingerprint(settings, but=module.FOLLOWED) == method
    assert fingerprint(settings) != whole != method


def test_another_engine_is_seen(settings: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    before = fingerprint(settings)
    monkeypatch.setattr(module, "version", lambda name: "9.9.9")
    assert fingerprint(settings) != before


def test_place_and_time_do_not_matter(settings: Project, tmp_path: Path) -> None:
    (settings.dbt_project / "models" / "notes.txt").write_text("no model")
    elsewhere = copy_to(tmp_path / "elsewhere")
    for path in elsewhere.home.rglob("*"):
        os.utime(path, (1, 1))
    assert fingerprint(elsewhere) == fingerprint(settings)

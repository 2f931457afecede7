"""Airflow's home: made again and again, and tidied of what a killed `make run` left."""

from __future__ import annotations

import stat
from configparser import ConfigParser
from datetime import UTC, datetime
from typing import Any

import pytest
from voxpop.airflow import home
from voxpop.config import Settings
from voxpop.release import store


def test_secrets_are_for_the_owner_alone(settings: Settings) -> None:
    for path in (home.passwords_file(settings), home.folder(settings) / "airflow.cfg"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    assert stat.S_IMODE(settings.secrets.stat().st_mode) == 0o700


def test_variables_for_a_shell_hold_no_secret_and_name_this_home(settings: Settings) -> None:
    home.write_environment(settings, home.environment(settings, 8099))
    written = (home.folder(settings) / "environment").read_text()
    assert f"VOXPOP_HOME={settings.home}\n" in written
    assert "AIRFLOW__API__PORT=8099\n" in written
    assert not any(word in written.lower() for word in ("secret_key", "fernet", "password="))


def test_a_home_that_was_moved_writes_nothing_where_it_was(settings: Settings) -> None:
    written = ConfigParser(interpolation=None)
    written.read(home.folder(settings) / "airflow.cfg")
    paths = {
        f"AIRFLOW__{section}__{name}".upper()
        for section in written.sections()
        for name, value in written[section].items()
        if str(home.folder(settings)) in value
    }
    assert len(paths) >= 5
    assert paths <= home.environment(settings).keys()


def test_a_run_that_was_killed_is_ended_before_a_scheduler_takes_it_up(
    settings: Settings, dags: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.models.dagrun import DagRun
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.session import create_session
    from sqlalchemy import select, update

    class Release:
        release_id = "20260105T060000Z-0123abcd"

    monkeypatch.setattr(store, "rollback", lambda *_: Release())
    killed, ended = (
        dags["rollback"]
        .test(logical_date=datetime(2026, 1, day, tzinfo=UTC), run_conf={"reason": "a test"})
        .run_id
        for day in (5, 6)
    )
    with create_session() as session:
        for model in (DagRun, TaskInstance):
            session.execute(update(model).where(model.run_id == killed).values(state="running"))
    home.make(settings)
    with create_session() as session:
        for model in (DagRun, TaskInstance):
            states = dict(session.execute(select(model.run_id, model.state)).all())
            assert (str(states[killed]), str(states[ended])) == ("failed", "success")

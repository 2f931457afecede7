"""What has to be there before a team's Airflow starts: the service `init` of docker-compose.yml.

Airflow's database with its pools, the first administrator, and voxpop's home with the identifier key. Each is
made if it isn't there and otherwise left as it is (the database is brought up to this version of Airflow), so
it runs before every start.

    VOXPOP_ADMIN_PASSWORD=… python -m voxpop.airflow.team
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping

from voxpop.airflow import home
from voxpop.config import Settings, load_settings
from voxpop.errors import ConfigError, VoxpopError
from voxpop.raw.identifiers import Tokenizer
from voxpop.release.store import FOLDER_MODE
from voxpop.sources.registry import load_sources
from voxpop.warehouse.seeds import check_seeds

PASSWORD = "VOXPOP_ADMIN_PASSWORD"  # noqa: S105 - the variable's name
"""The variable with the first administrator's password: read when there is no administrator yet."""

SHORTEST = 12
"""Characters that the password must have at least."""


def main() -> int:
    """Make it, and give the exit code."""
    try:
        prepare(load_settings(), os.environ)
    except VoxpopError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


def prepare(settings: Settings, environment: Mapping[str, str]) -> None:
    """Check what the agency configures, then make the home, the database and the first administrator.

    Args:
        settings: where everything is.
        environment: holds `VOXPOP_ADMIN_PASSWORD`.

    Raises:
        ConfigError: `sources.yml` or a seed can't be used, the identifier key is missing beside raw, or the
            password is too short. Nothing that exists was changed.
    """
    load_sources(settings)
    check_seeds(settings)
    password = environment.get(PASSWORD, "")
    if len(password) < SHORTEST:
        short = f"{PASSWORD} has {len(password)} characters and needs {SHORTEST}"
        raise ConfigError(f"{short}. Nothing was made; give a longer one.")
    # Two that are mounted by themselves where the UI reads them, so they have to be there.
    settings.releases.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    settings.dbt_target.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    Tokenizer.load(settings, create=True)
    home.make_database()
    _say("Airflow's database and pools are up to date.")
    if _make_administrator(password):
        _say(f'The administrator "{home.USER}" was made with the password in {PASSWORD}.')
    else:
        _say(f'The administrator "{home.USER}" was there already; the password is the one set in the UI.')


def _make_administrator(password: str) -> bool:
    """Make the roles, and the first administrator if that isn't there; says whether it was made."""
    from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder

    # It says of every right of every role that it gave it.
    logging.getLogger("airflow.providers.fab").setLevel(logging.WARNING)
    with get_application_builder() as builder:
        security = builder.sm
        security.sync_roles()
        if security.find_user(username=home.USER):
            return False
        role, address = security.find_role("Admin"), f"{home.USER}@localhost"
        made = security.add_user(home.USER, "First", "Administrator", address, role, password)
    if not made:
        raise VoxpopError(f'Airflow did not make the user "{home.USER}"; its reason is above.')
    return True


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())

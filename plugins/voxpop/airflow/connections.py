"""Between Airflow's connections and the library's: the library receives values, never a connection id."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from airflow.sdk.bases.secrets_backend import BaseSecretsBackend

from voxpop.config import load_settings
from voxpop.sources.http import Connection, load_connections

if TYPE_CHECKING:
    from airflow.sdk import Connection as AirflowConnection


class FileConnections(BaseSecretsBackend):  # type: ignore[misc]  # Airflow ships no types that mypy follows
    """The connections of `var/secrets/connections.json`, which the command line reads too, as Airflow's own.

    Read at each look-up, because the sample agency's port changes with each start. Where the file or the
    name is missing, Airflow goes on to its environment variables and its database.
    """

    def get_conn_value(self, conn_id: str, team_name: str | None = None) -> str | None:
        """Airflow's JSON for one connection, or None."""
        connection = load_connections(load_settings()).get(conn_id)
        return None if connection is None else json.dumps(to_airflow(connection))


def to_airflow(connection: Connection) -> dict[str, object]:
    """As the fields of an Airflow connection of type `http`: what `from_airflow` reads back."""
    secret = connection.api_key or connection.client_secret
    return {
        "conn_type": "http",
        "host": connection.base_url,
        "login": connection.client_id,
        "password": secret.get_secret_value() if secret else None,
        "extra": {"login_url": connection.login_url} if connection.login_url else {},
    }


def from_airflow(connection: AirflowConnection) -> Connection:
    """A tool's address and credential from an Airflow connection.

    Host: the base URL. With a login, login and password are client id and secret (and `login_url` in extra is
    where tokens are had); without one, the password is the API key.
    """
    extra = connection.extra_dejson
    if connection.login:
        return Connection(
            base_url=connection.host,
            login_url=extra.get("login_url"),
            client_id=connection.login,
            client_secret=connection.password,
        )
    return Connection(base_url=connection.host, api_key=connection.password)

"""Between Airflow's connections and the library's: the library receives values, never a connection id."""

from __future__ import annotations

from typing import TYPE_CHECKING

from voxpop.sources.connections import Connection

if TYPE_CHECKING:
    from airflow.sdk import Connection as AirflowConnection


def to_airflow(connection: Connection) -> dict[str, object]:
    """As the fields of an Airflow connection of type `http`: what `from_airflow` reads back."""
    login, password = connection.client_id, connection.api_key or connection.client_secret
    return {
        "conn_type": "http",
        "host": connection.base_url,
        "login": login.get_secret_value() if login else None,
        "password": password.get_secret_value() if password else None,
        "extra": {"login_url": connection.login_url} if connection.login_url else {},
    }


def from_airflow(connection: AirflowConnection) -> Connection:
    """A tool's address and credential from an Airflow connection.

    Host: the base URL. With a login, login and password are client id and secret (and `login_url` in extra is
    where tokens come from); without one, the password is the API key.
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

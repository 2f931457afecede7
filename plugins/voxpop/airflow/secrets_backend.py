"""The connections of the command line as Airflow's own: one file on one machine, read by both.

Airflow imports this module while it is itself being imported (`[secrets] backend`): nothing else may.
"""

from __future__ import annotations

import json

from airflow.sdk.bases.secrets_backend import BaseSecretsBackend

from voxpop.airflow.connections import to_airflow
from voxpop.config import load_settings
from voxpop.sources.connections import load_connections


class FileConnections(BaseSecretsBackend):  # type: ignore[misc]  # Airflow ships no types that mypy follows
    """The connections of `var/secrets/connections.json`, which the command line reads too, as Airflow's own.

    Read at each look-up, because the sample agency's port changes with each start. Where the file or the
    name is missing, Airflow goes on to its environment variables and its database.
    """

    def get_conn_value(self, conn_id: str, team_name: str | None = None) -> str | None:
        """Airflow's JSON for one connection, or None."""
        connection = load_connections(load_settings()).get(conn_id)
        return None if connection is None else json.dumps(to_airflow(connection))

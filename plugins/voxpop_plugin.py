"""What Airflow registers: the pages *Releases* (in the navigation) and *Build* (beside a DAG run)."""

from airflow.plugins_manager import AirflowPlugin
from voxpop.airflow.pages import PREFIX, make_app


class VoxpopPlugin(AirflowPlugin):
    """Two views of one application, mounted beside Airflow's own API."""

    name = "voxpop"
    fastapi_apps = [{"app": make_app(), "url_prefix": PREFIX, "name": "voxpop"}]  # noqa: RUF012 - Airflow's way
    external_views = [  # noqa: RUF012
        {"name": "Releases", "href": f"{PREFIX}/releases", "destination": "nav", "url_route": "releases"},
        {
            "name": "Build",
            "href": f"{PREFIX}/build/{{DAG_ID}}?run_id={{RUN_ID}}",
            "destination": "dag_run",
            "url_route": "build",
        },
    ]

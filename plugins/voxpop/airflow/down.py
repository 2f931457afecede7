"""`make down`: end every process that `make up` began, or a killed `make run`, and see that none is left.

python -m voxpop.airflow.down
"""

from __future__ import annotations

import sys

from rich.console import Console

from voxpop.airflow import processes, session
from voxpop.config import load_settings
from voxpop.errors import VoxpopError


def main() -> int:
    """End it, and give the exit code."""
    console = Console(highlight=False, soft_wrap=True)
    settings = load_settings()
    up = session.read(settings)
    was_up = session.is_up(settings)
    try:
        if up is not None:
            processes.end(up.sessions)
            session.forget(settings)
    except VoxpopError as error:
        console.print(str(error), style="red", markup=False)
        return error.exit_code
    console.print("Airflow is down; no process of it is left." if was_up else "Airflow was not up.")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""A program that imports a DAG's module, as Airflow's processes do: settings are read at import."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping

from tests.dags.conftest import ROOT


def run_beside_dags(code: str, environment: Mapping[str, str], **chosen: str) -> str:
    """What `code` prints with the folder of DAGs on its path and `chosen` in its environment."""
    path = os.pathsep.join([environment["PYTHONPATH"], str(ROOT / "dags")])
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**environment, **chosen, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=True,
    ).stdout

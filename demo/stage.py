"""Everything the demo needs before it can start: pictures, a key, addresses."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from demo.airflow import free_port
from trainer.config.settings import REPO_ROOT
from trainer.errors import TrainerError
from trainer.services.supervisor import Service, ServiceError, Supervisor
from trainer.staging.atomic import read_json, write_bytes, write_json
from trainer.staging.paths import DataDir

PACK = "demo"
READY_SECONDS = 60.0


@dataclass(frozen=True)
class Stage:
    """Where the demo's things lie: DATA_DIR, the world, Airflow's home."""

    root: Path

    @property
    def data(self) -> DataDir:
        return DataDir(self.root / "data")

    @property
    def pictures(self) -> Path:
        return self.root / "world" / "pictures"

    @property
    def request_log(self) -> Path:
        return self.root / "world" / "requests.jsonl"

    @property
    def airflow_home(self) -> Path:
        return self.root / "airflow"

    @property
    def packages(self) -> Path:
        return REPO_ROOT / "var" / "packages"

    def world_settings(self) -> dict[str, str]:
        """Port and key of the world, the same in every demo: a picture's URL names the port."""
        path = self.root / "world" / "settings.json"
        if not path.exists():
            write_json(path, {"port": str(free_port()), "key": secrets.token_urlsafe(16)})
            path.chmod(0o600)
        known: dict[str, str] = read_json(path)
        return known

    def environment(self) -> dict[str, str]:
        """What the trainer is told about the demo, beyond DATA_DIR."""
        return {
            "STASHDB_API_KEY": self.world_settings()["key"],
            "TRAINER_ALLOW_PRIVATE_HOSTS": "1",
            "TRAINER_MODEL_PACK": PACK,
            "TRAINER_EMBEDDER": os.environ.get("TRAINER_EMBEDDER", "process"),
        }

    def prepare(self) -> None:
        """Make pictures and sources.yaml; what is there already stays."""
        self.data.root.mkdir(parents=True, exist_ok=True)
        if not (self.pictures / "pictures.json").exists():
            _run(sys.executable, "-m", "demo.pictures", "--packages", str(self.packages),
                 "--out", str(self.pictures))  # fmt: skip
        override = {
            "stashdb": {
                "base_url": f"http://127.0.0.1:{self.world_settings()['port']}/graphql",
                "requests_per_minute": 3000,
                "page_size": 10,
            }
        }
        write_bytes(self.data.root / "sources.yaml", yaml.safe_dump(override).encode())

    def week(self) -> int:
        """The first week until a release exists, then the second."""
        return 2 if self.data.current.is_symlink() else 1

    def world(self, week: int) -> Service:
        return Service(
            "world",
            (sys.executable, "-m", "demo.world", "--week", str(week),
             "--port", self.world_settings()["port"], "--pictures", str(self.pictures),
             "--request-log", str(self.request_log)),
        )  # fmt: skip


def start_world(stage: Stage, supervisor: Supervisor, week: int) -> None:
    """Start the world and wait until it answers; raises `ServiceError`."""
    import socket
    import time

    supervisor.start(stage.world(week))
    port = int(stage.world_settings()["port"])
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        supervisor.check()
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise ServiceError(f"the demo world does not answer on port {port}\n{supervisor.tail('world')}")


def supervisor_of(stage: Stage, environment: Mapping[str, str], background: bool) -> Supervisor:
    return Supervisor(
        environment={**os.environ, **stage.environment(), **environment},
        cwd=REPO_ROOT,
        logs=stage.root / "logs",
        die_with_parent=not background,
    )


def _run(*argv: str) -> None:
    done = subprocess.run(argv, cwd=REPO_ROOT, check=False)
    if done.returncode:
        raise TrainerError(f"{' '.join(argv)} failed with code {done.returncode}")

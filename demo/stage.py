"""Everything the demo needs before it can start: pictures, keys, addresses."""

from __future__ import annotations

import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from demo.airflow import free_port
from demo.browser import browser, chromium
from demo.world.addresses import all_keys, environment_of, keys_of, sources_yaml
from trainer.config.environment import environment as of_this_process
from trainer.config.settings import REPO_ROOT, Settings
from trainer.errors import TrainerError
from trainer.processes.supervisor import Service, ServiceError, Supervisor
from trainer.staging.atomic import read_json, write_bytes, write_json
from trainer.staging.paths import DataDir

PACK = "demo"
READY_SECONDS = 60.0
HELPERS = ("flaresolverr", "chrome")  # servers beside the world, with a port each


@dataclass(frozen=True)
class Stage:
    """Where the demo's things lie: DATA_DIR, the world, Airflow's home."""

    root: Path

    @property
    def data(self) -> DataDir:
        """The demo's DATA_DIR."""
        return DataDir(self.root / "data")

    @property
    def images(self) -> Path:
        """The directory of the pictures that the world serves."""
        return self.root / "world" / "pictures"

    @property
    def request_log(self) -> Path:
        """The file with one line per request that the world answered."""
        return self.root / "world" / "requests.jsonl"

    @property
    def airflow_home(self) -> Path:
        """The demo's AIRFLOW_HOME."""
        return self.root / "airflow"

    @property
    def packages(self) -> Path:
        """The packages that the pictures are taken from."""
        return REPO_ROOT / "var" / "packages"

    @property
    def ports_file(self) -> Path:
        """The file that keeps the ports from one start to the next."""
        return self.root / "world" / "ports.json"

    def ports(self) -> dict[str, int]:
        """Return the port of every site and helper; chosen once, as pictures' URLs name it."""
        if not self.ports_file.exists():
            write_json(self.ports_file, _free_ports([*all_keys(), *HELPERS]))
        known: dict[str, int] = read_json(self.ports_file)
        return known

    def key(self) -> str:
        """Return the API key of StashDB's look-alike; the others' keys are derived from it."""
        path = self.root / "world" / "key.json"
        if not path.exists():
            write_json(path, secrets.token_urlsafe(16))
            path.chmod(0o600)
        return str(read_json(path))

    def environment(self) -> dict[str, str]:
        """Return the trainer's settings for the demo, beside DATA_DIR."""
        ports = self.ports()
        chrome = {"CHROME_CDP_URL": f"http://127.0.0.1:{ports['chrome']}"} if chromium() else {}
        return {
            **environment_of(keys_of(self.key())),
            **chrome,
            "FLARESOLVERR_URL": f"http://127.0.0.1:{ports['flaresolverr']}",
            "TRAINER_ALLOW_PRIVATE_HOSTS": "1",
            "TRAINER_MODEL_PACK": PACK,
            "TRAINER_EMBEDDER": Settings.load().embedder,
        }

    def prepare(self) -> None:
        """Make the pictures, unless they are there, and write sources.yaml."""
        self.data.root.mkdir(parents=True, exist_ok=True)
        if not (self.images / "pictures.json").exists():
            _run(sys.executable, "-m", "demo.make_images", "--packages", str(self.packages),
                 "--out", str(self.images))  # fmt: skip
        content = yaml.safe_dump(self.sources()).encode()
        write_bytes(self.data.root / "sources.yaml", content)

    def sources(self) -> dict[str, dict[str, Any]]:
        """Return sources.yaml's content: all fifteen on loopback. Without a Chromium, indexxx uses
        the plain fetcher."""
        sites = {key: port for key, port in self.ports().items() if key not in HELPERS}
        found = sources_yaml(sites, page_size=10, max_faces=20)
        if chromium() is None:
            found["indexxx"]["fetcher"] = "plain"
        return found

    def week(self) -> int:
        """Return 1 until a release exists, then 2."""
        return 2 if self.data.current.is_symlink() else 1

    def services(self, week: int) -> list[Service]:
        """Return the world, the FlareSolverr look-alike and, where installed, a Chromium."""
        ports = self.ports()
        world = Service(
            "world",
            (sys.executable, "-m", "demo.world", "--week", str(week),
             "--ports", str(self.ports_file), "--images", str(self.images),
             "--request-log", str(self.request_log)),
        )  # fmt: skip
        solver = Service(
            "flaresolverr",
            (sys.executable, "-m", "demo.world.flaresolverr",
             "--port", str(ports["flaresolverr"])),
        )  # fmt: skip
        path = chromium()
        profile = self.root / "world" / "chrome"
        return [world, solver, *([browser(path, ports["chrome"], profile)] if path else [])]


def start_world(stage: Stage, supervisor: Supervisor, week: int) -> None:
    """Start the world and its helpers and wait until they answer; raises `ServiceError`."""
    services = stage.services(week)
    for service in services:
        supervisor.start(service)
    missing = set() if any(s.name == "chrome" for s in services) else {"chrome"}
    ports = {name: port for name, port in stage.ports().items() if name not in missing}
    silent = _wait_for_answers(ports, supervisor)
    if silent:
        tails = "\n".join(supervisor.tail(s.name) for s in services)
        raise ServiceError(
            f"the demo world does not answer on {', '.join(silent)}; read the ends of its "
            f"logs:\n{tails}"
        )


def _wait_for_answers(ports: Mapping[str, int], supervisor: Supervisor) -> list[str]:
    """Wait until every port accepts connections; return the names of those that never did."""
    waiting = dict(ports)
    deadline = time.monotonic() + READY_SECONDS
    while waiting and time.monotonic() < deadline:
        supervisor.check()
        waiting = {name: port for name, port in waiting.items() if not _answers(port)}
        time.sleep(0.1 if waiting else 0)
    return list(waiting)


def supervisor_of(stage: Stage, environment: Mapping[str, str], background: bool) -> Supervisor:
    """Return the supervisor of the demo's services, which outlive this process if `background`."""
    return Supervisor(
        environment={**of_this_process(), **stage.environment(), **environment},
        cwd=REPO_ROOT,
        logs=stage.root / "logs",
        die_with_parent=not background,
    )


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _free_ports(names: list[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for name in names:
        port = free_port()
        while port in found.values():
            port = free_port()
        found[name] = port
    return found


def _run(*argv: str) -> None:
    done = subprocess.run(argv, cwd=REPO_ROOT, check=False)
    if done.returncode:
        raise TrainerError(
            f"{' '.join(argv)} failed with code {done.returncode}; read what it said"
        )

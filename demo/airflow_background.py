"""`up`, `down` and `status` of an Airflow that stays when the command has ended."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from demo.airflow import USER, AirflowServices
from trainer.errors import TrainerError
from trainer.processes.groups import started_at, stop_groups
from trainer.staging.atomic import read_json, write_json

STOP_SECONDS = 20.0


def up(home: Path, data_dir: Path, port: int | None, **kwargs: Any) -> dict[str, Any]:
    """Start in the background, or find it running; returns {"url", "components"}."""
    known = running(home)
    if known is not None:
        return known
    services = AirflowServices(home, data_dir, port, background=True, **kwargs)
    services.start()
    components = {
        name: {"pid": process.pid, "started": started_at(process.pid)}
        for name, process in services.supervisor.running.items()
    }
    known = {"url": services.url, "components": components}
    try:
        write_json(_file(home), known)
    except BaseException:
        services.stop()
        raise
    return known


def down(home: Path) -> list[str]:
    """Stop what `up` started and is still the same process; returns the names stopped."""
    path = _file(home)
    if not path.exists():
        return []
    mine = _alive(read_json(path))
    stop_groups(list(mine.values()), STOP_SECONDS)
    path.unlink()
    return sorted(mine)


def running(home: Path) -> dict[str, Any] | None:
    """What `up` noted, when all four still run. A half that died is stopped first."""
    path = _file(home)
    if not path.exists():
        return None
    known: dict[str, Any] = read_json(path)
    if len(_alive(known)) == len(known["components"]):
        return known
    down(home)
    return None


def _alive(known: dict[str, Any]) -> dict[str, int]:
    """Name -> pid of the components whose pid is still the process that was started."""
    return {
        name: int(noted["pid"])
        for name, noted in known["components"].items()
        if noted["started"] and started_at(int(noted["pid"])) == noted["started"]
    }


def _file(home: Path) -> Path:
    return home.absolute() / "components.json"


def main(arguments: list[str] | None = None) -> int:
    """Run `up`, `down` or `status`; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m demo.airflow", description=__doc__)
    parser.add_argument("command", choices=("up", "down", "status"))
    parser.add_argument("--home", type=Path, required=True, help="where Airflow keeps its files")
    parser.add_argument("--data-dir", type=Path, help="DATA_DIR of the builds (for `up`)")
    parser.add_argument("--port", type=int, help="port of the UI; a free one by default")
    options = parser.parse_args(arguments)
    if options.command == "up" and options.data_dir is None:
        parser.error("`up` needs --data-dir")
    try:
        return _COMMANDS[options.command](options)
    except TrainerError as error:
        sys.stderr.write(f"{error}\n")
        return 1


def _up(options: argparse.Namespace) -> int:
    known = up(options.home, options.data_dir, options.port)
    secret = options.home.absolute() / "secrets.json"
    _tell(f"Airflow: {known['url']} (user {USER}, password in {secret})")
    return 0


def _down(options: argparse.Namespace) -> int:
    _tell(f"stopped: {', '.join(down(options.home)) or 'nothing was running'}")
    return 0


def _status(options: argparse.Namespace) -> int:
    known = running(options.home)
    _tell(f"running at {known['url']}" if known else "not running")
    return 0 if known else 3


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")


_COMMANDS = {"up": _up, "down": _down, "status": _status}

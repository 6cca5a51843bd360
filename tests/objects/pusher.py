"""Pushes round after round until it is killed: `python -m tests.objects.pusher NAME ROUNDS`.

A round is a folder of files that must be in the store all or none.
"""

from __future__ import annotations

import sys
from itertools import count
from pathlib import Path

from trainer.config.settings import Settings
from trainer.object_store.markers import Scope, marked
from trainer.object_store.open_store import open_store
from trainer.object_store.patterns import Patterns
from trainer.object_store.session import Session

FILES = 12


def main(name: str, rounds: int) -> None:
    settings = Settings.load()
    store = open_store(settings)
    assert store is not None
    own = Patterns([f"runs/r1/staging/{name}/**"])
    for number in range(rounds) if rounds else count():
        with marked(settings.data_dir, name) as marker:
            session = Session.begin(store, settings.data_dir, name, marker)
            session.bring(own)
            session.write_in(Scope(writes=own))
            write_round(settings.data_dir / "runs" / "r1" / "staging" / name)
            print("pushing", number, flush=True)  # noqa: T201 - for the test
            session.push()
            session.end()
            print("pushed", number, flush=True)  # noqa: T201


def write_round(folder: Path) -> None:
    number = len(list(folder.glob("*/last")))
    target = folder / f"{number:04d}"
    target.mkdir(parents=True, exist_ok=True)
    for part in range(FILES):
        (target / f"part-{part}").write_text(f"{folder.name} {number} {part}")
    (target / "last").write_text("written last")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))

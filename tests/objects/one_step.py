"""One step in its own process: `python -m tests.objects.one_step JSON`.

The JSON is a list of the step, the run, the key and the parameters.

Prints, as JSON, the step's result, which files lay in DATA_DIR with their bytes, and which of them
nothing has opened since they were brought.
"""

from __future__ import annotations

import json
import os
import stat
import sys
from pathlib import Path

from trainer.config.settings import Settings
from trainer.log_lines import log_plainly
from trainer.object_store.markers import Scope
from trainer.object_store.session import Session
from trainer.pipeline.run import run_step

BEFORE = 1  # seconds: an access time that no file has by itself


def files(root: Path) -> dict[str, os.stat_result]:
    """Every file with bytes, by its path."""
    paths = [path for path in root.rglob("*") if path.is_file() and not path.is_symlink()]
    found = {path.relative_to(root).as_posix(): path.stat() for path in paths}
    return {p: s for p, s in found.items() if stat.S_IMODE(s.st_mode) and not p.startswith(".")}


def main() -> None:
    log_plainly("stderr")
    name, run_id, key, conf = json.loads(sys.argv[1])
    settings = Settings.load()
    root = settings.data_dir
    brought: list[str] = []
    begin = Session.write_in

    def write_in(session: Session, scope: Scope) -> None:
        begin(session, scope)
        brought.extend(files(root))
        for path in brought:
            os.utime(root / path, ns=(BEFORE, (root / path).stat().st_mtime_ns))

    setattr(Session, "write_in", write_in)  # noqa: B010 - mypy knows no other way
    result = run_step(name, run_id, settings, params=conf, key=key)
    after = files(root)
    idle = [path for path in brought if path in after and after[path].st_atime_ns == BEFORE]
    print(json.dumps({"result": result, "brought": brought, "idle": idle}))  # noqa: T201


if __name__ == "__main__":
    main()

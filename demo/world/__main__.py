"""`python -m demo.world`: the demo world as a process of its own, until SIGTERM or Ctrl-C.

The key that it accepts comes from the environment: STASHDB_API_KEY.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from pathlib import Path
from types import FrameType

from demo.world.server import World


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="demo.world", description=__doc__)
    parser.add_argument("--week", type=int, choices=(1, 2), required=True)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free port")
    parser.add_argument("--pictures", type=Path, help="output of demo.pictures; drawings if absent")
    parser.add_argument("--request-log", type=Path, help="JSON lines, one a request; appended to")
    options = parser.parse_args(argv)
    key = os.environ.get("STASHDB_API_KEY", "")
    if not key:
        parser.error("set STASHDB_API_KEY to the key that the world shall accept")
    world = World(
        week=options.week,
        port=options.port,
        api_key=key,
        pictures=options.pictures,
        request_log=options.request_log,
    )

    def stop(_number: int, _frame: FrameType | None) -> None:
        # shutdown() waits for the serving loop, which this very thread runs: so from another one.
        threading.Thread(target=world.stop, daemon=True).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    sys.stdout.write(f"ready: demo world, week {world.week}, at {world.url}\n")
    sys.stdout.flush()
    world.serve()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

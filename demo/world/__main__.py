"""`python -m demo.world`: the demo world as a separate process, until SIGTERM or Ctrl-C.

The key that StashDB's look-alike accepts comes from the environment: STASHDB_API_KEY; those of
the other boxes are made of it.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from demo.world.server import World
from demo.world.serving import serve_until_signal
from trainer.config.environment import environment


def main(argv: list[str] | None = None) -> int:
    """Serve the world until SIGTERM or Ctrl-C; return the exit status."""
    parser = argparse.ArgumentParser(prog="demo.world", description=__doc__)
    parser.add_argument("--week", type=int, choices=(1, 2), required=True)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free port")
    parser.add_argument("--ports", type=Path, help="JSON, site -> port: all fifteen sites")
    parser.add_argument("--images", type=Path, help="what demo.make_images wrote; else drawings")
    parser.add_argument("--request-log", type=Path, help="JSON lines, one per request; appended to")
    options = parser.parse_args(argv)
    key = environment().get("STASHDB_API_KEY", "")
    if not key:
        parser.error("set STASHDB_API_KEY to the key that the world shall accept")
    ports = json.loads(options.ports.read_text(encoding="utf-8")) if options.ports else None
    world = World(
        week=options.week,
        port=ports["stashdb"] if ports else options.port,
        sites="all" if ports else "stashdb",
        ports=ports,
        api_key=key,
        images=options.images,
        request_log=options.request_log,
    )

    said = f"demo world, week {world.week}, at {world.url}"
    serve_until_signal(said, world.serve, world.stop)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

"""`python -m embedder.packs make PACK --packages DIR --out DIR`"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from embedder.packs.make import make_pack
from trainer.errors import TrainerError


def main(arguments: list[str] | None = None) -> int:
    """0: the pack lies in --out; 1: it could not be made, the reason is on stderr."""
    parser = argparse.ArgumentParser(prog="python -m embedder.packs")
    commands = parser.add_subparsers(dest="command", required=True)
    make = commands.add_parser("make", help="convert a pack's files and write pack.json")
    make.add_argument("pack", help="a name of packs.yaml, e.g. demo")
    make.add_argument("--packages", type=Path, required=True, help="where packages lie unpacked")
    make.add_argument("--out", type=Path, required=True, help="DATA_DIR/models/<pack>")
    options = parser.parse_args(arguments)
    try:
        make_pack(options.pack, options.packages, options.out, _say)
    except TrainerError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    return 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())

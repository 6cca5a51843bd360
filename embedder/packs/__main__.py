"""`python -m embedder.packs make PACK ...` out of packages, `assemble NAME ...` out of files."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from embedder.packs.assemble import assemble_pack
from embedder.packs.make import make_pack
from trainer.errors import TrainerError
from trainer.log_lines import log_plainly


def main(arguments: list[str] | None = None) -> int:
    """0: the pack lies in --out; 1: it could not be made, the reason is on stderr."""
    log_plainly("stdout")
    options = _parser().parse_args(arguments)
    try:
        if options.command == "make":
            make_pack(options.pack, options.packages, options.out)
        else:
            roles = ("detector", "arcface", "facenet")
            files = {role: getattr(options, role) for role in roles}
            assemble_pack(options.name, options.rules, files, options.out)
    except TrainerError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m embedder.packs")
    commands = parser.add_subparsers(dest="command", required=True)
    make = commands.add_parser("make", help="convert a pack's files and write pack.json")
    make.add_argument("pack", help="a name of packs.yaml, e.g. demo")
    make.add_argument("--packages", type=Path, required=True, help="where packages lie unpacked")
    assemble = commands.add_parser("assemble", help="a pack of files that you have made")
    assemble.add_argument("name", help="of the new pack, e.g. sidecar-export")
    assemble.add_argument("--rules", required=True, help="the locked pack with its preprocessing")
    for role in ("detector", "arcface", "facenet"):
        assemble.add_argument(f"--{role}", type=Path, required=True, help="an ONNX file")
    for command in (make, assemble):
        command.add_argument("--out", type=Path, required=True, help="DATA_DIR/models/<pack>")
    return parser


if __name__ == "__main__":
    sys.exit(main())

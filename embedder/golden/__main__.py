"""`python -m embedder.golden make MODEL_DIR --out FILE` writes a pack's golden file; `check
MODEL_DIR` compares what the models say now with the file that is shipped, or with the CPU.

Exit codes: 0 written or the same, 1 not the same, or it could not be found out.
"""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

from embedder.engine import Engine
from embedder.exactness import checked_engine
from embedder.golden.record import observe
from embedder.sessions import PROVIDERS, Execution
from trainer.embedding.pack import read_pack
from trainer.errors import TrainerError
from trainer.log_lines import log_plainly
from trainer.staging.atomic import write_json

log = logging.getLogger("embedder.golden")


def main(arguments: list[str] | None = None) -> int:
    """Make or check a golden file; return the exit status."""
    options = _options(arguments)
    log_plainly("stdout")
    try:
        if options.task == "make":
            make(options.model_dir, options.out)
        else:
            check(options)
    except TrainerError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    return 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m embedder.golden", description=__doc__)
    tasks = parser.add_subparsers(dest="task", required=True)
    for name in ("make", "check"):
        task = tasks.add_parser(name)
        task.add_argument("model_dir", type=Path)
        if name == "make":
            task.add_argument("--out", type=Path, required=True)
        else:
            task.add_argument("--device", choices=sorted(PROVIDERS), default="cpu")
            task.add_argument("--precision", choices=("fp32", "fp16"), default="fp32")
            task.add_argument("--engines", type=Path, help="where TensorRT keeps its engines")
    return parser.parse_args(arguments)


def make(model_dir: Path, out: Path) -> None:
    """Write the golden file, always of the CPU in full precision and one thread."""
    pack = read_pack(model_dir)
    golden = observe(Engine(pack, model_dir, Execution(threads=1), 1))
    write_json(out, golden.model_dump(mode="json"))
    faces = sum(map(len, golden.pictures.values()))
    log.info(f"{out}: {faces} faces of {len(golden.pictures)} pictures, pack {pack.pack_id}")


def check(options: argparse.Namespace) -> None:
    """Raises where the models do not say what they are known to say."""
    pack = read_pack(options.model_dir)
    execution = Execution(options.device, options.precision, engines=options.engines)
    checked_engine(pack, options.model_dir, execution, 16)


if __name__ == "__main__":
    sys.exit(main())

"""`python -m embedder.export MODEL --weights FILE.h5 --out DIR`

Makes one recognition model of a pack out of DeepFace's published weights. Exit codes: 0 written,
1 the weights or the result are not what they must be (nothing is written).
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from embedder.export.published import Published, load_published
from trainer.errors import DamagedFileError, TrainerError
from trainer.staging.atomic import sha256_file, whole_file

LEAST_COSINE = 0.9999


def main(arguments: list[str] | None = None) -> int:
    """Check the weights and export them; print the figures as JSON and return the exit status."""
    known = load_published()
    parser = argparse.ArgumentParser(prog="python -m embedder.export", description=__doc__)
    parser.add_argument("model", choices=sorted(known))
    parser.add_argument("--weights", type=Path, required=True, help="the published .h5 file")
    parser.add_argument("--out", type=Path, required=True, help="where the .onnx file is written")
    options = parser.parse_args(arguments)
    published = known[options.model]
    try:
        check_weights(published, options.weights)
        figures = export(published, options.weights, options.out / published.file)
    except (TrainerError, OSError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    sys.stdout.write(json.dumps(figures, sort_keys=True) + "\n")
    return 0


def check_weights(published: Published, weights: Path) -> None:
    """Raises `DamagedFileError` where the file is not the one that is pinned."""
    digest = sha256_file(weights)
    if digest != published.sha256:
        raise DamagedFileError(
            f"{weights}: sha256 {digest}, pinned is {published.sha256}; fetch it from "
            f"{published.url}"
        )


def export(published: Published, weights: Path, target: Path) -> dict[str, float | str]:
    """Write `target` when it agrees with Keras; returns how well, and its sha256."""
    from embedder.export.keras_model import load_model
    from embedder.export.to_onnx import difference, export_model

    model = load_model(published, weights)
    exported = export_model(model, published.input_side)
    with whole_file(target) as temporary:
        temporary.write_bytes(exported.SerializeToString(deterministic=True))
        found = difference(model, temporary, published.input_side)
        if not found.cosine > LEAST_COSINE:
            raise DamagedFileError(
                f"{target}: cosine {found.cosine:.6f} to the Keras model, it must be above "
                f"{LEAST_COSINE}; use the locked requirements of embedder/export"
            )
    return {
        "file": str(target),
        "sha256": sha256_file(target),
        "largest_difference": found.largest,
        "least_cosine": found.cosine,
    }


if __name__ == "__main__":
    sys.exit(main())

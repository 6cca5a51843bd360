"""The export with random weights, in its own environment: the code that the real ones go through.

`python -m tests.export_checks MODEL DIR` writes DIR/random.h5 with DeepFace's architecture and
random numbers, exports it, and prints what the export says of itself, and how near the pack
`stashface` comes to DeepFace's own vectors with it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from embedder.export import keras_model  # isort: skip - sets what TensorFlow reads when loaded

import numpy as np
from deepface.commons import weight_utils

from embedder.export.__main__ import check_weights, export
from embedder.export.published import load_published
from tests.deepface_checks import against_deepface
from trainer.staging.atomic import sha256_file


def random_weights(name: str, target: Path) -> None:
    """DeepFace's architecture, every weight drawn so that no layer is dead or explodes."""
    published = load_published()[name]
    untouched = weight_utils.load_model_weights
    weight_utils.load_model_weights = lambda model, weight_file: model
    try:
        target.write_bytes(b"")
        model = keras_model.load_model(published, target)
    finally:
        weight_utils.load_model_weights = untouched
    generator = np.random.default_rng(1)
    for layer in model.layers:
        drawn = [value + generator.normal(0, 0.02, value.shape) for value in layer.get_weights()]
        names = [weight.name for weight in layer.weights]
        layer.set_weights(
            [np.abs(v) + 0.1 if "variance" in n else v for n, v in zip(names, drawn, strict=True)]
        )
    model.save_weights(str(target))


def main() -> None:
    name, directory = sys.argv[1], Path(sys.argv[2])
    weights = directory / "random.h5"
    random_weights(name, weights)
    published = load_published()[name].model_copy(update={"sha256": sha256_file(weights)})
    check_weights(published, weights)
    figures = export(published, weights, directory / published.file)
    keras = keras_model.load_model(published, weights)
    deepface = against_deepface(published.role, keras, directory / published.file)
    sys.stdout.write(json.dumps({**figures, **deepface}) + "\n")


if __name__ == "__main__":
    main()

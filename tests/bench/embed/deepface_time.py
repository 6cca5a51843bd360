"""`python -m tests.bench.embed.deepface_time HOME PICTURES.json COUNT`: DeepFace's own way.

Seconds of `DeepFace.represent` over the first COUNT pictures, with both models, after one warm-up
each. HOME holds the same random weights. Runs in the environment of `embedder.export`.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

os.environ["DEEPFACE_HOME"] = sys.argv[1]
from embedder.export import keras_model  # noqa: F401  isort: skip - sets Keras 2

from deepface import DeepFace

MODELS = ("Facenet512", "ArcFace")


def represent(path: str, model: str) -> int:
    """Faces that DeepFace embedded in one picture."""
    found = DeepFace.represent(
        path, model_name=model, detector_backend="yunet", enforce_detection=False
    )
    return len(found)


def main() -> None:
    images = json.loads(Path(sys.argv[2]).read_text())[: int(sys.argv[3])]
    for model in MODELS:
        represent(images[0], model)
    begun = time.perf_counter()
    faces = sum(represent(path, model) for path in images for model in MODELS)
    seconds = time.perf_counter() - begun
    sys.stdout.write(json.dumps({"seconds": seconds, "faces": faces // len(MODELS)}) + "\n")


if __name__ == "__main__":
    main()

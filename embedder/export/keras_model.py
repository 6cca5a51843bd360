"""DeepFace's own model with the given weights. Importing this loads TensorFlow."""

from __future__ import annotations

import importlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

# Before TensorFlow is loaded: DeepFace's architectures are written for Keras 2.
os.environ["TF_USE_LEGACY_KERAS"] = "1"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from embedder.export.published import Published


def load_model(published: Published, weights: Path) -> Any:
    """The Keras model, built and filled by DeepFace's own function.

    DeepFace downloads nothing where the file lies in its home already, so it is given a home
    that holds just this one.
    """
    module, _, function = published.builder.partition(":")
    before = os.environ.get("DEEPFACE_HOME")
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home) / ".deepface" / "weights"
        folder.mkdir(parents=True)
        shutil.copyfile(weights, folder / published.weights)
        os.environ["DEEPFACE_HOME"] = home
        try:
            return getattr(importlib.import_module(module), function)()
        finally:
            if before is None:
                del os.environ["DEEPFACE_HOME"]
            else:
                os.environ["DEEPFACE_HOME"] = before

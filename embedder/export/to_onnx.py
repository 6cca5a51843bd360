"""A Keras model as ONNX, and how far the two are apart."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import onnx
import onnxruntime as ort
import tensorflow as tf
from numpy.typing import NDArray

OPSET = 17
IMAGES = 8
SEED = 20260101


class Difference(NamedTuple):
    """Keras against ONNX Runtime on the same random inputs."""

    largest: float
    cosine: float  # the smallest


def export_model(model: Any, side: int) -> onnx.ModelProto:
    """NHWC float32 with a free batch dimension; the input is `input`, the output `embedding`."""
    # tf2onnx still calls it by the name that numpy 2 has dropped.
    np.__dict__.setdefault("product", np.prod)
    import tf2onnx

    signature = (tf.TensorSpec((None, side, side, 3), tf.float32, name="input"),)

    def embed(pixels: Any) -> dict[str, Any]:
        return {"embedding": model(pixels, training=False)}

    traced = tf.function(embed, input_signature=signature)
    exported, _ = tf2onnx.convert.from_function(traced, input_signature=signature, opset=OPSET)
    onnx.checker.check_model(exported)
    return exported


def difference(model: Any, path: Path, side: int) -> Difference:
    """Of `IMAGES` random inputs in the range that the preprocessing gives."""
    pixels = random_inputs(side)
    keras = np.asarray(model(pixels, training=False), np.float64)
    session = ort.InferenceSession(path.read_bytes(), providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    ours = np.asarray(session.run(None, {name: pixels})[0], np.float64)
    if keras.shape != ours.shape:
        raise ValueError(f"Keras gives {keras.shape}, ONNX {ours.shape}")
    norms = np.linalg.norm(keras, axis=1) * np.linalg.norm(ours, axis=1)
    return Difference(
        float(np.abs(keras - ours).max()), float(((keras * ours).sum(1) / norms).min())
    )


def random_inputs(side: int) -> NDArray[np.float32]:
    """Return fixed random images, float32 in [-1, 1), (IMAGES, side, side, 3)."""
    generator = np.random.default_rng(SEED)
    return generator.uniform(-1, 1, (IMAGES, side, side, 3)).astype(np.float32)

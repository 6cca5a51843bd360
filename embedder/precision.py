"""Half precision: a model's weights and arithmetic in float16, its input and output as before."""

from __future__ import annotations

import onnx


def half_precision(content: bytes) -> bytes:
    """The ONNX model `content` (float32) with float16 inside."""
    from onnxruntime.transformers.float16 import convert_float_to_float16

    model = convert_float_to_float16(onnx.load_from_string(content), keep_io_types=True)
    return bytes(model.SerializeToString())

"""Recognition models in half precision, made from the pack's own files when they are opened."""

from __future__ import annotations

import onnx
from onnxruntime.transformers.float16 import convert_float_to_float16


def half_precision(content: bytes) -> bytes:
    """The ONNX model with weights and arithmetic in float16, inputs and outputs in float32.

    The pack's hash is of the file on disk, which stays as it is: a converted copy lying about
    would be one more file to pin.
    """
    model = onnx.load_from_string(content)
    converted = convert_float_to_float16(model, keep_io_types=True)
    return bytes(converted.SerializeToString(deterministic=True))

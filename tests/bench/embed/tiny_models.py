"""`python -m tests.bench.embed.tiny_models DIR`: models of a few kilobytes with the demo pack's
inputs and outputs. Runs in the embedder's environment."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FLOAT = TensorProto.FLOAT
OPSET = 17
SIDE = 3.7  # boxes of exp(3.7) * 32 = 1,294 pixels: all overlap, one stays
# Halves of 32 pixels around the anchor: eyes, nose, mouth corners
POINTS = ((-7, -5), (7, -5), (0, 1), (-5, 8), (5, 8))


def pooled(stride: int, name: str) -> onnx.NodeProto:
    """(n, 3, h, w) to one value an anchor."""
    return helper.make_node(
        "AveragePool", ["input"], [name], kernel_shape=[stride, stride], strides=[stride, stride]
    )


def detector() -> onnx.ModelProto:
    """YuNet's twelve outputs: every anchor has the same box, only stride 32 scores; NMS keeps few.

    The score of an anchor grows with the brightness below it, so that pictures matter.
    """
    nodes, outputs, constants = [], [], []
    for stride in (8, 16, 32):
        nodes.append(pooled(stride, f"pool{stride}"))
        least, slope = (0.6, 0.4 / 765) if stride == 32 else (0.0, 0.0)
        weights = {
            "cls": np.full((1, 3, 1, 1), slope, np.float32),
            "obj": np.full((1, 3, 1, 1), slope, np.float32),
            "bbox": np.zeros((4, 3, 1, 1), np.float32),
            "kps": np.zeros((10, 3, 1, 1), np.float32),
        }
        biases = {
            "cls": [least],
            "obj": [least],
            "bbox": [0.0, 0.0, SIDE, SIDE],
            "kps": [v / 2 for point in POINTS for v in point],
        }
        for kind, weight in weights.items():
            name = f"{kind}_{stride}"
            constants.append(numpy_helper.from_array(weight, f"w_{name}"))
            bias = np.asarray(biases[kind], np.float32)
            constants.append(numpy_helper.from_array(bias, f"b_{name}"))
            shape = np.asarray([0, -1, len(bias)], np.int64)
            constants.append(numpy_helper.from_array(shape, f"s_{name}"))
            nodes += [
                helper.make_node(
                    "Conv", [f"pool{stride}", f"w_{name}", f"b_{name}"], [f"c_{name}"]
                ),
                helper.make_node("Transpose", [f"c_{name}"], [f"t_{name}"], perm=[0, 2, 3, 1]),
                helper.make_node("Reshape", [f"t_{name}", f"s_{name}"], [name]),
            ]
            outputs.append(helper.make_tensor_value_info(name, FLOAT, ["n", None, len(bias)]))
    inputs = [helper.make_tensor_value_info("input", FLOAT, ["n", 3, "h", "w"])]
    return model(helper.make_graph(nodes, "detector", inputs, outputs, constants))


def recogniser(side: int, width: int) -> onnx.ModelProto:
    """The crop, averaged in blocks and projected to `width` numbers."""
    block = side // 8
    generator = np.random.default_rng(width)
    projection = generator.normal(size=(3 * 64, width)).astype(np.float32)
    nodes = [
        pooled(block, "pool"),
        helper.make_node("Flatten", ["pool"], ["flat"]),
        helper.make_node("MatMul", ["flat", "projection"], ["embedding"]),
    ]
    inputs = [helper.make_tensor_value_info("input", FLOAT, ["n", 3, side, side])]
    outputs = [helper.make_tensor_value_info("embedding", FLOAT, ["n", width])]
    constants = [numpy_helper.from_array(projection, "projection")]
    return model(helper.make_graph(nodes, "recogniser", inputs, outputs, constants))


def model(graph: onnx.GraphProto) -> onnx.ModelProto:
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)
    onnx.checker.check_model(made)
    return made


def main() -> None:
    directory = Path(sys.argv[1])
    models = {"detector": detector(), "arcface": recogniser(112, 128)}
    models["facenet"] = recogniser(160, 512)
    for name, made in models.items():
        (directory / f"{name}.onnx").write_bytes(made.SerializeToString(deterministic=True))


if __name__ == "__main__":
    main()

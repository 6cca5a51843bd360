"""A frozen convolutional TensorFlow graph (NHWC) as ONNX (NCHW), weights unchanged.

Covers the operations of Inception-ResNet graphs. Everything after the first `Reshape` is kept as
(batch, channels), so TensorFlow's reshapes around the last batch normalisation fall away.
"""

from __future__ import annotations

from collections.abc import Callable
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from embedder.packs.graphdef import Node, read_nodes
from trainer.errors import DamagedFileError

OPSET = 17
IR_VERSION = 8


class _Writer:
    """Collects ONNX nodes and initialisers; one handler per TensorFlow operation."""

    def __init__(self, constants: dict[str, NDArray[Any]]) -> None:
        self.constants = constants
        self.nodes: list[Any] = []
        self.weights: dict[str, Any] = {}
        self.flat = False

    def emit(self, op: str, inputs: list[str], output: str, **attributes: Any) -> None:
        self.nodes.append(helper.make_node(op, inputs, [output], name=output, **attributes))

    def weight(self, name: str, values: NDArray[Any]) -> str:
        self.weights[name] = numpy_helper.from_array(np.ascontiguousarray(values), name)
        return name

    def operand(self, name: str) -> str:
        """An input by name; a constant (scalars and channel vectors) becomes an initialiser."""
        if name in self.constants:
            self.weight(name, self.constants[name].astype(np.float32))
        return name

    def conv(self, node: Node) -> None:
        kernel = self.constants[node.inputs[1]].transpose(3, 2, 0, 1)
        strides = node.spatial("strides")
        pads = _pads(list(kernel.shape[2:]), strides, node.text("padding"))
        inputs = [node.inputs[0], self.weight(node.inputs[1], kernel)]
        self.emit("Conv", inputs, node.name, strides=strides, pads=pads)

    def pool(self, node: Node) -> None:
        kernel, strides = node.spatial("ksize"), node.spatial("strides")
        pads = _pads(kernel, strides, node.text("padding"))
        op = "MaxPool" if node.op == "MaxPool" else "AveragePool"
        self.emit(op, node.inputs[:1], node.name, kernel_shape=kernel, strides=strides, pads=pads)

    def bias(self, node: Node) -> None:
        values = self.constants[node.inputs[1]].reshape(1, -1, 1, 1)
        self.emit("Add", [node.inputs[0], self.weight(node.inputs[1], values)], node.name)

    def concat(self, node: Node) -> None:
        if int(self.constants[node.inputs[-1]]) != 3:
            raise DamagedFileError(
                f"{node.name}: only channels can be concatenated; use the locked model"
            )
        self.emit("Concat", node.inputs[:-1], node.name, axis=1)

    def reshape(self, node: Node) -> None:
        if self.flat:
            self.emit("Identity", node.inputs[:1], node.name)
        else:
            self.emit("Flatten", node.inputs[:1], node.name, axis=1)
        self.flat = True

    def matmul(self, node: Node) -> None:
        weight = self.weight(node.inputs[1], self.constants[node.inputs[1]])
        self.emit("MatMul", [node.inputs[0], weight], node.name)

    def batch_norm(self, node: Node) -> None:
        gamma, beta, mean, variance = (self.constants[name] for name in node.inputs[1:5])
        scale = gamma / np.sqrt(variance + np.float32(node.number("epsilon", 1e-3)))
        scaled = f"{node.name}/scaled"
        self.emit("Mul", [node.inputs[0], self.weight(f"{node.name}/scale", scale)], scaled)
        shift = self.weight(f"{node.name}/shift", beta - mean * scale)
        self.emit("Add", [scaled, shift], node.name)

    def total(self, node: Node) -> None:
        axes = self.weight(f"{node.name}/axes", np.array([1], np.int64))
        self.emit("ReduceSum", [node.inputs[0], axes], node.name, keepdims=1)

    def rsqrt(self, node: Node) -> None:
        self.emit("Sqrt", node.inputs[:1], f"{node.name}/root")
        self.emit("Reciprocal", [f"{node.name}/root"], node.name)

    def elementwise(self, node: Node) -> None:
        op = {"Maximum": "Max"}.get(node.op, node.op)
        self.emit(op, [self.operand(name) for name in node.inputs], node.name)

    def convert(self, node: Node, path: Path) -> None:
        """Add what a node does; raises `DamagedFileError` for an operation not covered."""
        handler = self.handlers().get(node.op)
        if handler is None:
            raise DamagedFileError(
                f"{path}: operation {node.op} ({node.name}) is not covered; use the locked model"
            )
        handler(node)

    def handlers(self) -> dict[str, Callable[[Node], None]]:
        return {
            "Conv2D": self.conv,
            "BiasAdd": self.bias,
            "MaxPool": self.pool,
            "AvgPool": self.pool,
            "ConcatV2": self.concat,
            "Reshape": self.reshape,
            "MatMul": self.matmul,
            "FusedBatchNorm": self.batch_norm,
            "Sum": self.total,
            "Rsqrt": self.rsqrt,
            "Relu": self.elementwise,
            "Mul": self.elementwise,
            "Add": self.elementwise,
            "Maximum": self.elementwise,
            "Square": lambda node: self.emit("Mul", node.inputs * 2, node.name),
        }


def convert_graph(path: Path, output: str = "embeddings") -> onnx.ModelProto:
    """Return a frozen graph's ONNX model: `input` (batch, 3, size, size) -> `output` (batch, n).

    Raises `DamagedFileError` for a file that is no graph, or has an operation not covered.
    """
    nodes = {node.name: node for node in read_nodes(path)}
    constants = {name: node.constant() for name, node in nodes.items() if node.op == "Const"}
    writer = _Writer(constants)
    sources = []
    order = TopologicalSorter({name: node.inputs for name, node in nodes.items()})
    for node in map(nodes.__getitem__, order.static_order()):
        if node.op == "Placeholder":
            sources.append(node)
        elif node.op != "Const":
            writer.convert(node, path)
    if not sources or output not in nodes:
        raise DamagedFileError(
            f"{path}: no Placeholder, or no output {output!r}; use the locked model"
        )
    return _model(writer, sources[-1], output)


def _model(writer: _Writer, source: Node, output: str) -> onnx.ModelProto:
    size = source.shape()[1]
    image = ["batch", 3, size, size]
    graph = helper.make_graph(
        writer.nodes,
        "frozen_graph",
        [helper.make_tensor_value_info(source.name, TensorProto.FLOAT, image)],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, ["batch", "width"])],
        list(writer.weights.values()),
    )
    opsets = [helper.make_opsetid("", OPSET)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION)


def _pads(kernel: list[int], strides: list[int], padding: str) -> list[int]:
    """Return the ONNX pads of TensorFlow's padding; raises `DamagedFileError` for `SAME` unless it
    is symmetric: with odd kernels at stride 1."""
    if padding == "VALID":
        return [0, 0, 0, 0]
    if strides != [1, 1] or not all(side % 2 for side in kernel):
        raise DamagedFileError(
            f"SAME padding of kernel {kernel}, strides {strides} is not covered; "
            "use the locked model"
        )
    return [side // 2 for side in kernel] * 2

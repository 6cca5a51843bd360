"""int8 block-quantised ONNX files as plain float32 models with free axes.

The published `int8bq` files do not load in ONNX Runtime: weights stand among the graph's inputs,
and some DequantizeLinear nodes carry a block size with a per-tensor scale. Folding the quantised
weights to float32 leaves the same arithmetic and needs no quantised kernels.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper


def convert_quantised(path: Path, free_axes: dict[int, str]) -> onnx.ModelProto:
    """Read, fold, and name the input's `free_axes` (axis -> name; axis 0 is the batch)."""
    model = onnx.load(path)
    graph = model.graph
    values = {entry.name: numpy_helper.to_array(entry) for entry in graph.initializer}
    nodes = []
    for node in graph.node:
        known = all(name in values for name in node.input if name)
        if node.op_type == "DequantizeLinear" and known:
            values[node.output[0]] = _dequantise(node, values)
        elif node.op_type == "Reshape" and known:
            shape = values[node.input[1]]
            values[node.output[0]] = values[node.input[0]].reshape(shape)
        else:
            if node.op_type == "Reshape":
                _free_batch(node, values)
            nodes.append(node)
    _rebuild(graph, nodes, values)
    _free(graph, free_axes)
    return model


def _dequantise(node: Any, values: dict[str, NDArray[Any]]) -> NDArray[np.float32]:
    attributes = {entry.name: helper.get_attribute_value(entry) for entry in node.attribute}
    axis, block = attributes.get("axis", 1), attributes.get("block_size", 0)
    quantised = values[node.input[0]].astype(np.int32)
    scale = values[node.input[1]].astype(np.float32)
    has_zero = len(node.input) > 2 and node.input[2]
    zero = values[node.input[2]].astype(np.int32) if has_zero else np.zeros(scale.shape, np.int32)
    spread = [_spread(part, quantised.shape, axis, block) for part in (scale, zero)]
    result = (quantised - spread[1]).astype(np.float32) * spread[0]
    return np.asarray(result, np.float32)


def _spread(part: NDArray[Any], shape: tuple[int, ...], axis: int, block: int) -> NDArray[Any]:
    """Scales (or zero points) brought to a shape that broadcasts against the weights."""
    if part.size == 1:
        return part.reshape(())
    if block:
        return np.repeat(part, block, axis=axis)[tuple(slice(0, side) for side in shape)]
    return part.reshape([-1 if index == axis else 1 for index in range(len(shape))])


def _free_batch(node: Any, values: dict[str, NDArray[Any]]) -> None:
    """Let a reshape to a fixed batch of one copy the batch of its input (0 in ONNX)."""
    shape = values.get(node.input[1])
    if shape is not None and shape[0] == 1:
        free = shape.copy()
        free[0] = 0
        name = f"{node.output[0]}/shape"
        values[name] = free
        node.input[1] = name


def _rebuild(graph: Any, nodes: list[Any], values: dict[str, NDArray[Any]]) -> None:
    used = {name for node in nodes for name in node.input}
    inputs = [entry for entry in graph.input if entry.name in used and entry.name not in values]
    del graph.node[:], graph.initializer[:], graph.input[:], graph.value_info[:]
    graph.node.extend(nodes)
    graph.input.extend(inputs)
    graph.initializer.extend(
        numpy_helper.from_array(np.ascontiguousarray(values[name]), name)
        for name in sorted(used & set(values))
    )


def _free(graph: Any, free_axes: dict[int, str]) -> None:
    for entry in graph.input:
        for axis, name in free_axes.items():
            entry.type.tensor_type.shape.dim[axis].dim_param = name
    for entry in graph.output:
        dims = entry.type.tensor_type.shape.dim
        dims[0].dim_param = free_axes[0]
        if len(free_axes) > 1:  # anchors follow the picture's size
            dims[1].dim_param = f"anchors_{entry.name}"

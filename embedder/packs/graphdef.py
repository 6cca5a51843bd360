"""Frozen TensorFlow graphs, read with protobuf alone.

Only the fields that a frozen inference graph uses are declared; protobuf skips the rest. Names
and numbers are those of TensorFlow's public `.proto` files.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from google.protobuf import (  # type: ignore[import-untyped]
    descriptor_pb2,
    descriptor_pool,
    message_factory,
)
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from numpy.typing import NDArray

from trainer.errors import DamagedFileError
from trainer.reasons import reason

_F = descriptor_pb2.FieldDescriptorProto
# message -> (field, number, protobuf type or message name, repeated)
_MESSAGES: dict[str, list[tuple[str, int, int | str, bool]]] = {
    "Dim": [("size", 1, _F.TYPE_INT64, False)],
    "TensorShape": [("dim", 2, "Dim", True)],
    "Tensor": [
        ("dtype", 1, _F.TYPE_INT32, False),
        ("tensor_shape", 2, "TensorShape", False),
        ("tensor_content", 4, _F.TYPE_BYTES, False),
        ("float_val", 5, _F.TYPE_FLOAT, True),
        ("int_val", 7, _F.TYPE_INT32, True),
        ("int64_val", 10, _F.TYPE_INT64, True),
    ],
    "ListValue": [("i", 3, _F.TYPE_INT64, True)],
    "AttrValue": [
        ("list", 1, "ListValue", False),
        ("s", 2, _F.TYPE_BYTES, False),
        ("i", 3, _F.TYPE_INT64, False),
        ("f", 4, _F.TYPE_FLOAT, False),
        ("shape", 7, "TensorShape", False),
        ("tensor", 8, "Tensor", False),
    ],
    # A protobuf map is a repeated (key, value) message on the wire.
    "Attr": [("key", 1, _F.TYPE_STRING, False), ("value", 2, "AttrValue", False)],
    "Node": [
        ("name", 1, _F.TYPE_STRING, False),
        ("op", 2, _F.TYPE_STRING, False),
        ("input", 3, _F.TYPE_STRING, True),
        ("attr", 5, "Attr", True),
    ],
    "Graph": [("node", 1, "Node", True)],
}
_NUMPY = {1: ("<f4", "float_val"), 3: ("<i4", "int_val"), 9: ("<i8", "int64_val")}


def _graph_class() -> Any:
    file = descriptor_pb2.FileDescriptorProto(
        name="frozen_graph.proto", package="frozen", syntax="proto3"
    )
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for field, number, kind, repeated in fields:
            entry: Any = message.field.add(name=field, number=number)
            entry.label = _F.LABEL_REPEATED if repeated else _F.LABEL_OPTIONAL
            if isinstance(kind, str):
                entry.type, entry.type_name = _F.TYPE_MESSAGE, f".frozen.{kind}"
            else:
                entry.type = kind  # type: ignore[assignment]
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("frozen.Graph"))


class Node:
    """One operation: its name, its kind, the names of its inputs and its attributes."""

    def __init__(self, message: Any) -> None:
        self.name: str = message.name
        self.op: str = message.op
        self.inputs = [text.split(":")[0] for text in message.input if not text.startswith("^")]
        self._attributes = {entry.key: entry.value for entry in message.attr}

    def spatial(self, attribute: str) -> list[int]:
        """Height and width of an NHWC list attribute such as `strides` or `ksize`."""
        return [int(value) for value in self._attributes[attribute].list.i][1:3]

    def text(self, attribute: str) -> str:
        """Return a string attribute."""
        return str(self._attributes[attribute].s.decode())

    def number(self, attribute: str, default: float) -> float:
        """Return a float attribute, `default` where it is not set."""
        entry = self._attributes.get(attribute)
        return float(entry.f) if entry is not None else default

    def shape(self) -> list[int]:
        """Return the attribute `shape`; unknown sizes are -1."""
        return [int(dim.size) for dim in self._attributes["shape"].shape.dim]

    def constant(self) -> NDArray[Any]:
        """The value of a `Const` node; a single stored value fills the whole shape."""
        tensor = self._attributes["value"].tensor
        dtype, field = _NUMPY[tensor.dtype]
        shape = [int(dim.size) for dim in tensor.tensor_shape.dim]
        if tensor.tensor_content:
            values = np.frombuffer(tensor.tensor_content, dtype)
        else:
            values = np.asarray(getattr(tensor, field), dtype)
        if values.size == 1:
            return np.full(shape, values[0], dtype)
        return values.reshape(shape)


def read_nodes(path: Path) -> list[Node]:
    """All nodes of a frozen graph in file order; raises `DamagedFileError`."""
    graph = _graph_class()()
    try:
        graph.ParseFromString(path.read_bytes())
    except DecodeError as error:
        raise DamagedFileError(
            f"{path}: not a TensorFlow graph: {reason(error)}; fetch it again"
        ) from None
    return [Node(message) for message in graph.node]

"""On which device a model's work was done: ONNX Runtime assigns it operator by operator."""

from __future__ import annotations

import json
from pathlib import Path

HEAVY = ("Conv", "FusedConv", "Gemm", "FusedGemm", "MatMul", "FusedMatMul")


def heavy_elsewhere(profile: Path, providers: tuple[str, ...]) -> list[str]:
    """`operator on provider` of the heavy operators that ran on none of `providers`.

    `profile` is what a session with profiling left. Shapes and the like are worked out on the CPU
    by design; convolutions there mean that the device is not used.
    """
    found = set()
    for event in json.loads(profile.read_text(encoding="utf-8")):
        details = event.get("args", {})
        provider = details.get("provider")
        operator = details.get("op_name", "")
        if provider and operator.endswith(HEAVY) and provider not in providers:
            found.add(f"{operator} on {provider}")
    return sorted(found)

"""Small C libraries that stand before the C library, to make a disk slow or a clock wrong."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

needs_a_compiler = pytest.mark.skipif(
    not shutil.which("cc"), reason="no C compiler (apt install gcc libc6-dev)"
)


def library(folder: Path, name: str, **defined: str) -> Path:
    """Compile `name`.c with these strings defined; return the library for LD_PRELOAD."""
    target = folder / f"{name}.so"
    source = Path(__file__).with_name(f"{name}.c")
    strings = [f'-D{key}="{value}"' for key, value in defined.items()]
    argv = ["cc", "-shared", "-fPIC", "-O1", *strings, "-o", str(target), str(source), "-ldl"]
    subprocess.run(argv, check=True)
    return target

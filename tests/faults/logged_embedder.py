"""The embedder, leaving a line in a file for each face that it embedded, before it is written.

python -m tests.faults.logged_embedder LOG JOB.json
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any
from unittest import mock

from embedder import parts, rows
from embedder.__main__ import main


def log_faces(log: Path) -> None:
    """Wrap the step right after the recognition models."""
    original = rows.embedded_rows
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)

    def logged(faces: list[dict[str, Any]], embeddings: Any) -> Any:
        lines = "".join(f"{face['image_sha256']} {face['face_no']}\n" for face in faces)
        os.write(handle, lines.encode())
        return original(faces, embeddings)

    mock.patch.object(parts, "embedded_rows", logged).start()


if __name__ == "__main__":
    log_faces(Path(sys.argv[1]))
    sys.exit(main([sys.argv[2]]))

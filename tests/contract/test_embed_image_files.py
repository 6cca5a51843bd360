"""The embedder's image holds every module of `trainer` that the program imports."""

from __future__ import annotations

import re
import subprocess

from tests.embed_job import embedder_python
from trainer.config.settings import REPO_ROOT

IMPORTED = """
import importlib, pathlib, sys
sys.path.insert(0, ".")
for path in pathlib.Path("embedder").glob("*.py"):
    if path.stem != "__main__":
        importlib.import_module(f"embedder.{path.stem}")
print(*(m.__file__ for n, m in sys.modules.items() if n.partition(".")[0] == "trainer"))
"""


def test_every_module_that_the_embedder_imports_is_copied_into_its_image():
    done = subprocess.run(
        [embedder_python(), "-c", IMPORTED],
        cwd=REPO_ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    lines = re.findall(
        r"^COPY (trainer/.*) /\S*$", (REPO_ROOT / "Dockerfile.embedder").read_text(), re.M
    )
    copied = [REPO_ROOT / word for line in lines for word in line.split()]
    files = [REPO_ROOT / name for name in done.stdout.split()]
    assert len(files) > 10
    missing = [str(f) for f in files if not any(f == c or c in f.parents for c in copied)]
    assert not missing, "add them to the COPY lines of Dockerfile.embedder"

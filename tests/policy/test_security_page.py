"""SECURITY.md names a test behind each answer, and each of them is there."""

from __future__ import annotations

import re

from trainer.config.settings import REPO_ROOT

PAGE = (REPO_ROOT / "SECURITY.md").read_text(encoding="utf-8")
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", PAGE)


def test_every_named_test_is_there():
    assert len(NAMED) > 25
    for path, name in NAMED:
        text = (REPO_ROOT / path).read_text(encoding="utf-8")
        assert re.search(rf"^def {name}\(", text, re.MULTILINE), f"{path}::{name}"


def test_every_answer_has_one():
    rows = [line for line in PAGE.splitlines() if line.startswith("| ") and "| test |" not in line]
    without = [row for row in rows if "`tests/" not in row]
    assert rows and not without, without

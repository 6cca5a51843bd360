"""One thing that the doctor looked at, and what it found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "warning", "bad", "skipped"]
MARKS: dict[Level, str] = {"ok": "ok", "warning": "look", "bad": "BAD", "skipped": "--"}


@dataclass(frozen=True)
class Finding:
    """`text` is a plain sentence; `help` says what to do, or the command that helps."""

    name: str
    level: Level
    text: str
    help: str = ""

    def line(self) -> str:
        """For people."""
        advice = f"; {self.help}" if self.help else ""
        return f"{MARKS[self.level]:<5}{self.name}: {self.text}{advice}"


def ok(name: str, text: str) -> Finding:
    """It is as it should be."""
    return Finding(name, "ok", text)


def skipped(name: str, text: str) -> Finding:
    """It was not looked at, and why."""
    return Finding(name, "skipped", text)

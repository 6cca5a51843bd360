"""`make audit`: compare what is installed in the images with lists of known weaknesses.

Exits with 1 where one is found. Where no list can be had, it says so in capital letters and exits
with 0: a network that is down is no reason to call the code bad, nor to call it good.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SERVICES = ("pypi", "osv")
SECONDS = 300
LOCKS = (
    *("requirements.txt", "embedder/requirements.txt", "embedder/requirements-cuda.txt"),
    *("requirements-dev.txt", "requirements-sbom.txt", "requirements-s3.txt", "container/uv.txt"),
)


@dataclass(frozen=True)
class Audit:
    """Of one lock file: how many packages were looked up, and what is known of them."""

    looked_up: int = 0
    unknown: int = 0  # packages that the service had nothing about
    weaknesses: list[str] = field(default_factory=list)
    reason: str = ""  # why nothing was looked up


def main(locks: Sequence[str] = LOCKS, tool: Sequence[str] | None = None) -> int:
    """Audit each lock file; return the exit status."""
    pip_audit = tool or (str(Path(sys.executable).with_name("pip-audit")),)
    found = {lock: audit(lock, pip_audit) for lock in locks}
    for lock, one in found.items():
        _say(line(lock, one))
    for text in dict.fromkeys(text for one in found.values() for text in one.weaknesses):
        _say(f"  {text}")
    if not all(one.looked_up for one in found.values()):
        _say("NOT AUDITED: no list of known weaknesses can be had for at least one lock file")
    return 1 if any(one.weaknesses for one in found.values()) else 0


def audit(lock: str, pip_audit: Sequence[str]) -> Audit:
    """Ask one service after the other until one knows the packages of a lock file."""
    reasons = []
    for service in SERVICES:
        found = _asked(lock, pip_audit, service)
        if found.looked_up:
            return found
        reasons.append(found.reason)
    return Audit(reason="; ".join(reasons))


def line(lock: str, one: Audit) -> str:
    """`requirements.txt: 200 packages looked up, none of them is known to be weak`"""
    if not one.looked_up:
        return f"{lock}: SKIPPED, {one.reason}"
    known = f"{len(one.weaknesses)} weaknesses" if one.weaknesses else "nothing known against them"
    rest = f"; {one.unknown} NOT FOUND there" if one.unknown else ""
    return f"{lock}: {one.looked_up} packages looked up, {known}{rest}"


def _asked(lock: str, pip_audit: Sequence[str], service: str) -> Audit:
    options = ("--require-hashes", "--disable-pip", "--format", "json", "--progress-spinner", "off")
    argv = [*pip_audit, "--vulnerability-service", service, "--requirement", lock, *options]
    try:
        done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=SECONDS)
        dependencies = json.loads(done.stdout)["dependencies"]
    except subprocess.TimeoutExpired:
        return Audit(reason=f"the service {service} did not answer within {SECONDS} s")
    except (ValueError, KeyError, TypeError):
        return Audit(reason=f"the service {service} can't be asked ({_error_of(done)})")
    return _read(dependencies, service)


def _error_of(done: subprocess.CompletedProcess[str]) -> str:
    """The name of the error that ended the tool, else the end of what it said."""
    last = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
    named = re.match(r"[\w.]*?(\w+Error)\b", last)
    return named[1] if named else last[:200]


def _read(dependencies: Iterable[dict[str, Any]], service: str) -> Audit:
    """What pip-audit says of each package: its weaknesses, or why it was left out."""
    every = list(dependencies)
    known = [one for one in every if "skip_reason" not in one]
    weaknesses = [
        f"{one['name']} {one['version']}: {weakness['id']}, mended in "
        f"{', '.join(weakness.get('fix_versions', ())) or 'no version yet'}"
        for one in known
        for weakness in one.get("vulns", ())
    ]
    reason = "" if known else f"the service {service} knows none of its {len(every)} packages"
    return Audit(len(known), len(every) - len(known), weaknesses, reason)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())

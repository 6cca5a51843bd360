"""Requests of a run by host: how many were made, and how many are worth making yet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from trainer.staging.atomic import read_json
from trainer.staging.paths import RunDir

REQUESTS_FILE = "requests.json"  # in a source's staging: host -> made, left
Requests = dict[str, dict[str, int]]


def read_requests(run: RunDir) -> Requests:
    """Return `made` and `left` by host over all sources of a run; what can't be read counts as
    nothing: the figures are for people, and written anew by the next request."""
    made: Counter[str] = Counter()
    left: Counter[str] = Counter()
    for path in sorted(run.root.glob(f"staging/*/{REQUESTS_FILE}")):
        for host, counts in _hosts(path).items():
            made[host] += counts["made"]
            left[host] += counts["left"]
    return {host: {"made": made[host], "left": left[host]} for host in sorted(made | left)}


def _hosts(path: Path) -> Requests:
    try:
        content = read_json(path)
        return {host: {key: int(c[key]) for key in ("made", "left")} for host, c in content.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def request_lines(requests: Mapping[str, Mapping[str, int]]) -> list[str]:
    """Return a line per host for people."""
    return [
        f"requests to {host}: {counts['made']:,} made, {counts['left']:,} left"
        for host, counts in requests.items()
    ]


def face_line(performers: Mapping[str, int]) -> list[str]:
    """Return how many performers have how many faces, as one line; none where it is not known."""
    if not performers:
        return []
    said = ", ".join(f"{count:,} have {faces}" for faces, count in performers.items())
    return [f"performers by faces: {said}"]

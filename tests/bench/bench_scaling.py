"""How each step of a release grows: its figures at several sizes, and the exponents through them.

`make bench-scaling` (SIZES="3000 10000 30000") runs `bench_release` at each size without figures
in var/bench, fits CPU seconds by c * n^e and memory by a line, and works both out for the target.
`--haste` (`make bench-memory`) builds the indexes in haste: larger sizes, but CPU of build_release
says nothing then.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from trainer.config.settings import REPO_ROOT
from trainer.staging.atomic import read_json

FIGURES = REPO_ROOT / "var" / "bench"
TARGET_FACES = 10_000_000  # of a million performers
N_LOG_N = 1.12  # what n log n looks like as an exponent between 10,000 and 10 million faces
_IDLE = "gate"  # does next to nothing: what each process takes for its start
_LEAST_SECONDS = 0.5  # beyond that; less is too little to tell
# kB that a step may hold per face, as docs/scaling.md states them.
MOST_PER_FACE = {"resolve": 6.0, "select": 8.0, "build_release": 6.5, "evaluate": 4.0}


class Fit(NamedTuple):
    """y = factor * n ** exponent, through points of (n, y)."""

    exponent: float
    factor: float

    def at(self, n: float) -> float:
        return self.factor * float(n) ** self.exponent


def fit(points: Sequence[tuple[float, float]]) -> Fit:
    """Least squares through the logarithms; two points or more with y above 0."""
    n, y = (np.log(np.asarray(values, dtype=float)) for values in zip(*points, strict=True))
    exponent, offset = np.polyfit(n, y, 1)
    return Fit(float(exponent), float(np.exp(offset)))


def seconds(found: Sequence[Mapping[str, Any]], week: str, step: str) -> list[tuple[float, float]]:
    """(faces, CPU seconds) of a step at each size, without the start of its process."""
    rows = []
    for one in found:
        steps = one[week]["steps"]
        rows.append((_faces(one), steps[step]["cpu"] - steps[_IDLE]["cpu"]))
    return [(faces, value) for faces, value in rows if value > _LEAST_SECONDS]


def per_face(found: Sequence[Mapping[str, Any]], week: str, step: str) -> tuple[float, float]:
    """Memory as a straight line through the peaks: MB without a face, kB more per face."""
    faces = [_faces(one) for one in found]
    peaks = [one[week]["steps"][step]["peak_mb"] for one in found]
    slope, start = np.polyfit(faces, peaks, 1)
    return float(start), float(slope) * 1000


def _faces(one: Mapping[str, Any]) -> float:
    return float(one["first week"]["faces"])


def table(found: Sequence[Mapping[str, Any]], week: str) -> list[str]:
    """Lines of a Markdown table, one per step."""
    sizes = " / ".join(f"{one['people']:,}" for one in found)
    lines = [
        f"| step, {week} | CPU s at {sizes} | exponent | CPU s at the target "
        f"| MB at {sizes} | kB per face | GB at the target |",
        "|---|---|---|---|---|---|---|",
    ]
    return [*lines, *(_row(found, week, step) for step in found[0][week]["steps"])]


def _row(found: Sequence[Mapping[str, Any]], week: str, step: str) -> str:
    def each(what: str, digits: int) -> str:
        return " / ".join(f"{one[week]['steps'][step][what]:.{digits}f}" for one in found)

    cells = [step, each("cpu", 1), *_time(seconds(found, week, step)), each("peak_mb", 0)]
    start, slope = per_face(found, week, step)
    cells += [f"{slope:.1f}", f"{(start + slope * TARGET_FACES / 1000) / 1000:.0f}"]
    return f"| {' | '.join(cells)} |"


def _time(rows: Sequence[tuple[float, float]]) -> tuple[str, str]:
    """The exponent, and the seconds at the target."""
    if len(rows) < 2:
        return "too small to tell", "-"
    curve = fit(rows)
    more = "" if curve.exponent <= N_LOG_N else ", more than n log n"
    return f"{curve.exponent:.2f}{more}", f"{curve.at(TARGET_FACES):,.0f}"


def above_limit(found: Sequence[Mapping[str, Any]]) -> list[str]:
    """A line for each step that holds more per face than is stated, in either week."""
    lines = []
    for week in ("first week", "second week"):
        for step, most in MOST_PER_FACE.items():
            slope = per_face(found, week, step)[1]
            if slope > most:
                lines.append(f"{week}: {step} holds {slope:.1f} kB per face, above {most}")
    return lines


def measured(size: int, haste: bool = False) -> dict[str, Any]:
    """Figures of one size, measured now where there are none."""
    options = ["--haste"] if haste else []
    kept = FIGURES / f"release-{size}{''.join(options)}.json"
    if not kept.exists():
        argv = [sys.executable, "-m", "tests.bench.bench_release", str(size), *options]
        subprocess.run(argv, cwd=REPO_ROOT, check=True, stdout=sys.stderr)
        shutil.copy(FIGURES / "release.json", kept)
    return dict(read_json(kept))


def main() -> None:
    """Print both weeks' tables; end with 1 where a step holds more than is stated."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", nargs="+", type=int, help="performers")
    parser.add_argument("--haste", action="store_true", help="build the indexes in haste")
    arguments = parser.parse_args()
    if len(set(arguments.sizes)) < 2:
        parser.error("a line needs two sizes; give another one")
    found = [measured(size, arguments.haste) for size in sorted(arguments.sizes)]
    faces = ", ".join(f"{one['first week']['faces']:,}" for one in found)
    print(f"faces: {faces}; target: {TARGET_FACES:,} faces of 1,000,000 performers\n")  # noqa: T201
    for week in ("first week", "second week"):
        print("\n".join(table(found, week)), end="\n\n")  # noqa: T201
    if lines := above_limit(found):
        sys.exit("\n".join(lines))


if __name__ == "__main__":
    main()

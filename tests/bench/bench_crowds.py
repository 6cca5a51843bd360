"""Performers whose every picture shows several people: how many are saved, and with wrong faces.

python -m tests.bench.bench_crowds real [--seeds 40]
python -m tests.bench.bench_crowds simulated [--performers 2000] [--seeds 3]

Pictures are composed: the faces are those of `make demo` or simulated ones, their areas are drawn
from KINDS, which are assumptions. 5% of the pictures are somebody else's altogether, half of these
of listed people; a quarter of the performers are in every picture with one and the same partner.
Every value of RATIOS (how many times the area of the next face is clearly the largest) gives a
line.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from tests.bench.bench_contamination import SHARE, clustered, demo, histogram
from trainer.faces.cache import FaceVectors, read_figures, read_vectors
from trainer.faces.contamination import scan
from trainer.faces.limits import FaceLimits
from trainer.faces.measure_limits import measure_limits
from trainer.faces.select import ACCEPTED, LARGEST, LARGEST_AGREE
from trainer.faces.trust import settle

RATIOS = (1.5, 2.0, 2.5, 3.0, 4.0, 6.0)
# Share of the pictures, the median of the area of the performer's face divided by another one's,
# and the standard deviation of its logarithm.
KINDS = {
    "in front of others": (0.55, 8.0, 0.7),
    "side by side": (0.43, 1.0, 0.45),
    "behind others": (0.02, 1 / 8, 0.7),
}
WRONG = "somebody else's"
COUPLES = 0.25
CROWDS_ONLY = 0.3  # of the performers; far more than in practice, for figures of some weight
IMAGES = (0.5, 0.25, 0.15, 0.1)  # of those with 1, 2, 3 and 4 pictures
TRUST = {"high": 0.6, "medium": 0.3, "low": 0.1}
_SIDE = 200.0


@dataclass
class World:
    """A row per face; `person` is who it really shows."""

    dice: np.random.Generator
    performers: int
    strangers: int = 0
    rows: list[dict[str, object]] = field(default_factory=list)

    def add(
        self, owner: int, faces: list[tuple[int, float]], trust: str, kind: str, couple: bool
    ) -> None:
        sha = f"{len(self.rows):08d}"
        for number, (person, area) in enumerate(faces):
            side = _SIDE * np.sqrt(area)
            row = {"performer_id": owner, "image_sha256": sha, "face_no": number, "trust": trust}
            row |= {"source": trust, "box": [0.0, 0.0, side, side], "person": person}
            row |= {"kind": kind, "couple": couple}
            row |= {"faces_in_image": len(faces), "quality_score": self.dice.random()}
            row["rule"] = "several_faces" if len(faces) > 1 else "single_face"
            self.rows.append(row | {"phash": self.dice.bytes(8)})

    def somebody(self, *but: int) -> int:
        """Half of them are listed performers."""
        if self.dice.random() < 0.5 or self.performers <= len(but):
            self.strangers += 1
            return self.performers + self.strangers - 1
        found = int(self.dice.integers(self.performers))
        return self.somebody(*but) if found in but else found

    def shown(self, owner: int) -> int:
        """Who is shown by a picture of `owner`."""
        return self.somebody(owner) if self.dice.random() < SHARE else owner


def composed(performers: int, sizes: np.ndarray, dice: np.random.Generator) -> World:
    """`sizes`: pictures with one face of each performer; those with none get crowds."""
    world = World(dice, performers)
    for owner, size in enumerate(sizes.tolist()):
        for _ in range(size):
            world.add(owner, [(world.shown(owner), 1.0)], "high", "one face", False)
        if not size:
            _add_crowds(world, owner)
    return world


def _add_crowds(world: World, owner: int) -> None:
    dice = world.dice
    partner = world.somebody(owner) if dice.random() < COUPLES else None
    for _ in range(1 + int(dice.choice(len(IMAGES), p=IMAGES))):
        shown = world.shown(owner)
        kind = str(dice.choice(list(KINDS), p=[share for share, *_ in KINDS.values()]))
        _, median, spread = KINDS[kind]
        faces = [(shown, 1.0)]
        for number in range(1 if dice.random() < 0.7 else 2):
            beside = partner if number == 0 and shown == owner else None
            other = world.somebody(owner, shown) if beside is None else beside
            faces.append((other, 1 / (median * np.exp(dice.normal(0, spread)))))
        order = dice.permutation(len(faces))
        trust = str(dice.choice(list(TRUST), p=list(TRUST.values())))
        kind = kind if shown == owner else WRONG
        world.add(owner, [faces[at] for at in order], trust, kind, partner is not None)


def frame_of(world: World) -> pl.DataFrame:
    schema: dict[str, Any] = {
        "face_no": pl.Int16,
        "box": pl.Array(pl.Float32, 4),
        "faces_in_image": pl.Int16,
    }
    return pl.DataFrame(world.rows, schema_overrides=schema)


def keys_of(frame: pl.DataFrame) -> pl.DataFrame:
    keys = frame.select("image_sha256", "face_no").with_row_index("row")
    return keys.with_columns(pl.col("row").cast(pl.Int64))


def simulated(performers: int, seed: int) -> tuple[pl.DataFrame, FaceVectors]:
    dice = np.random.default_rng(seed)
    sizes = histogram(performers, dice)
    sizes[dice.random(performers) < CROWDS_ONLY] = 0
    world = composed(performers, sizes, dice)
    frame = frame_of(world)
    people, count = frame["person"].to_numpy(), performers + world.strangers
    slots = {slot: clustered(people, count, dice) for slot in ("facenet", "arcface")}
    return frame, FaceVectors(keys_of(frame), slots)


def real(cache: Path, who: dict[str, str], seed: int) -> tuple[pl.DataFrame, FaceVectors]:
    """Each person of the demo is a performer; half of them have crowds only. A stranger is one of
    them in whose place nobody is listed."""
    dice = np.random.default_rng(seed)
    one = (pl.col("outcome") == "face") & (pl.col("faces_in_image") == 1)
    names = sorted(n for n in read_figures(cache).filter(one)["image_sha256"] if n in who)
    known = read_vectors(cache, names)
    rows = dict(known.keys.select("image_sha256", "row").iter_rows())
    people = sorted(set(who.values()))
    pools = {p: [rows[n] for n in names if who[n] == p] for p in people}
    listed = [people[int(at)] for at in dice.permutation(len(people))]
    performers, hidden = len(people) * 7 // 10, listed[len(people) * 7 // 10 :]
    sizes = np.where(np.arange(performers) % 2, 4, 0)
    world = composed(performers, sizes, dice)
    frame = frame_of(world)
    decks = {p: list(dice.permutation(pool)) for p, pool in pools.items()}
    chosen, used = [], Counter[str]()
    for number in frame["person"]:
        person = listed[number] if number < performers else hidden[number % len(hidden)]
        chosen.append(decks[person][used[person] % len(decks[person])])
        used[person] += 1
    slots = {slot: known.slots[slot][chosen] for slot in known.slots}
    return frame, FaceVectors(keys_of(frame), slots)


def counted(frame: pl.DataFrame, faces: FaceVectors) -> dict[float, Counter[str]]:
    """By ratio what comes of the performers who have crowds only; limits are a build's own."""
    limits = measure_limits(frame.filter(pl.col("rule") == "single_face"), faces, seed=1)
    return {ratio: _outcome(frame, faces, limits, ratio) for ratio in RATIOS}


def _outcome(
    frame: pl.DataFrame, faces: FaceVectors, limits: FaceLimits, clearly: float
) -> Counter[str]:
    settled = settle(frame, faces, limits, clearly)
    scanned = scan(settled, faces, limits)[0]
    people = settled.with_columns(
        right=pl.col("person") == pl.col("performer_id"),
        kept=scanned["rule"] == settled["rule"],
    ).filter((pl.col("faces_in_image") > 1).all().over("performer_id"))
    taken = people.filter(pl.col("rule").is_in(ACCEPTED))
    found = Counter({"people": people["performer_id"].n_unique()})
    found["couples"] = people.filter("couple")["performer_id"].n_unique()
    for part, some in (
        ("agree", taken.filter(pl.col("rule") == LARGEST_AGREE)),
        ("largest", taken.filter(pl.col("rule") == LARGEST)),
        ("agree, couples", taken.filter((pl.col("rule") == LARGEST_AGREE) & pl.col("couple"))),
        ("all", taken),
        ("all, scanned", taken.filter("kept")),
    ):
        wrong = some.filter(~pl.col("right"))
        found[f"{part}: faces"] = len(some)
        found[f"{part}: saved"] = some.filter("right")["performer_id"].n_unique()
        for kind in (*KINDS, WRONG):
            found[f"{part}: {kind}"] = len(wrong.filter(pl.col("kind") == kind))
    return found


def _write(totals: dict[float, Counter[str]]) -> None:
    """Wrong faces by the kind of their picture."""
    first = next(iter(totals.values()))
    sys.stdout.write(f"{first['people']} performers, of them {first['couples']} with a partner\n")
    for part in ("agree", "agree, couples", "largest", "all", "all, scanned"):
        heads = "".join(f"{kind:>20}" for kind in (*KINDS, WRONG))
        sys.stdout.write(f"\n{part}\nratio     saved   faces{heads}\n")
        of = first["couples" if "couples" in part else "people"]
        for ratio, found in totals.items():
            faces = found[f"{part}: faces"]
            line = f"{ratio:5} {found[f'{part}: saved'] / max(of, 1):9.1%} {faces:7}"
            for kind in (*KINDS, WRONG):
                wrong = found[f"{part}: {kind}"]
                line += f"{wrong:11} {wrong / max(faces, 1):8.2%}"
            sys.stdout.write(line + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["simulated", "real"])
    parser.add_argument("--performers", type=int, default=2000)
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    totals = {ratio: Counter[str]() for ratio in RATIOS}
    for seed in range(options.seeds):
        if options.what == "real":
            world = real(*demo(), seed)
        else:
            world = simulated(options.performers, seed)
        for ratio, found in counted(*world).items():
            totals[ratio].update(found)
    _write(totals)


if __name__ == "__main__":
    main()

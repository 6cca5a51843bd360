"""A population of performers and the pictures that two sources advertise of them, invented."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from trainer.fetch_plan.columns import ADVERTISED, OPEN, OUTCOME, Rules, SourceRule

FIRST, SECOND = "first", "second"
HOST = "pictures.example.test"
MOST_IMAGES = 300
ON_SECOND = 0.3  # the share of performers that both sources list
COPIES = 0.05  # of the second source's pictures: the first one's, under the same URL
SPREAD = 0.35  # of the quality of faces
# form -> share of the pictures, chance of a usable face, mean quality: 15% have none.
FORMS = {"upright": (0.80, 0.89, 1.0), "wide": (0.13, 0.75, 0.9), "small": (0.07, 0.55, 0.6)}
SIZES = {"upright": (800, 1200), "wide": (1280, 720), "small": (120, 180)}


@dataclass
class Population:
    """`images`: ADVERTISED, all of them open. What only a request tells, one value per row:
    whether there is a usable face, and its quality."""

    images: pl.DataFrame
    usable: npt.NDArray[np.bool_]
    quality: npt.NDArray[np.float64]


def rules(per_minute: float) -> Rules:
    """The caps of a build with its usual parameters; one host has all pictures."""
    sources = {FIRST: SourceRule(cap=5), SECOND: SourceRule(cap=5, trust="medium")}
    return Rules(sources=sources, total=12, per_minute={HOST: per_minute})


def invent(performers: int, seed: int) -> Population:
    """Scene counts by Zipf's law, picture counts log-normal: median 3, mean 6, largest 300."""
    dice = np.random.default_rng(seed)
    owner, second, position = _images(performers, dice)
    form = dice.choice(len(FORMS), len(owner), p=[share for share, _, _ in FORMS.values()])
    scenes = dice.permutation(np.maximum(performers / np.arange(1, performers + 1), 1.0)).astype(
        np.uint32
    )
    url = np.arange(len(owner))
    copied = second & (position == 0) & (dice.random(len(owner)) < COPIES * 3)
    previous = _first_of(owner, second)
    url[copied] = previous[copied]
    sizes = np.array([SIZES[name] for name in FORMS], np.int32)[form]
    images = pl.DataFrame(
        {
            "performer": owner.astype(np.uint32),
            "scenes": scenes[owner],
            "source": pl.Series(np.where(second, SECOND, FIRST)),
            "host": pl.Series([HOST]).new_from_index(0, len(owner)),
            "url": pl.Series(url).cast(pl.String),
            "position": position.astype(np.uint16),
            "width": sizes[:, 0],
            "height": sizes[:, 1],
            "outcome": pl.Series([OPEN], dtype=OUTCOME).new_from_index(0, len(owner)),
            "quality": pl.Series([None], dtype=pl.Float32).new_from_index(0, len(owner)),
        },
        schema=ADVERTISED,
    ).with_columns(pl.concat_str(pl.lit(f"https://{HOST}/p/"), "url", pl.lit(".jpg")).alias("url"))
    chances = np.array([chance for _, chance, _ in FORMS.values()])
    means = np.array([mean for _, _, mean in FORMS.values()])
    usable = dice.random(len(owner)) < chances[form]
    quality = means[form] * np.exp(dice.normal(0.0, SPREAD, len(owner)))
    _same_for_copies(url, usable, quality)
    return Population(images, usable, quality)


def _images(
    performers: int, dice: np.random.Generator
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_], npt.NDArray[np.int64]]:
    """Performer, whether of the second source, and position of each picture."""
    counts = np.clip(np.rint(dice.lognormal(np.log(3), 1.177, performers)), 1, MOST_IMAGES)
    counts = counts.astype(np.int64)
    owner = np.repeat(np.arange(performers), counts)
    both = dice.random(performers) < ON_SECOND
    share = np.where(both, dice.random(performers), 0.0)
    second = dice.random(len(owner)) < share[owner]
    order = np.lexsort((second, owner))
    owner, second = owner[order], second[order]
    starts = np.flatnonzero(np.diff(owner * 2 + second, prepend=-1))
    position = np.arange(len(owner)) - np.repeat(starts, np.diff(starts, append=len(owner)))
    return owner, second, position


def _first_of(owner: npt.NDArray[np.int64], second: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """By picture, the first picture of its performer that the first source has, else itself."""
    starts = np.flatnonzero(np.diff(owner, prepend=-1))
    first = np.repeat(starts, np.diff(starts, append=len(owner)))
    return np.where(second[first], np.arange(len(owner)), first)


def _same_for_copies(
    url: npt.NDArray[np.int64], usable: npt.NDArray[np.bool_], quality: npt.NDArray[np.float64]
) -> None:
    usable[:], quality[:] = usable[url], quality[url]

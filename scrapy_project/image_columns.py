"""The images of a crawl as the planner's columns."""

from __future__ import annotations

import math
from array import array
from typing import Final

import numpy as np
import polars as pl

from scrapy_project.earlier_images import with_earlier
from trainer.fetch_plan.columns import ADVERTISED, OUTCOME
from trainer.staging.rows import AdvertisedImage, PerformerRecord

OUTCOMES: Final = OUTCOME.categories.to_list()
_CODES = {name: code for code, name in enumerate(OUTCOMES)}


class ImageColumns:
    """One row per URL, kept as numbers: a source may have a million pictures."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._performers: dict[str, int] = {}
        self._scenes = array("L")
        self._urls: list[str] = []
        self._rows: dict[str, int] = {}
        self._performer, self._position = array("L"), array("L")
        self._width, self._height = array("l"), array("l")  # 0: not stated
        self._outcome = array("B")
        self._sha = array("Q")  # the first 8 bytes of a picture's sha256; 0: not fetched
        self._quality = array("f")  # of good ones, else not a number

    def add(
        self,
        performer: PerformerRecord,
        position: int,
        image: AdvertisedImage,
        url: str,
        outcome: str,
        sha256: str | None = None,
    ) -> None:
        """A picture of `performer`; a URL that is there already stays whose it is."""
        if url in self._rows:
            return
        self._rows[url] = len(self._urls)
        self._urls.append(url)
        self._performer.append(self._number(performer))
        self._position.append(min(position, 65_535))
        self._width.append(image.get("width") or 0)
        self._height.append(image.get("height") or 0)
        self._outcome.append(_CODES[outcome])
        self._sha.append(_number_of(sha256))
        self._quality.append(math.nan)

    def note(self, url: str, outcome: str, sha256: str | None = None) -> None:
        """What became of a picture."""
        row = self._rows[url]
        self._outcome[row], self._sha[row] = _CODES[outcome], _number_of(sha256)

    def found(self, faces: pl.DataFrame) -> None:
        """What the embedder found: sha256, outcome (OUTCOME) and quality."""
        keys = pl.DataFrame({"sha": np.array(self._sha, np.uint64)})
        numbers = faces["sha256"].str.head(16).str.to_integer(base=16, dtype=pl.UInt64)
        given = faces.select(numbers.alias("sha"), "outcome", "quality").unique("sha", keep="first")
        rows = keys.with_row_index().join(given, on="sha", maintain_order="left")
        for row, outcome, quality in rows.select("index", "outcome", "quality").iter_rows():
            self._outcome[row] = _CODES[outcome]
            self._quality[row] = math.nan if quality is None else quality

    def count(self, outcome: str) -> int:
        """How many pictures have this outcome."""
        return self._outcome.count(_CODES[outcome])

    def _number(self, performer: PerformerRecord) -> int:
        number = self._performers.setdefault(performer["source_id"], len(self._performers))
        if number == len(self._scenes):
            self._scenes.append(performer.get("scene_count") or 0)
        return number

    def images(self, earlier: pl.DataFrame) -> pl.DataFrame:
        """ADVERTISED of this crawl, with what `earlier` knows of them and of other sources'."""
        performer = np.asarray(self._performer)
        count = len(performer)
        ours = pl.DataFrame(
            {
                "performer": performer,
                "scenes": np.asarray(self._scenes)[performer],
                "source": pl.repeat(self._source, count, eager=True),
                "host": pl.repeat("", count, eager=True),
                "url": self._urls,
                "position": np.asarray(self._position),
                "width": _or_null(self._width),
                "height": _or_null(self._height),
                "outcome": pl.Series(
                    np.asarray(OUTCOMES)[np.asarray(self._outcome)], dtype=OUTCOME
                ),
                "quality": pl.Series(np.asarray(self._quality), nan_to_null=True),
            },
            schema=ADVERTISED,
        )
        return with_earlier(ours, self._source, self._numbered(), earlier)

    def _numbered(self) -> pl.DataFrame:
        """Each performer's record, with her number in `images`, and her scenes."""
        return pl.DataFrame(
            {
                "record": list(self._performers),
                "performer": range(len(self._performers)),
                "scenes": np.asarray(self._scenes),
            },
            schema={"record": pl.String, "performer": pl.UInt32, "scenes": pl.UInt32},
        )


def _number_of(sha256: str | None) -> int:
    return int(sha256[:16], 16) if sha256 else 0


def _or_null(sides: array[int]) -> pl.Series:
    values = pl.Series(np.asarray(sides), dtype=pl.Int32)
    return values.set(values == 0, None)

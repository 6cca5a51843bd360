"""Review items: what a person has to look at, since nothing may be decided silently."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from trainer.errors import DamagedFileError
from trainer.reasons import reason
from trainer.staging.atomic import read_json, write_sealed
from trainer.staging.paths import RunDir

REVIEWS_FILE = "reviews.json"
_SCORE = re.compile(r"\(-?\d\.\d+\)")
Kind = Literal[
    "source_merge_contradicted",
    "cross_link_contradicted",
    "shared_link_contradicted",
    "links_contradict_each_other",
    "same_facts_contradicted",
    "same_facts_ambiguous",
    "link_of_two",
    "taken_apart",
    "page_claimed_by_two",
    "page_moved",
    "birth_dates_differ",
    "unconfirmed_page",
    "picture_of_two",
    "face_of_another",
    "faces_disagree",
    "may_be_one_person",
]


class Review(BaseModel):
    """One question. `performers` are the ids it is about, `text` is the evidence for people."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Kind
    source: str
    url: str
    performers: tuple[int, ...]
    text: str

    @property
    def key(self) -> str:
        """The same for the same question; a score that moved a little asks nothing new."""
        text = _SCORE.sub("", self.text)
        parts = [self.kind, self.source, self.url, *map(str, self.performers), text]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:10]

    def order(self) -> tuple[str, str, str, str]:
        """The sort key of the list of reviews."""
        return (self.kind, self.source, self.url, self.text)


_LIST = TypeAdapter(list[Review])


def write_reviews(directory: Path, reviews: Iterable[Review]) -> dict[str, int]:
    """Write reviews.json, each item once, in a stable order; returns counts by kind."""
    items = sorted(set(reviews), key=Review.order)
    write_sealed(directory / REVIEWS_FILE, _LIST.dump_python(items, mode="json"))
    return dict(sorted(Counter(item.kind for item in items).items()))


def read_reviews(directory: Path) -> list[Review]:
    """Raises `FileNotFoundError`, or `DamagedFileError` naming the file."""
    path = directory / REVIEWS_FILE
    try:
        return _LIST.validate_python(read_json(path))
    except (ValueError, ValidationError) as error:
        if isinstance(error, FileNotFoundError):
            raise
        raise DamagedFileError(
            f"{path}: not a list of reviews: {reason(error)}; run again from the step `resolve`"
        ) from error


def reviewed(run: RunDir) -> bool:
    """Whether the run has written review items, perhaps none of them any question."""
    return any((directory / REVIEWS_FILE).exists() for directory in (run.resolve, run.select))


def read_run_reviews(run: RunDir) -> list[Review]:
    """The items of `resolve`, then those of `select`; raises `DamagedFileError`."""
    directories = [d for d in (run.resolve, run.select) if (d / REVIEWS_FILE).exists()]
    return [item for directory in directories for item in read_reviews(directory)]

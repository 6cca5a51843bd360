"""How good a release is where the nearest face of each model votes for a name.

Searched exactly, as everything that is measured of a release is.
"""

from __future__ import annotations

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from trainer.release.consumer import Vote
from trainer.release.intervals import Interval, interval, share
from trainer.release.search import Ids, exact_neighbours
from trainer.release.search_results import Gallery, Numbers
from trainer.release.vector_file import AnyVectors, Vectors

SAMPLE = 1_000


class VoteFigures(BaseModel):
    """Faces searched without themselves, and with their performer taken out: strangers.

    Such a server names everybody: a stranger is told apart only by models that disagree.
    """

    model_config = ConfigDict(extra="forbid")

    consumer: str
    queries: int
    rank_1: float | None = Field(description="share whose first answer is the right performer")
    rank_1_interval: Interval | None
    agreed: float | None = Field(description="listed faces for whom both models name one performer")
    strangers: int
    strangers_agreed: float | None = Field(description="the same of strangers: false agreement")


def vote_figures(name: str, vote: Vote, gallery: Gallery, several: Ids, seed: int) -> VoteFigures:
    """Figures of a sample of `gallery`; `several`: rows of performers with two faces or more."""
    order = np.random.default_rng(seed)
    listed = np.sort(order.permutation(several)[:SAMPLE])
    strangers = np.sort(order.permutation(len(gallery.labels))[:SAMPLE])
    own = _first_answers(gallery, listed, vote, without_performer=False)
    others = _first_answers(gallery, strangers, vote, without_performer=True)
    right = own[0] == gallery.labels[listed]
    return VoteFigures(
        consumer=name,
        queries=len(listed),
        rank_1=share(right),
        rank_1_interval=interval(right),
        agreed=share(own[1]),
        strangers=len(strangers),
        strangers_agreed=share(others[1]),
    )


def _first_answers(
    gallery: Gallery, queries: Ids, vote: Vote, *, without_performer: bool
) -> tuple[Ids, np.ndarray]:
    """The performer that is answered first, (q,), and whether both models name the same, (q,)."""
    people = gallery.labels if gallery.people is None else gallery.people
    most = int(np.bincount(people).max(initial=0)) if without_performer else 0
    named, confidences = [], []
    for vectors in (gallery.facenet, gallery.arcface):
        ids, distances = _neighbours(vectors, queries, vote.neighbours + most)
        if without_performer:
            own = people[ids] == people[queries][:, None]
            distances = np.where(own & (ids >= 0), np.inf, distances)
        first = distances.argmin(axis=1)
        rows = np.arange(len(queries))
        named.append(gallery.labels[ids[rows, first]])
        confidences.append(_confidence(np.sort(distances, axis=1)[:, : vote.neighbours], vote))
    agreed = named[0] == named[1]
    winner = np.where(confidences[0] >= confidences[1], named[0], named[1])
    return winner, agreed


def _neighbours(vectors: AnyVectors, queries: Ids, k: int) -> tuple[Ids, Vectors]:
    return exact_neighbours(vectors[queries], vectors, min(k, len(vectors)), exclude=queries)


def _confidence(distances: Vectors, vote: Vote) -> Numbers:
    """Of the nearest of each row: a softmax over distances that are scaled to 0..1."""
    known = np.where(np.isfinite(distances), distances, np.nan)
    least, most = np.nanmin(known, axis=1), np.nanmax(known, axis=1)
    spread = np.where(most > least, most - least, 1.0)[:, None]
    powers = np.exp(-(known - least[:, None]) / spread / vote.temperature)
    found: Numbers = np.asarray(1.0 / np.nansum(powers, axis=1), np.float64)
    return found

"""Ask a person about performers that may be one: the plainest hint is faces that are alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import polars as pl

from trainer.identity.decisions import Decision
from trainer.identity.reviews import Review
from trainer.state.store import Claim

PEOPLE_COLUMNS: Final = ("performer_id", "canonical_name", "birth_date", "country", "claims")


def one_person_reviews(
    pairs: pl.DataFrame,
    performers: pl.DataFrame,
    judged: pl.DataFrame,
    splits: Sequence[Decision] = (),
) -> list[Review]:
    """An item per pair of `SimilarPerformers.pairs`, but for those that a person decided to be two.

    `performers`: PEOPLE_COLUMNS. `judged`: performer_id, source, page_url and quality_score of
    faces.
    """
    ids = {*pairs["performer_id"], *pairs["other_performer_id"]}
    people = {
        row["performer_id"]: row
        for row in performers.filter(pl.col("performer_id").is_in(list(ids))).to_dicts()
    }
    places = _best_pages(judged, ids)
    return [
        _review(pair, people, places)
        for pair in pairs.to_dicts()
        if not _decided(people[pair["performer_id"]], people[pair["other_performer_id"]], splits)
    ]


def _review(
    pair: Mapping[str, Any],
    people: Mapping[int, Mapping[str, Any]],
    places: Mapping[int, tuple[str, str]],
) -> Review:
    first, second = pair["performer_id"], pair["other_performer_id"]
    source, url = places[first]
    text = (
        f"{_described(people[first])} and {_described(people[second])} have faces as alike as "
        f"one person's ({pair['cosine']:.2f}), {pair['faces']} and more of each; the other's page: "
        f"{places[second][1]}"
    )
    return Review(
        kind="may_be_one_person", source=source, url=url, performers=(first, second), text=text
    )


def _described(person: Mapping[str, Any]) -> str:
    """`Wren Hollowdale (born 1985-03-04, SE)`."""
    born = f"born {person['birth_date']}" if person["birth_date"] else "no birth date"
    return f"{person['canonical_name']} ({', '.join(filter(None, [born, person['country']]))})"


def _best_pages(judged: pl.DataFrame, ids: set[int]) -> dict[int, tuple[str, str]]:
    """Source and page of each performer's best face."""
    faces = judged.filter(pl.col("performer_id").is_in(list(ids)))
    best = faces.sort("quality_score", "image_sha256", descending=[True, False])
    first = best.unique("performer_id", keep="first", maintain_order=True)
    columns = first.select("performer_id", "source", "page_url").iter_rows()
    return {number: (source, url) for number, source, url in columns}


def _decided(
    first: Mapping[str, Any], second: Mapping[str, Any], splits: Sequence[Decision]
) -> bool:
    mine, theirs = _claims(first), _claims(second)
    return any(
        left & mine and right & theirs
        for decision in splits
        for left, right in (decision.sides, decision.sides[::-1])
    )


def _claims(person: Mapping[str, Any]) -> frozenset[Claim]:
    return frozenset((claim["source"], claim["source_id"]) for claim in person["claims"])

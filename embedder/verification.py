"""Are two pictures of one person? Accuracy by cross-validation, and rank-1. Numpy only."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

FOLDS = 10
Vectors = NDArray[np.float32]


def sample_pairs(
    people: NDArray[Any], count: int, random: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """(n, 2) indices of pictures and whether they are of one person, half of each kind.

    No more than there are pairs of one person; none twice.
    """
    same = _same_pairs(people)
    total = len(people) * (len(people) - 1) // 2
    wanted = min(count // 2, len(same), total - len(same))
    chosen = [same[random.choice(len(same), wanted, replace=False)]]
    seen: set[tuple[int, int]] = set()
    while len(seen) < wanted:
        first, second = sorted(random.choice(len(people), 2, replace=False).tolist())
        if people[first] != people[second]:
            seen.add((first, second))
    chosen.append(np.array(sorted(seen), np.int64).reshape(-1, 2))
    pairs = np.concatenate(chosen)
    random.shuffle(pairs)
    return pairs, people[pairs[:, 0]] == people[pairs[:, 1]]


def _same_pairs(people: NDArray[Any]) -> NDArray[np.int64]:
    """(n, 2) all pairs of pictures of one person."""
    pairs = []
    for name in np.unique(people):
        members = np.flatnonzero(people == name)
        first, second = np.triu_indices(len(members), 1)
        pairs.append(np.stack([members[first], members[second]], 1))
    return np.concatenate(pairs)


def verification(
    vectors: Vectors, people: NDArray[Any], count: int, random: np.random.Generator
) -> dict[str, Any]:
    """Accuracy over ten folds, and the cosine above which two pictures count as one person.

    `vectors` (n, width) unit length, `people` (n,) names.
    """
    pairs, same = sample_pairs(people, count, random)
    cosines = np.einsum("ij,ij->i", vectors[pairs[:, 0]], vectors[pairs[:, 1]])
    accuracies, thresholds = [], []
    for held in np.array_split(np.arange(len(pairs)), FOLDS):
        rest = np.setdiff1d(np.arange(len(pairs)), held)
        threshold = best_threshold(cosines[rest], same[rest])
        accuracies.append(float(((cosines[held] >= threshold) == same[held]).mean()))
        thresholds.append(threshold)
    return {
        "pairs": len(pairs),
        "verification": float(np.mean(accuracies)),
        "threshold": float(np.mean(thresholds)),
    }


def best_threshold(cosines: NDArray[np.float32], same: NDArray[np.bool_]) -> float:
    """The cosine at and above which calling a pair one person is right most often."""
    order = np.argsort(cosines)
    # Calling all from place k on one person: right are the different ones before it and the same
    # ones from it on.
    before = np.concatenate([[0], np.cumsum(~same[order])])
    after = same.sum() - np.concatenate([[0], np.cumsum(same[order])])
    place = int(np.argmax(before + after))
    return float(cosines[order[place]]) if place < len(order) else float(np.inf)


def rank_1(vectors: Vectors, people: NDArray[Any]) -> float | None:
    """Share of the other pictures whose nearest gallery picture is their person's.

    Each person's first picture is the gallery; None where nobody has two.
    """
    _, gallery = np.unique(people, return_index=True)
    probes = np.setdiff1d(np.arange(len(people)), gallery)
    if not len(probes):
        return None
    nearest = gallery[(vectors[probes] @ vectors[gallery].T).argmax(1)]
    return float((people[nearest] == people[probes]).mean())

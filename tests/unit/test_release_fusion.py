"""Fusing two models' answers, against the sidecar's rule written for one query."""

import numpy as np
import numpy.typing as npt
import pytest

from trainer.release.contract import FUSION_WEIGHT, MISSING_DISTANCE
from trainer.release.fusion import Neighbours, fuse
from trainer.release.search_results import Gallery, search_faces

Listed = dict[int, float]


def answer(*rows: Listed, width: int = 0) -> Neighbours:
    width = width or max(map(len, rows))
    ids = np.full((len(rows), width), -1, dtype=np.int64)
    distances = np.full((len(rows), width), np.inf, dtype=np.float32)
    for at, row in enumerate(rows):
        ids[at, : len(row)] = list(row)
        distances[at, : len(row)] = list(row.values())
    return Neighbours(ids, distances)


def listed(fused: Neighbours, query: int = 0) -> Listed:
    real = fused.ids[query] >= 0
    return dict(
        zip(fused.ids[query][real].tolist(), fused.distances[query][real].tolist(), strict=True)
    )


def test_a_face_of_one_model_only_gets_the_missing_distance() -> None:
    found = listed(fuse(answer({1: 0.2, 2: 0.9}), answer({1: 0.4, 3: 0.6})))
    assert list(found) == [1, 3, 2]
    assert list(found.values()) == pytest.approx([0.3, 0.55, 0.7])


def test_a_degenerate_model_is_left_out_of_its_query_only() -> None:
    tight, wide = {7: 0.01, 8: 0.02}, {1: 0.4}
    fused = fuse(answer(wide, tight, tight, wide), answer(tight, wide, {9: 0.03}, {2: 0.6}))
    found = [listed(fused, query) for query in range(4)]
    assert found[0] == pytest.approx(wide)
    assert found[1] == pytest.approx(wide)
    assert found[2] == pytest.approx(tight)
    assert found[3] == pytest.approx({1: 0.45, 2: 0.55})


def by_hand(facenet: Listed, arcface: Listed) -> Listed:
    """The rule for one query, in plain Python."""
    if _says_nothing(arcface):
        return facenet
    if _says_nothing(facenet):
        return arcface
    both = {
        face: FUSION_WEIGHT * facenet.get(face, MISSING_DISTANCE)
        + FUSION_WEIGHT * arcface.get(face, MISSING_DISTANCE)
        for face in sorted({*facenet, *arcface})
    }
    return dict(sorted(both.items(), key=lambda item: (item[1], item[0])))


def _says_nothing(answers: Listed) -> bool:
    near = list(answers.values())[:20]
    if not near or min(near) >= 0.1:
        return False
    mean = sum(near) / len(near)
    variance = sum((d - mean) ** 2 for d in near) / len(near)
    return max(near) - min(near) < 0.05 or variance < 0.002


def drawn(rng: np.random.Generator, queries: int, faces: int) -> list[Listed]:
    """Answers of every kind: none, few, alike, spread."""
    rows = []
    for _ in range(queries):
        ids = rng.permutation(faces)[: rng.integers(0, 31)]
        low, high = rng.choice([(0.0, 0.03), (0.05, 0.2), (0.05, 0.9), (0.3, 1.2)])
        far = np.sort(rng.uniform(low, high, len(ids)).astype(np.float32))
        rows.append({int(i): float(d) for i, d in zip(ids, far, strict=True)})
    return rows


def test_many_queries_at_once_are_fused_as_one_after_the_other() -> None:
    rng = np.random.default_rng(3)
    facenet, arcface = drawn(rng, 400, 60), drawn(rng, 400, 60)
    fused = fuse(answer(*facenet, width=30), answer(*arcface, width=30))
    alone = 0
    for query, (one, other) in enumerate(zip(facenet, arcface, strict=True)):
        wanted = by_hand(one, other)
        found = listed(fused, query)
        assert found == pytest.approx(wanted, abs=1e-6)
        assert list(found.values()) == sorted(found.values())
        alone += wanted is one or wanted is other
    assert 50 < alone < 350


def gallery(owners: list[int], seed: int) -> Gallery:
    """Faces around a centre each, so noisy that ranks of all kinds come out."""
    rng = np.random.default_rng(seed)

    def vectors() -> npt.NDArray[np.float32]:
        centres = rng.standard_normal((max(owners) + 1, 512))
        found = centres[owners] + 5 * rng.standard_normal((len(owners), 512))
        unit: npt.NDArray[np.float32] = found / np.linalg.norm(found, axis=1, keepdims=True)
        return unit.astype(np.float32)

    return Gallery(vectors(), vectors(), np.array(owners))


@pytest.mark.parametrize("stranger", [False, True])
def test_ranks_count_the_performers_before_the_right_one(stranger: bool) -> None:
    owners = [n // 3 for n in range(240)]
    asked = gallery(owners, 1)
    both_ways = search_faces(asked, np.arange(240))
    answers = both_ways.unnamed if stranger else both_ways.named
    ranks = []
    for query, own in enumerate(owners):
        both = []
        for vectors in (asked.facenet, asked.arcface):
            far = 1 - vectors[:] @ vectors[query]
            others = [
                face
                for face in np.argsort(far, kind="stable").tolist()
                if face != query and not (stranger and owners[face] == own)
            ]
            both.append({face: float(far[face]) for face in others[:100]})
        order = list(dict.fromkeys(owners[face] for face in by_hand(*both)))
        ranks.append(order.index(own) + 1 if own in order else np.inf)
    assert answers.rank.tolist() == ranks
    assert stranger == all(rank == np.inf for rank in ranks)
    assert stranger or len({rank for rank in ranks if 1 < rank < 30}) > 3

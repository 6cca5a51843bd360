"""Copies of one picture: once for a performer, for nobody where two performers have it."""

from __future__ import annotations

import numpy as np
import polars as pl

from tests.unit.invented_faces import BO, MIRA, face, frame
from trainer.faces.agreement import SAME_IMAGE_BITS
from trainer.faces.duplicates import mark_conflicts, near_pairs, once

BASE = 0x9E3779B97F4A7C15


def hashed(turned: int = 0) -> bytes:
    return (BASE ^ turned).to_bytes(8)


def once_rules(*faces: dict, quality: list[float]) -> list[str]:
    rows, _ = frame(list(faces))
    return once(rows.with_columns(quality_score=pl.Series(quality)))["rule"].to_list()


def conflicts(*faces: dict) -> tuple[list[str], list[int | None]]:
    found = mark_conflicts(*frame(list(faces)))
    return found["rule"].to_list(), found["other_performer_id"].to_list()


def test_all_near_pairs_are_found_as_by_comparing_everything():
    dice = np.random.default_rng(3)
    base = dice.integers(0, 2**63, 60, dtype=np.uint64)
    turned = [
        value ^ np.bitwise_or.reduce(np.uint64(1) << dice.choice(64, bits, False).astype(np.uint64))
        for value in base
        for bits in range(9)
        if bits
    ]
    hashes = np.unique(np.concatenate([base, np.array(turned, np.uint64)]))
    distance = np.bitwise_count(hashes[:, None] ^ hashes[None, :])
    expected = np.argwhere(np.triu(distance < SAME_IMAGE_BITS, 1))
    assert len(expected) > 300
    assert near_pairs(hashes).tolist() == expected.tolist()
    assert near_pairs(hashes[:0]).tolist() == []


def test_the_best_copy_stays_by_trust_then_quality():
    copies = [
        face("medium", MIRA, phash=hashed()),
        face("high", MIRA, phash=hashed(0b11111)),
        face("high", MIRA, phash=hashed(0b1)),
        face("high", MIRA, phash=hashed(0b111111 << 30)),
    ]
    assert once_rules(*copies, quality=[9.0, 1.0, 2.0, 0.5]) == [
        "near_duplicate",
        "near_duplicate",
        "single_face",
        "single_face",
    ]


def test_copies_of_two_performers_are_no_duplicates_of_each_other():
    two = [face("high", MIRA, owner=n, phash=hashed()) for n in (1, 2)]
    assert once_rules(*two, quality=[1.0, 1.0]) == ["single_face"] * 2


def test_a_recoded_picture_of_two_performers_is_taken_for_neither():
    two = [face("high", MIRA, owner=n, phash=hashed(n)) for n in (1, 2)]
    two[1]["vector"] = two[0]["vector"]
    rules, others = conflicts(*two, face("high", BO, owner=3, phash=hashed()))
    assert rules == ["same_picture_under_two_performers"] * 2 + ["single_face"]
    assert others == [2, 1, None]


def test_alike_backgrounds_and_empty_hashes_are_no_conflict():
    assert (
        conflicts(
            face("high", MIRA, owner=1, phash=hashed()), face("high", BO, owner=2, phash=hashed(1))
        )[0]
        == ["single_face"] * 2
    )
    empty = [face("high", MIRA, owner=n, phash=bytes(8)) for n in (1, 2)]
    empty[1]["vector"] = empty[0]["vector"]
    assert conflicts(*empty)[0] == ["single_face"] * 2

"""Figures of degraded copies, on invented vectors with known answers."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from tests.release_world import embeddings
from trainer.embedding.scene_queries import AS_IS, KINDS
from trainer.release.scene_queries import SceneQueries, scene_figures, scene_note
from trainer.release.search_results import Gallery, search_faces, search_others

EACH = 3
OWNERS = [n // EACH for n in range(120 * EACH)]


@pytest.fixture(scope="module")
def gallery() -> Gallery:
    facenet, arcface = (embeddings(OWNERS, salt=s).astype(np.float32) for s in (1, 2))
    return Gallery(facenet, arcface, np.array(OWNERS))


def both(gallery, row):
    return gallery.facenet[row], gallery.arcface[row]


def image(row):
    return f"{row:064x}"


def queries(rows, **kinds):
    """`kinds`: what is found in the copy of the picture of a row; else nothing."""
    copies = {
        image(row): {kind: kinds[kind](row) if kind in kinds else None for kind in KINDS}
        for row in rows
    }
    return SceneQueries(copies, {})


def measured(gallery, asked, safe=0.3, rows=None):
    rows = range(len(OWNERS)) if rows is None else rows
    return scene_figures(gallery, {image(row): [row] for row in rows}, asked, safe)


def test_faces_of_the_gallery_get_the_same_answers_as_when_they_are_searched_by_their_place(
    gallery,
):
    rows = np.array([0, 7, 8, 200, 359])
    there = search_faces(gallery, rows).named
    labels, hidden = gallery.labels[rows], [np.array([row]) for row in rows]
    outside = search_others(gallery, gallery.facenet[rows], gallery.arcface[rows], labels, hidden)
    for field in fields(there):
        assert np.allclose(getattr(there, field.name), getattr(outside, field.name), atol=1e-6)


def test_each_kind_has_its_figures_of_the_same_pictures(gallery):
    rows = range(0, 60)
    asked = queries(
        rows,
        smaller=lambda row: both(gallery, row // EACH * EACH + (row + 1) % EACH),  # its neighbour
        blurred=lambda row: both(gallery, (row + EACH) % len(OWNERS)),  # somebody else
        turned=lambda row: both(gallery, row) if row % 2 else None,
    )
    found = measured(gallery, asked)
    assert list(found) == [AS_IS, *KINDS]
    assert {figures.queries for figures in found.values()} == {60}
    as_is = search_faces(gallery, np.arange(60)).named
    assert found[AS_IS].rank_1 == (as_is.rank == 1).mean() == 1
    assert found[AS_IS].false_reject == (as_is.own > 0.5).mean()
    assert found[AS_IS].no_face == 0
    assert (found["smaller"].rank_1, found["smaller"].false_reject) == (1, 0)
    assert (found["blurred"].rank_1, found["blurred"].no_face) == (0, 0)
    assert (found["turned"].rank_1, found["turned"].no_face) == (0.5, 30)
    odd = (as_is.own[1::2] > 0.5).sum()
    assert found["turned"].false_reject == (30 + odd) / 60
    nobody = found["covered"]
    assert (nobody.no_face, nobody.rank_1, nobody.false_reject) == (60, 0, 1)
    assert nobody.safe_false_reject == 1
    low, high = found["turned"].rank_1_interval
    assert low < 0.5 < high


def test_a_copy_does_not_find_its_own_picture_nor_what_is_that_picture_again(gallery):
    """Performer 5 has three faces that are nobody's; two are one picture."""
    facenet, arcface = gallery.facenet.copy(), gallery.arcface.copy()
    noise = np.random.default_rng(3).standard_normal((2, 2, 512)).astype(np.float32)
    noise /= np.linalg.norm(noise, axis=-1, keepdims=True)
    for side, vectors in enumerate((facenet, arcface)):
        vectors[15] = vectors[16] = noise[side, 0]
        vectors[17] = noise[side, 1]
    alone = Gallery(facenet, arcface, gallery.labels)
    asked = queries([15], smaller=lambda row: both(alone, row))
    assert measured(alone, asked)["smaller"].rank_1 == 1  # by the other copy
    same = SceneQueries(asked.copies, {image(15): {image(15), image(16)}})
    found = measured(alone, same)
    assert (found["smaller"].rank_1, found["smaller"].false_reject) == (0, 1)
    assert found[AS_IS].rank_1 == 0


def test_who_has_no_other_face_and_what_is_not_released_is_left_out(gallery):
    labels = gallery.labels.copy()
    labels[0] = 500  # a performer with one face
    alone = Gallery(gallery.facenet, gallery.arcface, labels)
    asked = queries([0, 3, 4], smaller=lambda row: both(gallery, row))
    assert measured(alone, asked)[AS_IS].queries == 2
    assert measured(alone, queries([0], smaller=lambda row: both(gallery, row))) == {}
    # All three of a performer's faces are one picture.
    same = SceneQueries(asked.copies, {image(3): {image(n) for n in (3, 4, 5)}})
    assert measured(alone, same)[AS_IS].queries == 1
    assert measured(alone, asked, rows=[4])[AS_IS].queries == 1
    assert measured(alone, SceneQueries({}, {})) == {}


def test_the_rates_are_those_at_the_distances_that_they_name(gallery):
    """A copy whose cosine to its only other face is 0.6 in both models: at 0.4."""
    facenet, arcface = gallery.facenet.copy(), gallery.arcface.copy()
    pairs = Gallery(facenet[:240], arcface[:240], np.arange(240) // 2)
    side = np.random.default_rng(1).standard_normal((240, 512)).astype(np.float32)

    def leaning(row):
        other = row ^ 1
        copies = []
        for vectors in (facenet, arcface):
            away = side[row] - (side[row] @ vectors[other]) * vectors[other]
            copies.append(0.6 * vectors[other] + 0.8 * away / np.linalg.norm(away))
        return tuple(copies)

    asked = queries(range(40), darker=leaning)
    rows = range(240)
    assert measured(pairs, asked, 0.39, rows)["darker"].safe_false_reject == 1
    found = measured(pairs, asked, 0.41, rows)["darker"]
    assert (found.safe_false_reject, found.false_reject) == (0, 0)
    assert measured(pairs, asked, None, rows)["darker"].safe_false_reject is None


def test_the_note_says_what_was_measured_or_why_not(gallery):
    asked = queries([3, 4], smaller=lambda row: both(gallery, row))
    assert "Degraded copies of 2 of its pictures" in scene_note(measured(gallery, asked), "")
    assert "not measured: too few" in scene_note({}, "too few")

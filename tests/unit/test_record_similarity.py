"""Of a record with many images the best count, however the face cache is ordered."""

from __future__ import annotations

import pytest

from trainer.faces.record_similarity import MOST_IMAGES, RecordFaces

CLAIM = ("boxone", "1")
SHAS = [f"{number:064x}" for number in range(MOST_IMAGES + 2)]


@pytest.mark.parametrize("step", [1, -1])
def test_the_best_images_count_in_whatever_order_they_were_embedded(step):
    faces = RecordFaces.__new__(RecordFaces)
    faces._images = {CLAIM: [SHAS[0], *SHAS]}  # one of them twice
    faces._row = {sha: row for row, sha in enumerate(SHAS[::step])}
    del faces._row[SHAS[1]]  # it shows no face
    best = [SHAS[0], *SHAS[2:]][:MOST_IMAGES]
    assert faces._rows(CLAIM) == [faces._row[sha] for sha in best]

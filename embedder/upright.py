"""Which way up a face is: what the detector says of the picture in its four turns.

A detector finds turned faces too, with a lower score, and points that lie as if the face stood
upright or that are turned with it. Cut out by them, a face is like nobody, or like other turned
ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from embedder.faces import Faces, Floats
from embedder.turns import stands_upright
from trainer.embedding.pack import MATTERS

MORE: Final = 0.01  # by which a turn has to beat the picture as it is
_SAME = 0.3  # overlap (IoU) of what two turns say of one face


def is_doubtful(faces: Faces, clear: float) -> bool:
    """Is there no face, or one of the larger ones that is not clearly upright?"""
    sides = faces.boxes[:, 2:].max(1, initial=0)
    large = sides >= MATTERS * sides.max(initial=0)
    return not len(faces) or not _clear(faces, clear)[large].all()


def upright(asis: Faces, turned: Sequence[Faces], clear: float, confidence: float) -> Faces:
    """The faces of a picture, each from the turn in which it is upright, best score first.

    `asis`: of the picture as it was published, `turned`: of its three turns, all in its pixels.
    The best turn's faces stay; those of other turns that are clearly upright come in, or take the
    place of one that is not.
    """
    looks = [asis, *turned]
    base = _best_look(looks, clear, confidence)
    result = looks[base]
    clear_ones = [
        look.chosen([int(number)])
        for look in looks
        if look is not result
        for number in np.flatnonzero(_clear(look, clear))
    ]
    for face in sorted(clear_ones, key=lambda one: -float(one.scores[0])):
        result = _with(result, face, clear)
    return result


def _best_look(looks: Sequence[Faces], clear: float, confidence: float) -> int:
    """The picture as it is where that shows a clear face. Where it shows none at all, a turn's has
    to be nearer to a clear one than to `confidence`: three more looks find more that is no face."""
    asis = looks[0]
    if _clear(asis, clear).any():
        return 0
    best = max(range(len(looks)), key=lambda turn: _worth(looks[turn], turn))
    enough = 0.0 if len(asis) else (clear + confidence) / 2
    return best if looks[best].scores.max(initial=0) >= enough else 0


def _worth(faces: Faces, turn: int) -> tuple[bool, float]:
    """Of the best face: do its points stand upright, and its score."""
    both = zip(_stand(faces), faces.scores.tolist(), strict=True)
    stands, score = max(both, default=(False, 0.0))
    return stands, score if turn else score + MORE


def _clear(faces: Faces, clear: float) -> NDArray[np.bool_]:
    return (faces.scores >= clear) & np.asarray(_stand(faces), np.bool_)


def _stand(faces: Faces) -> list[bool]:
    both = zip(faces.points, faces.turns.tolist(), strict=True)
    return [stands_upright(points, turn) for points, turn in both]


def _with(faces: Faces, face: Faces, clear: float) -> Faces:
    """`faces` and a clear one of another turn, unless it is known better already."""
    same = _overlap(faces.boxes, face.boxes[0]) > _SAME
    better = faces.scores + np.float32(MORE) >= face.scores[0]
    if (same & (_clear(faces, clear) | better)).any():
        return faces
    both = Faces.joined([faces.chosen(np.flatnonzero(~same)), face])
    return both.chosen(np.argsort(-both.scores, kind="stable"))


def _overlap(boxes: Floats, box: Floats) -> Floats:
    """(n,) shared area over the area of both, of boxes x, y, width, height."""
    first = np.maximum(boxes[:, :2], box[:2])
    last = np.minimum(boxes[:, :2] + boxes[:, 2:], box[:2] + box[2:])
    shared = np.maximum(last - first, 0).prod(1)
    return np.asarray(shared / (boxes[:, 2:].prod(1) + box[2:].prod() - shared), np.float32)

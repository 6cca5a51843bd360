"""Embeddings of degraded copies: detected, aligned and recognised as any picture is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice

import numpy as np

from embedder.decode import DecodedImage, Unreadable
from embedder.decode_pool import Decoded, DecodePool, Lent, Task
from embedder.degrade import View, degraded, surroundings
from embedder.engine import Engine
from embedder.faces import Faces
from embedder.parts import Part
from embedder.rows import ROLES, Row, cropped
from embedder.turns import turned_boxes, turned_pixels
from embedder.vectors import packed
from trainer.embedding.scene_queries import AS_IS, KINDS
from trainer.staging.schemas import NO_FACE_NO

AT_A_TIME = 4  # pictures: with all their copies as much as any batch
Member = tuple[str, Decoded]


def query_parts(
    pool: DecodePool,
    tasks: Sequence[Task],
    engine: Engine,
    part_images: int,
    stopping: Callable[[], bool],
    advance: Callable[[], object],
) -> Iterator[Part]:
    """Parts of `part_images` pictures with the rows of their copies; when told to stop, what is
    in hand is the last one. `advance` is called after each picture."""
    shas = [sha256 for _, sha256 in tasks]
    decoded = zip(shas, pool.decode(tasks), strict=True)
    part = Part()
    while members := list(islice(decoded, min(AT_A_TIME, engine.batch))):
        part.unreadable += [(sha, item) for sha, item in members if isinstance(item, Unreadable)]
        part.rows += _rows(engine, members)
        part.images += len(members)
        for _ in members:
            advance()
        if part.images >= part_images or stopping():
            yield part
            if stopping():
                return
            part = Part()
    yield part


def _rows(engine: Engine, members: Sequence[Member]) -> list[Row]:
    views = _views(engine, members)
    rows = [_row(sha, AS_IS, "unusable") for sha, view in views.items() if view is None]
    copies = [
        (sha, kind, degraded(view, kind, sha))
        for sha, view in views.items()
        if view is not None
        for kind in KINDS
    ]
    return rows + _embedded(engine, copies)


def _views(engine: Engine, members: Sequence[Member]) -> dict[str, View | None]:
    """What each picture that can be read shows of its single usable face; gives it back."""
    images = [(sha, item) for sha, item in members if isinstance(item, Lent)]
    found = engine.detect([item.pixels for _, item in images])
    views: dict[str, View | None] = {
        sha: None for sha, item in members if not isinstance(item, Unreadable)
    }
    for (sha, item), faces in zip(images, found, strict=True):
        views[sha] = only_face(engine, item, faces)
        item.give_back()
    return views


def only_face(engine: Engine, image: DecodedImage, faces: Faces) -> View | None:
    """The face and what is around it, upright, of a picture that shows a single usable one.

    Where there are several, nobody knows which one a performer's is.
    """
    if len(faces) != 1 or not cropped(engine.pack, "", image, faces).faces:
        return None
    turn, (height, width) = int(faces.turns[0]), image.pixels.shape[:2]
    box = turned_boxes(faces.boxes[0], turn, width, height)
    return surroundings(turned_pixels(image.pixels, turn), box)


def _embedded(engine: Engine, copies: Sequence[tuple[str, str, View]]) -> list[Row]:
    """A row of each copy; one in which the face is not found, or is refused, says so."""
    found = engine.detect([view.pixels for _, _, view in copies]) if copies else []
    rows: list[Row] = []
    crops: dict[str, list[np.ndarray]] = {role: [] for role in ROLES}
    seen: list[Row] = []
    for (sha, kind, view), faces in zip(copies, found, strict=True):
        row = _row(sha, kind, "no_face")
        rows.append(row)
        cut = cropped(engine.pack, sha, _as_image(view), at_its_place(view, faces))
        if cut.faces:
            seen.append(row)
            for role in ROLES:
                crops[role] += cut.crops[role]
    _fill_in(seen, {role: engine.embed(role, crops[role]) for role in ROLES})
    return rows


def _fill_in(rows: Sequence[Row], vectors: Mapping[str, np.ndarray]) -> None:
    """The embeddings into the rows of the faces that they are of; none of a face that a model
    refused."""
    for number, row in enumerate(rows):
        both = {role: packed(vectors[role][number]) for role in ROLES}
        if None not in both.values():
            row.update(both, outcome="face")


def at_its_place(view: View, faces: Faces) -> Faces:
    """The face where it has to be, or none: what else was found is no answer."""
    middles = faces.boxes[:, :2] + faces.boxes[:, 2:] / 2
    away = np.abs(middles - np.array(view.centre)).max(1, initial=0)
    near = np.flatnonzero(away <= view.side / 2)
    return faces.chosen(near[np.argsort(away[near], kind="stable")][:1])


def _as_image(view: View) -> DecodedImage:
    height, width = view.pixels.shape[:2]
    return DecodedImage(view.pixels, bytes(8), width, height, None)


def _row(sha256: str, kind: str, outcome: str) -> Row:
    face_no = NO_FACE_NO if outcome == "unusable" else 0
    blank = dict.fromkeys(ROLES)
    return {"image_sha256": sha256, "face_no": face_no, "kind": kind, "outcome": outcome} | blank

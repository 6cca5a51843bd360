"""Crops of pictures to parts of the face cache: the last step before they are written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from embedder.decode import Unreadable
from embedder.engine import Engine
from embedder.rows import ROLES, Cropped, Row, embedded_rows
from embedder.vectors import Crop

Outcome = Cropped | tuple[str, Unreadable]


@dataclass
class Part:
    """Finished rows, sorted by (picture, face), and pictures whose files could not be read."""

    rows: list[Row] = field(default_factory=list)
    unreadable: list[tuple[str, Unreadable]] = field(default_factory=list)
    images: int = 0
    engine: int = 0  # number of the one whose rows they are


class PartBuilder:
    """Collects pictures; embeds their faces as soon as a batch is full."""

    def __init__(self, engine: Engine, number: int = 0) -> None:
        self._engine = engine
        self._part = Part(engine=number)
        self._faces: list[Row] = []
        self._crops: dict[str, list[Crop]] = {role: [] for role in ROLES}

    @property
    def images(self) -> int:
        return self._part.images

    def add(self, outcome: Outcome) -> None:
        if isinstance(outcome, tuple):
            self._part.unreadable.append(outcome)
            return
        self._part.images += 1
        self._part.rows.extend(outcome.rows)
        self._faces.extend(outcome.faces)
        for role in ROLES:
            self._crops[role].extend(outcome.crops[role])
        while len(self._faces) >= self._engine.batch:
            self._embed(self._engine.batch)

    def _embed(self, count: int) -> None:
        faces, self._faces = self._faces[:count], self._faces[count:]
        embeddings = {}
        for role in ROLES:
            crops, self._crops[role] = self._crops[role][:count], self._crops[role][count:]
            embeddings[role] = self._engine.embed(role, crops)
        good, bad = embedded_rows(faces, embeddings)
        self._part.rows.extend(good)
        known = {row["image_sha256"] for row in self._part.rows if row["outcome"] == "refused"}
        self._part.rows.extend(row for row in bad if row["image_sha256"] not in known)

    def finish(self) -> Part:
        """The part, with the faces that did not fill a batch; the next one starts empty."""
        if self._faces:
            self._embed(len(self._faces))
        part, self._part = self._part, Part(engine=self._part.engine)
        part.rows.sort(key=lambda row: (row["image_sha256"], row["face_no"]))
        return part


class Arrival(NamedTuple):
    """What became of a picture for one of several engines; `last`: for the last that wants it."""

    engine: int
    outcome: Outcome
    last: bool


def parts(
    arrivals: Iterable[Arrival],
    engines: Sequence[Engine],
    part_images: int,
    stopping: Callable[[], bool],
    advance: Callable[[], object],
) -> Iterator[Part]:
    """Parts of `part_images` pictures of each engine; when told to stop, what is in hand are the
    last ones.

    `advance` is called after each picture.
    """
    builders = [PartBuilder(engine, number) for number, engine in enumerate(engines)]
    for number, outcome, last in arrivals:
        builders[number].add(outcome)
        if last:
            advance()
        if stopping():
            break
        if builders[number].images >= part_images:
            yield builders[number].finish()
    yield from (builder.finish() for builder in builders)

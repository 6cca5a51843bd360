"""What a review item is about, and confirming it: the page, or the face, is the performer's."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from trainer.errors import ConfigError
from trainer.faces.confirmed import DOUBTED
from trainer.faces.contamination import OF_ANOTHER
from trainer.faces.face_rules import FACE_RULES_FILE
from trainer.identity.confirmations import confirm_face, confirm_page
from trainer.identity.decisions import Decision
from trainer.identity.reviews import Review
from trainer.runs.order import newest_first
from trainer.snapshots.store import PERFORMERS_FILE
from trainer.staging.frames import read_frame
from trainer.staging.parquet import find_rows
from trainer.staging.paths import DataDir, RunDir
from trainer.state.store import Claim

PAGES = ("unconfirmed_page", "birth_dates_differ", "page_moved", "page_claimed_by_two")
FACES = ("face_of_another",)


class DoubtedFace(NamedTuple):
    """A face that was kept out because it looks like somebody else's; `score` is the cosine to the
    other performer, or to the performer's own faces where there is no other."""

    performer_id: int
    source: str
    image_sha256: str
    face_no: int
    url: str
    rule: str
    other_performer_id: int | None
    score: float | None

    @property
    def key(self) -> str:
        """Names the face among those of its run."""
        return f"{self.performer_id}:{self.image_sha256}:{self.face_no}"


def can_confirm(item: Review) -> bool:
    """Is the item about one page or one face?"""
    return item.kind in (*PAGES, *FACES)


def confirm_item(
    data: DataDir, run: RunDir, item: Review, performer: int | None, reason: str, at: str
) -> Decision:
    """Decide that the item's page or face is the performer's; None: the first one it names.

    Raises `ConfigError` for an item of another kind, and for a page that is not there any more.
    """
    if not can_confirm(item):
        raise ConfigError(
            f"{item.kind} is not about one page or face; leave it as it is, or merge or split"
        )
    owner = item.performers[0] if performer is None else performer
    if owner not in item.performers:
        raise ConfigError(f"the item is about performers {item.performers}; name one of them")
    if item.kind in PAGES:
        return confirm_page(data, _page_of(run, item), owner, reason, at)
    face = _face_of(run, item)
    return confirm_face(data, face.image_sha256, face.face_no, owner, reason, at)


def newest_rules(data: DataDir) -> Path | None:
    """The file of the newest selection that has the rule of each face."""
    paths = (data.run(name).select / FACE_RULES_FILE for name in newest_first(data))
    return next((path for path in paths if path.exists()), None)


def newest_doubted_faces(data: DataDir) -> list[DoubtedFace]:
    """The doubted faces of the newest selection, the most alike first."""
    path = newest_rules(data)
    return doubted_faces(path) if path else []


def doubted_faces(path: Path) -> list[DoubtedFace]:
    """Those of one selection; raises `DamagedFileError`."""
    frame = read_frame(path, DoubtedFace._fields).filter(pl.col("rule").is_in(DOUBTED))
    order = [pl.col("score").fill_null(-1.0), "performer_id", "image_sha256"]
    ordered = frame.sort(order, descending=[True, False, False])
    return [DoubtedFace(*row) for row in ordered.iter_rows()]


def face_named(data: DataDir, key: str) -> DoubtedFace:
    """The doubted face of the newest selection with this key; raises `ConfigError`."""
    for face in newest_doubted_faces(data):
        if face.key == key:
            return face
    raise ConfigError(f"no doubted face {key!r}; `trainer reviews faces` lists them")


def _page_of(run: RunDir, item: Review) -> Claim:
    path = run.snapshot(item.source) / PERFORMERS_FILE
    rows: list[dict[str, Any]] = []
    if path.exists():
        rows = find_rows(path, "page_url", [item.url])
    if not rows:
        raise ConfigError(f"{item.url} is in no snapshot of run {run.run_id}; build once more")
    return str(rows[0]["source"]), str(rows[0]["source_id"])


def _face_of(run: RunDir, item: Review) -> DoubtedFace:
    for face in doubted_faces(run.select / FACE_RULES_FILE):
        if (face.rule, face.url, face.performer_id) == (OF_ANOTHER, item.url, item.performers[0]):
            return face
    raise ConfigError(f"{item.url} is no doubted face of run {run.run_id} any more; build again")

"""What is known of a picture's URL, so that no picture is fetched twice."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import cast

from trainer.errors import DamagedFileError
from trainer.faces.cache import cached_images
from trainer.reasons import reason
from trainer.staging.atomic import read_json
from trainer.staging.clock import parse_iso
from trainer.staging.parquet import parts, read_parts
from trainer.staging.paths import DataDir, RunDir
from trainer.staging.rows import ImageRow
from trainer.staging.schemas import IMAGES
from trainer.state.read_only import PATIENCE
from trainer.state.store import published_run_ids

EXCLUDED = "excluded"  # the reason of an excluded picture; with the list that it was refused by
REFUSED_DAYS = 28  # after so long a refused picture is asked for again: it may have been mended
NOT_AN_IMAGE = "not_an_image: bytes of no format that is read (JPEG, PNG, WebP, AVIF)"
# Earlier versions refused pages and empty answers in place of a picture for good, under these
# kinds, as if the picture were bad. Such rows count as failures.
_BURNT = frozenset({"not_an_image", "empty"})
_COLUMNS = ", ".join(IMAGES.names)


class ImageLedger:
    """state.db's `image_ledger` (read only), plus the picture parts of unpublished runs.

    The parts matter after a kill: what an interrupted run fetched is in no database yet.
    `moment`: when the run began; without one, what was refused stays refused. `full_refresh`: it is
    asked for again, however young.
    """

    def __init__(
        self,
        data: DataDir,
        run_id: str,
        moment: datetime | None = None,
        full_refresh: bool = False,
    ) -> None:
        self._data = data
        self._moment = moment
        self._full_refresh = full_refresh
        self._db = _open(data.state_db)
        self._staged = _unpublished(data)
        self._embedded = _embedded(data, run_id)

    def close(self) -> None:
        """Close the database."""
        if self._db is not None:
            self._db.close()

    def known(self, url: str) -> ImageRow | None:
        """The row of a URL that need not be fetched: its bytes are at hand (or its faces are in
        the cache of this run's model pack), or it was refused not long ago. Else None."""
        row = self._staged.get(url) or self._published(url)
        if row is None or row["status"] == "failed":
            return None
        if row["status"] == "refused":
            return None if self._is_over(row) else row
        return row if self._usable(row["sha256"]) else None

    def _is_over(self, refused: ImageRow) -> bool:
        """Whether a refusal holds no longer. That of an excluded picture is the list's to end."""
        if (refused["reason"] or "").startswith(EXCLUDED):
            return False
        if self._full_refresh or is_burnt(refused):
            return True
        age = self._moment - parse_iso(refused["fetched_at"]) if self._moment else timedelta(0)
        return age >= timedelta(days=REFUSED_DAYS)

    def _usable(self, sha256: str | None) -> bool:
        if sha256 is None:
            return False
        return self._data.image(sha256).exists() or sha256 in self._embedded

    def _published(self, url: str) -> ImageRow | None:
        if self._db is None:
            return None
        try:
            found = self._db.execute(
                f"SELECT {_COLUMNS} FROM image_ledger WHERE url = ?",  # noqa: S608
                (url,),
            ).fetchone()
        except sqlite3.DatabaseError as error:
            raise DamagedFileError(
                f"{self._data.state_db}: {reason(error)}; restore it from your backup"
            ) from error
        return cast("ImageRow", dict(zip(IMAGES.names, found, strict=True))) if found else None


def is_burnt(row: ImageRow) -> bool:
    """Whether the row's picture was refused for an answer that was no picture at all."""
    reason = row["reason"] or ""
    burnt = reason.partition(":")[0] in _BURNT and reason != NOT_AN_IMAGE
    return bool(row["status"] == "refused" and burnt)


def _open(path: Path) -> sqlite3.Connection | None:
    uri = f"{path.as_uri()}?mode=ro"
    return sqlite3.connect(uri, uri=True, timeout=PATIENCE) if path.exists() else None


def _unpublished(data: DataDir) -> dict[str, ImageRow]:
    """Rows of runs that no release was published from; a failure never hides a success."""
    published = published_run_ids(data.state_db)
    rows: dict[str, ImageRow] = {}
    for root in sorted(p for p in data.runs.glob("*") if p.is_dir() and p.name not in published):
        for row in staged_rows(RunDir(root)):
            if row["status"] != "failed" or row["url"] not in rows:
                rows[row["url"]] = row
    return rows


def staged_rows(run: RunDir) -> Iterator[ImageRow]:
    """Yield what a run's crawls noted of each picture, in the order of sources and parts."""
    for staging in sorted((run.root / "staging").glob("*/")):
        for row in read_parts(parts(staging, "images-"), IMAGES).to_pylist():
            yield cast("ImageRow", row)


def _embedded(data: DataDir, run_id: str) -> set[str]:
    """sha256 of the pictures whose faces this run's model pack has already."""
    plan = data.run(run_id).plan
    return cached_images(data.faces(str(read_json(plan)["pack_id"]))) if plan.exists() else set()

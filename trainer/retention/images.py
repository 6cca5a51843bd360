"""Pictures are working data: they are kept until their faces are in the cache, and for a while;
those that nothing asks for, for a while only. Vectors go when nothing has a use for them."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from trainer.embedding.scene_queries import known_queries, query_parts, remove_unusable
from trainer.exclusions.redact_tables import Redaction, redact
from trainer.faces.cache import cache_parts, cached_images
from trainer.release.contract import DATABASE
from trainer.release.files import pack_releases, release_dirs
from trainer.retention.cache_parts import join_small_parts
from trainer.retention.references import listed_images
from trainer.staging.clock import parse_iso
from trainer.staging.paths import DataDir
from trainer.state.store import reading

_SHA256 = re.compile(r"[0-9a-f]{64}")


class Pruned(NamedTuple):
    pictures: int
    bytes: int


def prune_images(
    data: DataDir,
    pack_id: str,
    keep_days: int,
    moment: datetime,
    *,
    further: Iterable[str] = (),
    dry_run: bool = False,
) -> Pruned:
    """Delete the pictures that were fetched `keep_days` and more before `moment`, and that the pack
    `pack_id`, and all of `further`, have embedded or that nothing asks for.

    What a failed crawl brought, or a source that is gone, is asked for by nothing. The ledger keeps
    the hashes, so that embedded ones are not fetched again; another pack fetches them anew.
    """
    fetched, cached = _last_fetched(data), cached_images(data.faces(pack_id))
    cached.intersection_update(*(cached_images(data.faces(other)) for other in further))
    listed = listed_images(data)
    limit = moment - timedelta(days=keep_days)
    count = size = 0
    for path in _images(data):
        needed = path.name in listed and path.name not in cached
        if needed or _moment(path, fetched.get(path.name)) > limit:
            continue
        count, size = count + 1, size + path.stat().st_size
        if not dry_run:
            path.unlink()
    return Pruned(count, size)


def _images(data: DataDir) -> Iterator[Path]:
    for directory in sorted(data.images.glob("??")):
        yield from sorted(p for p in directory.iterdir() if _SHA256.fullmatch(p.name))


def _moment(path: Path, fetched: str | None) -> datetime:
    """When the picture was fetched; of one that the ledger does not know, when it was written."""
    return parse_iso(fetched) if fetched else datetime.fromtimestamp(path.stat().st_mtime, UTC)


def _last_fetched(data: DataDir) -> dict[str, str]:
    with reading(data.state_db) as db:
        if db is None:
            return {}
        query = (
            "SELECT sha256, max(fetched_at) FROM image_ledger WHERE sha256 IS NOT NULL "
            "GROUP BY sha256"
        )
        return dict(db.execute(query).fetchall())


def prune_vectors(data: DataDir) -> int:
    """Delete from the face caches what is of pictures that nothing asks for and no release that is
    kept has: people who were deleted upstream stay no longer than the releases with them.

    Returns the rows.
    """
    try:
        kept = listed_images(data).union(*map(_released, release_dirs(data)))
    except sqlite3.DatabaseError:
        return 0  # of a damaged release, which `versions` lists: nobody knows what it needs
    rows = 0
    for directory in sorted((data.root / "faces").glob("*/")):
        remove_unusable(directory)
        gone = frozenset((cached_images(directory) | known_queries(directory)) - kept)
        if gone:
            out = Redaction(frozenset(), gone, frozenset(), frozenset())
            files = [*cache_parts(directory), *query_parts(directory)]
            rows += sum(redact(part, out) for part in files)
        join_small_parts(directory)
    return rows


def _released(release: Path) -> set[str]:
    return _images_in(release).union(*map(_images_in, pack_releases(release)))


def _images_in(release: Path) -> set[str]:
    uri = f"{(release / DATABASE).absolute().as_uri()}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True)) as db:
        return {row[0] for row in db.execute("SELECT image_sha256 FROM face_provenance")}

"""Physical removal of what is here of excluded people. Every file changes whole or not at all, and
a purge that was killed is simply run again."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from trainer.errors import StageFailed
from trainer.faces.cache import cache_parts
from trainer.pipeline.members import Found, claims_of, crawled_files, find_members
from trainer.policy.exclusion_list import remember
from trainer.policy.exclusions import Exclusion, Exclusions, read_entries, read_exclusions
from trainer.release.contract import DATABASE
from trainer.staging.atomic import sha256_file
from trainer.staging.lock import build_lock
from trainer.staging.manifest import StageManifest
from trainer.staging.parquet import read_table, stream_rows, write_table
from trainer.staging.paths import DataDir
from trainer.state.decisions import deciding
from trainer.state.store import Claim, read_identities


@dataclass(frozen=True)
class Out:
    """What has to go: records as `source:source_id`, pictures by hash and by URL, performers."""

    claims: frozenset[str]
    pictures: frozenset[str]
    urls: frozenset[str]
    performers: frozenset[int]


@dataclass
class Purged:
    """What a purge removed, and which releases still hold excluded people."""

    pictures: int = 0
    faces: int = 0
    rows: int = 0
    ledger: int = 0
    with_them: list[str] = field(default_factory=list)  # records that were not noted before
    candidates: list[str] = field(default_factory=list)
    releases: list[str] = field(default_factory=list)


def purge(data: DataDir) -> Purged:
    """Raises `StageFailed` while a build runs."""
    with build_lock(data.lock):
        entries = read_entries(data)
        if not entries:
            return Purged()
        found = find_members(data, entries)
        members = {number: own.members for number, own in found.items()}
        remember(data, members)  # first: what is gone can't be found again
        exclusions = read_exclusions(data)
        claims = claims_of(entries, found)
        out = _out(data, exclusions, claims)
        done = Purged(with_them=_new_people(entries, found))
        for sha in sorted(out.pictures):
            done.pictures += _delete(data.image(sha))
        for path in sorted((data.root / "faces").glob("*/")):
            done.faces += sum(_scrub(part, out) for part in cache_parts(path))
        done.ledger = _forget(data, out)
        done.rows = sum(_scrub(path, out) for path in _run_files(data))
        done.candidates = _drop_candidates(data, claims)
        done.releases = [p.name for p in _releases(data.releases) if holds(p, claims)]
        return done


def _out(data: DataDir, exclusions: Exclusions, claims: set[Claim]) -> Out:
    known = read_identities(data.state_db)
    urls = set[str]()
    for path in crawled_files(data, "performers"):
        for row in stream_rows(path, ["source", "source_id", "images"]):
            if (row["source"], row["source_id"]) in claims:
                urls.update(image["url"] for image in row["images"] or ())
    return Out(
        frozenset(f"{source}:{number}" for source, number in claims),
        frozenset(exclusions.images),
        frozenset(urls),
        frozenset(known.current(known.claims[c]) for c in claims if c in known.claims),
    )


def _new_people(entries: Sequence[Exclusion], found: Mapping[int, Found]) -> list[str]:
    before = {value for entry in entries for _, value in entry.members}
    return [
        f"{record} ({why}), with exclusion {number}"
        for number, own in found.items()
        for record, why in sorted(own.people.items())
        if record not in before
    ]


def _delete(path: Path) -> bool:
    there = path.exists()
    path.unlink(missing_ok=True)
    return there


def _run_files(data: DataDir) -> list[Path]:
    """Parquet files of all runs; records last, since they say which pictures go."""
    files = [p for p in data.runs.rglob("*.parquet") if not p.name.startswith(".")]
    return sorted(files, key=lambda p: (p.name.startswith("performers"), p))


def _scrub(path: Path, out: Out) -> int:
    """Rewrite a file without the rows that have to go; how many these were."""
    names = pq.read_schema(path).names
    keys = [n for n in ("source", *_KEYS) if n in names]
    table = read_table(path, keys)
    gone = _rows_out(table, path.stem, out)
    count = int(pc.sum(gone).as_py() or 0)
    if not count:
        return 0
    manifest = StageManifest.read(path.parent)
    if manifest is None and path.parent.parent.name == "staging":
        path.unlink()  # of an interrupted crawl: this page is asked for again
        return count
    whole = read_table(path)
    write_table(path, whole.filter(pc.invert(gone)).replace_schema_metadata(whole.schema.metadata))
    if manifest is not None and path.name in manifest.files:
        files = manifest.files | {path.name: sha256_file(path)}
        manifest.model_copy(update={"files": files}).write(path.parent)
    return count


_KEYS = ("source_id", "page_id", "sha256", "image_sha256", "url", "performer_id")


def _rows_out(table: pa.Table, stem: str, out: Out) -> pa.Array:
    gone = pa.array([False] * table.num_rows, pa.bool_())
    columns = set(table.column_names)

    def mark(values: pa.ChunkedArray, wanted: frozenset[str] | frozenset[int]) -> None:
        nonlocal gone
        value_set = pa.array(sorted(wanted), values.type)
        gone = pc.or_(gone, pc.is_in(values, value_set=value_set).combine_chunks())

    if {"source", "source_id"} <= columns:
        ids = pc.binary_join_element_wise(table["source"], table["source_id"], ":")
        mark(ids, out.claims)
    if "page_id" in columns:  # the pages that a reference site, the file's name, is asked for
        source = pa.scalar(stem)
        mark(pc.binary_join_element_wise(source, table["page_id"], ":"), out.claims)
    for name, wanted in (("sha256", out.pictures), ("image_sha256", out.pictures)):
        if name in columns:
            mark(table[name], wanted)
    if "url" in columns:
        mark(table["url"], out.urls)
    if "performer_id" in columns:
        mark(table["performer_id"], out.performers)
    return gone


def _forget(data: DataDir, out: Out) -> int:
    """Rows of the ledger: the URLs of pictures may name the person."""
    with deciding(data) as db:
        before = db.total_changes
        db.executemany("DELETE FROM image_ledger WHERE url = ?", [(u,) for u in sorted(out.urls)])
        db.executemany(
            "DELETE FROM image_ledger WHERE sha256 = ?", [(s,) for s in sorted(out.pictures)]
        )
        return db.total_changes - before


def _drop_candidates(data: DataDir, claims: set[Claim]) -> list[str]:
    """Releases that were built and not published: nobody may publish them any more."""
    found = [p for p in sorted(data.runs.glob("*/release")) if holds(p, claims)]
    for path in found:
        shutil.rmtree(path)
    return [path.parent.name for path in found]


def _releases(directory: Path) -> list[Path]:
    return sorted(p for p in directory.glob("*") if p.is_dir() and not p.is_symlink())


def holds(release: Path, claims: set[Claim]) -> bool:
    """Does a release's database have one of these records?"""
    path = release / DATABASE
    if not path.exists():
        return False
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as db:
        rows = db.execute(
            "SELECT endpoint, stashbox_performer_id FROM stashbox_ids "
            "UNION SELECT endpoint, merged_stashbox_id FROM merged_ids"
        )
        return any(row in claims for row in rows)


def refuse_excluded(data: DataDir, release: Path) -> None:
    """Raise `StageFailed` for a release that holds somebody, or a picture, that was excluded since.

    By ids and pictures; who is excluded by name or link only is found through the ids that
    excluding noted.
    """
    exclusions = read_exclusions(data)
    claims = {(s, i) for s, _, i in (text.partition(":") for text in exclusions.claims)}
    uri = f"{(release / DATABASE).absolute().as_uri()}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True)) as db:
        pictures = {row[0] for row in db.execute("SELECT image_sha256 FROM face_provenance")}
    if holds(release, claims) or pictures & exclusions.images:
        raise StageFailed(f"{release.name} holds people or pictures that were excluded since")

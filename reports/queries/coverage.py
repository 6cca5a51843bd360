"""For how many performers of a release each source has a record or a link, a page and a face."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import polars as pl

from reports.queries.background import Background
from trainer.adults.quarantine import read_owners
from trainer.errors import TrainerError
from trainer.reasons import reason
from trainer.release import contract
from trainer.staging.paths import DataDir
from trainer.staging.stamped import stamp
from trainer.state.store import run_of


class Covered(NamedTuple):
    """Counts of performers; None where it is not known."""

    linked: int = 0
    pages: int | None = None
    faces: int = 0


class Coverage(NamedTuple):
    """Of one release, by source; and problems, as sentences."""

    performers: int
    by_source: dict[str, Covered]
    problems: list[str]


_answers: Background[Coverage] = Background(most=4)


def coverage_soon(data: DataDir, release: Path, patience: float) -> Coverage | None:
    """The coverage of a release, or None where counting takes longer than `patience` seconds."""
    key = (release, stamp(release / contract.DATABASE))
    return _answers.answer(key, lambda: coverage(data, release), patience)


def coverage(data: DataDir, release: Path) -> Coverage:
    """Count in the release's database, and pages in what its run resolved."""
    path = release / contract.DATABASE
    try:
        released, linked, faces = _counted(path)
    except (sqlite3.Error, OSError) as error:
        return Coverage(0, {}, [f"{path}: can't be read: {reason(error)}; try `trainer verify`"])
    pages, problems = _pages(data, release, released)
    sources = {*linked, *faces, *(pages or {})}
    found = {
        source: Covered(
            linked.get(source, 0),
            None if pages is None else pages.get(source, 0),
            faces.get(source, 0),
        )
        for source in sources
    }
    return Coverage(len(released), found, problems)


def _counted(path: Path) -> tuple[list[int], dict[str, int], dict[str, int]]:
    """Performers' ids; by source, those with a record of it or a link to it; those with a face."""
    uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
    with closing(sqlite3.connect(uri, uri=True)) as db:
        released = [row[0] for row in db.execute("SELECT id FROM performers")]
        links = dict(
            db.execute(
                "SELECT site, count(DISTINCT performer_id) FROM external_urls GROUP BY site"
            ).fetchall()
        )
        records = dict(
            db.execute(
                "SELECT endpoint, count(DISTINCT performer_id) FROM stashbox_ids GROUP BY endpoint"
            ).fetchall()
        )
        faces = dict(
            db.execute(
                "SELECT source_endpoint, count(DISTINCT performer_id) FROM faces GROUP BY 1"
            ).fetchall()
        )
    return released, links | records, faces


def _pages(
    data: DataDir, release: Path, released: list[int]
) -> tuple[dict[str, int] | None, list[str]]:
    """By source, released performers who have a record or a page there; None where that is gone."""
    try:
        run_id = run_of(data.state_db, release.name)
        if run_id is None or not data.run(run_id).resolve.is_dir():
            return None, []
        owners = read_owners(data.run(run_id).resolve).filter(~pl.col("quarantined"))
    except (TrainerError, OSError, sqlite3.Error, pl.exceptions.PolarsError) as error:
        return None, [reason(error)]
    owners = owners.filter(pl.col("performer_id").is_in(released))
    return dict(owners.group_by("source").agg(pl.col("performer_id").n_unique()).iter_rows()), []

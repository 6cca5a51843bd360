"""What earlier crawls and the embedder know of the pictures of a source's performers.

The planner of requests goes by it: who has faces enough is not asked for more. Faces from all
sources count, as far as the last release's run knows whose records are one person's.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import polars as pl
import pyarrow as pa

from trainer.adults.quarantine import OWNERS_FILE
from trainer.faces.usable import usable_faces
from trainer.fetch_plan.columns import FETCHED, GOOD, NONE
from trainer.runs.context import RunContext
from trainer.snapshots.current import snapshot_dirs
from trainer.staging.frames import read_frame
from trainer.staging.parquet import write_table
from trainer.staging.paths import DataDir, RunDir
from trainer.staging.schemas import required
from trainer.state.store import run_of

# One row per picture that is known of a performer, and record of the crawled source.
KNOWN = pa.schema(
    [
        required("record", pa.string()),  # the id of the record in the crawled source
        required("source", pa.string()),  # whose picture it is
        required("url", pa.string()),
        required("outcome", pa.string()),  # fetched | good | none, as the planner has them
        ("quality", pa.float32()),  # of good ones
    ]
)
_PERSON, _RECORD = ["person"], ["source", "source_id"]


def write_known_images(context: RunContext, source: str) -> None:
    """Write KNOWN for the crawl of `source`; no file where nothing was fetched before it."""
    path = context.run.known_images(source)
    path.unlink(missing_ok=True)
    directories = snapshot_dirs(context)
    if not context.plan.params.enable_faces or not directories:
        return
    persons = _persons(context.data, context.plan.base_release)
    records = _own_records(context.run, source, directories, persons)
    faces = usable_faces(context.data.faces(context.plan.pack_id))
    found = [
        _known(name, directory, records, persons, faces) for name, directory in directories.items()
    ]
    rows = pl.concat(found).sort("record", "source", "url")
    write_table(path, rows.select(KNOWN.names).to_arrow().cast(KNOWN))


def _persons(data: DataDir, base_release: str | None) -> pl.DataFrame:
    """source, source_id, person: whose each record is, as the last release has it."""
    run_id = run_of(data.state_db, base_release) if base_release else None
    path = data.run(run_id).resolve / OWNERS_FILE if run_id else None
    if path is None or not path.exists():
        return pl.DataFrame(
            schema={"source": pl.String, "source_id": pl.String, "person": pl.String}
        )
    owners = read_frame(path, ["source", "source_id", "performer_id"])
    person = pl.col("performer_id").cast(pl.String).alias("person")
    return owners.select("source", "source_id", person).unique(_RECORD, keep="first")


def _own_records(
    run: RunDir, source: str, directories: Mapping[str, Path], persons: pl.DataFrame
) -> pl.DataFrame:
    """record, person: of the source's records, and of the pages that it is to be asked for."""
    schema = {"record": pl.String, "source": pl.String, "source_id": pl.String}
    found = [pl.DataFrame(schema=schema)]
    targets = run.targets(source)
    if targets.exists():
        first = pl.col("candidates").list.first().struct
        found.append(
            read_frame(targets, ["page_id", "candidates"]).select(
                pl.col("page_id").alias("record"),
                first.field("source").alias("source"),
                first.field("source_id").alias("source_id"),
            )
        )
    if source in directories:
        ids = read_frame(directories[source] / "performers.parquet", ["source_id"])["source_id"]
        found.append(pl.DataFrame({"record": ids, "source": [source] * len(ids), "source_id": ids}))
    records = _with_person(pl.concat(found), persons)
    return records.select("record", "person").unique("record", keep="first", maintain_order=True)


def _with_person(records: pl.DataFrame, persons: pl.DataFrame) -> pl.DataFrame:
    """A record that no release knows yet is a person of its own."""
    alone = pl.concat_str("source", pl.lit(":"), "source_id")
    joined = records.join(persons, on=_RECORD, how="left", maintain_order="left")
    return joined.with_columns(pl.col("person").fill_null(alone))


def _known(
    source: str,
    directory: Path,
    records: pl.DataFrame,
    persons: pl.DataFrame,
    faces: pl.DataFrame,
) -> pl.DataFrame:
    """KNOWN's columns for the pictures that `source` has of those persons."""
    performers = read_frame(directory / "performers.parquet", ["source_id", "images", "deleted"])
    images = read_frame(directory / "images.parquet", ["url", "sha256", "status"])
    own = performers.filter(~pl.col("deleted")).with_columns(pl.lit(source).alias("source"))
    tried = images.filter(pl.col("sha256").is_not_null() | (pl.col("status") == "refused"))
    return (
        _with_person(own, persons)
        .join(records, on=_PERSON, maintain_order="left")
        .select("record", "source", pl.col("images").list.eval(pl.element().struct.field("url")))
        .explode("images")
        .rename({"images": "url"})
        .join(tried, on="url", maintain_order="left")
        .join(faces, on="sha256", how="left", maintain_order="left")
        .with_columns(_outcome())
        .select(*KNOWN.names)
    )


def _outcome() -> pl.Expr:
    return (
        pl.when(pl.col("sha256").is_null())
        .then(pl.lit(NONE))
        .when(pl.col("usable").is_null())
        .then(pl.lit(FETCHED))
        .when(pl.col("usable"))
        .then(pl.lit(GOOD))
        .otherwise(pl.lit(NONE))
        .alias("outcome")
    )

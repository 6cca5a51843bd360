"""The rows of performers.db as frames, in their order of insertion, out of the release's inputs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import polars as pl

from trainer.release.contract import STRICT_COLUMNS
from trainer.release.inputs import ReleaseInputs

OWNER = "performer_id"


@dataclass(frozen=True)
class Conflict:
    """Something unique that two performers claim: the first by performer id keeps it."""

    kind: Literal["url", "merged_id"]
    scope: str  # site or endpoint
    value: str  # normalized id or stash-box id
    kept_performer_id: int
    performer_id: int
    url: str = ""
    source: str | None = None

    def describe(self) -> str:
        return (
            f"{self.kind} {self.scope}:{self.value} is claimed by performer {self.performer_id}, "
            f"kept by performer {self.kept_performer_id}"
        )


@dataclass(frozen=True)
class Rows:
    """Every table's rows in its order of columns, and what two performers claim."""

    tables: dict[str, pl.DataFrame]
    conflicts: list[Conflict]


def rows_of(inputs: ReleaseInputs, pack_id: str) -> Rows:
    people = inputs.performers
    urls, url_quarrels = _first_claims(_urls(people), ["site", "normalized_id"])
    merged, merged_quarrels = _first_claims(_merged(people), ["source", "source_id"])
    tables = {
        "performers": _performers(inputs),
        "stashbox_ids": _stashbox_ids(people),
        "aliases": _numbered(_aliases(people)),
        "faces": _faces(inputs.faces),
        "face_provenance": _provenance(inputs.faces, pack_id),
        "external_urls": _numbered(
            urls.select(
                OWNER, "site", "url", "normalized_id", "source", pl.lit(1.0).alias("c"), "created"
            )
        ),
        "merged_ids": merged.select(OWNER, "source_id", "source", "merged_at"),
        "tattoos": _numbered(_marks(people, "tattoos")),
        "piercings": _numbered(_marks(people, "piercings")),
        "url_conflicts": url_quarrels.select(
            "site", "normalized_id", "kept", OWNER, "url", "source"
        ),
        "merged_conflicts": merged_quarrels.select("source", "source_id", "kept", OWNER),
    }
    return Rows(tables, list(_conflicts(tables["url_conflicts"], tables["merged_conflicts"])))


def listed(people: pl.DataFrame, column: str) -> pl.DataFrame:
    """One row per element of a list column: its fields, the owner, `created` of the performer."""
    return (
        people.select(OWNER, pl.col("created_at").alias("created"), column)
        .explode(column)
        .drop_nulls(column)
        .unnest(column)
    )


def _performers(inputs: ReleaseInputs) -> pl.DataFrame:
    counts = inputs.faces.group_by(OWNER).agg(pl.len().cast(pl.Int64).alias("face_count"))
    known = inputs.performers.join(counts, on=OWNER, how="left", maintain_order="left")
    known = known.with_columns(pl.col("face_count").fill_null(0), pl.col(OWNER).alias("id"))
    return known.select(STRICT_COLUMNS["performers"])


def _stashbox_ids(people: pl.DataFrame) -> pl.DataFrame:
    created = pl.coalesce("created_at", "created")
    return listed(people, "claims").select(OWNER, "source", "source_id", created)


def _aliases(people: pl.DataFrame) -> pl.DataFrame:
    """The same alias from a second source says nothing new."""
    found = listed(people, "aliases").unique([OWNER, "alias"], keep="first", maintain_order=True)
    return found.select(OWNER, "alias", "source", "created")


def _faces(faces: pl.DataFrame) -> pl.DataFrame:
    index = pl.int_range(pl.len())
    return faces.select(
        (index + 1).alias("id"),
        OWNER,
        index.alias("facenet_index"),
        index.alias("arcface_index"),
        "image_url",
        "source",
        "quality_score",
        "created_at",
        pl.lit(0).alias("pruned"),
        "yaw",
    )


def _provenance(faces: pl.DataFrame, pack_id: str) -> pl.DataFrame:
    return faces.select(
        (pl.int_range(pl.len()) + 1).alias("id"),
        *("image_sha256", "face_no", "source", "page_url", "run_id"),
        pl.lit(pack_id).alias("model_pack"),
        "rule",
    )


def _marks(people: pl.DataFrame, column: str) -> pl.DataFrame:
    """SQLite's UNIQUE lets equal rows with a null pass, so they are left out here."""
    keys = [OWNER, "location", "description"]
    found = listed(people, column).unique(keys, keep="first", maintain_order=True)
    return found.select(*keys, "source", "created")


def _urls(people: pl.DataFrame) -> pl.DataFrame:
    return listed(people, "urls")


def _merged(people: pl.DataFrame) -> pl.DataFrame:
    updated = people.select(OWNER, "updated_at")
    found = listed(people, "merged").join(updated, on=OWNER, how="left", maintain_order="left")
    return found.with_columns(pl.coalesce("merged_at", "updated_at").alias("merged_at"))


def _first_claims(claims: pl.DataFrame, key: list[str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows whose key nobody claimed before, and those of other performers with `kept`."""
    kept = claims.with_columns(pl.col(OWNER).first().over(key).alias("kept"))
    quarrels = kept.filter(pl.col(OWNER) != pl.col("kept"))
    order = [*key, OWNER, *(name for name in ("url", "source") if name not in key)]
    order = [name for name in order if name in quarrels.columns]
    first = claims.unique(key, keep="first", maintain_order=True)
    return first, quarrels.unique(order, keep="first", maintain_order=True).sort(order)


def _numbered(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_row_index("id", offset=1)


def _conflicts(urls: pl.DataFrame, merged: pl.DataFrame) -> Iterator[Conflict]:
    for row in urls.iter_rows():
        yield Conflict("url", *row)
    for row in merged.iter_rows():
        yield Conflict("merged_id", *row)

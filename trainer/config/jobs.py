"""The job files that the pipeline hands to the spider and to the embedder."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from trainer.config.params import BuildParams
from trainer.config.sources import SourceConfig


class CrawlJob(BaseModel):
    """`runs/<run_id>/staging/<source>.job.json`: everything a spider needs but its key."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    run_id: str
    data_dir: Path
    source: SourceConfig
    params: BuildParams
    mode: Literal["full", "incremental"]
    watermark: str | None = Field(None, description="incremental: `updated` of the last good crawl")
    known_live: int | None = Field(None, description="live performers in the last good snapshot")
    targets: Path | None = Field(None, description="html_profile: pages to visit, TARGETS rows")
    crawled_beside: list[str] = Field([], description="the other sources of the same step")
    first_release: bool = Field(False, description="`first_release_after_hours` holds")
    known_pictures: Path | None = Field(None, description="what is known of faces, KNOWN rows")
    started_at: str
    allow_private_hosts: bool = False
    contact: str


class PackPlace(BaseModel):
    """A further model pack of an embed job: its pictures are decoded and detected once for all."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    pack_id: str
    model_dir: Path
    cache_dir: Path
    scene_queries: list[str] = []


class EmbedJob(BaseModel):
    """`runs/<run_id>/embed/<shard>/job.json`. Paths as the embedder sees them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    run_id: str
    shard: str = Field(description="e.g. 000-of-001")
    images_dir: Path
    model_dir: Path = Field(description="holds pack.json and the pack's files")
    pack_id: str = Field(description="identity of the pack; the embedder refuses another")
    cache_dir: Path = Field(description="faces/<pack_id>, where the parts are written")
    report_dir: Path = Field(description="where _RUN.json is written")
    images: list[str] = Field(description="sha256 of the pictures, sorted")
    scene_queries: list[str] = Field([], description="pictures of which to embed degraded copies")
    further: list[PackPlace] = Field([], description="packs beside it, with the same detector")
    device: Literal["cpu", "cuda", "tensorrt"] = "cpu"
    precision: Literal["fp32", "fp16"] = "fp32"
    batch: int = Field(16, ge=1, le=1024)
    threads: int = Field(0, ge=0, description="0: as many as there are cores")
    decoders: int = Field(0, ge=0, description="children that decode; 0: as many as cores")
    part_images: int = Field(64, ge=1, description="pictures per part: what a kill can cost")
    started_at: str

"""A small reference site on loopback, of boobpedia's shape, and its crawls as in a build."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import polars as pl

from tests.committed import commit_crawls
from tests.recorded.box import JPEG
from tests.web_server import Answer, serving
from trainer.config.params import BuildParams
from trainer.config.settings import Settings
from trainer.config.sources import load_sources
from trainer.crawl.run import crawl_source
from trainer.crawl.targets import Targets
from trainer.exclusions.entries import read_exclusions
from trainer.identity.site_table import site_table
from trainer.runs.context import Plan, RunContext
from trainer.snapshots.store import fold_snapshot
from trainer.staging.atomic import write_json
from trainer.staging.manifest import StageManifest
from trainer.staging.parquet import parts, read_parts, read_table, write_rows
from trainer.staging.rows import PerformerRecord
from trainer.staging.schemas import IMAGES, PERFORMERS, TARGETS
from trainer.state.store import LedgerRow, SnapshotRow

SOURCE = "boobpedia"
WEEK_1, WEEK_2 = "2026-02-01T00:00:00Z", "2026-02-08T00:00:00Z"
LATER, LATER_STILL = "2026-03-08T00:00:00Z", "2026-03-15T00:00:00Z"
NOBODY = b"<html><title>x</title><p>There is currently no text in this page.</p></html>"


def page(name: str, born: str = "February 3, 1980", thumbs: tuple[str, ...] = ()) -> bytes:
    """A person's page; `thumbs` are file names of pictures shown small."""
    shown = "".join(
        f'<a class="image"><img src="/wiki/images/thumb/a/ab/{t}/120px-{t}"></a>' for t in thumbs
    )
    return (
        f"<html><head><title>{name} - Boobpedia</title></head><body><table class='infobox'><tr>"
        f"<td>Born:</td><td>{born}</td></tr></table>{shown}</body></html>"
    ).encode()


class Site:
    """What the server shows: pages and pictures by path. `log` has every request's path."""

    def __init__(self) -> None:
        self.base = ""
        self.pages: dict[str, bytes] = {}
        self.images: dict[str, bytes] = {}
        self.robots = b""
        self.raw: dict[str, bytes] = {}  # answers by path, as they go over the wire
        self.log: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.before: Callable[[str], Answer | None] = lambda path: None

    def person(self, slug: str, name: str, *files: str, **rest: Any) -> None:
        self.pages[f"/boobs/{slug}"] = page(name, thumbs=files, **rest)
        for file in files:
            self.images[f"/wiki/images/a/ab/{file}"] = JPEG + file.encode()

    def answer(self, path: str, headers: dict[str, str]) -> Answer | bytes:
        self.log.append(path)
        self.headers.append(headers)
        special = self.raw[path] if path in self.raw else self.before(path)
        if special is not None:
            return special
        if path == "/robots.txt":
            return 200, {}, self.robots
        if path in self.images:
            return 200, {}, self.images[path]
        if path in self.pages:
            etag = f'"{hash(self.pages[path])}"'
            if headers.get("if-none-match") == etag:
                return 304, {"ETag": etag}, b""
            return 200, {"ETag": etag, "Content-Type": "text/html"}, self.pages[path]
        return 404, {"Content-Type": "text/html"}, NOBODY

    def asked(self) -> list[str]:
        """Pages and pictures asked for so far, in order; forgets them."""
        found = [path for path in self.log if path != "/robots.txt"]
        self.log.clear()
        self.headers.clear()
        return found


@contextmanager
def serve_site() -> Iterator[Site]:
    site = Site()
    with serving(lambda asked: site.answer(asked.path, dict(asked.headers))) as site.base:
        yield site


def record(number: int, name: str, *urls: str, **facts: Any) -> PerformerRecord:
    """A creator's live record."""
    row = {
        "source": "stashdb",
        "source_id": f"s{number}",
        "name": name,
        "aliases": [],
        "gender": "FEMALE",
        "birth_date": "1980-02-03",
        "country": None,
        "urls": [{"url": url, "site": None} for url in urls],
        "scene_count": number,
        "deleted": False,
        "merged_into_id": None,
        **facts,
    }
    return cast("PerformerRecord", row)


def linked(number: int, slug: str, name: str, **facts: Any) -> PerformerRecord:
    return record(number, name, f"https://www.boobpedia.com/boobs/{slug}", **facts)


@dataclass
class ProfileBench:
    """One DATA_DIR with the reference site and the records that name people on it."""

    site: Site
    root: Path
    records: list[PerformerRecord] = field(default_factory=list)
    overrides: dict[str, Any] = field(default_factory=dict)
    source: str = SOURCE

    def context(self, run_id: str, started: str, **params: Any) -> RunContext:
        override = {
            "base_url": self.site.base,
            "enabled": True,
            "requests_per_minute": 30_000,
            "retries": 0,
            "timeout_seconds": 60,
            **self.overrides,
        }
        write_json(self.root / "sources.yaml", {self.source: override})
        settings = Settings(allow_private_hosts=True).model_copy(update={"data_dir": self.root})
        context = RunContext.open(settings, run_id)
        plan = Plan(
            run_id=run_id,
            started_at=started,
            version_id=f"v{run_id}",
            params=BuildParams(**params),
            pack_id="none",
            sources={self.source: load_sources(self.root)[self.source]},
            base_release=None,
        )
        write_json(context.run.plan, plan.model_dump(mode="json"))
        return context

    def crawl(self, run_id: str = "r1", started: str = WEEK_1, **params: Any) -> StageManifest:
        context = self.context(run_id, started, **params)
        self.write_targets(context)
        return crawl_source(context, self.source)

    def write_targets(self, context: RunContext) -> None:
        plan = context.plan
        targets = Targets(
            plan.sources, site_table(plan.sources), plan.params.reference_mode == "name"
        )
        for one in self.records:
            targets.add(one)
        write_rows(context.run.targets(self.source), targets.rows(self.source, ()), TARGETS)

    def publish(self, run_id: str) -> pl.DataFrame:
        """Fold, and commit what a release would; returns the snapshot's performers."""
        context = RunContext.open(
            Settings(allow_private_hosts=True).model_copy(update={"data_dir": self.root}), run_id
        )
        directory = fold_snapshot(
            context, self.source, excluded=read_exclusions(context.data).claims
        )
        assert directory is not None
        commit_crawls(
            context.data.state_db,
            [SnapshotRow(self.source, run_id, None, 1, None)],
            WEEK_1,
            f"v{run_id}",
            ledger=[LedgerRow(**r) for r in self.images(run_id) if r["status"] != "known"],
        )
        return pl.DataFrame(pl.from_arrow(read_table(directory / "performers.parquet")))

    def rows(self, run_id: str = "r1") -> dict[str, dict[str, Any]]:
        return {row["source_id"]: row for row in self._staged(run_id, "performers-", PERFORMERS)}

    def images(self, run_id: str = "r1") -> list[dict[str, Any]]:
        return self._staged(run_id, "images-", IMAGES)

    def _staged(self, run_id: str, prefix: str, schema: Any) -> list[dict[str, Any]]:
        staging = self.root / "runs" / run_id / "staging" / self.source
        rows: list[dict[str, Any]] = read_parts(parts(staging, prefix), schema).to_pylist()
        return rows

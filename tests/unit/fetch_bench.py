"""A site on loopback that fetchers are tested against, and crawls of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.web_server import Answer, Asked, serving
from trainer.config.jobs import CrawlJob
from trainer.config.params import BuildParams
from trainer.config.settings import REPO_ROOT
from trainer.config.sources import SourceConfig
from trainer.staging.atomic import write_json
from trainer.staging.manifest import StageManifest
from trainer.staging.paths import DataDir

MOMENT = "2026-01-01T00:00:00Z"


@dataclass(frozen=True)
class Hit:
    path: str
    headers: Mapping[str, str]  # by lower-case name


@dataclass
class Site:
    """Answers by path; a function gets the request's headers. Every request is logged."""

    base: str = ""
    pages: dict[str, Answer | Callable[[Mapping[str, str]], Answer]] = field(default_factory=dict)
    hits: list[Hit] = field(default_factory=list)

    def html(self, path: str, body: str, status: int = 200, **headers: str) -> str:
        """Puts a page there; its URL."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.pages[path] = (status, {"Content-Type": "text/html", **named}, body.encode())
        return f"{self.base}{path}"

    def asked(self) -> list[str]:
        return [hit.path for hit in self.hits]

    def answer(self, asked: Asked) -> Answer:
        self.hits.append(Hit(asked.path, asked.headers))
        nobody = (404, {"Content-Type": "text/html"}, b"<p>nobody here</p>")
        found = self.pages.get(asked.path, nobody)
        return found(asked.headers) if callable(found) else found


@contextmanager
def serve(host: str = "127.0.0.1") -> Iterator[Site]:
    site = Site()
    with serving(site.answer, host) as site.base:
        yield site


@dataclass(frozen=True)
class Crawled:
    """`answers` in the order asked: status, url, body, or error (its class) and message;
    `moments` at which its requests left, in seconds."""

    manifest: StageManifest
    answers: list[dict[str, Any]]
    moments: list[float]
    everything: str  # log, report and job file, for what must not stand there


def _job(directory: Path, site: Site, allow_private: bool, source: Mapping[str, Any]) -> CrawlJob:
    config = SourceConfig.model_validate(
        {
            "key": "bench",
            "kind": "html_profile",
            "domain": "bench.example",
            "base_url": site.base,
            "requests_per_minute": 6000,
            "retries": 0,
            "page": {
                "domains": ["bench.example"],
                "links": [{"match": "/(?P<id>.+)", "path": "/{id}"}],
            },
            **source,
        }
    )
    return CrawlJob(
        run_id="r1",
        data_dir=directory,
        source=config,
        params=BuildParams(),
        mode="full",
        started_at=MOMENT,
        allow_private_hosts=allow_private,
        contact="bench@example.org",
    )


def crawl(
    directory: Path,
    site: Site,
    asked: list[tuple[str, str]],
    environment: Mapping[str, str] | None = None,
    allow_private: bool = True,
    **source: Any,
) -> Crawled:
    """`asked`: URL and whether it is a `page` or `plain`. `source`: keys of its source.yaml."""
    path = directory / "job.json"
    write_json(path, _job(directory, site, allow_private, source).model_dump(mode="json"))
    plan = directory / "asked.json"
    plan.write_text(json.dumps(asked))
    kept = {name: value for name, value in os.environ.items() if not name.endswith("_URL")}
    done = subprocess.run(
        [sys.executable, "-m", "tests.unit.fetch_spider", path, plan],
        cwd=REPO_ROOT,
        env={**kept, "PYTHONPATH": str(REPO_ROOT), **(environment or {})},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return _crawled(directory, done.stdout, done.stderr)


def _crawled(directory: Path, stdout: str, stderr: str) -> Crawled:
    """What the crawl left, and all that it wrote: secrets must be nowhere in it."""
    staging = DataDir(directory).run("r1").staging("bench")
    job, written = directory / "job.json", directory / "answers.json"
    nothing: dict[str, Any] = {"answers": [], "moments": []}
    told = json.loads(written.read_text()) if written.exists() else nothing
    manifest = StageManifest.read(staging)
    assert manifest is not None, stderr
    return Crawled(
        manifest,
        told["answers"],
        told["moments"],
        "\n".join((stdout, stderr, (staging / "_RUN.json").read_text(), job.read_text())),
    )

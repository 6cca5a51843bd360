"""Two sources that list performers, side by side: one in trouble, the other whole all the same."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from demo.world import Faults, Trouble, World
from trainer.config.params import BuildParams
from trainer.config.settings import Settings
from trainer.config.sources import load_sources
from trainer.crawl.run import crawl_source
from trainer.runs.context import Plan, RunContext
from trainer.snapshots.store import fold_snapshot
from trainer.staging.atomic import write_json
from trainer.staging.manifest import StageManifest

BOX, API = "stashdb", "theporndb"
LISTS = {BOX: "/graphql", API: "/performers"}
PASSING = Faults(
    troubles=(
        Trouble("too_many", every=1, times=1, value="1"),
        Trouble("server_error", every=2, times=1),
        Trouble("slow", every=3, times=1, value="0.3"),
    )
)


@dataclass
class Bench:
    """One run of both sources, as a build crawls them."""

    world: World
    root: Path

    def crawl(self) -> dict[str, StageManifest]:
        context = self.context()
        with ThreadPoolExecutor() as pool:
            work = {key: pool.submit(crawl_source, context, key) for key in LISTS}
            return {key: future.result() for key, future in work.items()}

    def context(self) -> RunContext:
        # A page has everybody of ThePornDB; stashdb's forty take four.
        common = {"page_size": 12, "retries": 2, "timeout_seconds": 60, "concurrent_requests": 1}
        write_json(self.root / "sources.yaml", self.world.sources_yaml(**common))
        settings = Settings(allow_private_hosts=True).model_copy(update={"data_dir": self.root})
        context = RunContext.open(settings, "r1")
        sources = load_sources(self.root)
        plan = Plan(
            run_id="r1",
            started_at="2026-02-01T00:00:00Z",
            version_id="v1",
            params=BuildParams(enable_faces=False),
            pack_id="none",
            sources={key: sources[key] for key in LISTS},
            base_release=None,
        )
        write_json(context.run.plan, plan.model_dump(mode="json"))
        return context

    def asked(self, source: str) -> list[int]:
        """What a source's list answered, in order."""
        return [
            entry.status
            for entry in self.world.log
            if entry.site == source and entry.path.startswith(LISTS[source])
        ]


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    with World(week=1, sites=[API]) as world:
        for name, value in world.environment().items():
            monkeypatch.setenv(name, value)
        yield Bench(world, tmp_path)


def of_all(kind: str, value: str = "") -> Faults:
    return Faults(troubles=(Trouble(kind, value=value),))  # type: ignore[arg-type]


# In trouble, how, the outcome, what its reason says, the error's kind
TROUBLED = {
    "box: resets": (BOX, of_all("reset"), "failed", "is the address right", "network"),
    "box: empty": (BOX, of_all("empty"), "failed", "distinct_ids_equal_count", None),
    "api: 429": (API, of_all("too_many", "0"), "blocked", "requests_per_minute", "http_429"),
    "api: a web page": (API, of_all("html"), "failed", "HTML page instead", "html"),
    "api: empty": (API, of_all("empty"), "failed", "distinct_ids_equal_count", None),
    "api: robots": (API, Faults(forbid_robots=True), "blocked", "robots.txt", "robots"),
}


@pytest.mark.parametrize("case", TROUBLED)
def test_one_source_in_trouble_ends_by_name_and_the_other_is_whole(bench, case):
    source, faults, status, why, kind = TROUBLED[case]
    other = next(key for key in LISTS if key != source)
    bench.world.faults_of[source] = faults
    bench.world.faults_of[other] = PASSING
    found = bench.crawl()
    assert (found[source].status, found[other].status) == (status, "complete"), found
    assert why in found[source].reason
    if kind is not None:
        error = next(e for e in found[source].errors if e.kind == kind)
        assert error.source == source
        assert error.url.startswith(bench.world.base_url(source))
        assert error.url.endswith("#page=1")
    assert fold_snapshot(bench.context(), source, excluded=set()) is None
    assert fold_snapshot(bench.context(), other, excluded=set()) is not None
    assert bench.asked(other)[0] == 429 and bench.asked(other)[-1] == 200
    assert len(bench.asked(source)) <= 3  # as many tries, no more

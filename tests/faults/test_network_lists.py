"""A list (a JSON API) through a network at its worst: its crawl ends by name, and goes on later.

NETWORK_FAULTS, where it is set, has each fault tried; else two of them are, at random.
"""

from __future__ import annotations

import json
import os
import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import raw_server as raw
from tests.faults.network_faults import BROKEN, ELSEWHERE_PORTAL, PORTAL, Network, network
from tests.raw_server import raw_server
from tests.recorded.bench import Bench, make_bench
from tests.recorded.box import Box
from tests.web_server import Answer, Asked

SEED = int(os.environ.get("FAULT_SEED", str(time.time_ns() % 100_000)))
PEOPLE = 4  # one on each page
LIMIT = 8  # seconds a request may take


def label(asked: Asked) -> str:
    """`NAME 3` for a page of the list, else the path."""
    given = json.loads(asked.body)["variables"].get("input") if asked.body else None
    return f"{given['sort']} {given['page']}" if given else asked.path


@pytest.fixture
def net(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Network]:
    with network(tmp_path / "names", monkeypatch) as found:
        found.key = label
        yield found


@pytest.fixture
def bench(net: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    box = Box()

    def respond(asked: Asked) -> Answer:
        return net.instead(asked) or box.answer(asked.path, dict(asked.headers), asked.body)

    with raw_server(raw.http(respond, net.deliver)) as server:
        box.base = f"http://127.0.0.1:{server.port}"
        box.add(PEOPLE)
        found = make_bench(box, tmp_path / "data", monkeypatch)
        (tmp_path / "data").mkdir()
        found.overrides = {
            "page_size": 1,
            "concurrent_requests": 1,
            "retries": 0,
            "timeout_seconds": LIMIT,
        }
        yield found


def some(faults: list[str]) -> list[str]:
    print(f"FAULT_SEED={SEED}")  # noqa: T201
    return faults if "NETWORK_FAULTS" in os.environ else [random.Random(SEED).choice(faults)]


def fail(net: Network, bench: Bench, fault: str) -> tuple[str, str]:
    """Kind and URL of the one error of a crawl whose third page has this fault."""
    net.faults["NAME 3"] = fault
    manifest = bench.crawl()
    assert manifest.status in ("failed", "blocked"), (fault, manifest.reason)
    (error,) = manifest.errors
    assert error.source == "stashdb" and manifest.reason
    return error.kind, str(error.url)


def test_a_page_of_the_list_fails_and_the_next_attempt_asks_for_it_again(net, bench):
    net.faults = {"NAME 1": "byte by byte", "NAME 2": "a chunk a byte"}
    kinds = {**dict.fromkeys(BROKEN, "network"), PORTAL: "html", ELSEWHERE_PORTAL: "http_302"}
    tried = some(list(kinds))
    for fault in tried:
        kind, url = fail(net, bench, fault)
        assert (kind, url) == (kinds[fault], f"{bench.box.base}/graphql#page=3"), fault
        assert [row["name"][-3:] for row in bench.performers()] == ["001", "002"]
    net.faults.clear()
    manifest = bench.crawl()
    assert (manifest.status, manifest.errors) == ("complete", [])
    assert len(bench.performers()) == len(bench.images()) == PEOPLE
    assert net.asked["NAME 1"] == net.asked["NAME 2"] == net.asked["NAME 4"] == 1
    assert net.asked["NAME 3"] > len(tried)  # an answer that is no JSON is asked for three times


def test_pictures_of_hosts_that_cannot_be_asked_fail_alone(net, bench):
    faults = list(net.elsewhere)
    bench.box.add(len(faults) + 1)  # the last one's picture is well
    urls = {f"{net.elsewhere[fault]}/{n}.jpg": fault for n, fault in enumerate(faults)}
    for person, url in zip(bench.box.people, urls, strict=False):
        person["images"][0]["url"] = url
    bench.overrides["page_size"] = 25
    for run_id in ("r1", "r2"):
        before = {fault: net.attempts(fault) for fault in faults}
        manifest = bench.crawl(run_id)
        assert manifest.status == "complete", manifest.reason
        assert manifest.counts["performers_live"] == len(faults) + 1
        (error,) = manifest.errors
        assert (error.kind, error.source) == ("picture_robots_unreachable", "stashdb")
        assert (error.count, error.url in urls) == (len(faults), True)
        rows = bench.images(run_id)
        good = rows.pop(f"/img/{len(faults) + 1}.jpg")
        assert good["status"] == {"r1": "fetched", "r2": "known"}[run_id]
        assert set(rows) == set(urls) and {row["status"] for row in rows.values()} == {"failed"}
        assert all(net.attempts(f) == before[f] + 1 for f in faults if f != "refused")
        bench.publish(run_id, int(run_id[1]))

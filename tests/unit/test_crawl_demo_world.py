"""The spider over the demo world, whose answers a GraphQL engine checks against the schema."""

from __future__ import annotations

from typing import Any

from demo.world.server import World
from tests.recorded.bench import Bench
from tests.recorded.box import Box


def box_of(world: World) -> Any:
    box = Box()
    box.base = f"http://127.0.0.1:{world.port}"
    return box


def test_two_weeks(tmp_path, monkeypatch):
    monkeypatch.setenv("STASHDB_API_KEY", "demo-world-key")
    with World(week=1) as world:
        bench = Bench(box_of(world), tmp_path)
        first = bench.crawl()
        assert first.status == "complete", (first.reason, first.errors)
        before = {row["source_id"]: row for row in bench.publish("r1")}
        port = world.port
    with World(week=2, port=port) as world:
        second = bench.crawl("r2")
        assert second.status == "complete", (second.reason, second.errors)
        after = {row["source_id"]: row for row in bench.publish("r2", 2)}
        live = {number for number, row in after.items() if not row["deleted"]}
        fetched = [request.path for request in world.log if request.path.startswith("/images/")]
        assert live == {person.id for person in world.people if not person.deleted}
    assert set(before) <= set(after)
    assert any(row["deleted"] for row in after.values())
    assert any(row["merged_into_id"] for row in after.values())
    assert 0 < len(fetched) < first.counts["pictures_fetched"]

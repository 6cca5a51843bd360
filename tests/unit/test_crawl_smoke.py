"""The main way of a crawl: everything once, then only what changed."""

from __future__ import annotations

import pytest

from tests.recorded.bench import Bench, make_bench
from tests.recorded.box import KEY, serve


@pytest.fixture
def bench(tmp_path, monkeypatch):
    with serve() as box:
        box.add(12)
        yield make_bench(box, tmp_path, monkeypatch)


def test_a_full_sweep_stages_everybody_and_every_picture_once(bench: Bench):
    manifest = bench.crawl()
    assert manifest.status == "complete", (manifest.reason, bench.log())
    assert manifest.full_sweep
    assert len(bench.performers()) == 12
    assert {row["status"] for row in bench.images().values()} == {"fetched"}
    assert manifest.watermark == "2026-01-01T00:12:00.123456Z"
    assert max(bench.box.asked.values()) == 1
    assert all(check.ok for check in manifest.checks)
    assert KEY not in bench.log()
    assert set(manifest.files) >= {"performers-p000001.parquet", "images-000000.parquet"}

"""What a crawl takes and asks for when somebody is excluded, or pictures were deleted."""

from __future__ import annotations

import hashlib

import pytest
from typer.testing import CliRunner

from tests.recorded.bench import Bench, make_bench
from tests.recorded.box import JPEG, person, serve
from trainer.cli import app
from trainer.exclusions.edit import add, remove
from trainer.exclusions.entries import read_exclusions
from trainer.faces.cache import cached_images
from trainer.retention.images import prune_images
from trainer.staging.clock import parse_iso
from trainer.staging.manifest import StageManifest
from trainer.staging.parquet import write_rows
from trainer.staging.paths import DataDir
from trainer.staging.schemas import FACES

WHEN = "2026-02-01T00:00:00Z"
LATER = parse_iso("2036-02-01T00:00:00Z")


@pytest.fixture
def bench(tmp_path, monkeypatch):
    with serve() as box:
        box.add(9)
        yield make_bench(box, tmp_path, monkeypatch)


def number(of: int) -> str:
    return f"00000000-0000-4000-8000-{of:012d}"


def exclude(bench: Bench, kind, value: str) -> None:
    add(DataDir(bench.root), kind, value, "asked", WHEN)


def asked(bench: Bench) -> set[str]:
    return {path for path in bench.box.log if "img" in path}


def written(bench: Bench, run_id: str) -> bytes:
    """Everything that the crawl left behind, its log included."""
    run = DataDir(bench.root).run(run_id).root
    parts = [path.read_bytes() for path in run.rglob("*") if path.suffix != ".parquet"
             and path.is_file()]  # fmt: skip
    return b"".join(parts) + repr(bench.performers(run_id)).encode()


def test_an_excluded_record_is_dropped_before_its_pictures_are_asked_for(bench: Bench):
    exclude(bench, "id", f"stashdb:{number(4)}")
    manifest = bench.crawl()
    assert manifest.status == "complete", manifest.reason
    assert manifest.counts["excluded"] == 1
    assert manifest.counts["performers_live"] == 8
    assert "/img/4.jpg" not in asked(bench)
    assert len(asked(bench)) == 8
    assert number(4).encode() not in written(bench, "r1")
    assert bench.box.people[3]["name"].encode() not in written(bench, "r1")


def test_a_crawl_that_was_interrupted_before_the_exclusion_forgets_the_record(bench: Bench):
    bench.crawl()
    staging = DataDir(bench.root).run("r1").staging("stashdb")
    (staging / "_RUN.json").unlink()
    exclude(bench, "id", f"stashdb:{number(4)}")
    manifest = bench.crawl()
    assert manifest.status == "complete", manifest.reason
    assert manifest.counts["excluded"] == 1
    assert number(4) not in {row["source_id"] for row in bench.performers()}


IMDB = "https://www.imdb.com/name/nm9990004/"


def test_whom_a_crawl_has_only_ever_dropped_is_known_by_her_links_afterwards(bench: Bench):
    """Excluded before her first crawl: nothing of her was ever here but what she is known by."""
    bench.box.people[3]["urls"] = [{"url": IMDB, "site": {"name": "IMDB"}}]
    exclude(bench, "id", f"stashdb:{number(4)}")
    bench.crawl("r1")
    left = b"".join(
        path.read_bytes() for path in DataDir(bench.root).run("r1").root.rglob("*.parquet")
    )
    assert b"nm9990004" not in left
    (DataDir(bench.root).run("r1").staging("stashdb") / "_RUN.json").unlink()
    bench.crawl("r1")  # resumed: the parts say it
    bench.publish("r1")
    other = {"source": "theporndb", "source_id": "1", "name": bench.box.people[3]["name"]}
    listed = read_exclusions(DataDir(bench.root))
    assert listed.record({**other, "urls": [{"url": IMDB}]}) == "link"
    assert listed.record({**other, "urls": [{"url": IMDB}], "name": "Per Lind"}) is None
    assert listed.record({**other, "urls": []}) is None
    remove(DataDir(bench.root), 1, WHEN)
    assert not read_exclusions(DataDir(bench.root))


def test_later_crawls_are_incremental_and_the_record_vanishes(bench: Bench):
    bench.crawl("r1")
    bench.publish("r1")
    exclude(bench, "id", f"stashdb:{number(4)}")
    sweeps = []
    for week in (2, 3, 4):
        when = f"2026-03-{week:02d}T00:00:00Z"
        bench.box.people.append(person(week + 20, bench.box.base, updated=when))
        manifest = bench.crawl(f"r{week}")
        assert manifest.status == "complete", manifest.reason
        sweeps.append(manifest.full_sweep)
        rows = bench.publish(f"r{week}", week)
        assert number(4) not in {row["source_id"] for row in rows}
        assert manifest.counts["excluded_live"] == 1
    assert sweeps == [False, False, False]


def test_what_is_taken_back_returns_with_the_next_crawl_which_is_a_full_sweep(bench: Bench):
    """The record was not updated meanwhile: an incremental crawl would never see it again."""
    exclude(bench, "id", f"stashdb:{number(4)}")
    bench.crawl("r1")
    bench.publish("r1")
    bench.crawl("r2")
    rows = bench.publish("r2", 2)
    assert number(4) not in {row["source_id"] for row in rows}
    said = CliRunner().invoke(app, ["exclude", "remove", "1", "--data-dir", str(bench.root)])
    assert "next build" in said.output
    manifest = bench.crawl("r3")
    assert manifest.full_sweep
    rows = bench.publish("r3", 3, at="2037-01-01T00:00:00Z")
    assert number(4) in {row["source_id"] for row in rows}
    assert not bench.crawl("r4").full_sweep


def test_a_picture_taken_back_costs_no_sweep(bench: Bench):
    exclude(bench, "image", "ab" * 32)
    bench.crawl("r1")
    bench.publish("r1")
    remove(DataDir(bench.root), 1, "2036-02-01T00:00:00Z")
    assert not bench.crawl("r2").full_sweep


def test_an_excluded_picture_is_not_kept_and_not_fetched_again(bench: Bench):
    sha = hashlib.sha256(JPEG).hexdigest()
    bench.box.images["/img/3.jpg"] = (200, {}, JPEG + b"another")
    bench.box.images["/img/2.jpg"] = (200, {}, JPEG)
    exclude(bench, "image", sha)
    exclude(bench, "url", f"{bench.box.base}/img/5.jpg")
    bench.crawl()
    assert not DataDir(bench.root).image(sha).exists()
    assert "/img/5.jpg" not in asked(bench)
    row = bench.images()["/img/2.jpg"]
    assert (row["status"], row["sha256"]) == ("refused", None)
    assert _manifest(bench, "r1").counts["pictures_excluded"] >= 2
    bench.publish("r1")
    bench.box.log.clear()
    bench.crawl("r2", full_refresh=True)
    assert not asked(bench)
    exclude(bench, "url", f"{bench.box.base}/img/6.jpg")  # another list: asked once more
    bench.crawl("r3", full_refresh=True)
    assert "/img/2.jpg" in asked(bench)


def _manifest(bench: Bench, run_id: str) -> StageManifest:
    found = StageManifest.read(DataDir(bench.root).run(run_id).staging("stashdb"))
    assert found is not None
    return found


def test_pruned_pictures_are_not_fetched_again_until_another_pack_needs_them(bench: Bench):
    data = DataDir(bench.root)
    for n in range(1, 10):
        bench.box.images[f"/img/{n}.jpg"] = (200, {}, JPEG + bytes([n]))
    bench.crawl()
    bench.publish("r1")
    own = {path: row["sha256"] for path, row in bench.images().items()}
    embedded = {path: sha for path, sha in own.items() if path != "/img/9.jpg"}
    blank = dict.fromkeys(FACES.names) | {"face_no": -1, "outcome": "no_face"}
    rows = [blank | {"image_sha256": sha} for sha in sorted(embedded.values())]
    part = data.faces("none") / "part-0.parquet"
    write_rows(part, rows, FACES)

    young = prune_images(data, "none", 36_000, LATER)
    assert young.pictures == 0
    said = prune_images(data, "none", 30, LATER, dry_run=True)
    assert said.pictures == 8
    assert data.image(own["/img/1.jpg"]).exists()
    assert prune_images(data, "none", 30, LATER) == said
    assert {p for p, sha in own.items() if data.image(sha).exists()} == {"/img/9.jpg"}

    bench.box.log.clear()
    bench.crawl("r2", full_refresh=True)
    assert not asked(bench)
    assert {row["status"] for row in bench.images("r2").values()} == {"known"}

    part.unlink()  # as with another pack, which has no faces yet
    assert not cached_images(data.faces("none"))
    bench.crawl("r3", full_refresh=True)
    assert asked(bench) == set(embedded)

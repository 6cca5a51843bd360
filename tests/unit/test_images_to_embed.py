"""About how many images a build would have to embed."""

from __future__ import annotations

import pytest

from reports.queries import images_to_embed
from reports.queries.images_to_embed import SourceImages, images_per_second, outlook
from tests.unit.identity_world import PACK, IdentityWorld, record, shot
from trainer.runs.record import RunRecord, write_record
from trainer.staging.parquet import read_table, write_table
from trainer.staging.paths import DataDir


@pytest.fixture
def world(tmp_path, monkeypatch):
    """Of Ada's four images two were fetched; Bo's only one was; of Cy there is none."""
    found = IdentityWorld(tmp_path)
    rows = [
        record("boxone", 1, "Ada Invented", shots=[shot(1, n) for n in range(4)]),
        record("boxone", 2, "Bo Invented", shots=[shot(2, 0)]),
        record("boxone", 3, "Cy Invented"),
    ]
    context = found.run("week-1", rows, without={shot(1, 2), shot(1, 3)})
    found.publish(context)
    found.note_snapshots("week-1", 3)
    monkeypatch.setattr(images_to_embed, "_cache_of", lambda data, _pack: data.faces(PACK))
    return found


def boxone(world):
    found = outlook(world.data, "demo")
    assert found.problems == []
    return found.by_source["boxone"]


def test_what_was_never_fetched_counts_as_far_as_the_caps_leave_room(world):
    found = boxone(world)
    assert found == SourceImages(0, [(1, 0, 1), (2, 2, 1)])
    assert [found.at_most(cap) for cap in (1, 2, 3, 4, 12)] == [0, 0, 1, 2, 2]


def test_what_was_fetched_and_is_in_no_cache_counts_whatever_the_caps(world):
    (part,) = world.data.faces(PACK).glob("part-*")
    write_table(part, read_table(part).slice(1))
    assert boxone(world).here == 1
    assert boxone(world).at_most(1) == 1


def test_another_pack_has_to_embed_all_of_them(world, monkeypatch):
    monkeypatch.setattr(images_to_embed, "_cache_of", lambda _data, _pack: None)
    assert boxone(world).here == 3


def test_a_damaged_snapshot_is_a_sentence_and_the_others_are_counted(world):
    next(world.data.runs.glob("*/snapshot/boxtwo/performers.parquet")).write_bytes(b"PAR1")
    found = outlook(world.data, "demo")
    assert len(found.problems) == 1 and "boxtwo" in found.problems[0]
    assert "boxone" in found.by_source


def test_before_the_first_release_nothing_is_known(tmp_path):
    found = outlook(DataDir(tmp_path), "demo")
    assert found.by_source == {} and found.problems == []


def test_the_speed_is_that_of_the_last_run_that_embedded_many(tmp_path):
    data = DataDir(tmp_path)
    for name, embedded in (("few", 3), ("many", 600)):
        steps = {"embed-000-of-001": {"status": "done", "seconds": 60.0}}
        record_ = {
            "id": name,
            "started_at": "2026-11-01T00:00:00Z",
            "status": "completed",
            "embed": {"embedded": embedded},
            "steps": steps,
        }
        write_record(data.run(name), RunRecord.model_validate(record_))
    assert images_per_second(data, ["gone", "few", "many"]) == 10.0
    assert images_per_second(data, ["few"]) is None

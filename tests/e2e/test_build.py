"""`trainer build` over the demo world: what users get, week after week."""

from __future__ import annotations

import json
import sqlite3
import zipfile
from pathlib import Path

import numpy as np
import pytest
import voyager

from demo.world import DEMO_KEY, Faults, Trouble, World
from tests.e2e.conftest import image_requests
from tests.embed_job import Bench

pytestmark = pytest.mark.e2e


def test_the_first_week_is_released(week_1):
    root, _, record, log = week_1
    assert record["status"] == "completed"
    release = root / "releases" / record["release"]
    assert (root / "releases" / "current").resolve() == release
    link = root / record["output_db"]
    assert link.name == f"performers_{record['release']}.db"
    assert link.samefile(release / "performers.db")
    stats = record["stats"]["by_source"]["stashdb"]
    assert stats["performers"] == 40
    assert record["stats"]["faces_added"] == record["diff_from_previous"]["new_faces"] >= 100
    assert record["embed"]["embedded"] == stats["images_fetched"]
    assert sum(record["funnel"]["stashdb"].values()) >= record["stats"]["faces_added"]
    assert record["quarantined"] == {"unknown_age": 1}
    runs = json.loads((root / "runs.json").read_text())["runs"]
    assert [run["id"] for run in runs] == [record["id"]]
    asked = [r.path for r in log if r.path.startswith("/images/")]
    assert len(asked) == len(set(asked))


def test_every_bad_picture_is_in_the_record(week_1):
    _, _, record, _ = week_1
    errors = {(e["kind"], e["field"]) for e in record["errors"]}
    assert ("picture_not_an_image", "images.url") in errors
    assert all(e["source"] == "stashdb" and e["url"] for e in record["errors"])


def test_no_key_is_written_anywhere(week_1):
    root, _, _, _ = week_1
    for path in root.rglob("*"):
        if path.is_file() and path.suffix in (".json", ".log", ".yaml", ".db"):
            assert DEMO_KEY.encode() not in path.read_bytes(), path


def test_the_second_week_costs_what_changed(released, demo_images):
    with World(week=2, port=released.port, images=demo_images) as world:
        record = released.build()
        again = image_requests(world)
    stats = record["stats"]["by_source"]["stashdb"]
    assert record["status"] == "completed"
    assert stats["images_known"] >= 170
    assert sum(again.values()) == stats["images_fetched"] == record["embed"]["embedded"] == 20
    changes = record["diff_from_previous"]
    assert (changes["new_performers"], changes["merged_performers"]) == (1, 1)
    assert changes["removed_faces"] == 0
    with sqlite3.connect(released.current / "performers.db") as db:
        merged = db.execute(
            "SELECT p.canonical_name FROM merged_ids m JOIN performers p ON p.id = m.performer_id"
        ).fetchall()
    assert merged == [("Dorian Valefar",)]


def hashes(release: Path) -> dict[str, str]:
    checksums = json.loads((release / "manifest.json").read_text())["checksums"]
    return {name: checksums[name] for name in ("performers.db", "faces.json", "performers.json")}


def test_nothing_new_is_no_new_version(released, demo_images):
    before, hashes_before = released.current, hashes(released.current)
    with World(week=1, port=released.port, images=demo_images) as world:
        record = released.build()
        assert not image_requests(world)
    assert record["status"] == "completed"
    assert record["embed"]["embedded"] == 0
    assert record["release"] == before.name == released.current.name
    built = released.root / "runs" / record["id"] / "release"
    assert hashes(built) == hashes_before  # the files themselves are deleted with the run's end
    assert not (built / "performers.db").exists()


def test_a_performer_with_quotes_or_right_to_left_text_comes_through(released, demo_images):
    with World(week=1, port=released.port, images=demo_images):
        released.build(min_faces=0)
    with sqlite3.connect(released.current / "performers.db") as db:
        names = [row[0] for row in db.execute("SELECT canonical_name FROM performers")]
    assert 'Bobby "\'; DROP TABLE--" Tableux' in names
    assert "ليلى المتخيلة" in names
    assert names.count("Juno Hallward") == 2


def test_a_wrong_key_leaves_the_last_release_as_it_was(released, demo_images):
    before = released.bytes_of_release()
    with World(week=2, port=released.port, images=demo_images, api_key="another"):
        record = released.build(expect=4)
    assert record["status"] == "partial"
    source = record["stats"]["by_source"]["stashdb"]
    assert source["status"] == "blocked"
    assert "STASHDB_API_KEY" in source["reason"]
    assert released.bytes_of_release() == before
    assert len(list((released.root / "releases").iterdir())) == 2  # the release and `current`


def test_storms_and_hostile_pictures_do_not_stop_the_rest(released, demo_images):
    faults = Faults(
        troubles=(Trouble("server_error", every=7, times=3),),
        images={"P009/happy": "bomb", "P009/sad": "html", "P009/angry": "truncated"},
    )
    with World(week=2, port=released.port, images=demo_images, faults=faults):
        record = released.build()
    assert record["status"] == "completed"
    assert record["embed"]["refused"] >= 1
    assert record["diff_from_previous"]["new_performers"] == 1


def test_a_refresh_without_pictures_keeps_the_faces(released, demo_images):
    before = json.loads((released.current / "faces.json").read_text())
    with World(week=2, port=released.port, images=demo_images) as world:
        record = released.build(enable_faces=False)
        assert not image_requests(world)
    assert record["status"] == "completed"
    after = json.loads((released.current / "faces.json").read_text())
    assert len(after) == len(before) >= 100
    assert record["embed"]["embedded"] == 0 and record["embed"]["already"] >= 100
    assert record["stats"]["by_source"]["stashdb"]["performers"] > 0


def test_a_candidate_waits_for_a_person(released, demo_images):
    before = released.current
    (released.root / "gate.yaml").write_text("packs: {demo: {max_false_accept: 0.0}}\n")
    with World(week=2, port=released.port, images=demo_images):
        record = released.build(expect=3)
    assert record["status"] == "needs_approval"
    assert released.current == before
    failed = [c["name"] for c in record["gate"]["checks"] if not c["ok"]]
    assert any("false accept" in name for name in failed)
    done = released.run("approve", record["id"])
    assert done.returncode == 0, done.stderr
    assert released.current != before
    assert released.run("verify").returncode == 0


def test_the_command_line_shows_what_there_is(released, demo_images):
    with World(week=2, port=released.port, images=demo_images):
        released.build()
    versions = json.loads(released.run("versions", "--json").stdout)
    assert [v["current"] for v in versions] == [True, False]
    newest, oldest = (v["version_id"] for v in versions)
    assert len(json.loads(released.run("runs", "--json").stdout)) == 2
    changes = json.loads(released.run("diff", oldest, newest, "--json").stdout)
    assert [p["name"] for p in changes["added"]] == ["Naledi Starrick"]
    path = json.loads(released.run("export", "--json").stdout)["path"]
    assert sorted(zipfile.ZipFile(path).namelist()) == [
        "README.md",
        "calibration.json",
        "face_arcface.voy",
        "face_facenet.voy",
        "faces.json",
        "manifest.json",
        "performers.db",
        "performers.json",
    ]
    assert released.run("verify").returncode == 0
    assert released.run("verify", "20000101_000000").returncode == 2
    with (released.current / "faces.json").open("r+b") as file:
        file.write(b"[ ")
    damaged = released.run("verify")
    assert damaged.returncode == 1
    assert "faces.json" in damaged.stdout


def test_held_out_pictures_are_named(week_1, demo_images, tmp_path):
    """Pictures that the world never showed, asked as the sidecar asks: both indexes, k=100."""
    root, _, record, _ = week_1
    described = json.loads((demo_images / "pictures.json").read_text())["pictures"]
    held_out = {e["sha256"]: e["person"] for e in described if e.get("held_out")}
    shown = {e["sha256"]: e["person"] for e in described}
    bench = Bench(tmp_path)
    for entry in described:
        if entry["sha256"] in held_out:
            bench.add(entry["id"], (demo_images / entry["file"]).read_bytes())
    code, output = bench.run()
    assert code == 0, output
    rows = [r for r in bench.table().to_pylist() if r["outcome"] == "face"]
    rows = [r for r in rows if r["faces_in_image"] == 1]
    release = root / "releases" / record["release"]
    people = _people_of_faces(release, shown)
    indexes = {
        "facenet": voyager.Index.load(str(release / "face_facenet.voy")),
        "arcface": voyager.Index.load(str(release / "face_arcface.voy")),
    }
    known = [r for r in rows if held_out[r["image_sha256"]] in people]
    right = sum(_named(r, indexes, people) == held_out[r["image_sha256"]] for r in known)
    assert len(known) >= 16
    assert right / len(known) >= 0.9


def _people_of_faces(release, shown):
    with sqlite3.connect(release / "performers.db") as db:
        rows = db.execute(
            "SELECT f.facenet_index, v.image_sha256 FROM faces f "
            "JOIN face_provenance v ON v.face_id = f.id ORDER BY f.facenet_index"
        )
        return [shown[sha] for _, sha in rows]


def _named(row, indexes, people):
    """The nearest by the mean of both distances; 0.5 stands for a distance that is missing."""
    total: dict[int, float] = {}
    for slot, index in indexes.items():
        vector = np.frombuffer(row[slot], "<f2").astype(np.float32)
        ids, distances = index.query(vector, k=100)
        for number, distance in zip(ids.tolist(), distances.tolist(), strict=True):
            total[number] = total.get(number, 0.5) + 0.5 * (distance - 0.5)
    return people[min(total, key=lambda n: total[n])]

"""The second consumer's side: four files, loaded and asked as its server does it."""

from __future__ import annotations

import json
import logging
import shutil
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
import voyager
from typer.testing import CliRunner

from tests.release_fixtures import built
from tests.release_world import embeddings, faces, performer, uuid_of, write_world
from tests.stashface_server import Server
from trainer.cli import app
from trainer.errors import ConfigError, DamagedFileError, StageFailed
from trainer.exclusions.listed import Listed
from trainer.exclusions.release_check import drop_packages
from trainer.release import contract, nearest_kept
from trainer.release.consumer import consumer, consumers
from trainer.release.export import export
from trainer.release.files import seal
from trainer.release.stashface_export import export_stashface
from trainer.release.stashface_reader import StashfaceReader
from trainer.staging.paths import DataDir
from trainer.state.store import prepare

PASSWORD = "a secret of ours"  # noqa: S105 - of a test
FOUR = ["face_arc.voy", "face_facenet.voy", "faces.json", "persons.zip"]
ELSEWHERE = 25  # this performer is not on StashDB
OWNERS = [number for number in range(1, 31) for _ in range(4)]


def release_of(root: Path, owners: list[int]) -> Path:
    people = [performer(number) for number in sorted(set(owners))]
    for person in people:
        if person["performer_id"] == ELSEWHERE:
            claim = {"source": "fansdb", "source_id": uuid_of(ELSEWHERE, "fansdb")}
            person["claims"] = [claim | {"created_at": person["created_at"]}]
            person["universal_id"] = f"fansdb.cc:{uuid_of(ELSEWHERE, 'fansdb')}"
    out = root / "20261101_000000"
    built(write_world(root / "select", people, faces(owners)), out)
    return out


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    return release_of(tmp_path_factory.mktemp("release"), OWNERS)


@pytest.fixture(scope="module")
def exported(release, tmp_path_factory):
    return export_stashface(release, tmp_path_factory.mktemp("export"), PASSWORD)


def held_out() -> list[tuple[int, np.ndarray, np.ndarray]]:
    """A further face of each performer, of neither release nor export."""
    owners = [*OWNERS, *range(1, 31)]
    one, other = (embeddings(owners, salt=salt).astype("f4")[len(OWNERS) :] for salt in (1, 2))
    return [(n, one[n - 1], other[n - 1]) for n in range(1, 31)]


def test_the_four_files_load_and_name_held_out_faces(exported):
    server = Server(exported.folder, PASSWORD)
    assert sorted(p.name for p in exported.folder.iterdir()) == FOUR
    for index in (server.facenet, server.arcface):
        assert len(index) == len(server.faces) == 116
        assert sorted(index.ids) == list(range(116))
        assert index.storage_data_type == voyager.StorageDataType.E4M3
    right = [
        server.best(one, other) == performer(n)["canonical_name"]
        for n, one, other in held_out()
        if n != ELSEWHERE
    ]
    assert sum(right) >= 28
    reader = StashfaceReader(exported.folder, PASSWORD)
    for _, one, other in held_out():
        wanted = server.answers(one, other)
        for found, (uuid, name, confidence) in zip(reader.name(one, other), wanted, strict=True):
            assert (found.uuid, found.name) == (uuid, name)
            assert found.confidence == pytest.approx(confidence)


def test_only_performers_of_stashdb_are_in_it_by_their_bare_ids(exported):
    server = Server(exported.folder, PASSWORD)
    listed = {uuid_of(number) for number in range(1, 31) if number != ELSEWHERE}
    assert set(server.faces) == set(server.persons) == listed
    assert server.persons[uuid_of(1)] == {
        "name": performer(1)["canonical_name"],
        "image": "http://127.0.0.1/1.jpg",
        "country": "XX",
    }
    assert (exported.performers, exported.faces, exported.without_stashdb) == (29, 116, 4)


def test_the_zip_holds_the_same_files(exported):
    with zipfile.ZipFile(exported.archive) as archive:
        assert archive.namelist() == FOUR
        for name in FOUR:
            assert archive.read(name) == (exported.folder / name).read_bytes()


def test_the_persons_are_locked(exported):
    with pytest.raises(DamagedFileError, match="check the password"):
        StashfaceReader(exported.folder, "another")
    raw = (exported.folder / "persons.zip").read_bytes()
    assert b"Invented Person" not in raw
    assert uuid_of(7).encode() not in raw


def test_what_the_smaller_numbers_cost_is_measured(exported, release):
    for kept in exported.nearest.values():
        assert kept.queries == 116
        assert 0.9 < kept.face <= kept.performer <= 1
    assert "the nearest face is the exact one" in "\n".join(exported.lines())


def test_a_shuffled_index_is_measured_as_bad():
    vectors = embeddings(OWNERS, salt=1).astype("f4")
    owners = [str(n) for n in OWNERS]
    index = voyager.Index(voyager.Space.Cosine, num_dimensions=512)
    index.add_items(vectors[::-1].copy(), ids=list(range(len(vectors))))
    assert nearest_kept.nearest_kept(index, vectors, owners).performer < 0.5
    good = voyager.Index(voyager.Space.Cosine, num_dimensions=512)
    good.add_items(vectors, ids=list(range(len(vectors))))
    assert nearest_kept.nearest_kept(good, vectors, owners).face > 0.99


@pytest.mark.parametrize("faces_each", [1, 2])
def test_under_fifty_faces_is_refused(tmp_path, faces_each):
    owners = [n for n in range(1, 25) for _ in range(faces_each)]
    small = release_of(tmp_path, owners)
    with pytest.raises(StageFailed, match=f"{len(owners)} faces .* asks for 50; add sources"):
        export_stashface(small, tmp_path / "export", PASSWORD)
    assert not (tmp_path / "export").exists()


def test_without_a_password_nothing_is_written(release, tmp_path):
    for password in (None, ""):
        with pytest.raises(ConfigError, match="set TRAINER_STASHFACE_PASSWORD"):
            export_stashface(release, tmp_path / "export", password)
    assert not (tmp_path / "export").exists()


def test_vectors_of_another_space_are_refused(release, tmp_path, monkeypatch):
    other = consumer("stashface").model_copy(update={"packs": ["stashface"], "also_packs": []})
    monkeypatch.setattr("trainer.release.stashface_export.consumer", lambda _name: other)
    with pytest.raises(StageFailed, match=r"demo-0123abcd.*stashface in TRAINER_MODEL_PACKS"):
        export_stashface(release, tmp_path, PASSWORD)
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_release_is_refused(release, tmp_path):
    copy = Path(shutil.copytree(release, tmp_path / "copy"))
    (copy / contract.FACES_JSON).write_text("[]")
    with pytest.raises(DamagedFileError):
        export_stashface(copy, tmp_path / "export", PASSWORD)


def test_an_export_that_fails_leaves_the_one_before(release, tmp_path, monkeypatch):
    first = export_stashface(release, tmp_path, PASSWORD)
    before = (first.folder / "faces.json").read_bytes()
    monkeypatch.setattr(
        "trainer.release.stashface_reader.StashfaceReader.name", lambda *_, **__: []
    )
    with pytest.raises(StageFailed, match="are named as they should be"):
        export_stashface(release, tmp_path, PASSWORD)
    assert (first.folder / "faces.json").read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir()) == [first.folder.name, first.archive.name]


@pytest.mark.parametrize("name", FOUR)
def test_damaged_files_are_sentences(exported, tmp_path, name):
    folder = Path(shutil.copytree(exported.folder, tmp_path / "copy"))
    for content in (b"", b"[1]", (folder / name).read_bytes()[:-20]):
        (folder / name).write_bytes(content)
        with pytest.raises(DamagedFileError, match=name):
            StashfaceReader(folder, PASSWORD)


def test_a_purge_takes_what_holds_the_person_or_cannot_be_read(release, tmp_path):
    data = DataDir(tmp_path)
    found = export_stashface(release, data.exports, PASSWORD)
    both = [found.folder.name, found.archive.name]
    nobody = Listed(frozenset({("stashdb", "x"), ("fansdb", uuid_of(1))}), frozenset())
    assert drop_packages(data, nobody) == []
    assert drop_packages(data, Listed(frozenset({("stashdb", uuid_of(1))}), frozenset())) == both
    assert list(data.exports.iterdir()) == []
    export_stashface(release, data.exports, PASSWORD)
    (found.folder / "faces.json").write_text("{")
    found.archive.write_bytes(b"no zip")
    assert drop_packages(data, nobody) == both


def test_the_command_exports_for_each_consumer(release, tmp_path, monkeypatch, caplog):
    data = DataDir(tmp_path)
    with closing(sqlite3.connect(data.state_db, isolation_level=None)) as db:
        prepare(db, data.state_db)
    seal(Path(shutil.copytree(release, data.release(release.name))))
    monkeypatch.setenv("TRAINER_STASHFACE_PASSWORD", PASSWORD)
    caplog.set_level(logging.DEBUG)

    def ask(*words):
        return CliRunner().invoke(
            app, ["export", release.name, *words, "--data-dir", str(tmp_path)]
        )

    done = ask("--for", "stashface")
    assert done.exit_code == 0, done.exception
    assert "29 performers with a StashDB id, 116 faces" in done.stdout
    assert json.loads(ask("--for", "stashface", "--json").stdout)["faces"] == 116
    assert ask().stdout.strip().endswith("stash-sense-data-v2026.11.01.zip")
    assert PASSWORD not in done.stdout + caplog.text
    assert isinstance(ask("--for", "nosuch").exception, ConfigError)


# Consumers as data


def test_the_sidecars_description_is_its_contract(release, tmp_path):
    described = consumer("sidecar")
    assert described.members == sorted(contract.RELEASE_FILES)
    assert described.files.facenet == contract.FACENET_INDEX
    assert described.files.arcface == contract.ARCFACE_INDEX
    assert described.min_faces == described.matching.neighbours == contract.NEIGHBOURS
    assert described.matching.model_dump() == {
        "kind": "fusion",
        "neighbours": contract.NEIGHBOURS,
        "weight": contract.FUSION_WEIGHT,
        "missing_distance": contract.MISSING_DISTANCE,
        "max_distance": contract.MAX_DISTANCE,
    }
    path = export(release, tmp_path)
    assert path.name == described.archive_name("2026.11.01")
    with zipfile.ZipFile(path) as archive:
        assert set(described.members) <= set(archive.namelist())


def test_every_consumer_can_be_exported_for():
    from trainer.pipeline.exports import _EXPORTS

    assert set(consumers()) == set(_EXPORTS) == {"sidecar", "stashface"}
    assert consumer("stashface").members == FOUR
    with pytest.raises(ConfigError, match="choose from sidecar, stashface"):
        consumer("other")

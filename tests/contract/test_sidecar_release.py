"""The consumer's side, in our own words: strict records, flat zip, hashes, k = 100."""

import json
import shutil
import sqlite3
import zipfile
from dataclasses import make_dataclass
from pathlib import Path

import pytest
import voyager

from tests.release_fixtures import small_release
from tests.release_world import WHEN, embeddings
from trainer.errors import DamagedFileError
from trainer.release import contract
from trainer.release.export import check_zip, export
from trainer.release.readme import README
from trainer.release.verify import verify, write_report
from trainer.release.write import write_sums

PERFORMER = """id canonical_name disambiguation gender country ethnicity birth_date death_date
height_cm eye_color hair_color career_start_year career_end_year scene_count stashdb_updated_at
face_count image_url created_at updated_at"""
FACE = """id performer_id facenet_index arcface_index image_url source_endpoint quality_score
created_at pruned yaw"""
STRICT = {
    "performers": make_dataclass("PerformerRecord", PERFORMER.split()),
    "stashbox_ids": make_dataclass(
        "IdRecord", ["performer_id", "endpoint", "stashbox_performer_id", "created_at"]
    ),
    "aliases": make_dataclass(
        "AliasRecord", ["id", "performer_id", "alias", "source_endpoint", "created_at"]
    ),
    "faces": make_dataclass("FaceRecord", FACE.split()),
}


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_release(tmp_path_factory.mktemp("release"))


@pytest.fixture
def copy(release: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(release, tmp_path / "copy"))


def test_a_release_verifies(release: Path, copy: Path) -> None:
    report = verify(release)
    assert report.failures() == []
    assert report.ok
    write_report(copy, report)
    assert json.loads((copy / "verify.json").read_text())["ok"] is True
    assert verify(copy).ok  # reports beside the six files are nobody's harm


def test_strict_records_load(release: Path) -> None:
    with sqlite3.connect(f"file:{release / contract.DATABASE}?mode=ro", uri=True) as db:
        db.row_factory = sqlite3.Row
        for table, record in STRICT.items():
            rows = [record(**dict(row)) for row in db.execute(f"SELECT * FROM {table}")]  # noqa: S608 - no names but ours
            assert rows
            assert all(row.created_at == WHEN for row in rows)
        assert db.execute("SELECT version FROM schema_version").fetchall()[0][0] == 9
    assert not list(release.glob("*-wal"))


def test_indexes_answer_a_hundred_neighbours_that_have_names(release: Path) -> None:
    faces = json.loads((release / contract.FACES_JSON).read_text())
    people = json.loads((release / contract.PERFORMERS_JSON).read_text())
    manifest = json.loads((release / contract.MANIFEST).read_text())
    for name in (contract.FACENET_INDEX, contract.ARCFACE_INDEX):
        with (release / name).open("rb") as stream:
            index = voyager.Index.load(stream)
        neighbours, distances = index.query(index.get_vector(7), k=100)
        assert neighbours[0] == 7
        assert distances[0] < 1e-4
        assert {people[faces[i]]["name"] for i in neighbours}
        assert len(faces) == len(index) == manifest["face_count"]
    assert len(people) == manifest["performer_count"]
    assert manifest["models"]["facenet_dim"] == manifest["models"]["arcface_dim"] == 512
    assert set(manifest["checksums"]) == set(contract.CHECKSUMMED)
    assert "never proof" in manifest["limits"]


@pytest.mark.parametrize("name", [*contract.RELEASE_FILES, contract.SUMS])
def test_any_flipped_bit_is_found(copy: Path, name: str) -> None:
    content = bytearray((copy / name).read_bytes())
    for position in range(0, len(content), max(1, len(content) // 7)):
        flipped = bytearray(content)
        flipped[position] ^= 1 << (position % 8)
        (copy / name).write_bytes(flipped)
        assert not verify(copy).ok, f"{name}, byte {position}"
    (copy / name).unlink()
    assert not verify(copy).ok


def reseal(directory: Path, **changes: object) -> None:
    """Make all hashes right again, so that only the content is wrong."""
    path = directory / contract.MANIFEST
    manifest = json.loads(path.read_text()) | changes
    write_sums(directory)
    sums = (directory / contract.SUMS).read_text().splitlines()
    digests = {line[66:]: line[:64] for line in sums}
    manifest["checksums"] = {n: f"sha256:{digests[n]}" for n in contract.CHECKSUMMED}
    path.write_text(json.dumps(manifest))
    write_sums(directory)


def failures(directory: Path) -> str:
    return "\n".join(verify(directory).failures())


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("ALTER TABLE faces ADD COLUMN ours TEXT", "columns of faces"),
        ("DROP TABLE body_proportions", "expected tables"),
        ("UPDATE schema_version SET version = 10", "schema version"),
        ("UPDATE performers SET face_count = 4 WHERE id = 3", "wrong face_count"),
        ("UPDATE aliases SET performer_id = 999 WHERE id = 1", "foreign keys"),
        ("UPDATE faces SET facenet_index = 9999 WHERE id = 5", "not their position"),
        ("DELETE FROM face_provenance WHERE face_id = 1", "without provenance"),
        ("UPDATE faces SET performer_id = 2 WHERE id = 1", "look-ups"),
        ("PRAGMA journal_mode = WAL", "journal mode"),
    ],
)
def test_a_wrong_database_is_found(copy: Path, sql: str, message: str) -> None:
    with sqlite3.connect(copy / contract.DATABASE) as db:
        db.execute(sql)
    db.close()
    reseal(copy)
    assert message in failures(copy)


def test_wrong_counts_and_models_are_found(copy: Path) -> None:
    reseal(copy, performer_count=1, face_count=3, models={"facenet_dim": 128})
    found = failures(copy)
    for expected in ("performers in performers.json", "faces in faces.json", "models.facenet_dim"):
        assert expected in found


def test_a_crashing_or_wrong_index_is_a_failed_check(copy: Path) -> None:
    (copy / contract.FACENET_INDEX).write_bytes(b"VOYA" + b"\xff" * 5000)
    index = voyager.Index(voyager.Space.Cosine, 512)
    index.add_items(embeddings(list(range(125)), salt=9).astype("f4"), ids=list(range(5, 130)))
    index.save(str(copy / contract.ARCFACE_INDEX))
    reseal(copy)
    found = failures(copy)
    assert "face_facenet.voy: opens" in found
    assert "face_arcface.voy: ids are 0 to n-1" in found


def test_fewer_than_a_hundred_faces_fail_with_the_reason(tmp_path: Path) -> None:
    found = failures(small_release(tmp_path, people=19))
    assert "enough faces: expected at least 100" in found
    assert "the sidecar asks for that many neighbours" in found


def test_the_zip_is_flat_and_the_same_every_time(release: Path, tmp_path: Path) -> None:
    path = export(release, tmp_path / "export")
    assert path.name == "stash-sense-data-v2026.11.01.zip"
    first = path.read_bytes()
    assert export(release, tmp_path / "export").read_bytes() == first
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == [*sorted(contract.RELEASE_FILES), README]
        archive.extractall(tmp_path / "out")
    for name in contract.RELEASE_FILES:
        assert (tmp_path / "out" / name).read_bytes() == (release / name).read_bytes()


def test_a_damaged_release_or_zip_is_not_exported(copy: Path, tmp_path: Path) -> None:
    path = export(copy, tmp_path / "export")
    damaged = bytearray(path.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    path.write_bytes(damaged)
    with pytest.raises(DamagedFileError):
        check_zip(path, copy)
    (copy / contract.FACES_JSON).write_text("[]")
    with pytest.raises(DamagedFileError, match=r"faces\.json"):
        export(copy, tmp_path / "other")
    assert not (tmp_path / "other").exists()

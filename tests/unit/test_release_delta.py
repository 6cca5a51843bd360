"""Delta packages: the older release and the package are the newer release."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from tests.release_fixtures import built
from tests.release_world import embeddings, faces, performer, write_world
from trainer.cli import app
from trainer.errors import DamagedFileError, StageFailed
from trainer.release import contract
from trainer.release.delta import EXACT, make_delta
from trainer.release.delta_apply import apply_delta
from trainer.release.export import export
from trainer.release.files import seal
from trainer.release.index import build_index
from trainer.release.index_read import load_index
from trainer.release.signing import new_key, sign_file
from trainer.release.verify import verify
from trainer.state.store import note_published

PEOPLE = list(range(1, 101))
OWNERS = [person for person in PEOPLE for _ in range(3)]


@pytest.fixture(scope="module")
def releases(tmp_path_factory) -> tuple[Path, Path, Path]:
    """Two weeks, and another second one that changes little: its indexes grow."""
    root = tmp_path_factory.mktemp("releases")
    first = [performer(n) for n in PEOPLE]
    old = built(write_world(root / "s1", first, faces(OWNERS)), root / "old").directory
    people = [performer(n) for n in [*PEOPLE[1:], 101]]  # 1 is gone, 101 is new
    people[3] = performer(5, canonical_name="Renamed", aliases=[{"alias": "A", "source": "x"}])
    rows = [face for face in faces([*OWNERS, 101, 7]) if face["performer_id"] != 1]
    rows[10]["quality_score"] = 9.0
    rows = sorted(rows, key=lambda row: row["performer_id"])
    select = write_world(root / "s2", people, rows)
    new = built(select, root / "new", "20261108_000000", "2026.11.08").directory
    rows = faces([*OWNERS, 7, 8])
    del rows[40]  # one of three
    for column, salt in (("facenet", 8), ("arcface", 9)):
        rows[60][column] = embeddings([500], salt=salt)[0].tobytes()
    select = write_world(root / "s3", first, rows)
    result = built(select, root / "grown", "20261108_000000", "2026.11.08", base=old)
    assert {(i.made, i.replaced) for i in result.indexes.values()} == {("added", 2)}
    return old, new, result.directory


def test_a_signed_package_is_told_from_all_others(releases, tmp_path):
    old, new, _ = releases
    for name in ("own", "other"):
        new_key(tmp_path / name)
    package = make_delta(old, new, tmp_path)
    arguments = ["delta", "apply", str(old), str(package), str(tmp_path / "made"), "--public-key"]
    missing = CliRunner().invoke(app, [*arguments, str(tmp_path / "own.pub")])
    assert isinstance(missing.exception, DamagedFileError)
    sign_file(package, tmp_path / "own")
    wrong = CliRunner().invoke(app, [*arguments, str(tmp_path / "other.pub")])
    assert isinstance(wrong.exception, DamagedFileError)
    assert not (tmp_path / "made").exists()
    done = CliRunner().invoke(app, [*arguments, str(tmp_path / "own.pub")])
    assert done.exit_code == 0, done.output
    assert (tmp_path / "made" / contract.MANIFEST).exists()


@pytest.mark.parametrize("newer", [1, 2])
def test_applied_to_the_older_release_it_gives_the_newer_one(releases, tmp_path, newer):
    old, new = releases[0], releases[newer]
    package = make_delta(old, new, tmp_path)
    assert package.name == "stash-sense-delta-v2026.11.01-v2026.11.08.zip"
    out = tmp_path / "made"
    apply_delta(old, package, out)
    for name in EXACT:
        assert (out / name).read_bytes() == (new / name).read_bytes(), name
    assert verify(out).ok
    for name in contract.INDEXES:
        wanted, found = (load_index(path / name) for path in (new, out))
        ids = list(range(len(wanted)))
        assert len(found) == len(wanted)
        assert np.allclose(wanted.get_vectors(ids), found.get_vectors(ids), atol=1e-6)


def test_small_changes_are_applied_to_a_copy_of_the_old_indexes(releases, tmp_path, monkeypatch):
    old, new, grown = releases
    bases = []

    def noted(path, vectors, options, *, base):
        bases.append(base and base.replaced.tolist())
        return build_index(path, vectors, options, base=base)

    monkeypatch.setattr("trainer.release.delta_apply.build_index", noted)
    for newer in (new, grown):
        apply_delta(old, make_delta(old, newer, tmp_path), tmp_path / newer.name)
    assert bases == [None, None, [40, 61], [40, 61]]


def test_a_small_change_is_a_small_package_and_always_the_same(releases, tmp_path):
    old, new, _ = releases
    package = make_delta(old, new, tmp_path)
    again = make_delta(old, new, tmp_path / "again")
    assert package.read_bytes() == again.read_bytes()
    assert package.stat().st_size < 0.1 * export(new, tmp_path).stat().st_size


def test_what_does_not_belong_together_is_refused(releases, tmp_path):
    old, new, grown = releases
    package = make_delta(old, new, tmp_path)
    with pytest.raises(StageFailed, match="needs another older release"):
        apply_delta(grown, package, tmp_path / "x")
    (tmp_path / "there").mkdir()
    with pytest.raises(StageFailed, match="there already"):
        apply_delta(old, package, tmp_path / "there")
    broken = tmp_path / "broken.zip"
    broken.write_bytes(package.read_bytes()[:-100])
    with pytest.raises(DamagedFileError, match="not a delta package"):
        apply_delta(old, broken, tmp_path / "y")
    changed = tmp_path / "changed.zip"
    with zipfile.ZipFile(package) as source, zipfile.ZipFile(changed, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            target.writestr(name, content.replace(b"Renamed", b"Another"))
    with pytest.raises(DamagedFileError, match="came out different"):
        apply_delta(old, changed, tmp_path / "z")


def test_the_commands(releases, tmp_path):
    note_published(tmp_path / "state.db", "r", "20261108_000000", "2026.11.08", "2026-11-08")
    for number, path in enumerate(releases[:2]):
        shutil.copytree(
            path, tmp_path / "releases" / ("20261101_000000", "20261108_000000")[number]
        )
    for path in (tmp_path / "releases").iterdir():
        seal(path)
    root = ["--data-dir", str(tmp_path)]
    old, new = "20261101_000000", "20261108_000000"
    made = CliRunner().invoke(app, ["delta", "make", old, new, *root])
    assert made.exit_code == 0, made.output
    package = made.stdout.split(" (")[0]
    done = CliRunner().invoke(
        app, ["delta", "apply", str(releases[0]), package, str(tmp_path / "o")]
    )
    assert done.exit_code == 0, done.output
    assert verify(tmp_path / "o").ok

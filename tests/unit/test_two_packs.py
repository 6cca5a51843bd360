"""A build with two model packs: each release is what a build with its pack alone makes."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from pydantic import SecretStr

from tests.unit import identity_world
from tests.unit.identity_world import WHEN, IdentityWorld, creator, record, sha, shot
from trainer.config.settings import Settings
from trainer.embedding.lock import load_lock
from trainer.errors import ConfigError, DamagedFileError
from trainer.exclusions.listed import Listed
from trainer.exclusions.release_check import holds
from trainer.pipeline.exports import check_exports, export_for
from trainer.pipeline.further_packs import plan_further
from trainer.pipeline.rollback import _fill, rollback
from trainer.pipeline.run import run_step
from trainer.pipeline.steps import export
from trainer.release.contract import RELEASE_FILES
from trainer.release.evaluation import read_evaluation
from trainer.release.files import hash_problems, require_intact
from trainer.release.publish import publish
from trainer.release.stashface_reader import StashfaceReader
from trainer.retention.runs import clear_runs
from trainer.runs import update as run_record
from trainer.runs.context import RunContext
from trainer.staging.atomic import read_json, swap_symlink, write_json
from trainer.staging.parquet import write_rows
from trainer.staging.paths import DataDir
from trainer.staging.schemas import FACES
from trainer.state.decisions import deciding

FIRST, SECOND = "demo", "demo-stashface"
STEPS = ("select", "build_release", "verify", "evaluate", "gate", "publish", "export")
PEOPLE, EACH = 28, 4
PASSWORD = "a secret of ours"  # noqa: S105 - of a test
IDS = {name: load_lock()[name].info(name).pack_id for name in (FIRST, SECOND)}


def vector(pack: str, who: int, image: str, slot: str = "facenet") -> bytes:
    """Another space for each pack: other axes, other noise, of each model's own."""
    salt = int(image[:8], 16) + len(pack) + (slot == "arcface")
    found = np.random.default_rng(salt).standard_normal(512) * 0.4 / 512**0.5
    found[who + 100 * (pack == SECOND)] += 1
    return (found / np.linalg.norm(found)).astype("<f2").tobytes()


def built(root: Path, packs: str, monkeypatch: pytest.MonkeyPatch) -> tuple[RunContext, Path]:
    """The run, and the published release, of a build that begins with embedded faces."""
    names = packs.split(",")
    monkeypatch.setenv("TRAINER_MODEL_PACKS", packs)
    monkeypatch.setattr(identity_world, "PACK", IDS[names[0]])
    world = IdentityWorld(root, {"stashdb": creator("stashdb", domain="stashdb.org")})
    for name in names:
        info = load_lock()[name].info(name).model_dump(mode="json")
        write_json(world.data.model_pack(name) / "pack.json", info)
    rows = [
        record("stashdb", who, f"Invented Person {who}", shots=[shot(who, n) for n in range(EACH)])
        for who in range(1, PEOPLE + 1)
    ]
    context = world.run("week-1", rows)
    for name in names:
        cache = [
            identity_world._face(url)
            | {slot: vector(name, who, sha(url), slot) for slot in ("facenet", "arcface")}
            for who in range(1, PEOPLE + 1)
            for url in (shot(who, n) for n in range(EACH))
        ]
        write_rows(world.data.faces(IDS[name]) / "part-week-1.parquet", cache, FACES)
    content = read_json(context.run.plan)
    content["further_packs"] = {name: IDS[name] for name in names[1:]}
    write_json(context.run.plan, content)
    done = RunContext.open(Settings.load(root), "week-1")
    run_record.start(done, done.plan)
    for step in STEPS:
        run_step(step, "week-1", Settings.load(root))
    assert (done.result("publish") or {})["published"]
    return done, world.data.release("20261101_000000")


@pytest.fixture(scope="module")
def together(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRAINER_EXPORT_FOR", "sidecar,stashface")
        patch.setenv("TRAINER_STASHFACE_PASSWORD", PASSWORD)
        yield built(tmp_path_factory.mktemp("both"), f"{FIRST},{SECOND}", patch)


def test_both_releases_are_those_of_a_build_with_each_pack_alone(together, tmp_path, monkeypatch):
    _, release = together
    places = {FIRST: release, SECOND: release / "packs" / SECOND}
    monkeypatch.delenv("TRAINER_EXPORT_FOR", raising=False)
    for name, place in places.items():
        _, alone = built(tmp_path / name, name, monkeypatch)
        for file in RELEASE_FILES:
            assert (place / file).read_bytes() == (alone / file).read_bytes(), (name, file)
    one, other = (read_json(place / "manifest.json")["models"] for place in places.values())
    assert one["pack"] != other["pack"]


def test_each_is_measured_by_its_consumers_matching(together):
    _, release = together
    first, second = read_evaluation(release), read_evaluation(release / "packs" / SECOND)
    assert first is not None and first.vote is None
    assert second is not None and second.vote is not None
    assert second.vote.consumer == "stashface"
    assert second.vote.rank_1 == second.vote.agreed == 1
    assert second.vote.strangers_agreed is not None and second.vote.strangers_agreed < 1


def test_the_gate_has_the_checks_of_both(together):
    context, _ = together
    names = [check["name"] for check in (context.result("gate") or {})["checks"]]
    assert "rank-1" in names and f"rank-1, {SECOND}" in names
    assert f"rank-1 by vote, {SECOND}" in names
    assert "rank-1 by vote" not in names


def test_the_release_of_the_second_is_sealed_with_the_first(together, tmp_path):
    _, published = together
    release = tmp_path / "releases" / published.name
    shutil.copytree(published, release)
    require_intact(release)
    path = release / "packs" / SECOND / "faces.json"
    path.write_bytes(path.read_bytes().replace(b"0", b"1", 1))
    assert any(
        problem.startswith(f"packs/{SECOND}/faces.json") for problem in hash_problems(release)
    )
    shutil.rmtree(release / "packs")
    with pytest.raises(DamagedFileError, match=SECOND):
        require_intact(release)


def test_the_export_for_stashface_takes_the_release_of_its_pack(together, tmp_path):
    context, release = together
    settings = context.settings.model_copy(update={"stashface_password": None})
    with pytest.raises(ConfigError, match="TRAINER_STASHFACE_PASSWORD"):
        export_for("stashface", release, context.data, settings)
    settings = context.settings.model_copy(update={"stashface_password": SecretStr(PASSWORD)})
    row, _ = export_for("stashface", release, context.data, settings)
    reader = StashfaceReader(Path(row["folder"]), PASSWORD)
    query = np.frombuffer(vector(SECOND, 5, "00000007"), "<f2").astype(np.float32)
    assert reader.name(query, query)[0].name == "Invented Person 5"
    path, _ = export_for("sidecar", release, context.data, settings)
    assert path["path"].endswith(".zip")


def test_the_step_exports_for_both_and_nothing_where_nothing_is_new(together):
    context, _ = together
    written = (context.result("export") or {})["exports"]
    assert [Path(path).name for path in written.values()] == [
        "stash-sense-data-v2026.11.01.zip",
        "stashface-data-v2026.11.01.zip",
    ]
    assert all(Path(path).is_file() for path in written.values())
    for other in ({"published": False}, {"published": True, "unchanged": True}):
        published = context.result("publish")
        write_json(context.run.step("publish"), other)
        assert export.run(context) == {"exports": {}}
        write_json(context.run.step("publish"), published)


def test_a_build_is_refused_that_could_not_export(together):
    settings = together[0].settings
    check_exports(settings)
    with pytest.raises(ConfigError, match="TRAINER_STASHFACE_PASSWORD"):
        check_exports(settings.model_copy(update={"stashface_password": None}))
    with pytest.raises(ConfigError, match="no consumer 'nobody'; choose from sidecar, stashface"):
        check_exports(settings.model_copy(update={"export_for": "nobody"}))


def test_a_rollback_brings_both_releases_back(together, tmp_path):
    _, published = together
    data = DataDir(tmp_path)
    with deciding(data):
        pass  # makes state.db
    first = tmp_path / "releases" / published.name
    shutil.copytree(published, first)
    swap_symlink(data.current, first.name)
    later = tmp_path / "later"
    again = {"version": "2026.11.02", "created_at": WHEN, "release_id": "20261102_000000"}
    _fill(first, later, again)
    publish(data, later, "20261102_000000")
    rollback(data, first.name, datetime(2026, 11, 3, tzinfo=UTC))
    back = data.current.resolve()
    require_intact(back)
    for release in (back, back / "packs" / SECOND):
        assert read_json(release / "manifest.json")["version"] == "2026.11.03"
        assert (release / "evaluate.json").exists()
    assert not (data.release("20261102_000000") / "packs").exists()


def test_a_picture_that_only_the_second_release_has_counts_for_a_purge(together, tmp_path):
    _, published = together
    release = tmp_path / published.name
    shutil.copytree(published, release)
    gone = Listed(frozenset(), frozenset({sha(shot(3, 1))}))
    assert holds(release, gone)
    (release / "performers.db").unlink()
    assert holds(release, gone)
    assert not holds(release, Listed(frozenset(), frozenset({"f" * 64})))


def test_working_files_of_the_second_go_with_the_run(together):
    context, _ = together
    own = context.run.root / "packs" / SECOND / "select"
    assert (own / "faces.parquet").exists() or (own / "funnel.json").exists()
    clear_runs(context.data)
    assert (own / "funnel.json").exists()


def test_packs_with_different_detectors_are_refused(together):
    context, _ = together
    settings = context.settings.model_copy(update={"model_packs": f"{FIRST},{SECOND}"})
    first = load_lock()["sidecar"].info("sidecar")
    with pytest.raises(ConfigError, match="different detectors"):
        plan_further(settings, first)
    with pytest.raises(DamagedFileError, match=r"arcface\.onnx"):  # its files are looked at, too
        plan_further(settings, load_lock()[FIRST].info(FIRST))


def test_the_setting_of_one_pack_keeps_working(monkeypatch, tmp_path):
    monkeypatch.delenv("TRAINER_MODEL_PACKS", raising=False)
    monkeypatch.setenv("TRAINER_MODEL_PACK", "sidecar")
    one = Settings.load(tmp_path)
    assert (one.model_pack, one.further_packs) == ("sidecar", [])
    monkeypatch.setenv("TRAINER_MODEL_PACKS", "demo,demo-stashface,demo")
    two = Settings.load(tmp_path)
    assert (two.model_pack, two.further_packs) == ("demo", ["demo-stashface"])
    monkeypatch.setenv("TRAINER_MODEL_PACKS", "demo,,x")
    with pytest.raises(ConfigError, match="model_packs"):
        Settings.load(tmp_path)

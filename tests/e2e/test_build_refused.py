"""Builds that release nothing, and say why."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from demo.world import Faults, World
from demo.world.faults import ImageTrouble
from tests.e2e.conftest import Trainer, image_requests

pytestmark = pytest.mark.e2e


def test_a_source_that_never_answered_is_a_failed_first_run(tmp_path, demo_images):
    with World(week=1, images=demo_images, api_key="another") as world:
        trainer = Trainer(tmp_path, world.port)
        done = trainer.run("build")
    assert done.returncode == 1
    assert "nothing to release" in done.stderr
    assert "check the variable STASHDB_API_KEY" in done.stderr
    (record,) = json.loads((tmp_path / "runs.json").read_text())["runs"]
    assert record["status"] == "failed"
    assert not (tmp_path / "releases").exists()


def test_too_few_faces_are_not_published(tmp_path, demo_images):
    with World(week=1, images=demo_images) as world:
        trainer = Trainer(tmp_path, world.port)
        trainer.override(images_per_page=1)
        done = trainer.run("build")
    last = refused(done, tmp_path)
    said = re.fullmatch(r"trainer: (\d+) faces, the sidecar needs 100: add sources", last)
    assert said and 0 < int(said[1]) < 100, last
    (record,) = json.loads((tmp_path / "runs.json").read_text())["runs"]
    assert record["quarantined"] == {"unknown_age": 1}
    assert record["funnel"]["stashdb"]["single_face"] == int(said[1])
    assert record["stats"]["by_source"]["stashdb"]["images_fetched"] > 0


def refused(done, root: Path) -> str:
    """The last line of a build that came to no release; nothing that it said is Python's."""
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert not set("{}") & set(done.stderr)
    assert not (root / "releases" / "current").exists()
    (record,) = json.loads((root / "runs.json").read_text())["runs"]
    assert record["status"] == "failed"
    last = done.stderr.strip().splitlines()[-1]
    failed = [e for e in record["errors"] if e["kind"] == "step_failed"]
    assert [e["message"] for e in failed] == [last.removeprefix("trainer: ")]
    return last


def test_a_first_build_without_pictures_says_why_nothing_is_released(tmp_path, demo_images):
    with World(week=1, images=demo_images) as world:
        done = Trainer(tmp_path, world.port).run("build", "--conf", '{"enable_faces": false}')
        assert not image_requests(world)
    assert refused(done, tmp_path) == (
        "trainer: no face, the sidecar needs 100, and no picture of these performers was embedded "
        "before: build with enable_faces true"
    )


def test_a_first_build_whose_pictures_are_all_gone_says_so(tmp_path, demo_images):
    described = json.loads((demo_images / "pictures.json").read_text())["pictures"]
    gone: dict[str, ImageTrouble] = {entry["id"]: "missing" for entry in described}
    with World(week=1, images=demo_images, faults=Faults(images=gone)) as world:
        done = Trainer(tmp_path, world.port).run("build")
    last = refused(done, tmp_path)
    assert last.startswith("trainer: no face, the sidecar needs 100, and no picture could be had (")
    assert "x http 404" in last
    assert last.endswith("see which pictures failed in run.json and build again, or add sources")


@pytest.mark.parametrize(
    ("conf", "said"),
    [
        ('{"min_faces": -1}', "min_faces"),
        ('{"sources": ["nowhere"]}', "nowhere"),
        ('{"minfaces": 1}', "minfaces"),
        ("[1]", "object"),
        ("{", "JSON"),
    ],
)
def test_bad_parameters_are_refused_before_anything_runs(tmp_path, conf, said):
    done = Trainer(tmp_path, 9).run("build", "--conf", conf)
    assert done.returncode == 2
    assert said in done.stderr
    assert not (tmp_path / "runs").exists()


def test_public_sources_are_not_asked_without_a_contact(tmp_path):
    done = Trainer(tmp_path, 9).run("build", TRAINER_ALLOW_PRIVATE_HOSTS="0")
    assert done.returncode == 2
    assert "TRAINER_CONTACT" in done.stderr

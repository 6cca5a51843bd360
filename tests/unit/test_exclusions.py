"""Who is excluded is in no release, and what was here of the person goes and stays away."""

from __future__ import annotations

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from tests.unit.identity_world import PACK, IdentityWorld, record, sha, shot, uuid
from tests.unit.test_identity_steps import BO, MIRA, names, rows
from trainer.cli import app
from trainer.config.pipeline import STEPS
from trainer.errors import ConfigError, StageFailed
from trainer.exclusions.apply import refuse_if_decided
from trainer.exclusions.edit import add, person_value, remove, url_value
from trainer.exclusions.entries import Exclusion, Exclusions, read_exclusions
from trainer.exclusions.purge import purge
from trainer.faces.cache import cached_images
from trainer.pipeline.open_steps import is_final
from trainer.pipeline.steps import plan_embed, resolve
from trainer.staging.atomic import write_bytes
from trainer.staging.frames import read_frame
from trainer.staging.lock import build_lock

WHEN = "2026-11-02T00:00:00Z"


@pytest.fixture
def world(tmp_path):
    return IdentityWorld(tmp_path)


def trainer(world: IdentityWorld, *arguments: str) -> str:
    done = CliRunner().invoke(app, ["exclude", *arguments, "--data-dir", str(world.data.root)])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


def person(**facts):
    return record("stashdb", 7, "Ana Vask", **facts)


@pytest.mark.parametrize(
    ("entry", "facts"),
    [
        (Exclusion("id", f"stashdb:{uuid(7)}"), {}),
        (Exclusion("id", f"stashdb:{uuid(9)}"), {"merged_ids": [uuid(9)]}),
        (Exclusion("url", url_value("http://imdb.com/name/nm9990007?ref_=x")),
         {"links": ["https://m.imdb.com/name/nm9990007/bio"]}),
        (Exclusion("url", url_value("www.vask.example/ana/")),
         {"links": ["https://vask.example/ana"]}),
        (Exclusion("url", url_value(f"https://stashdb.example/performers/{uuid(7)}")), {}),
        (Exclusion("person", person_value("vask ÁNA", "1990-01-31")), {"birth_date": "1990-01-31"}),
        (Exclusion("person", person_value("Vera Lind", "1990-01-31")),
         {"birth_date": "1990-01-31", "aliases": ["Vera-Lind"]}),
    ],
)  # fmt: skip
def test_a_record_is_matched_by_id_link_or_name_with_birth_date(entry, facts):
    assert Exclusions.of([entry]).record(person(**facts)) == entry.kind
    other = record("stashdb", 8, "Ana Vask", birth_date="1990", links=["https://vask.example/b"])
    assert Exclusions.of([entry]).record(other) is None


def test_pictures_are_matched_by_hash_and_by_likeness():
    listed = Exclusions.of([Exclusion("image", "ab" * 32), Exclusion("image", "phash:" + "0" * 16)])
    assert listed.image("ab" * 32)
    assert not listed.image("cd" * 32)
    assert listed.alike(np.array([0b11111, 0b111111], np.uint64)).tolist() == [True, False]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--id", "nowhere:1"],
        ["--id", "77"],
        ["--url", "no address"],
        ["--person", "Ana Vask"],
        ["--person", "Ana Vask", "--born", "1990"],
        ["--image", "abc"],
        ["--id", "stashdb:1", "--url", "https://vask.example"],
        [],
    ],
)
def test_bad_input_is_refused(world, arguments):
    with pytest.raises(ConfigError):
        trainer(world, "add", "--reason", "asked", *arguments)
    assert not read_exclusions(world.data)


def test_adding_twice_is_no_error_and_taking_back_is_kept(world):
    same = ["--reason", "asked on 1 November"]
    first = trainer(world, "add", "--id", f"stashdb.org:{uuid(7).upper()}", *same)
    again = trainer(world, "add", "--id", f"stashdb:{uuid(7)}", *same)
    assert "was there before" in again
    assert "was there before" not in first
    assert "stashdb:" in trainer(world, "list")
    trainer(world, "remove", "1")
    assert "nobody" in trainer(world, "list")
    (row,) = json.loads(trainer(world, "list", "--all", "--json"))
    assert row["removed_at"]
    with pytest.raises(ConfigError):
        trainer(world, "remove", "1")


def crawled(world, run_id):
    """The world's first week: released, its pictures on disk."""
    context = world.run(run_id, rows())
    world.publish(context)
    return context


def images(world):
    for row in rows():
        for image in row["images"]:
            write_bytes(world.data.image(sha(image["url"])), image["url"].encode())


MIRAS = [shot(MIRA, n) for n in (0, 1, 2, 3, 4)]


def test_a_person_goes_with_all_records_pages_and_pictures(world):
    crawled(world, "week-1")
    images(world)
    add(world.data, "id", f"boxone:{uuid(1)}", "asked", WHEN)
    done = purge(world.data)
    assert done.pictures >= len(MIRAS)
    assert not any(world.data.image(sha(url)).exists() for url in MIRAS)
    assert not cached_images(world.data.faces(PACK)) & {sha(url) for url in MIRAS}
    for path in world.data.runs.rglob("*.parquet"):
        if path.parent.name == "maybe":
            continue  # has a page of that name that nobody confirmed to be hers
        assert "Mira" not in str(read_frame(path).to_dicts()), path
    assert world.data.image(sha(shot(BO, 0))).exists()
    again = purge(world.data)
    assert (again.pictures, again.faces, again.rows, again.ledger) == (0, 0, 0, 0)

    context = world.run("week-2", rows())
    found = names(context)
    assert all(("boxtwo", uuid(2)) not in own for own in found.values())
    assert 1 not in found
    assert len(found) == 3
    released = read_frame(context.run.select / "faces.parquet")
    assert not set(released["image_sha256"]) & {sha(url) for url in MIRAS}
    assert context.result("resolve")["excluded"] == {"id": 4}


def test_pictures_of_excluded_people_are_not_embedded_again(world):
    crawled(world, "week-1")
    add(world.data, "id", f"boxone:{uuid(1)}", "asked", WHEN)
    purge(world.data)
    context = world.run("week-2", rows())
    for part in world.data.faces(PACK).glob("*.parquet"):
        part.unlink()
    images(world)
    plan_embed.run(context)
    jobs = [json.loads(p.read_text()) for p in context.run.root.glob("embed/*/job.json")]
    todo = {image for job in jobs for image in job["images"]}
    assert sha(shot(BO, 0)) in todo
    assert not todo & {sha(url) for url in MIRAS}


def test_a_record_joined_in_the_same_run_goes_too(world):
    """Nothing of the two was ever released: only a strong link says that they are one person."""
    add(world.data, "url", url_value(f"https://boxone.example/performers/{uuid(1)}"), "asked", WHEN)
    context = world.run("week-1", rows())
    assert context.result("resolve")["excluded"] == {"link": 2, "url": 1}
    assert all(("boxtwo", uuid(2)) not in own for own in names(context).values())


def test_an_excluded_picture_is_not_selected(world):
    one, other = shot(BO, 0), shot(5, 0)
    add(world.data, "image", sha(one), "asked", WHEN)
    add(world.data, "image", f"phash:{sha(other)[:16]}", "asked", WHEN)
    context = world.run("week-1", rows())
    released = set(read_frame(context.run.select / "faces.parquet")["image_url"])
    assert not released & {one, other}
    assert context.result("select")["funnel"]["boxone"]["excluded"] == 1


def test_a_decision_after_resolve_stops_the_release(world):
    context = world.run("week-1", rows())
    step = next(s for s in STEPS if s.name == "resolve")
    refuse_if_decided(context)
    assert is_final(context, step, None)
    add(world.data, "id", f"boxone:{uuid(1)}", "asked", WHEN)
    assert not is_final(context, step, None)
    with pytest.raises(StageFailed, match="resolve"):
        refuse_if_decided(context)
    context.finish("resolve", resolve.run(context))
    refuse_if_decided(context)
    remove(world.data, 1, WHEN)
    with pytest.raises(StageFailed, match="resolve"):
        refuse_if_decided(context)


def test_no_purge_while_a_build_runs(world):
    with build_lock(world.data.lock), pytest.raises(StageFailed, match="running"):
        purge(world.data)

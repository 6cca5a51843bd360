"""Each kind of exclusion at each stage: crawl, plan_embed, resolve and select."""

from __future__ import annotations

import json

import pytest

from scrapy_project.kinds.responses import ListPage
from scrapy_project.storage.exclusions import without_excluded
from tests.unit.identity_world import (
    PACK,
    IdentityWorld,
    creator,
    record,
    reference,
    sha,
    shot,
    uuid,
)
from tests.unit.test_exclusions_related import IMDB, left
from trainer.exclusions.edit import add, person_value, url_value
from trainer.exclusions.entries import Kind, read_exclusions
from trainer.exclusions.purge import purge
from trainer.pipeline.steps import plan_embed, plan_references
from trainer.staging.atomic import write_bytes
from trainer.staging.frames import read_frame
from trainer.staging.parquet import read_table

WHEN = "2026-11-02T00:00:00Z"
OWN = [shot(1, 0), shot(1, 1)]
HERS, TWIN, BO = f"stashdb:{uuid(1)}", f"fansdb:{uuid(2)}", f"fansdb:{uuid(90)}"
PERSONS: dict[str, tuple[Kind, str]] = {
    "id": ("id", HERS),
    "url": ("url", url_value(IMDB)),
    "person": ("person", person_value("Ana Vask", "1990-01-31")),
}
IMAGES: dict[str, tuple[Kind, str]] = {
    "sha256": ("image", sha(OWN[0])),
    "url": ("url", url_value(OWN[0])),
    "phash": ("image", f"phash:{sha(OWN[0])[:16]}"),
}


def rows():
    born = {"birth_date": "1990-01-31"}
    return [
        record("stashdb", 1, "Ana Vask", links=[IMDB], shots=OWN, **born),
        record("fansdb", 2, "Ana  Vask", links=[IMDB], shots=[shot(1, 2)], **born),
        record("fansdb", 90, "Bo Ren", birth_date="1991-01-31", shots=[shot(2, 0)]),
    ]


@pytest.fixture
def world(tmp_path):
    return IdentityWorld(tmp_path, {key: creator(key) for key in ("stashdb", "fansdb")})


def to_embed(world, context) -> set[str]:
    """What the embedder would be given if it had embedded nothing before."""
    for part in world.data.faces(PACK).glob("*.parquet"):
        part.unlink()
    urls = {image["url"] for row in rows() for image in row["images"]}
    for url in urls:
        write_bytes(world.data.image(sha(url)), url.encode())
    plan_embed.run(context)
    jobs = [json.loads(p.read_text()) for p in context.run.root.glob("embed/*/job.json")]
    todo = {image for job in jobs for image in job["images"]}
    return {url for url in urls if sha(url) in todo}


def released(context) -> set[str]:
    return set(read_frame(context.run.select / "faces.parquet")["image_url"])


@pytest.mark.parametrize("kind", PERSONS)
@pytest.mark.parametrize("remembered", [False, True])
def test_a_person(world, kind, remembered):
    if remembered:
        world.publish(world.run("week-0", rows()))
    add(world.data, *PERSONS[kind], "asked", WHEN)
    if remembered:
        purge(world.data)
    page = ListPage(count=1, listed=1, rows=rows()[:1], refused_ids=[], errors=[])
    assert not without_excluded(page, "stashdb", read_exclusions(world.data)).rows
    context = world.run("week-1", rows())  # as if an earlier crawl had brought them
    assert left(context) == {BO}
    assert released(context) == {shot(2, 0)}
    assert to_embed(world, context) == {shot(2, 0)}


@pytest.mark.parametrize("kind", IMAGES)
def test_a_picture(world, kind):
    """By its likeness a picture is known only once it is embedded: not before `select`."""
    add(world.data, *IMAGES[kind], "asked", WHEN)
    context = world.run("week-1", rows())
    assert {HERS, TWIN, BO} <= left(context)
    assert OWN[0] not in released(context)
    assert OWN[1] in released(context)
    assert (OWN[0] in to_embed(world, context)) == (kind == "phash")


def test_a_purge_takes_out_what_only_its_likeness_gave_away(world):
    context = world.run("week-1", rows())
    write_bytes(world.data.image(sha(OWN[0])), b"a picture")
    add(world.data, *IMAGES["phash"], "asked", WHEN)
    purge(world.data)
    assert not world.data.image(sha(OWN[0])).exists()
    assert sha(OWN[0]) in read_exclusions(world.data).images
    assert OWN[0] not in to_embed(world, context)


def test_no_page_is_asked_for_on_behalf_of_her_other_records(tmp_path):
    boxes = {key: creator(key) for key in ("stashdb", "fansdb")}
    world = IdentityWorld(tmp_path, boxes | {"surely": reference("surely")})
    star = "https://surely.example/star"
    her, other = (
        record("stashdb", 1, "Ana Vask", links=[IMDB]),
        record("fansdb", 2, "Ana Vask", links=[IMDB, f"{star}/ana-vask"]),
    )
    context = world.run("week-1", [her, other, record("stashdb", 3, "Bo", links=[f"{star}/bo"])])
    add(world.data, "id", HERS, "asked", WHEN)
    plan_references.run(context)
    assert read_table(context.run.targets("surely"))["page_id"].to_pylist() == ["bo"]


def test_pictures_of_her_other_records_are_not_embedded(world):
    """Not those that a link leads to, nor those of the performer whom the last release had."""
    world.publish(world.run("week-1", rows()))
    context = world.run("week-2", [rows()[0] | {"urls": []}, rows()[1], rows()[2]])
    add(world.data, "id", HERS, "asked", WHEN)
    assert to_embed(world, context) == {shot(2, 0)}

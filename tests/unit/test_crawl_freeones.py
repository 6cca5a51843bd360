"""A crawl of the FreeOnes look-alike: facts of one page, photos of others, by link and by name."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from demo.world.server import World
from tests.recorded.profile_box import ProfileBench, Site, record


@pytest.fixture
def world():
    with World(week=1, sites=["freeones"]) as running:
        yield running


def bench(world: World, root, *records) -> ProfileBench:
    site = Site()
    site.base = world.base_url("freeones")
    return ProfileBench(site, root, list(records), source="freeones")


def asked(world: World) -> list[str]:
    return [r.path for r in world.log if r.path != "/robots.txt"]


@pytest.mark.parametrize("mode", ["url", "name"])
def test_a_person_is_confirmed_and_her_photos_are_whole(world, tmp_path, mode):
    mira = next(person for person in world.people if person.key == "mira")
    links = ["https://www.freeones.com/mira-okonedo-vask/bio"] if mode == "url" else []
    known = record(1, mira.name, *links, birth_date=mira.birth_date)
    here = bench(world, tmp_path, known)
    manifest = here.crawl(reference_mode=mode)
    assert (manifest.status, manifest.errors) == ("complete", [])
    row = here.rows()["mira-okonedo-vask"]
    assert (row["birth_date"], row["country"]) == (mira.birth_date, mira.country)
    assert row["height_cm"] == mira.height
    assert row["confirmed_by"] == (
        f"birth date {mira.birth_date}" if mode == "name" else "name Mira Okonedo-Vask"
    )
    fetched = [urlsplit(image["url"]).path for image in here.images() if image["sha256"]]
    assert fetched and all("/1440x0/" in path for path in fetched)
    assert not [path for path in asked(world) if "locked" in path or "350x350" in path]


def test_a_namesake_of_another_birthday_gets_no_gallery_opened(world, tmp_path):
    here = bench(world, tmp_path, record(1, "Mira Okonedo-Vask", birth_date="1999-01-01"))
    manifest = here.crawl(reference_mode="name")
    assert manifest.counts["pages_unconfirmed"] == 1
    assert asked(world) == ["/mira-okonedo-vask/photos", "/mira-okonedo-vask/bio"]

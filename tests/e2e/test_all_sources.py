"""Two weeks of builds over all fifteen look-alikes; in the second week one of the sites is down."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from demo.world import Faults, Trouble, World
from demo.world.addresses import all_keys
from demo.world.cast import CREATORS
from demo.world.flaresolverr import FlareSolverr
from demo.world.server import GUARDED, Request
from tests.e2e.conftest import Trainer

pytestmark = pytest.mark.timeout(1800)  # two builds in the set-up of the first test
REFERENCES = sorted(set(all_keys()) - set(CREATORS))
DOWN = "freeones"  # in the second week
IMAGE = (".jpg", ".png", ".webp")


@dataclass(frozen=True)
class Week:
    """What a build left and what it asked."""

    record: dict[str, Any]
    log: list[Request]
    faces: list[dict[str, Any]]
    reviews: list[dict[str, Any]]
    boxes: dict[str, set[str]]  # performer -> where her or his records are

    def asked(self, site: str, images: bool) -> list[Request]:
        return [
            r
            for r in self.log
            if r.site == site
            and r.path != "/robots.txt"
            and images == ("/images/" in r.path or r.path.endswith(IMAGE))
        ]


class Fifteen(Trainer):
    """`trainer build` with a sources.yaml that leads every source to the world."""

    def __init__(self, root: Path, world: World, solver: FlareSolverr) -> None:
        self.world = world
        self.solver = solver
        super().__init__(root, world.port)

    def override(self, **keys: Any) -> None:
        found = self.world.sources_yaml(page_size=10, max_faces=20, retries=0)
        found["indexxx"]["fetcher"] = "plain"  # a Chromium has tests of its own
        (self.root / "sources.yaml").write_text(yaml.safe_dump(found))

    def environment(self, **other: str) -> dict[str, str]:
        keys = self.world.environment()
        return super().environment(**keys, FLARESOLVERR_URL=self.solver.url, **other)

    def week(self, expect: int) -> Week:
        record = self.build(expect=expect)
        listed = self.run("reviews", "--json")
        assert listed.returncode == 0, listed.stderr
        with closing(sqlite3.connect(self.current / "performers.db")) as db:
            db.row_factory = sqlite3.Row
            rows = db.execute(
                "SELECT p.canonical_name AS name, f.source_endpoint AS source, v.page_url "
                "FROM faces f JOIN performers p ON p.id = f.performer_id "
                "JOIN face_provenance v ON v.face_id = f.id"
            )
            faces = [dict(row) for row in rows]
            boxes: dict[str, set[str]] = {}
            for name, box in db.execute(
                "SELECT p.canonical_name, s.endpoint FROM stashbox_ids s "
                "JOIN performers p ON p.id = s.performer_id"
            ):
                boxes.setdefault(name, set()).add(box)
        reviews = json.loads(listed.stdout)["reviews"]
        return Week(record, list(self.world.log), faces, reviews, boxes)


@pytest.fixture(scope="module")
def weeks(week_1, demo_images, tmp_path_factory) -> Iterator[tuple[Week, Week]]:
    root = tmp_path_factory.mktemp("fifteen") / "data"
    root.mkdir()
    # Most pictures are those of the other tests' first week, whose faces are there already.
    shutil.copytree(week_1[0] / "faces", root / "faces")
    with FlareSolverr() as solver:
        with World(week=1, images=demo_images, sites="all") as world:
            ports = world.ports
            first = Fifteen(root, world, solver).week(expect=0)
        with World(
            week=2, images=demo_images, sites="all", ports=ports, port=ports["stashdb"]
        ) as world:
            world.faults_of[DOWN] = Faults(troubles=(Trouble("server_error", where="pages"),))
            yield first, Fifteen(root, world, solver).week(expect=4)


def test_all_fifteen_sources_are_complete(weeks):
    states = {k: v["status"] for k, v in weeks[0].record["stats"]["by_source"].items()}
    assert states == dict.fromkeys(all_keys(), "complete")
    assert weeks[0].record["status"] == "completed"


def test_every_site_was_asked_and_robots_first(weeks):
    for site in all_keys():
        mine = [r for r in weeks[0].log if r.site == site]
        assert mine[0].path == "/robots.txt", site
        assert len(mine) > 1, site


@pytest.mark.parametrize("site", REFERENCES)
def test_faces_of_reference_sites_are_in_the_release_with_their_page(weeks, site):
    pages = [face["page_url"] for face in weeks[0].faces if face["source"] == site]
    assert pages
    assert all(page.startswith("http://127.0.0.1:") for page in pages)


def test_people_of_several_boxes_are_one(weeks):
    names = [face["name"] for face in weeks[0].faces]
    sources = {face["source"] for face in weeks[0].faces if face["name"] == "Mira Okonedo-Vask"}
    assert {"stashdb", "fansdb", "babepedia", "iafd"} <= sources
    assert "Mira Vask" not in names
    assert weeks[0].boxes["Mira Okonedo-Vask"] == {"stashdb", "fansdb", "theporndb"}


def test_a_page_that_two_performers_claim_is_for_a_person_to_look_at(weeks):
    review = next(r for r in weeks[0].reviews if r["url"].endswith("/m/juno-hallward"))
    assert review["kind"] == "page_claimed_by_two"
    assert not [f for f in weeks[0].faces if f["page_url"] == review["url"]]


def test_a_link_that_was_given_to_somebody_else_names_nobody(weeks):
    review = next(r for r in weeks[0].reviews if r["url"].endswith("/boobs/Naledi_Starrick"))
    assert review["kind"] == "birth_dates_differ"
    assert "2003-04-18" in review["text"]
    page = review["url"]
    assert not [f for f in weeks[0].faces if f["page_url"] == page]
    errors = weeks[0].record["errors"]
    assert page in [e["url"] for e in errors if e["kind"] == "unconfirmed"]


def test_a_picture_that_is_gone_in_full_is_there_small(weeks):
    gone = [r for r in weeks[0].asked("pornpics", images=True) if r.status == 404]
    small = gone[-1].path.replace("/1280/", "/460/")
    assert small != gone[-1].path
    assert small in [r.path for r in weeks[0].asked("pornpics", images=True) if r.status == 200]


def test_guarded_sites_are_read_through_flaresolverr_and_give_their_pictures(weeks):
    for site in GUARDED:
        images = weeks[0].asked(site, images=True)
        assert images
        assert {r.status for r in images} == {200}


def test_a_site_that_is_down_keeps_what_it_gave(weeks):
    first, second = weeks
    assert second.record["status"] == "partial"
    states = {k: v["status"] for k, v in second.record["stats"]["by_source"].items()}
    assert states.pop(DOWN) == "failed"
    assert set(states.values()) == {"complete"}
    before = {f["page_url"] for f in first.faces if f["source"] == DOWN}
    assert before == {f["page_url"] for f in second.faces if f["source"] == DOWN}


def test_the_second_week_asks_only_what_changed(weeks):
    first, second = weeks
    for site in set(REFERENCES) - {DOWN, *GUARDED}:
        before = {r.path for r in first.asked(site, images=False) if r.status == 200}
        again = [r for r in second.asked(site, images=False) if r.path in before]
        assert {r.status for r in again} <= {304}, site
    fetched = {(r.site, r.path) for r in first.log if r.status == 200}
    images = [r for site in all_keys() for r in second.asked(site, images=True)]
    assert images
    assert not [r for r in images if (r.site, r.path) in fetched]


def test_nothing_is_asked_twice_in_one_build(weeks):
    for week in weeks:
        asked = [
            (r.site, r.path)
            for site in set(REFERENCES) - {DOWN, *GUARDED}
            for r in week.asked(site, images=False) + week.asked(site, images=True)
        ]
        assert len(asked) == len(set(asked))


def test_a_new_page_gives_its_faces_and_a_removed_link_takes_them_away(weeks):
    first, second = (
        {(f["source"], f["page_url"].rpartition("/")[2]) for f in week.faces} for week in weeks
    )
    assert ("babepedia", "Tilly_Aziz") in second - first
    assert ("boobpedia", "Sable_Marrow") in first - second


def test_keys_are_in_no_file(weeks, tmp_path_factory):
    root = Path(tmp_path_factory.getbasetemp())
    data = next(root.glob("fifteen*/data"))
    for path in data.rglob("*"):
        if path.is_file() and path.suffix in (".json", ".log", ".yaml"):
            assert "demo-world-key" not in path.read_text(errors="replace"), path

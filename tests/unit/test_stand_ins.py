"""Pictures that stand for a missing one are nobody's; a person called like one keeps hers."""

from __future__ import annotations

import json

import pytest
import yaml

from scrapy_project.kinds.rest_api import parse_list
from scrapy_project.kinds.stash_box_api import parse_list as parse_box
from scrapy_project.parsing.profile import Image, Profile
from scrapy_project.parsing.stand_ins import is_stand_in
from scrapy_project.storage.profile_rows import profile_row
from tests.recorded.test_recorded_pages import PAGES, spider_of
from trainer.config.sources import shipped_sources
from trainer.crawl.confirm import Confirmation
from trainer.staging.rows import Target

PORNDB = "https://thumb.theporndb.net/SIG=/1000x1000/smart/"
STAND_INS = [
    f"{PORNDB}https%3A%2F%2Fcdn.theporndb.net%2Fperformer%2Fdefault_17.png",
    f"{PORNDB}filters:sharpen():upscale()/https%3A%2F%2Fcdn.theporndb.net%2Fperformer%2Fdefault_3.png",
    "https://www.iafd.com/graphics/headshots/nophoto340.jpg",
    "https://www.iafd.com/graphics/headshots/nophoto_m.jpg",
    "https://www.iafd.com/graphics/headshots/th_iafd_ad.gif",
    "https://www.babepedia.com/images/photo-placeholder.png",
    "https://www.babepedia.com/images/photo-placeholder-small.png?v=2",
    "https://img.indexxx.com/images/mindex/no-image-yet.jpg",
    "https://static.pornpics.com/style/img/1px.png",
    "https://site.example/noimage.jpg",
    "https://site.example/No_Image_Available.png",
    "https://site.example/image-not-available.jpg",
    "https://site.example/nopic_small.webp",
    "https://site.example/default-avatar.jpg",
    "https://site.example/default_female.jpg",
    "https://site.example/female-silhouette.png",
    "https://site.example/now_printing.jpg",
    "https://site.example/image-coming-soon.jpg",
    "https://site.example/placeholder.webp",
    "https://site.example/wiki/images/t/tw/Twitter_icon.png",
    "https://site.example/wp-content/uploads/logo.png",
    "https://site.example/favicon-32x32.png",
    "https://site.example/blank.gif",
]
PORTRAITS = [
    ("https://cdni.site.example/models/i/iconia_logos.jpg", "Iconia Logos"),
    ("https://cdni.site.example/models/k/kendra_blank.jpg", "Kendra Blank"),
    ("https://site.example/pics/Nova%20Default.jpg", "Nova Default"),
    ("https://site.example/pics/Nova%20Default2.jpg", "Nova Default"),
    ("https://site.example/full/logan-icon.webp", "Logan Icon"),
    ("https://site.example/wiki/images/o/or/Orla_Icon.png", "Orla Icon"),
    ("https://site.example/models/b/blank.jpg", "Blänk"),
    ("https://site.example/models/b/blank_2.jpg", "Blank"),
    ("https://site.example/idolimages/full/now-printing.webp", "Now Printing"),
    ("https://site.example/graphics/headshots/nophotonova.jpg", "Nophoto Nova"),
    ("https://site.example/headshots/nophotonova_f_ad.jpg", "Nophoto Nova"),
    ("https://site.example/a/noah-image.jpg", "Somebody"),
    ("https://site.example/content/1/no-picture-of-mine-today_masonry_1200.jpg", "Somebody"),
    ("https://stashdb.org/images/2f7c0c5e-1111-4222-8333-944444444444", "Somebody"),
]


@pytest.mark.parametrize("url", STAND_INS)
def test_a_stand_in_is_nobodys_picture(url):
    assert is_stand_in(url, ("Orla Veit", "Tamsin Vee"))


@pytest.mark.parametrize(("url", "name"), PORTRAITS)
def test_a_picture_of_a_person_who_is_called_so_is_hers(url, name):
    assert not is_stand_in(url, ("Somebody Else", name))


@pytest.mark.parametrize("url", STAND_INS)
def test_no_spider_can_forget_it(url):
    images = (Image(url=url), Image(url="https://site.example/own.jpg", fallbacks=(url,)))
    kept = Profile(name="Orla Veit", images=images).images
    assert kept == (Image(url="https://site.example/own.jpg"),)


class Answer:
    url = "https://www.freeones.com/orla-veit/photos"
    headers: dict[str, bytes] = {}


def test_nor_a_gallery():
    source = shipped_sources()["freeones"]
    target: Target = {
        "page_id": "orla-veit",
        "path": "/",
        "found_by": "url",
        "candidates": [],
        "scene_count": 0,
    }
    gallery = [Image(url=url) for url in (*STAND_INS, "https://img.freeones.com/own.jpg")]
    page = Profile(name="Orla Veit")
    row = profile_row(
        source, target, page, gallery, Confirmation(()), Answer(), "2026-01-01T00:00:00Z"
    )
    assert [image["url"] for image in row["images"] or ()] == ["https://img.freeones.com/own.jpg"]


def test_nor_an_answer_of_a_rest_source():
    source = shipped_sources()["theporndb"]
    answer = json.loads((PAGES / "theporndb" / "normal.json").read_text())
    record = next(r for r in answer["data"] if r["posters"])
    before = len(rows_of(parse_list, answer, record, source)[0]["images"])
    record["face"] = record["image"] = STAND_INS[0]
    record["posters"].append({"url": STAND_INS[1], "id": 1})
    after = rows_of(parse_list, answer, record, source)[0]["images"]
    assert 0 < len(after) <= before
    assert not {image["url"] for image in after} & set(STAND_INS)
    record["posters"] = []
    assert rows_of(parse_list, answer, record, source)[0]["images"] == []


def rows_of(parse, answer, record, source):
    body = json.dumps({**answer, "data": [record]}).encode()
    return parse(body, "https://api.example/", source).rows


def test_nor_an_answer_of_a_stash_box():
    source = shipped_sources()["stashdb"]
    answer = json.loads((PAGES / "stashdb" / "normal.json").read_text())
    listed = answer["data"]["queryPerformers"]["performers"]
    image = {"id": "1", "url": STAND_INS[-1], "width": 1, "height": 1}
    before = [len(performer["images"]) for performer in listed]
    for performer in listed:
        performer["images"].append(image)
    rows = parse_box(json.dumps(answer).encode(), "https://stashdb.org/graphql", source).rows
    assert [len(row["images"] or ()) for row in rows] == before


SPELLINGS = ("{0} {1}", "{0}_{1}", "{0}-{1}", "{0}%20{1}", "{0}{1}")


def normal(key: str) -> dict:
    return yaml.safe_load((PAGES / key / "normal.expected.yaml").read_text())


# FreeOnes' pictures are in its galleries.
WITH_IMAGES = [
    key
    for key, source in shipped_sources().items()
    if source.kind == "html_profile" and "images" in normal(key)["profile"]
]


def test_most_sites_show_pictures_beside_the_facts():
    assert len(WITH_IMAGES) >= 9


@pytest.mark.parametrize("key", WITH_IMAGES)
@pytest.mark.parametrize("words", [("Icon", "Logos"), ("Default", "Blank"), ("Nophoto", "Avatar")])
def test_a_person_called_like_a_stand_in_keeps_all_pictures(key, words):
    """The recorded page with another name in every spelling that the site has of it."""
    expected = normal(key)
    page = " ".join((PAGES / key / "normal.html").read_text(encoding="utf-8").split())
    url, before = expected["url"], expected["profile"]["name"].split()
    for spelling in SPELLINGS:
        for old, new in ((before, words), (map(str.lower, before), map(str.lower, words))):
            one, other = spelling.format(*old), spelling.format(*new)
            page, url = page.replace(one, other), url.replace(one, other)
    profile = spider_of(key).parse_page(page.encode(), url)
    assert profile.name == " ".join(words)
    assert len(profile.images) == len(expected["profile"]["images"]) > 0

"""Every recorded page of every source gives the item, or the error, that stands beside it.

`tests/recorded/pages/<source>/<case>.html` (or `.json`) with `<case>.expected.yaml`, which has

    url: the page's address
    today: the day of the visit, where the profile depends on it
    profile: {field: value, ...}     every field of the item, or
    more: [image, ...]                what a further page (a gallery) gives, or
    error: {kind: ..., field: ...}   how the page is refused

Each field is a separate test; one that is not named is empty, one whose value is `ignore` is not
looked at. Shots are compared by what is named of each. Cases: normal, sparse, missing, moved,
hostile, and any others.
"""

from __future__ import annotations

import importlib
import inspect
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from scrapy_project.kinds.html_profile import ProfileSpider
from scrapy_project.parsing.profile import PageError, Profile

PAGES = Path(__file__).with_name("pages")
CASES = ("normal", "sparse", "missing", "moved", "hostile")


def spider_of(source: str) -> type[ProfileSpider]:
    module = importlib.import_module(f"scrapy_project.sources.{source}.spider")
    return next(
        value
        for value in vars(module).values()
        if inspect.isclass(value)
        and issubclass(value, ProfileSpider)
        and getattr(value, "name", None) == source
    )


def expectations() -> list[Path]:
    return sorted(
        path
        for path in PAGES.glob("*/*.expected.yaml")
        if path.with_name(path.name.replace(".expected.yaml", ".html")).exists()
    )


def cases() -> list[tuple[Path, str]]:
    found = []
    for path in expectations():
        expected = yaml.safe_load(path.read_text(encoding="utf-8"))
        other = "more" if "more" in expected else "error"
        fields = sorted(Profile.model_fields) if "profile" in expected else [other]
        found += [(path, field) for field in fields]
    return found


@cache
def outcome(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """What is expected and what the source's parse function gives, both as plain values."""
    expected = yaml.safe_load(path.read_text(encoding="utf-8"))
    body = path.with_name(path.name.replace(".expected.yaml", ".html")).read_bytes()
    spider = spider_of(path.parent.name)
    try:
        if "more" in expected:
            assert spider.parse_more is not None
            more = spider.parse_more(body, expected["url"])
            return expected, {"more": [image.model_dump(mode="json") for image in more]}
        profile = spider.parse_page(body, expected["url"], today=expected.get("today"))
    except PageError as error:
        return expected, {"error": {"kind": error.kind, "field": error.field}}
    return expected, {"profile": profile.model_dump(mode="json")}


@pytest.mark.parametrize(
    ("path", "field"),
    cases(),
    ids=lambda v: v if isinstance(v, str) else f"{v.parent.name}-{v.stem}",
)
def test_a_recorded_page_gives_what_stands_beside_it(path, field):
    expected, seen = outcome(path)
    if field == "error":
        assert seen == {"error": {"field": None} | expected["error"]}
        return
    if field == "more":
        assert named(seen["more"], expected["more"]) == expected["more"]
        return
    empty = Profile(name="nobody").model_dump(mode="json")
    assert "profile" in seen, seen
    wanted = expected["profile"].get(field, empty[field])
    if wanted != "ignore":
        value = seen["profile"][field]
        assert (named(value, wanted) if field == "images" else value) == wanted


def named(images: list[dict[str, Any]], wanted: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The images, with what `wanted` names of each; those beyond it whole."""
    kept = [{key: image[key] for key in want} for image, want in zip(images, wanted, strict=False)]
    return kept + images[len(wanted) :]


@pytest.mark.parametrize("source", sorted(p.name for p in PAGES.glob("*") if p.is_dir()))
def test_a_source_has_every_case(source):
    here = {p.name.split(".")[0] for p in (PAGES / source).glob("*.expected.yaml")}
    assert set(CASES) <= here

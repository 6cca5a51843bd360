"""What every reference site's profile goes through, whatever its spider finds."""

from __future__ import annotations

import pytest

from scrapy_project.parsing import helpers as h


def build(name, images=(), **values):
    return h.profile(name, {}, images=images, **values)


@pytest.mark.parametrize("name", ["Mira \ufffdkonedo", "---", ""])
def test_a_name_that_is_none_is_refused_with_its_field(name):
    with pytest.raises(h.PageError) as refused:
        build(name)
    assert (refused.value.kind, refused.value.field) == ("field_invalid", "name")


def test_a_garbled_alias_is_reported_and_the_others_stay():
    profile = build("Mira Vask", aliases=["M. V\ufffdsk", "Mimi"])
    assert profile.aliases == ("Mimi",)
    assert [problem.field for problem in profile.problems] == ["aliases"]


def test_a_picture_shown_twice_is_one_with_all_its_fallbacks():
    images = [
        h.Image(url="https://x.example/a.jpg", fallbacks=("https://x.example/a1.jpg",)),
        h.Image(url="https://x.example/b.jpg"),
        h.Image(
            url="https://x.example/a.jpg",
            fallbacks=("https://x.example/a2.jpg", "https://x.example/b.jpg"),
        ),
    ]
    seen = build("Mira Vask", images=tuple(images)).images
    assert [(s.url[-5:], [f[-6:] for f in s.fallbacks]) for s in seen] == [
        ("a.jpg", ["a1.jpg", "a2.jpg"]),
        ("b.jpg", []),
    ]

"""What every reference site's profile goes through, whichever helpers its spider reads with."""

from __future__ import annotations

import pytest

from scrapy_project.parsing import biography, reference
from scrapy_project.parsing.profile import PageError, Shot

BUILD = {
    "biography": lambda name, **values: biography.profile(
        name, {}, shots=values.pop("shots", ()), **values
    ),
    "reference": lambda name, **values: reference.profile(
        values.pop("shots", ()), name=name, **values
    ),
}


@pytest.fixture(params=sorted(BUILD))
def build(request):
    return BUILD[request.param]


@pytest.mark.parametrize("name", ["Mira \ufffdkonedo", "---", ""])
def test_a_name_that_is_none_is_refused_with_its_field(build, name):
    with pytest.raises(PageError) as refused:
        build(name)
    assert (refused.value.kind, refused.value.field) == ("field_invalid", "name")


def test_a_garbled_alias_is_reported_and_the_others_stay(build):
    profile = build("Mira Vask", aliases=["M. V\ufffdsk", "Mimi"])
    assert profile.aliases == ("Mimi",)
    assert [problem.field for problem in profile.problems] == ["aliases"]


def test_a_picture_shown_twice_is_one_with_all_its_fallbacks(build):
    shots = [
        Shot(url="https://x.example/a.jpg", fallbacks=("https://x.example/a1.jpg",)),
        Shot(url="https://x.example/b.jpg"),
        Shot(
            url="https://x.example/a.jpg",
            fallbacks=("https://x.example/a2.jpg", "https://x.example/b.jpg"),
        ),
    ]
    seen = build("Mira Vask", shots=tuple(shots)).shots
    assert [(s.url[-5:], [f[-6:] for f in s.fallbacks]) for s in seen] == [
        ("a.jpg", ["a1.jpg", "a2.jpg"]),
        ("b.jpg", []),
    ]

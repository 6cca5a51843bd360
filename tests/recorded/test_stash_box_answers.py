"""Recorded answers of a stash-box become rows; what does not fit is named field by field."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scrapy_project.kinds.stash_box_api import (
    LIST_QUERY,
    AnswerError,
    parse_list,
)
from tests.recorded.box import person
from trainer.config.settings import REPO_ROOT
from trainer.config.sources import load_sources
from trainer.staging.rows import by_name

URL = "https://stashdb.org/graphql"
BASE = "https://cdn.example.org"
SOURCE = load_sources(Path("/nonexistent"))["stashdb"]


def answer(*people, count=None) -> bytes:
    listed = {"count": len(people) if count is None else count, "performers": list(people)}
    return json.dumps({"data": {"queryPerformers": listed}}).encode()


EXPECTED = {
    "source": "stashdb",
    "source_id": "00000000-0000-4000-8000-000000000007",
    "name": "Invented Person 007",
    "page_url": "https://stashdb.org/performers/00000000-0000-4000-8000-000000000007",
    "disambiguation": None,
    "gender": "FEMALE",
    "country": "SE",
    "ethnicity": "CAUCASIAN",
    "birth_date": "1980-02-03",
    "death_date": None,
    "height_cm": 171,
    "eye_color": "GREEN",
    "hair_color": "RED",
    "career_start_year": 2005,
    "career_end_year": None,
    "scene_count": 12,
    "aliases": ["Alias 7"],
    "urls": [{"url": "https://example.org/7", "site": "Example"}],
    "tattoos": [{"location": "Arm", "description": None}],
    "piercings": [],
    "merged_ids": [],
    "merged_into_id": None,
    "deleted": False,
    "created_at": "2024-01-01T00:00:00Z",
    "updated_at": "2026-01-01T00:07:00.123456Z",
    "images": [
        {"url": "https://cdn.example.org/img/7.jpg", "image_id": "i7", "width": 400, "height": 600}
    ],
}


@pytest.mark.parametrize("field", sorted(EXPECTED))
def test_every_field(field):
    row = parse_list(answer(person(7, BASE)), URL, SOURCE).rows[0]
    assert by_name(row)[field] == EXPECTED[field]
    assert set(row) == set(EXPECTED)


@pytest.mark.parametrize("name", ['O\'Hara "Q"', "شخص مخترع", "Zoë 🎬", "a" * 500])
def test_names_are_kept_as_they_are(name):
    assert parse_list(answer(person(1, BASE, name=name)), URL, SOURCE).rows[0]["name"] == name


@pytest.mark.parametrize("field", ["id", "name", "deleted", "updated", "images", "merged_ids"])
def test_a_missing_required_field_refuses_the_record_and_names_it(field):
    record = person(1, BASE)
    del record[field]
    page = parse_list(answer(record, person(2)), URL, SOURCE)
    assert [row["source_id"] for row in page.rows] == [person(2)["id"]]
    error = page.errors[0]
    assert (error.kind, error.source, error.url, error.field) == (
        "field_missing",
        "stashdb",
        URL,
        field,
    )


@pytest.mark.parametrize(
    ("field", "value"), [("birth_date", "3 Feb 1980"), ("height", "171"), ("gender", 3)]
)
def test_a_bad_optional_value_becomes_null_and_is_reported(field, value):
    page = parse_list(answer(person(1, BASE, **{field: value})), URL, SOURCE)
    column = "height_cm" if field == "height" else field
    assert by_name(page.rows[0])[column] is None
    assert [(e.kind, e.field) for e in page.errors] == [("field_invalid", field)]


@pytest.mark.parametrize("date", ["1980", "1980-02", "1980-02-03"])
def test_fuzzy_dates(date):
    assert (
        parse_list(answer(person(1, BASE, birth_date=date)), URL, SOURCE).rows[0]["birth_date"]
        == date
    )


def test_a_bad_picture_is_left_out_and_the_others_stay():
    images = [{"id": "a", "url": None, "width": 1, "height": 1}, person(1, BASE)["images"][0]]
    page = parse_list(answer(person(1, BASE, images=images)), URL, SOURCE)
    kept = page.rows[0]["images"]
    assert kept is not None
    assert [image["image_id"] for image in kept] == ["i1"]
    assert page.errors[0].field == "images.url"


def test_unknown_fields_are_reported():
    page = parse_list(answer(person(1, BASE, shoe_size=38)), URL, SOURCE)
    assert [(e.kind, e.field) for e in page.errors] == [("unknown_field", "shoe_size")]
    assert len(page.rows) == 1


def test_a_page_past_the_end_is_empty():
    page = parse_list(answer(count=12), URL, SOURCE)
    assert (page.count, page.listed, page.rows) == (12, 0, [])


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "garbage"),
        (b"[]", "garbage"),
        (b" <!doctype html>", "html"),
        (b'{"errors": [{"message": "boom"}], "data": null}', "graphql"),
        (b'{"errors": [{"message": "Not authorized"}]}', "unauthorized"),
        (b'{"data": {}}', "field_missing"),
        (b'{"data": {"queryPerformers": {"performers": []}}}', "field_missing"),
        (b'{"data": {"queryPerformers": {"count": 1}}}', "field_missing"),
    ],
)
def test_answers_that_are_none(body, kind):
    with pytest.raises(AnswerError) as caught:
        parse_list(body, URL, SOURCE)
    assert caught.value.kind == kind


def test_the_query_is_valid_against_the_schema():
    sdl = REPO_ROOT / "demo" / "world" / "stash_box.graphql"
    if not sdl.exists():
        pytest.skip(f"{sdl} is missing: the query is NOT checked against a schema")
    from graphql import build_schema, parse, validate

    assert validate(build_schema(sdl.read_text()), parse(LIST_QUERY)) == []

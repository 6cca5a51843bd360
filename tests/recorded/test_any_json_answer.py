"""Whatever bytes a REST or GraphQL server sends: rows that fit into a part, or a typed error."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from scrapy_project.kinds import rest_api, stash_box_api, stash_box_record
from scrapy_project.kinds.responses import AnswerError
from scrapy_project.kinds.rest_record import Extras, Performer
from tests.recorded.box import person
from trainer.config.sources import load_sources
from trainer.staging.schemas import PERFORMERS

URL = "https://api.theporndb.net/#page=1"
SOURCES = load_sources(Path("/nonexistent"))
SOURCE = SOURCES["theporndb"]

# The same examples every time, however busy the machine is.
PATIENT = settings(deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])

# Whatever comes, a page or an AnswerError comes out, and its rows fit into a part.

JSON: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(2**31, 2**200)
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(
        ["\ud800", "a\0b", "//x.example/y", "/y", "https://[x", "0000-00-00", "9999-12"]
    ),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
REST_RECORD = st.fixed_dictionaries(
    {"id": st.just("x") | JSON, "name": st.just("Somebody") | JSON},
    optional={
        **{n: JSON for n in Performer.model_fields if n not in ("id", "name", "extras")},
        "extras": JSON
        | st.fixed_dictionaries({}, optional=dict.fromkeys(Extras.model_fields, JSON)),
        "posters": st.lists(st.fixed_dictionaries({"url": JSON, "id": JSON}), max_size=3) | JSON,
        "other": JSON,
    },
)
BOX_RECORD = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(stash_box_record.Performer.model_fields, JSON),
        "images": st.lists(
            st.fixed_dictionaries({"id": JSON, "url": JSON, "width": JSON, "height": JSON}),
            max_size=3,
        ),
        "other": JSON,
    },
).map(lambda changes: {**person(1, "https://cdn.example"), **changes})


def outcome(parse, body, source):
    """The page, or what was wrong with the answer."""
    try:
        return parse(body, URL, source)
    except AnswerError as error:
        return error.kind, error.field, str(error)


def fits(parse, body, source):
    try:
        page = parse(body, URL, source)
    except AnswerError as error:
        str(error).encode()
        return
    pa.Table.from_pylist(page.rows, schema=PERFORMERS)
    type(page).model_validate(page.model_dump())
    json.dumps(page.model_dump()).encode()
    "".join(page.refused_ids).encode()


@settings(PATIENT, max_examples=300)
@given(record=REST_RECORD | JSON)
@example(record={"id": "x", "name": "Somebody", "slug": "\ud800"})
@example(record={"id": "x", "name": "Somebody", "extras": {"links": {"\x00": True}}})
def test_any_rest_record(record):
    body = json.dumps({"data": [record], "meta": {"total": 1}}).encode()
    fits(rest_api.parse_list, body, SOURCE)


@settings(PATIENT, max_examples=300)
@given(record=BOX_RECORD | JSON)
def test_any_stash_box_record(record):
    listed = {"queryPerformers": {"count": 1, "performers": [record]}}
    body = json.dumps({"data": listed}).encode()
    fits(stash_box_api.parse_list, body, SOURCES["stashdb"])
    either_way(body)


def either_way(body):
    """A stash-box answer read whole, and read record by record: the same."""
    found = [outcome(parse, body, SOURCES["stashdb"]) for parse in BOTH_WAYS]
    assert found[0] == found[1]


BOTH_WAYS = (stash_box_api.parse_list, stash_box_api.parse_mended)
COUNTS = st.integers(-2, 20_000_000) | JSON


@settings(PATIENT, max_examples=200)
@given(count=COUNTS, errors=st.none() | JSON, changes=st.lists(BOX_RECORD, max_size=3))
def test_any_stash_box_answer(count, errors, changes):
    found = {"queryPerformers": {"count": count, "performers": changes, "more": 1}}
    either_way(json.dumps({"data": found, "errors": errors, "extensions": {}}).encode())


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('"deleted": false', '"deleted": 0'),
        ('"scene_count": ', '"scene_count": 1.0, "scene": '),
        ('"scene_count": ', '"scene_count": 1e400, "scene": '),
        ('"scene_count": ', '"scene_count": NaN, "scene": '),
        ('"scene_count": ', '"scene_count": "3", "scene": '),
        ('"name": ', '"name": "Twice", "name": '),
        ('"name": ', '"name": "\\ud83d\\ude00", "other": '),
        ('"name": ', '"name": "\\ud83d", "other": '),
        ('"count": 1', '"count": true'),
        ('"count": 1', '"count": 1.0'),
        ('{"data"', '\ufeff{"data"'),
    ],
)
def test_json_that_readers_take_differently(before, after):
    listed = {"count": 1, "performers": [person(1, "https://cdn.example")]}
    text = json.dumps({"data": {"queryPerformers": listed}})
    assert before in text
    body = text.replace(before, after, 1)
    either_way(body.encode())
    either_way(body.encode("utf-16"))


def test_a_whole_answer_becomes_records_without_a_detour(monkeypatch):
    monkeypatch.setattr(stash_box_api, "parse_mended", None)
    listed = {"count": 1, "performers": [person(1, "https://cdn.example")]}
    body = json.dumps({"data": {"queryPerformers": listed}}).encode()
    assert stash_box_api.parse_list(body, URL, SOURCES["stashdb"]).rows


@settings(PATIENT, max_examples=200)
@given(body=st.binary(max_size=50) | JSON.map(lambda v: json.dumps(v).encode()))
def test_any_bytes(body):
    fits(rest_api.parse_list, body, SOURCE)
    fits(stash_box_api.parse_list, body, SOURCES["stashdb"])
    either_way(body)


@pytest.mark.parametrize("parse", [rest_api.parse_list, stash_box_api.parse_list])
@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"data": ' * 5_000 + b"1" + b"}" * 5_000,
        b'{"errors": ' + b"[" * 400 + b"]" * 400 + b"}",
        b'{"data": ' + b"9" * 10_000 + b"}",
        '{"data": "é"}'.encode("latin-1"),
        b'{"message": "\\ud800"}',
        b'{"errors": [{"message": "\\ud800"}]}',
    ],
    ids=["deep list", "deep object", "deep errors", "huge number", "latin-1", "surrogate", "s2"],
)
def test_hostile_bytes_are_a_typed_error(parse, body):
    with pytest.raises(AnswerError) as caught:
        parse(body, URL, SOURCE)
    str(caught.value).encode()

"""Whatever bytes a REST or GraphQL server sends: rows that fit into a part, or a typed error."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from scrapy_project.kinds import rest_api, stash_box_api
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
        **dict.fromkeys(stash_box_api.Performer.model_fields, JSON),
        "images": st.lists(
            st.fixed_dictionaries({"id": JSON, "url": JSON, "width": JSON, "height": JSON}),
            max_size=3,
        ),
        "other": JSON,
    },
).map(lambda changes: {**person(1, "https://cdn.example"), **changes})


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
    fits(stash_box_api.parse_list, json.dumps({"data": listed}).encode(), SOURCES["stashdb"])


@settings(PATIENT, max_examples=200)
@given(body=st.binary(max_size=50) | JSON.map(lambda v: json.dumps(v).encode()))
def test_any_bytes(body):
    fits(rest_api.parse_list, body, SOURCE)
    fits(stash_box_api.parse_list, body, SOURCES["stashdb"])


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

"""Every recorded answer of every JSON source gives the rows, or the error, that stand beside it.

`tests/recorded/pages/<source>/<case>.json` with `<case>.expected.yaml`, which has

    url: the page's address
    today: the day of the crawl, where the rows depend on it
    count, listed: what is advertised, and how many records are on the page
    rows: [{column: value, ...}]        without the empty columns
    refused: [id, ...]                  records that could not be read
    errors: [{kind: ..., field: ...}]   in order, or
    error: {kind: ..., field: ...}      how the whole answer is refused

Each field is a separate test; pictures are compared by what is named of each. No clock is read:
the moments are those of the answer.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from scrapy_project.kinds import rest_api, stash_box_api
from scrapy_project.kinds.responses import AnswerError
from trainer.config.sources import load_sources
from trainer.staging.schemas import PERFORMERS

PAGES = Path(__file__).with_name("pages")
SOURCES = load_sources(Path("/nonexistent"))
PARSE = {"stash_box": stash_box_api.parse_list, "rest": rest_api.parse_list}
PAGE_FIELDS = ("count", "listed", "refused", "errors")
# Filled by the engine of the reference sites; empty for whoever creates performers.
NOT_OURS = {"owners", "found_by", "confirmed_by", "etag", "last_modified", "fetched_at"}
COLUMNS = [name for name in PERFORMERS.names if name not in NOT_OURS]
LISTS = {"aliases", "urls", "tattoos", "piercings", "merged_ids", "images"}
EMPTY: dict[str, Any] = {
    name: [] if name in LISTS else False if name == "deleted" else None for name in COLUMNS
}


def cases() -> list[tuple[Path, str]]:
    found = []
    for path in sorted(PAGES.glob("*/*.json")):
        expected = yaml.safe_load(beside(path).read_text(encoding="utf-8"))
        fields = ["error"] if "error" in expected else [*PAGE_FIELDS, *COLUMNS]
        found += [(path, field) for field in fields]
    return found


def beside(path: Path) -> Path:
    return path.with_suffix(".expected.yaml")


@cache
def outcome(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """What is expected and what is read, both as plain values."""
    expected = yaml.safe_load(beside(path).read_text(encoding="utf-8"))
    source = SOURCES[path.parent.name]
    try:
        read = PARSE[source.kind]
        page = read(path.read_bytes(), expected["url"], source, expected.get("today"))
    except AnswerError as error:
        return expected, {"error": {"kind": error.kind, "field": error.field}}
    assert all(e.url == expected["url"] and e.source == source.key for e in page.errors)
    return expected, {
        "count": page.count,
        "listed": page.listed,
        "refused": page.refused_ids,
        "errors": [{"kind": e.kind, "field": e.field} for e in page.errors],
        "rows": page.rows,
    }


@pytest.mark.parametrize(
    ("path", "field"),
    cases(),
    ids=lambda v: v if isinstance(v, str) else f"{v.parent.name}-{v.stem}",
)
def test_a_recorded_answer_gives_what_stands_beside_it(path, field):
    expected, seen = outcome(path)
    if field == "error":
        assert seen == {"error": expected["error"]}
    elif field in PAGE_FIELDS:
        assert seen[field] == expected.get(field, [])
    else:
        wanted = [row.get(field, EMPTY[field]) for row in expected["rows"]]
        found = [row[field] for row in seen["rows"]]
        assert (named(found, wanted) if field == "images" else found) == wanted


def named(rows: list[list[dict[str, Any]]], wanted: list[list[dict[str, Any]]]) -> list[Any]:
    """The pictures of each row, with what `wanted` names of each; those beyond it whole."""
    return [
        [{key: image[key] for key in want} for image, want in zip(images, wants, strict=False)]
        + images[len(wants) :]
        for images, wants in zip(rows, wanted, strict=True)
    ]


def test_every_json_source_has_recorded_answers():
    creators = {key for key, source in SOURCES.items() if source.creates_performers}
    assert {path.parent.name for path in PAGES.glob("*/normal.json")} >= creators

"""Stash-box answers: the queries, and pure functions from bytes to records or a typed error."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from pydantic import ValidationError

from scrapy_project.kinds.responses import (
    AnswerError,
    ListPage,
    advertised,
    json_object,
    read_page,
    read_record,
    unknown_fields,
)
from scrapy_project.kinds.stash_box_record import ListAnswer, Mark, Performer
from scrapy_project.parsing.careers import career_end
from trainer.config.sources import SourceConfig
from trainer.identity.tidy_names import with_tidy_names
from trainer.staging import rows
from trainer.staging.manifest import StageError
from trainer.staging.performer_facts import FACT_NAMES
from trainer.staging.rows import PerformerRecord, with_facts

__all__ = ["AnswerError", "ListPage", "list_body", "parse_list", "parse_performer"]

FIELDS = """id name disambiguation country ethnicity aliases birth_date death_date gender height
eye_color hair_color career_start_year career_end_year scene_count created updated deleted
merged_ids merged_into_id
tattoos { location description } piercings { location description }
images { id url width height } urls { url site { name } }"""
LIST_QUERY = f"""query Performers($input: PerformerQueryInput!) {{
queryPerformers(input: $input) {{ count performers {{ {FIELDS} }} }} }}"""

_REFUSED_KEY = ("not authorized", "unauthorized", "unauthenticated", "forbidden", "invalid api key")


def list_body(page: int, per_page: int, sort: str, direction: str) -> bytes:
    """The JSON body of the GraphQL query for one page (from 1)."""
    variables = {"page": page, "per_page": per_page, "sort": sort, "direction": direction}
    return _body("Performers", LIST_QUERY, {"input": variables})


def parse_list(body: bytes, url: str, source: SourceConfig, today: date | None = None) -> ListPage:
    """Raises `AnswerError`; a single bad record becomes an error of the page instead. `today`: the
    day on which a career is at its end or not (`careers.career_end`)."""
    try:
        found = ListAnswer.model_validate_json(body).data.queryPerformers
    except ValidationError:  # something is wrong: what it is, and what is left without it
        return parse_mended(body, url, source, today)
    return read_page(
        found.count, found.performers, lambda performer: _whole(performer, url, source, today)
    )


def parse_mended(
    body: bytes, url: str, source: SourceConfig, today: date | None = None
) -> ListPage:
    """As `parse_list`, record by record and field by field, so that what is wrong costs no more
    than itself."""
    result = _data(body, "queryPerformers")
    if not isinstance(result, dict):
        raise AnswerError("field_missing", "the answer has no queryPerformers", "queryPerformers")
    count = advertised(result, "count", "queryPerformers.count")
    listed = result.get("performers")
    if not isinstance(listed, list):
        raise AnswerError("field_missing", "no performers", "queryPerformers.performers")
    return read_page(count, listed, lambda record: parse_performer(record, url, source, today))


def parse_performer(
    record: Any, url: str, source: SourceConfig, today: date | None = None
) -> tuple[PerformerRecord | None, list[StageError]]:
    """A row of the PERFORMERS schema (None: refused) and what was wrong, field by field."""
    performer, errors = read_record(Performer, record, url, source)
    if performer is None:
        return None, errors
    row, unknown = _whole(performer, url, source, today)
    return row, errors + unknown


def _whole(
    performer: Performer, url: str, source: SourceConfig, today: date | None
) -> tuple[PerformerRecord, list[StageError]]:
    unknown = unknown_fields(performer, "", url, source)
    return with_tidy_names(_row(performer, source, today)), unknown


def _row(performer: Performer, source: SourceConfig, today: date | None) -> PerformerRecord:
    stated = [name for name in FACT_NAMES if name in Performer.model_fields]
    facts = {name: getattr(performer, name) for name in stated}
    facts |= {
        "height_cm": performer.height,
        "career_end_year": career_end(performer.career_end_year, today),
    }
    row: PerformerRecord = {
        "source": source.key,
        "source_id": performer.id,
        "name": performer.name,
        "page_url": f"https://{source.domain}/performers/{performer.id}",
        "aliases": performer.aliases,
        "urls": [{"url": link.url, "site": link.site.name} for link in performer.urls],
        "tattoos": _marks(performer.tattoos),
        "piercings": _marks(performer.piercings),
        "merged_ids": performer.merged_ids,
        "merged_into_id": performer.merged_into_id,
        "deleted": performer.deleted,
        "created_at": performer.created,
        "updated_at": performer.updated,
        "images": [
            {"url": p.url, "image_id": p.id, "width": p.width, "height": p.height}
            for p in performer.images
        ],
    }
    return with_facts(row, facts)


def _marks(marks: list[Mark] | None) -> list[rows.Mark]:
    return [{"location": mark.location, "description": mark.description} for mark in marks or []]


def _data(body: bytes, field: str) -> Any:
    """The named field of `data`. Raises `AnswerError` for everything that is not GraphQL data."""
    answer = json_object(body, "GraphQL data")
    if answer.get("errors"):
        message = _messages(answer["errors"])
        refused = any(words in message.lower() for words in _REFUSED_KEY)
        raise AnswerError("unauthorized" if refused else "graphql", message, field)
    data = answer.get("data")
    if not isinstance(data, dict) or field not in data:
        raise AnswerError("field_missing", f"the answer has no data.{field}", field)
    return data[field]


def _messages(errors: Any) -> str:
    entries = errors if isinstance(errors, list) else [errors]
    found = [e.get("message") if isinstance(e, dict) else e for e in entries]
    return "; ".join(text if isinstance(text, str) else "an error without words" for text in found)


def _body(name: str, query: str, variables: dict[str, Any]) -> bytes:
    content = {"operationName": name, "query": query, "variables": variables}
    return json.dumps(content).encode()

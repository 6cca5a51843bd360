"""Stash-box answers: the queries, and pure functions from bytes to records or a typed error."""

from __future__ import annotations

import json
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from trainer.config.sources import SourceConfig
from trainer.staging.manifest import StageError

FIELDS = """id name disambiguation country ethnicity aliases birth_date death_date gender height
eye_color hair_color career_start_year career_end_year scene_count created updated deleted
merged_ids merged_into_id
tattoos { location description } piercings { location description }
images { id url width height } urls { url site { name } }"""
LIST_QUERY = f"""query Performers($input: PerformerQueryInput!) {{
queryPerformers(input: $input) {{ count performers {{ {FIELDS} }} }} }}"""

Text = Annotated[str, StringConstraints(min_length=1, pattern=r"\S")]
FuzzyDate = Annotated[str, StringConstraints(pattern=r"^\d{4}(-\d{2}(-\d{2})?)?$")]
_REFUSED_KEY = ("not authorized", "unauthorized", "unauthenticated", "forbidden", "invalid api key")


class AnswerError(Exception):
    """An answer that is no answer. `kind`: html, garbage, graphql, unauthorized, field_missing."""

    def __init__(self, kind: str, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.field = field


class _Answer(BaseModel):
    # Fields that nobody asked for are kept aside and reported, never absorbed.
    model_config = ConfigDict(extra="allow", strict=True)


class Mark(_Answer):
    location: str
    description: str | None = None


class Picture(_Answer):
    id: Text
    url: Text
    width: int
    height: int


class Site(_Answer):
    name: Text


class Link(_Answer):
    url: Text
    site: Site


class Performer(_Answer):
    """A performer with the nulls that the stash-box schema allows, and no others."""

    id: Text
    name: Text
    deleted: bool
    created: Text
    updated: Text
    aliases: list[str]
    merged_ids: list[str]
    images: list[Picture]
    urls: list[Link]
    scene_count: int
    disambiguation: str | None = Field(...)
    country: str | None = Field(...)
    ethnicity: str | None = Field(...)
    birth_date: FuzzyDate | None = Field(...)
    death_date: FuzzyDate | None = Field(...)
    gender: str | None = Field(...)
    height: int | None = Field(...)
    eye_color: str | None = Field(...)
    hair_color: str | None = Field(...)
    career_start_year: int | None = Field(...)
    career_end_year: int | None = Field(...)
    merged_into_id: str | None = Field(...)
    tattoos: list[Mark] | None = Field(...)
    piercings: list[Mark] | None = Field(...)


_LISTS = ("aliases", "merged_ids", "images", "urls", "tattoos", "piercings")


class Page(BaseModel):
    """One answer of queryPerformers."""

    count: int = Field(description="performers that the source advertises")
    listed: int = Field(description="records on the page, readable or not")
    rows: list[dict[str, Any]] = Field(description="rows of the PERFORMERS schema")
    refused_ids: list[str] = Field(description="ids of records that could not be read")
    errors: list[StageError]


def list_body(page: int, per_page: int, sort: str, direction: str) -> bytes:
    variables = {"page": page, "per_page": per_page, "sort": sort, "direction": direction}
    return _body("Performers", LIST_QUERY, {"input": variables})


def parse_list(body: bytes, url: str, source: SourceConfig) -> Page:
    """Raises `AnswerError`; a single bad record becomes an error of the page instead."""
    result = _data(body, "queryPerformers")
    if not isinstance(result, dict):
        raise AnswerError("field_missing", "the answer has no queryPerformers", "queryPerformers")
    count, listed = result.get("count"), result.get("performers")
    if type(count) is not int:
        raise AnswerError("field_missing", "the answer has no count", "queryPerformers.count")
    if not isinstance(listed, list):
        raise AnswerError("field_missing", "no performers", "queryPerformers.performers")
    page = Page(count=count, listed=len(listed), rows=[], refused_ids=[], errors=[])
    for record in listed:
        row, errors = parse_performer(record, url, source)
        page.errors += errors
        if row is not None:
            page.rows.append(row)
        else:
            name = record.get("id") if isinstance(record, dict) else None
            page.refused_ids.append(str(name or ""))
    return page


def parse_performer(
    record: Any, url: str, source: SourceConfig
) -> tuple[dict[str, Any] | None, list[StageError]]:
    """A row of the PERFORMERS schema (None: refused) and what was wrong, field by field.

    A bad value of an optional field becomes null, a bad entry of a list is left out; both are
    reported. A record without a required field is refused.
    """
    if not isinstance(record, dict):
        return None, [_error("field_invalid", "performers", "not an object", url, source)]
    errors: list[StageError] = []
    try:
        performer = Performer.model_validate(record)
    except ValidationError as problem:
        mended, errors = _mend(record, problem, url, source)
        try:
            performer = Performer.model_validate(mended)
        except ValidationError:
            return None, errors
    errors += [
        _error("unknown_field", name, "a field that nobody asked for", url, source)
        for name in sorted(performer.model_extra or {})
    ]
    return _row(performer, source), errors


def _mend(
    record: dict[str, Any], problem: ValidationError, url: str, source: SourceConfig
) -> tuple[dict[str, Any], list[StageError]]:
    mended, errors = dict(record), []
    bad_entries: set[tuple[str, int]] = set()
    for item in problem.errors():
        name, rest = str(item["loc"][0]), item["loc"][1:]
        missing = item["type"] == "missing"
        kind = "field_missing" if missing else "field_invalid"
        path = ".".join(str(part) for part in item["loc"] if not isinstance(part, int))
        message = f"performer {record.get('id', '?')}: {item['msg']}"
        errors.append(_error(kind, path, message, url, source))
        if name in _LISTS and rest and isinstance(rest[0], int):
            bad_entries.add((name, rest[0]))
        elif not missing and name in mended:
            mended[name] = None
    for name in _LISTS:
        if isinstance(mended.get(name), list):
            entries = enumerate(mended[name])
            mended[name] = [entry for i, entry in entries if (name, i) not in bad_entries]
    return mended, errors


def _row(performer: Performer, source: SourceConfig) -> dict[str, Any]:
    marks = {
        name: [{"location": m.location, "description": m.description} for m in found or []]
        for name, found in (("tattoos", performer.tattoos), ("piercings", performer.piercings))
    }
    plain = performer.model_dump(
        include=set(Performer.model_fields)
        - {"id", "height", "created", "updated", "images", "urls", "tattoos", "piercings"}
    )
    return {
        **plain,
        **marks,
        "source": source.key,
        "source_id": performer.id,
        "page_url": f"https://{source.domain}/performers/{performer.id}",
        "height_cm": performer.height,
        "created_at": performer.created,
        "updated_at": performer.updated,
        "urls": [{"url": link.url, "site": link.site.name} for link in performer.urls],
        "images": [
            {"url": p.url, "image_id": p.id, "width": p.width, "height": p.height}
            for p in performer.images
        ],
    }


def _data(body: bytes, field: str) -> Any:
    """The named field of `data`. Raises `AnswerError` for everything that is not GraphQL data."""
    try:
        answer = json.loads(body)
    except ValueError:
        if body.lstrip()[:1] == b"<":
            raise AnswerError("html", "an HTML page instead of GraphQL data") from None
        raise AnswerError("garbage", "the answer is not JSON") from None
    if not isinstance(answer, dict):
        raise AnswerError("garbage", "the answer is not a JSON object")
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
    found = [str(e.get("message", e) if isinstance(e, dict) else e) for e in entries]
    return "; ".join(found)[:500]


def _body(name: str, query: str, variables: dict[str, Any]) -> bytes:
    content = {"operationName": name, "query": query, "variables": variables}
    return json.dumps(content).encode()


def _error(kind: str, field: str, message: str, url: str, source: SourceConfig) -> StageError:
    return StageError(kind=kind, source=source.key, url=url, field=field, message=message)

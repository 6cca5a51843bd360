"""The stash-box's GraphQL endpoint: executes real queries over the population of a week."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Final

from graphql import (
    ExecutionResult,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    build_schema,
    execute_sync,
    parse,
    validate,
)

from demo.world.people import IMPORTED, SITES, Link, Person, identifier, latest_birthday

SDL: Final = Path(__file__).with_name("stash_box.graphql")
TODAY: Final = date(2026, 11, 16)  # for `age`; a fixed day keeps answers the same
MAX_PER_PAGE: Final = 100
DEFAULT_PER_PAGE: Final = 25
PAGING: Final = {"page", "per_page", "sort", "direction"}
# (page, rows) -> whether the page starts one row late
Skips = Callable[[int], bool]
Size = Callable[[str], tuple[int, int]]


@dataclass(frozen=True)
class Box:
    """What the resolvers need: the records, and how pictures are addressed and measured."""

    people: Sequence[Person]
    image_id: Callable[[str], str]  # picture key -> the box's id of it
    image_url: Callable[[str], str]  # picture key -> URL
    image_size: Size  # picture key -> width, height in pixels
    authorized: bool
    count_offset: int
    skips: Skips


@dataclass(frozen=True)
class Answer:
    status: int
    body: dict[str, Any]


@cache
def schema() -> GraphQLSchema:
    """Return the stash-box's GraphQL schema, built from its SDL file."""
    return build_schema(SDL.read_text(encoding="utf-8"))


def answer(box: Box, query: str, variables: Mapping[str, Any], operation: str | None) -> Answer:
    """Execute `query`. 422 where it does not parse or validate, else 200, errors or not."""
    try:
        document = parse(query)
    except GraphQLSyntaxError as error:
        return _refused([error], "GRAPHQL_PARSE_FAILED")
    problems = validate(schema(), document)
    if problems:
        return _refused(problems, "GRAPHQL_VALIDATION_FAILED")
    result = execute_sync(
        schema(),
        document,
        root_value={"queryPerformers": _query, "findPerformer": _find, "version": _version},
        context_value=box,
        variable_values=dict(variables),
        operation_name=operation,
    )
    return _executed(result)


def _executed(result: ExecutionResult) -> Answer:
    if not result.errors:
        return Answer(200, {"data": result.data})
    if all(error.path is None for error in result.errors):
        # Nothing ran: a variable does not fit its type, or the operation is unknown.
        return _refused(result.errors, "GRAPHQL_VALIDATION_FAILED")
    return Answer(200, {"errors": [e.formatted for e in result.errors], "data": result.data})


def _refused(errors: Sequence[GraphQLError], code: str) -> Answer:
    listed = [{**error.formatted, "extensions": {"code": code}} for error in errors]
    return Answer(422, {"errors": listed, "data": None})


def _box(info: Any) -> Box:
    box: Box = info.context
    if not box.authorized:
        raise GraphQLError("not authorized")
    return box


def _version(info: Any) -> dict[str, str]:
    _box(info)
    return {"hash": "", "build_time": "", "build_type": "DEMO", "version": "demo"}


def _find(info: Any, id: str) -> dict[str, Any] | None:
    box = _box(info)
    try:
        wanted = str(uuid.UUID(id))
    except ValueError:
        raise GraphQLError(f"incorrect UUID format {id!r}") from None
    return next((_performer(p, box) for p in box.people if p.id == wanted), None)


def _query(info: Any, input: dict[str, Any]) -> dict[str, Any]:
    box = _box(info)
    rows = [p for p in box.people if not p.deleted and _matches(p, input)]
    rows = _sorted(rows, input["sort"], input["direction"])
    page, per_page = _paging(input["page"], input["per_page"])
    start = (page - 1) * per_page + (1 if box.skips(page) else 0)
    return {
        "count": max(len(rows) + box.count_offset, 0),
        "performers": [_performer(p, box) for p in rows[start : start + per_page]],
    }


def _paging(page: int, per_page: int) -> tuple[int, int]:
    """Nonsense is corrected and large pages are cut without a word, as the real server does."""
    return max(page, 1), min(per_page, MAX_PER_PAGE) if per_page > 0 else DEFAULT_PER_PAGE


def _matches(person: Person, criteria: Mapping[str, Any]) -> bool:
    """Apply the filters that the world has; others are an error, so that none is ignored."""
    for name, wanted in criteria.items():
        if name in PAGING or wanted is None:
            continue
        if name not in FILTERS:
            raise GraphQLError(f"the demo world does not filter by {name!r}")
        if not FILTERS[name](person, wanted):
            return False
    return True


def _contains(text: str, wanted: str) -> bool:
    return wanted.casefold() in text.casefold()


def _names(person: Person, wanted: str) -> bool:
    return any(_contains(text, wanted) for text in (person.name, person.disambiguation or ""))


FILTERS: Final[dict[str, Callable[[Person, Any], bool]]] = {
    "name": lambda person, wanted: _contains(person.name, wanted),
    "names": _names,
    "alias": lambda person, wanted: any(_contains(alias, wanted) for alias in person.aliases),
    "gender": lambda person, wanted: (person.gender or "UNKNOWN") == wanted,
    "url": lambda person, wanted: any(k.url.casefold() == wanted.casefold() for k in person.links),
}

SORTS: Final[dict[str, Callable[[Person], Any]]] = {
    "NAME": lambda person: person.name,
    "BIRTHDATE": lambda person: person.birth_date,
    "DEATHDATE": lambda person: person.death_date,
    "SCENE_COUNT": lambda person: person.scene_count,
    "CAREER_START_YEAR": lambda person: person.career_start_year,
    "DEBUT": lambda person: person.career_start_year,
    "LAST_SCENE": lambda person: person.career_end_year,
    "CREATED_AT": lambda person: person.created,
    "UPDATED_AT": lambda person: person.updated,
}


NULLS_LAST: Final = {"DEBUT", "LAST_SCENE"}  # elsewhere a null is larger than any value


def _sorted(rows: list[Person], sort: str, direction: str) -> list[Person]:
    """By the key, nulls where the real server's database has them. Ties, which the real server
    leaves to chance, are in the order of the ids."""
    key = SORTS[sort]
    falling = direction == "DESC"
    known = sorted((p for p in rows if key(p) is not None), key=lambda p: p.id)
    known.sort(key=key, reverse=falling)
    unknown = sorted((p for p in rows if key(p) is None), key=lambda p: p.id)
    return unknown + known if falling and sort not in NULLS_LAST else known + unknown


def _performer(person: Person, box: Box) -> dict[str, Any]:
    plain = (
        *("id", "name", "disambiguation", "aliases", "gender", "birth_date", "death_date"),
        *("ethnicity", "country", "eye_color", "hair_color", "height", "deleted", "scene_count"),
        *("career_start_year", "career_end_year", "merged_ids", "merged_into_id"),
    )
    return {
        **{name: getattr(person, name) for name in plain},
        "age": _age(person),
        "birthdate": _fuzzy(person.birth_date),
        "measurements": {},
        "tattoos": [{"location": p, "description": d} for p, d in person.tattoos] or None,
        "piercings": [{"location": p, "description": d} for p, d in person.piercings] or None,
        "urls": [_url(link) for link in person.links],
        "images": [_image(key, box) for key in person.images],
        "is_favorite": False,
        "created": person.created.isoformat().replace("+00:00", "Z"),
        "updated": person.updated.isoformat().replace("+00:00", "Z"),
    }


def _image(key: str, box: Box) -> dict[str, Any]:
    width, height = box.image_size(key)
    return {"id": box.image_id(key), "url": box.image_url(key), "width": width, "height": height}


def _url(link: Link) -> dict[str, Any]:
    return {"url": link.url, "type": SITES[link.site][0], "site": _site(link.site)}


def _site(key: str) -> dict[str, Any]:
    stamp = IMPORTED.isoformat().replace("+00:00", "Z")
    return {
        "id": identifier("site", key),
        "name": SITES[key][0],
        "url": SITES[key][1],
        "valid_types": ["PERFORMER"],
        "icon": "",
        "created": stamp,
        "updated": stamp,
    }


def _fuzzy(text: str | None) -> dict[str, str] | None:
    """The deprecated form of a date: filled up to a day, with its accuracy."""
    if text is None:
        return None
    accuracy = ("YEAR", "MONTH", "DAY")[text.count("-")]
    return {"date": (text + "-01-01")[:10], "accuracy": accuracy}


def _age(person: Person) -> int | None:
    born = latest_birthday(person)
    if born is None:
        return None
    until = person.death_date or TODAY.isoformat()
    return int(until[:4]) - int(born[:4]) - (until[4:] < born[4:])

"""ThePornDB's REST answers: pure functions from bytes to records or a typed error.

A page is `{data: [performer, ...], meta: {total, per_page, current_page, last_page}, links}`.
What is null in one record is an empty text, a zero or an empty list in another.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any, TypeVar
from urllib.parse import quote, urlencode

from pydantic import BeforeValidator, Field

from scrapy_project import facts
from scrapy_project.countries import codes
from scrapy_project.kinds.answers import (
    Answer,
    AnswerError,
    FuzzyDate,
    Line,
    Moment,
    Name,
    Page,
    Text,
    Url,
    advertised,
    error,
    json_object,
    read_page,
    read_record,
    unknown_fields,
)
from trainer.config.sources import SourceConfig
from trainer.identity.tidy_names import with_tidy_names
from trainer.staging.manifest import StageError

# Empty where nothing is known, but there; a record without one has another shape than ours.
ALWAYS_THERE = ("extras", "image", "posters")
_NOTHING = ("", "0", "0cm", "-", "n/a", "none", "unknown", "0000-00-00")
_REFUSED_KEY = ("unauthenticated", "unauthorized", "forbidden", "invalid token")
Value = TypeVar("Value")


def _empty(value: Any) -> bool:
    if isinstance(value, str):
        return value.strip().casefold() in _NOTHING
    return value is None or value in (0, [])


def _read(understand: Callable[[str], Value | None]) -> BeforeValidator:
    """A validator of a text that `understand` reads; what it doesn't is a `ValueError`."""

    def read(value: Any) -> Value | None:
        if _empty(value):
            return None
        if type(value) not in (str, int):
            raise ValueError("neither text nor a number")
        found = understand(str(value))
        if found is None:
            raise ValueError("not understood")
        return found

    return BeforeValidator(read)


def _day(text: str) -> str | None:
    return facts.fuzzy_date(text) if re.match(r"\d{4}", text, re.ASCII) else None


def _year(text: str) -> int | None:
    return int(text) if re.fullmatch(r"(19|20)\d\d", text.strip(), re.ASCII) else None


def _code(text: str) -> str | None:
    """`US`, `us` or, with its part of the country, `US-CA`."""
    code = text.strip().upper().partition("-")[0]
    return code if code in codes() else None


def _number_as_text(value: Any) -> Any:
    return str(value) if type(value) is int and abs(value) < 2**63 else value


_EMPTY_IS_NULL = BeforeValidator(lambda value: None if value == "" else value)
Id = Annotated[Text, BeforeValidator(_number_as_text)]
MaybeUrl = Annotated[Url | None, _EMPTY_IS_NULL]
MaybeLine = Annotated[Line | None, _EMPTY_IS_NULL]
Unused = Any  # known to be there, not kept


class Poster(Answer):
    url: Url
    id: Id | None = None
    size: Unused = None
    order: Unused = None


class Extras(Answer):
    """Every value can be missing: the API leaves out what it doesn't know."""

    gender: Annotated[str | None, _read(facts.gender)] = None
    birthday: Annotated[FuzzyDate | None, _read(_day)] = None
    deathday: Annotated[FuzzyDate | None, _read(_day)] = None
    nationality: Annotated[str | None, _read(facts.country)] = None
    birthplace_code: Annotated[str | None, _read(_code)] = None
    ethnicity: Annotated[str | None, _read(facts.ethnicity)] = None
    eye_colour: Annotated[str | None, _read(facts.eye_color)] = None
    hair_colour: Annotated[str | None, _read(facts.hair_color)] = None
    height: Annotated[int | None, _read(facts.height_cm)] = None
    career_start_year: Annotated[int | None, _read(_year)] = None
    career_end_year: Annotated[int | None, _read(_year)] = None
    links: dict[Line, list[Url]] | None = None
    active: Unused = None
    astrology: Unused = None
    birthday_timestamp: Unused = None
    birthplace: Unused = None
    cupsize: Unused = None
    fake_boobs: Unused = None
    first_seen: Unused = None
    hips: Unused = None
    iafd: Unused = None
    measurements: Unused = None
    piercings: Unused = None
    same_sex_only: Unused = None
    status: Unused = None
    tattoos: Unused = None
    waist: Unused = None
    weight: Unused = None
    yearsactive: Unused = None


class Performer(Answer):
    id: Id
    name: Name
    slug: MaybeLine = None
    disambiguation: MaybeLine = None
    aliases: list[Line] | None = None
    face: MaybeUrl = None
    image: MaybeUrl = None
    posters: list[Poster] | None = None
    extras: Extras | None = None
    created_at: Annotated[Moment | None, _EMPTY_IS_NULL] = None
    updated_at: Annotated[Moment | None, _EMPTY_IS_NULL] = None
    full_name: Unused = None  # stands in for a missing name
    numeric_id: Unused = Field(None, alias="_id")
    bio: Unused = None
    is_parent: Unused = None
    parent: Unused = None
    rating: Unused = None
    thumbnail: Unused = None


def list_url(base_url: str, page: int, per_page: int) -> str:
    """`base_url` without the trailing slash that pydantic gives it."""
    return f"{base_url.rstrip('/')}/performers?{urlencode({'page': page, 'per_page': per_page})}"


def parse_list(body: bytes, url: str, source: SourceConfig) -> Page:
    """Raises `AnswerError`; a single bad record becomes an error of the page instead."""
    answer = json_object(body, "JSON data")
    if "data" not in answer and isinstance(answer.get("message"), str):
        message = answer["message"]
        refused = any(words in message.lower() for words in _REFUSED_KEY)
        raise AnswerError("unauthorized" if refused else "api", message)
    listed = answer.get("data")
    if not isinstance(listed, list):
        raise AnswerError("field_missing", "the answer has no list of performers", "data")
    count = advertised(answer.get("meta"), "total", "meta.total")
    return read_page(count, listed, lambda record: parse_performer(record, url, source))


def parse_performer(
    record: Any, url: str, source: SourceConfig
) -> tuple[dict[str, Any] | None, list[StageError]]:
    """A row of the PERFORMERS schema (None: refused) and what was wrong, field by field."""
    shaped = _shaped(record) if isinstance(record, dict) else record
    performer, errors = read_record(Performer, shaped, url, source)
    if performer is None:
        return None, errors
    errors += [
        error("field_missing", name, "left out of a performer's record", url, source)
        for name in ALWAYS_THERE
        if name not in record
    ]
    errors += unknown_fields(performer, "", url, source)
    parts = [("posters.", poster) for poster in performer.posters or ()]
    for prefix, part in [("extras.", performer.extras or Extras()), *parts]:
        errors += unknown_fields(part, prefix, url, source)
    return with_tidy_names(_row(performer, source)), errors


def _shaped(record: dict[str, Any]) -> dict[str, Any]:
    """A copy in one shape: lists are lists, whatever the API writes for few or for none."""
    shaped = {**record, "posters": _list(record.get("posters"))}
    if not record.get("name") and record.get("full_name"):
        shaped["name"] = record["full_name"]
    aliases = record.get("aliases")
    shaped["aliases"] = aliases.split(",") if isinstance(aliases, str) else _list(aliases)
    extras = record.get("extras") or {}
    shaped["extras"] = extras
    if isinstance(extras, dict):
        links = extras.get("links") or {}
        if isinstance(links, dict):
            links = {site: _list(found) for site, found in links.items() if found}
        shaped["extras"] = {**extras, "links": links}
    return shaped


def _list(value: Any) -> list[Any]:
    """A value that stands alone is a list of one; null, an empty text or list is an empty one."""
    return value if isinstance(value, list) else [value] if value else []


def _row(performer: Performer, source: SourceConfig) -> dict[str, Any]:
    extras = performer.extras or Extras()
    links = (extras.links or {}).items()
    return {
        "source": source.key,
        "source_id": performer.id,
        "name": performer.name,
        "page_url": f"https://{source.domain}/performers/{quote(performer.slug or performer.id)}",
        "disambiguation": performer.disambiguation,
        "gender": extras.gender,
        "country": extras.birthplace_code or extras.nationality,
        "ethnicity": extras.ethnicity,
        "birth_date": extras.birthday,
        "death_date": extras.deathday,
        "height_cm": extras.height,
        "eye_color": extras.eye_colour,
        "hair_color": extras.hair_colour,
        "career_start_year": extras.career_start_year,
        "career_end_year": extras.career_end_year,
        "scene_count": None,
        "aliases": list(dict.fromkeys(a.strip() for a in performer.aliases or () if a.strip())),
        "urls": [{"url": u, "site": site} for site, urls in links for u in urls],
        "tattoos": [],
        "piercings": [],
        "merged_ids": [],
        "merged_into_id": None,
        "deleted": False,
        "created_at": performer.created_at,
        "updated_at": performer.updated_at,
        "images": _images(performer),
    }


def _images(performer: Performer) -> list[dict[str, Any]]:
    """The face that the source cut out itself first; each URL once."""
    shown: dict[str, str | None] = {performer.face: None} if performer.face else {}
    for poster in performer.posters or ():
        shown.setdefault(poster.url, poster.id)
    if performer.image:
        shown.setdefault(performer.image, None)
    return [
        {"url": url, "image_id": number, "width": None, "height": None}
        for url, number in shown.items()
    ]

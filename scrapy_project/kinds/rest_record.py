"""A record of ThePornDB's REST API. What is null in one is an empty text, a zero or an empty list
in another, and older ones lack what is null in newer ones."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from pydantic import BeforeValidator, Field

from scrapy_project.kinds.responses import Answer, FuzzyDate, Line, Moment, Name, Text, Url
from scrapy_project.parsing import facts
from scrapy_project.parsing.countries import codes
from scrapy_project.parsing.html import EMPTY

_NOTHING = EMPTY | {"0", "0cm", "0000-00-00", "null"}
_NO_YEAR = re.compile(r"0000(?:-|$)")
Value = TypeVar("Value")


def _empty(value: Any) -> bool:
    if isinstance(value, str):
        text = value.strip()
        return not text.strip("?") or text.casefold() in _NOTHING or bool(_NO_YEAR.match(text))
    return value is None or value in (0, [])


def _read(understand: Callable[[str], Value | None]) -> BeforeValidator:
    """A validator of a text that `understand` reads; what it doesn't is a `ValueError`."""

    def read(value: Any) -> Value | None:
        if _empty(value) or (isinstance(value, str) and facts.says_nothing(value)):
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


def _nationality(text: str) -> str | None:
    """As people write it: `American`, `USA`, `UK`, `cz`."""
    return facts.country(text) or _code(text)


def _number_as_text(value: Any) -> Any:
    return str(value) if type(value) is int and abs(value) < 2**63 else value


_TEXT_OR_NULL = BeforeValidator(lambda value: value if isinstance(value, str) else None)
_NUMBER_OR_NULL = BeforeValidator(lambda value: value if type(value) is int else None)
_EMPTY_IS_NULL = BeforeValidator(lambda value: None if value == "" else value)
Id = Annotated[Text, BeforeValidator(_number_as_text)]
MaybeUrl = Annotated[Url | None, _EMPTY_IS_NULL]
MaybeLine = Annotated[Line | None, _EMPTY_IS_NULL]
Unused = Any  # known to be there, not kept


def _parents_id(value: Any) -> str | None:
    """The id of the person, as a site's own record of the person names it."""
    number = value.get("id") if isinstance(value, dict) else value
    return number if isinstance(number, str) and number.strip() and number.isprintable() else None


class Poster(Answer):
    url: Url
    id: Id | None = None
    size: Unused = None
    order: Annotated[int | None, _NUMBER_OR_NULL] = None


class Extras(Answer):
    """Every value can be missing: the API leaves out what it doesn't know."""

    gender: Annotated[str | None, _read(facts.gender)] = None
    birthday: Annotated[FuzzyDate | None, _read(_day)] = None
    deathday: Annotated[FuzzyDate | None, _read(_day)] = None
    nationality: Annotated[str | None, _read(_nationality)] = None
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
    birthplace: Annotated[str | None, _TEXT_OR_NULL] = None
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
    thumbnail: MaybeUrl = None
    posters: list[Poster] | None = None
    extras: Extras | None = None
    is_parent: Annotated[bool, BeforeValidator(lambda value: value is not False)] = True
    parent: Annotated[str | None, BeforeValidator(_parents_id)] = None
    created_at: Annotated[Moment | None, _EMPTY_IS_NULL] = None
    updated_at: Annotated[Moment | None, _EMPTY_IS_NULL] = None
    full_name: Unused = None  # stands in for a missing name
    numeric_id: Unused = Field(None, alias="_id")
    bio: Unused = None
    rating: Unused = None

"""What answers of JSON sources share: typed errors, a page of rows, records mended field by field.

Everything here is pure, and raises nothing but `AnswerError` for anything that a server can say.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, TypeVar
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
)
from w3lib.url import safe_url_string

from scrapy_project.kinds.mending import mended
from scrapy_project.parsing.stand_ins import without_stand_ins
from trainer.config.sources import SourceConfig
from trainer.identity.links import identify
from trainer.identity.tidy_names import tidy_name
from trainer.staging.clock import parse_iso
from trainer.staging.manifest import StageError
from trainer.staging.rows import PerformerRecord

MOST_PERFORMERS = 10_000_000  # an advertised count above it is nonsense, not a longer crawl
_LONGEST = 500  # characters of a message or of a field's name
_LONGEST_URL = 2_000
_CONTROLS = "".join(map(chr, range(0x21)))  # what browsers drop around an address
_SLASHES = re.compile(r"(?:(https?):[\\/]*|[\\/]{2,})(?=[^\\/])", re.IGNORECASE)
_NO_HOST = re.compile(r"[\x00-\x20%<>^|`{}\"\\]")


class AnswerError(Exception):
    """An answer that is no answer.

    `kind`: html, garbage, graphql or api (the server says what is wrong), unauthorized,
    field_missing, field_invalid.
    """

    def __init__(self, kind: str, message: str, field: str | None = None) -> None:
        super().__init__(plain(message))
        self.kind = kind
        self.field = field


class Answer(BaseModel):
    """Base of the records. Fields that nobody asked for are kept aside, to be reported."""

    model_config = ConfigDict(extra="allow", strict=True)


if TYPE_CHECKING:
    Records = list[PerformerRecord]
else:  # pydantic need not look into rows that the schema is going to check
    Records = list[dict[str, Any]]


class ListPage(BaseModel):
    """One page of a source's list of performers."""

    count: int = Field(description="performers that the source advertises")
    listed: int = Field(description="records on the page, readable or not")
    rows: Records = Field(description="rows of the PERFORMERS schema")
    refused_ids: list[str] = Field(description="ids of records that could not be read")
    errors: list[StageError]
    excluded: list[str] = Field([], description="digests of the ids of excluded live records")
    excluded_links: dict[str, list[str]] = Field(
        {}, description="exclusion number -> hashed names and links of the records it dropped"
    )


def plain(text: str) -> str:
    """Of bounded length, and without lone surrogates, which no file can hold."""
    return text[:_LONGEST].encode("utf-8", "replace").decode()


def _storable(text: str) -> str:
    if "\0" in text:
        raise ValueError("holds a NUL character")
    if any("\ud800" <= c <= "\udfff" for c in text):
        raise ValueError("holds half of a character (a lone surrogate)")
    return text


def _visible(text: str) -> str:
    if not tidy_name(text):
        raise ValueError("holds nothing that can be seen")
    return text


def absolute_url(text: str) -> str:
    """The address that a browser would ask for: white space around it and tabs and new lines in it
    dropped, spaces and other odd characters encoded. What was typed without a protocol gets https
    where it can be nothing else (`//host`, `www.`, a known site's page of somebody).
    Raises `ValueError` for anything but an http(s) address."""
    if len(text) > _LONGEST_URL:
        raise ValueError("not a URL: too long")
    url = re.sub(r"[\t\n\r]", "", text.strip(_CONTROLS))
    if match := _SLASHES.match(url):
        url = f"{match[1] or 'https'}://{url[match.end() :]}"
    elif url.casefold().startswith("www.") or identify(f"https://{url}").id:
        url = f"https://{url}"
    url = safe_url_string(url)
    parsed = urlsplit(url)
    if parsed.scheme not in ("http", "https") or not parsed.hostname:
        raise ValueError("not an absolute http(s) URL")
    _ = parsed.port  # raises where it is no number
    if len(url) > _LONGEST_URL or _NO_HOST.search(parsed.hostname):
        raise ValueError("not a URL: too long, or with signs that no host has")
    return url


def _moment(text: str) -> str:
    try:
        parse_iso(text)
    except OverflowError:
        raise ValueError("out of the calendar") from None
    return text


def _fuzzy(text: str) -> str:
    if not re.fullmatch(r"\d{4}(-\d{2}(-\d{2})?)?", text, re.ASCII):
        raise ValueError("not YYYY, YYYY-MM or YYYY-MM-DD")
    year, month, day = (*map(int, text.split("-")), 1, 1)[:3]
    date(year, month, day)
    return text


Line = Annotated[str, AfterValidator(_storable)]
Text = Annotated[Line, StringConstraints(min_length=1, pattern=r"\S")]
Name = Annotated[Text, AfterValidator(_visible)]
Url = Annotated[str, AfterValidator(absolute_url)]
Moment = Annotated[str, AfterValidator(_moment)]
FuzzyDate = Annotated[str, AfterValidator(_fuzzy)]
Number = Annotated[int, Field(ge=0, lt=2**31)]

Record = TypeVar("Record", bound=Answer)
ReadOne = Callable[[Any], tuple[PerformerRecord | None, list[StageError]]]


def json_object(body: bytes, what: str) -> dict[str, Any]:
    """The JSON object of an answer. `what`: what was expected. Raises `AnswerError`."""
    try:
        answer = json.loads(body)
    except RecursionError:
        raise AnswerError("garbage", "the answer is nested too deeply") from None
    except ValueError:
        if body.lstrip()[:1] == b"<":
            raise AnswerError("html", f"an HTML page instead of {what}") from None
        raise AnswerError("garbage", "the answer is not JSON") from None
    if not isinstance(answer, dict):
        raise AnswerError("garbage", "the answer is not a JSON object")
    return answer


def advertised(holder: Any, name: str, path: str) -> int:
    """The number of performers that the source says it has. Raises `AnswerError`."""
    count = holder.get(name) if isinstance(holder, dict) else None
    if count is None:
        raise AnswerError("field_missing", f"the answer has no {name}", path)
    if type(count) is not int or not 0 <= count <= MOST_PERFORMERS:
        raise AnswerError("field_invalid", f"{name} is no sensible number of performers", path)
    return count


def read_page(count: int, listed: Sequence[Any], read: ReadOne) -> ListPage:
    """A bad record becomes an error of the page, and its id a refused one."""
    page = ListPage(count=count, listed=len(listed), rows=[], refused_ids=[], errors=[])
    for record in listed:
        row, errors = read(record)
        page.errors += errors
        if row is not None:
            names = (row["name"], *(row["aliases"] or ()))
            images = without_stand_ins(row["images"] or (), names)
            page.rows.append({**row, "images": images})
        else:
            page.refused_ids.append(_id_of(record))
    return page


def _id_of(record: Any) -> str:
    """The id of a record that could not be read; empty where it has none."""
    number = record.get("id") if isinstance(record, dict) else None
    return plain(str(number)) if type(number) in (str, int) else ""


def read_record(
    model: type[Record], record: Any, url: str, source: SourceConfig
) -> tuple[Record | None, list[StageError]]:
    """The record (None: refused), and what was wrong with it, field by field.

    A bad value of an optional field becomes null, a bad entry of a list is left out; both are
    reported. A record without a required field is refused.
    """
    if not isinstance(record, dict):
        return None, [error("field_invalid", "performers", "not an object", url, source)]
    try:
        return model.model_validate(record), []
    except ValidationError as problem:
        errors = _named(record, problem, url, source)
        try:
            return model.model_validate(mended(record, problem)), errors
        except ValidationError:
            return None, errors


def _named(
    record: Mapping[str, Any], problem: ValidationError, url: str, source: SourceConfig
) -> list[StageError]:
    number = _id_of(record) or "?"
    return [
        error(
            "field_missing" if item["type"] == "missing" else "field_invalid",
            ".".join(str(step) for step in item["loc"] if not isinstance(step, int)),
            f"performer {number}: {item['msg']}",
            url,
            source,
        )
        for item in problem.errors()
    ]


def unknown_fields(
    record: BaseModel, prefix: str, url: str, source: SourceConfig
) -> list[StageError]:
    """A note of each field of the record that the model doesn't know; `prefix`: where it lies."""
    return [
        error("unknown_field", f"{prefix}{name}", "a field that nobody asked for", url, source)
        for name in sorted(record.model_extra or {})
    ]


def error(kind: str, field: str, message: str, url: str, source: SourceConfig) -> StageError:
    """An entry for the crawl's error report; its texts are made storable."""
    return StageError(
        kind=kind, source=source.key, url=url, field=plain(field), message=plain(message)
    )

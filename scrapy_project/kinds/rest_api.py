"""ThePornDB's REST answers: pure functions from bytes to records or a typed error.

A page is `{data: [performer, ...], meta: {total, per_page, current_page, last_page}, links}`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Any
from urllib.parse import quote, unquote, urlencode, urlsplit

from scrapy_project.kinds.responses import (
    AnswerError,
    ListPage,
    advertised,
    error,
    json_object,
    read_page,
    read_record,
    unknown_fields,
)
from scrapy_project.kinds.rest_record import Extras, Performer
from scrapy_project.parsing import facts
from scrapy_project.parsing.careers import career_end
from scrapy_project.parsing.stand_ins import is_stand_in
from trainer.config.sources import SourceConfig
from trainer.identity.links import identify
from trainer.identity.tidy_names import with_tidy_names
from trainer.staging.manifest import StageError
from trainer.staging.performer_facts import PerformerFacts
from trainer.staging.rows import AdvertisedImage, Link, PerformerRecord, with_facts

# Empty where nothing is known, but there; a record without one has another shape than ours.
ALWAYS_THERE = ("extras", "image", "posters")
_REFUSED_KEY = ("unauthenticated", "unauthorized", "forbidden", "invalid token")
# What the API takes a birthplace for that it doesn't know, at twelve of the fourteen who have it.
_GUESS = "VI"
# Places that this ending leaves open: a state of the US and a country.
_TWO_PLACES = re.compile(r"\bgeorgia\W*$", re.IGNORECASE)
_STATE = re.compile(r",\s*([A-Z]{2})\.?\s*$")  # "Los Angeles, CA" is not in Canada


def list_url(base_url: str, page: int, per_page: int) -> str:
    """`base_url` without the trailing slash that pydantic gives it."""
    return f"{base_url.rstrip('/')}/performers?{urlencode({'page': page, 'per_page': per_page})}"


def parse_list(body: bytes, url: str, source: SourceConfig, today: date | None = None) -> ListPage:
    """Raises `AnswerError`; a single bad record becomes an error of the page instead. `today`: the
    day on which a career is at its end or not (`careers.career_end`)."""
    answer = json_object(body, "JSON data")
    if "data" not in answer and isinstance(answer.get("message"), str):
        message = answer["message"]
        refused = any(words in message.lower() for words in _REFUSED_KEY)
        raise AnswerError("unauthorized" if refused else "api", message)
    listed = answer.get("data")
    if not isinstance(listed, list):
        raise AnswerError("field_missing", "the answer has no list of performers", "data")
    count = advertised(answer.get("meta"), "total", "meta.total")
    return read_page(count, listed, lambda record: parse_performer(record, url, source, today))


def parse_performer(
    record: Any, url: str, source: SourceConfig, today: date | None = None
) -> tuple[PerformerRecord | None, list[StageError]]:
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
    return with_tidy_names(_row(performer, source, today)), errors


def _shaped(record: dict[str, Any]) -> dict[str, Any]:
    """A copy in one shape: lists are lists, whatever the API writes for few or for none."""
    shaped = {**record, "posters": _list(record.get("posters"))}
    if not record.get("name") and record.get("full_name"):
        shaped["name"] = record["full_name"]
    aliases = record.get("aliases")
    shaped["aliases"] = aliases.split(",") if isinstance(aliases, str) else _list(aliases)
    extras = record.get("extras") or {}
    if isinstance(extras, dict):
        extras = {**extras, "links": _shaped_links(extras.get("links") or {})}
    shaped["extras"] = extras
    return shaped


def _shaped_links(links: Any) -> Any:
    """Site -> list of links, where there are such; anything else stays what it is."""
    if isinstance(links, list) and any(isinstance(u, str) and identify(u).id for u in links):
        links = {"": links}  # without the sites' names; of unknown sites alone it is none
    if isinstance(links, dict):
        return {site: _list(found) for site, found in links.items() if found}
    return links


def _list(value: Any) -> list[Any]:
    """A value that stands alone is a list of one; null, an empty text or list is an empty one."""
    return value if isinstance(value, list) else [value] if value else []


def _row(performer: Performer, source: SourceConfig, today: date | None) -> PerformerRecord:
    extras = performer.extras or Extras()
    row: PerformerRecord = {
        "source": source.key,
        "source_id": performer.id,
        "name": performer.name,
        "page_url": f"https://{source.domain}/performers/{quote(performer.slug or performer.id)}",
        "aliases": _aliases(performer),
        "urls": _links(extras),
        "tattoos": [],
        "piercings": [],
        "merged_ids": [],
        "merged_into_id": None if performer.is_parent else performer.parent,
        "deleted": False,
        "created_at": performer.created_at,
        "updated_at": performer.updated_at,
        "images": _images(performer),
    }
    return with_facts(row, vars(_facts(performer, extras, today)))


def _aliases(performer: Performer) -> list[str]:
    """Each once, without blanks around it."""
    return list(dict.fromkeys(a.strip() for a in performer.aliases or () if a.strip()))


def _links(extras: Extras) -> list[Link]:
    """The links of all sites; a site that the API does not name is told from the address."""
    links = (extras.links or {}).items()
    return [{"url": u, "site": site or identify(u).site} for site, urls in links for u in urls]


def _facts(performer: Performer, extras: Extras, today: date | None) -> PerformerFacts:
    return PerformerFacts(
        disambiguation=performer.disambiguation,
        gender=extras.gender,
        country=_country(extras),
        ethnicity=extras.ethnicity,
        birth_date=extras.birthday,
        death_date=extras.deathday,
        height_cm=extras.height,
        eye_color=extras.eye_colour,
        hair_color=extras.hair_colour,
        career_start_year=extras.career_start_year,
        career_end_year=career_end(extras.career_end_year, today),
    )


def _country(extras: Extras) -> str | None:
    """The nationality, else the country of the birthplace as it is written, else the code that the
    API guesses from it; the guess for what it does not know is no evidence."""
    born = extras.birthplace or ""
    place = None if _TWO_PLACES.search(born) else facts.country(born)
    state = _STATE.search(born)
    code = None if state and state[1] == extras.birthplace_code else extras.birthplace_code
    found = (extras.nationality, place, code)
    return next((c for c in found if c and (c != _GUESS or place == _GUESS)), None)


def _images(performer: Performer) -> list[AdvertisedImage]:
    """The face that the source cut out itself first, stand-ins left out. Another size of a picture
    is asked for only where the one before it is gone."""
    rows: dict[str, AdvertisedImage] = {}
    last: dict[str, str] = {}  # file -> the size of it that was shown last
    for url, number in _shown(performer):
        file = _file(url)
        if is_stand_in(url, (performer.name,)) or url in rows:
            continue
        rows[url] = {"url": url, "image_id": number, "width": None, "height": None}
        if file in last:
            rows[url]["fallback_for"] = last[file]
        last[file] = url
    return list(rows.values())


def _shown(performer: Performer) -> Iterator[tuple[str, str | None]]:
    """URL and id: the face, the posters in their order, the picture they are for the most part
    made of, and the thumbnail where there is nothing else."""
    posters = performer.posters or []
    if performer.face:
        yield performer.face, None
    for poster in sorted(posters, key=lambda p: len(posters) if p.order is None else p.order):
        yield poster.url, poster.id
    if performer.image:
        yield performer.image, None
    if performer.thumbnail and not (performer.face or performer.image or posters):
        yield performer.thumbnail, None


def _file(url: str) -> str:
    """What a signed size is made of: the address at the end of its own."""
    path = unquote(urlsplit(url).path)
    return path[path.rindex("://") :] if "://" in path else url

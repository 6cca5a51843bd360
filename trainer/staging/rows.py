"""The rows of staging as code sees them: what mypy checks names and types against.

At run time they are plain dictionaries, as Arrow gives and takes them. Of the facts in
`performer_facts` only those stand here that a rule reads by name; all others go by `FACTS`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Required, TypedDict, cast

OptionalTexts = list[str] | None


class RecordId(TypedDict):
    """Which record of which source."""

    source: str
    source_id: str


class Link(TypedDict):
    """An address of the person elsewhere, and what the source calls the site."""

    url: str
    site: str | None


class Mark(TypedDict):
    """A tattoo or a piercing."""

    location: str
    description: str | None


class AdvertisedImage(TypedDict, total=False):
    """An image that a record advertises; sizes in pixels, where the source states them."""

    url: Required[str]
    image_id: str | None
    width: int | None
    height: int | None
    fallback_for: str | None  # fetched only where the image of that URL is gone


class PerformerRecord(TypedDict, total=False):
    """A row of PERFORMERS. Columns that are left out are null; readers may ask for a few only."""

    source: Required[str]
    source_id: Required[str]
    name: Required[str]
    page_url: Required[str]
    gender: str | None
    country: str | None
    birth_date: str | None
    career_start_year: int | None
    scene_count: int | None
    aliases: OptionalTexts
    urls: list[Link] | None
    tattoos: list[Mark] | None
    piercings: list[Mark] | None
    merged_ids: OptionalTexts
    merged_into_id: str | None
    deleted: Required[bool]
    created_at: str | None
    updated_at: str | None
    images: list[AdvertisedImage] | None
    owners: list[RecordId] | None
    found_by: str | None
    confirmed_by: str | None
    etag: str | None
    last_modified: str | None
    fetched_at: str | None


class Candidate(RecordId):
    """A record that a target may be the page of."""

    name: str
    aliases: OptionalTexts
    birth_date: str | None
    country: str | None
    urls: OptionalTexts


class Target(TypedDict):
    """A row of TARGETS: a page that a reference site is asked for."""

    page_id: str
    path: str
    found_by: str
    candidates: list[Candidate]
    scene_count: int | None


class ImageRow(TypedDict, total=False):
    """A row of IMAGES: what became of an image's URL."""

    url: Required[str]
    source: Required[str]
    status: Required[str]
    sha256: str | None
    bytes: int | None
    content_type: str | None
    reason: str | None
    etag: str | None
    last_modified: str | None
    fetched_at: Required[str]
    run_id: str | None


def with_facts(record: PerformerRecord, facts: Mapping[str, Any]) -> PerformerRecord:
    """Return the record with `facts` by their names, as `vars` of `PersonFacts` gives them."""
    return cast("PerformerRecord", {**record, **facts})


def by_name(record: PerformerRecord) -> Mapping[str, Any]:
    """Return the same record for code that goes through columns by their names."""
    return cast("Mapping[str, Any]", record)

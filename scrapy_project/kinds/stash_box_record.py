"""A stash-box performer, and a page of them, with the nulls that its GraphQL schema allows."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from scrapy_project.kinds.responses import (
    MOST_PERFORMERS,
    Answer,
    FuzzyDate,
    Line,
    Moment,
    Name,
    Number,
    Text,
    Url,
)


class Mark(Answer):
    location: Line
    description: Line | None = None


class Image(Answer):
    id: Text
    url: Url
    width: Number
    height: Number


class Site(Answer):
    name: Text


class Link(Answer):
    url: Url
    site: Site


class Performer(Answer):
    """A performer with the nulls that the stash-box schema allows, and no others."""

    id: Text
    name: Name
    deleted: bool
    created: Moment
    updated: Moment
    aliases: list[Line]
    merged_ids: list[Text]
    images: list[Image]
    urls: list[Link]
    scene_count: Number
    disambiguation: Line | None = Field(...)
    country: Line | None = Field(...)
    ethnicity: Line | None = Field(...)
    birth_date: FuzzyDate | None = Field(...)
    death_date: FuzzyDate | None = Field(...)
    gender: Line | None = Field(...)
    height: Number | None = Field(...)
    eye_color: Line | None = Field(...)
    hair_color: Line | None = Field(...)
    career_start_year: Number | None = Field(...)
    career_end_year: Number | None = Field(...)
    merged_into_id: Text | None = Field(...)
    tattoos: list[Mark] | None = Field(...)
    piercings: list[Mark] | None = Field(...)


class Listed(Answer):
    count: Annotated[int, Field(ge=0, le=MOST_PERFORMERS)]
    performers: list[Performer]


class ListData(Answer):
    queryPerformers: Listed


class ListAnswer(Answer):
    """A page of which everything can be read: JSON becomes records without anything between."""

    data: ListData
    errors: None = None

"""What a reference site's page says of one performer, and how it says that it can't."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
)

from scrapy_project.parsing.stand_ins import is_stand_in
from trainer.identity.tidy_names import tidy_aliases, tidy_name
from trainer.staging.performer_facts import PersonFacts

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]


class PageError(Exception):
    """A page that gives no profile.

    `kind`: missing_page (the site's own words say that nobody is there), challenge (a check for
    robots instead of the page), field_missing or field_invalid (the page has moved: `field` says
    where it no longer fits).
    """

    def __init__(self, kind: str, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.field = field


class Image(BaseModel):
    """An image that a page shows, best version first. All URLs are absolute."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str
    fallbacks: tuple[str, ...] = Field((), description="Tried in order where `url` is gone")
    width: int | None = Field(None, description="pixels, where the page says so")
    height: int | None = None


def images_of_somebody(images: Iterable[Image], names: Iterable[str]) -> tuple[Image, ...]:
    """`images` without the pictures, and the fallbacks, that stand for a missing one."""
    own = tuple(names)
    return tuple(
        image.model_copy(
            update={"fallbacks": tuple(f for f in image.fallbacks if not is_stand_in(f, own))}
        )
        for image in images
        if not is_stand_in(image.url, own)
    )


class Fact(BaseModel):
    """A value that could not be read: reported with its field, while the page is kept."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    field: str
    message: str


class Profile(BaseModel, PersonFacts):
    """One performer's page. Names and facts as the page has them, cleaned of white space.

    `more_pages` are further pages with pictures of the same performer (galleries), absolute.
    `problems` are optional fields that were there and could not be read.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Text
    aliases: tuple[Text, ...] = ()
    links: tuple[str, ...] = Field((), description="Absolute URLs to other sites")
    images: tuple[Image, ...] = ()
    more_pages: tuple[str, ...] = ()
    problems: tuple[Fact, ...] = ()

    def completed_by(self, facts: Profile) -> Profile:
        """With what another page of the same person says beyond this one; the pictures stay."""
        said = dict(facts)
        for field, mine in self:
            if field in ("aliases", "links", "problems"):
                said[field] = (*mine, *said[field])
            elif field in ("name", "images", "more_pages") or mine is not None:
                said[field] = mine
        return Profile(**said)

    @field_validator("name")
    @classmethod
    def _tidy(cls, name: str) -> str:
        if not tidy_name(name):
            raise ValueError("holds nothing that can be seen")
        return tidy_name(name)

    @field_validator("aliases")
    @classmethod
    def _tidy_and_once(cls, aliases: tuple[str, ...], read: ValidationInfo) -> tuple[str, ...]:
        return tuple(tidy_aliases(read.data.get("name", ""), aliases))

    @field_validator("links", "images", "more_pages")
    @classmethod
    def _once_each(cls, values: tuple[object, ...]) -> tuple[object, ...]:
        return tuple(dict.fromkeys(values))

    @field_validator("images")
    @classmethod
    def _of_somebody(cls, images: tuple[Image, ...], info: ValidationInfo) -> tuple[Image, ...]:
        names = (info.data.get("name", ""), *info.data.get("aliases", ()))
        return images_of_somebody(images, names)

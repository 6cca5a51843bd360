"""Sources: the shipped `scrapy_project/sources/<key>/source.yaml`, plus the operator's overrides.

`DATA_DIR/sources.yaml` maps a source key to the keys it overrides:

    stashdb:
      base_url: https://stashdb.example.org/graphql
      requests_per_minute: 120
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    HttpUrl,
    ValidationError,
    ValidationInfo,
    model_validator,
)

from trainer.config.numbers import Number, Whole
from trainer.config.settings import REPO_ROOT
from trainer.config.yaml_file import read_mapping
from trainer.errors import ConfigError
from trainer.reasons import problems

SHIPPED = REPO_ROOT / "scrapy_project" / "sources"
SOURCES_YAML: Final = "sources.yaml"


class Assertions(BaseModel):
    """What a finished crawl must look like. `min_*` is fatal, `max_*` warns."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    min_performers: Whole = Field(1, ge=0)
    max_performers: Whole | None = Field(None, ge=1)
    min_share_with_image: Number = Field(0.0, ge=0, le=1)
    max_share_unlisted: Number = Field(
        # Five in a hundred thousand. Below 20,000 performers that is nobody: there, one that no
        # order of the list shows is no chance, and a person should see why.
        0.00005,
        ge=0,
        le=1,
        description="stash_box, rest: advertised performers that no sweep lists, at most",
    )
    min_share_of_pages: Number = Field(
        0.0, ge=0, le=1, description="html_profile: visited pages that are a performer's"
    )


class LinkPattern(BaseModel):
    """One form of a link to a performer's page, and the page's path made of its groups."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    match: str = Field(description="Regex over path and query; the group `id` is the stable id")
    path: str = Field(description="The page's path, a template over the match's named groups")
    space: str = Field(
        "", description="Of two ids of different spaces none can tell whether they are one person's"
    )
    written_as: Literal["hyphen"] | None = Field(
        None, description="The id's spelling where this form has the name instead: orla-veit"
    )


class PageRule(BaseModel):
    """html_profile: where a performer's page lies, by link or by name."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    domains: list[str] = Field(min_length=1, description="Registrable domains of the site's links")
    links: list[LinkPattern] = Field(min_length=1, description="The first one is used for names")
    slug: Literal["underscore", "hyphen", "joined"] | None = Field(
        None, description="How a name becomes an id; absent: the site can't be asked by name"
    )
    not_by_name: str | None = Field(
        None,
        min_length=1,
        description="Why the site can't be asked by name: where `slug` is absent",
    )
    reserved: list[str] = Field([], description="Ids that are pages of the site, not performers")


class SourceConfig(BaseModel):
    """One source. Every key is read by something; an unknown key is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: str = Field(pattern=r"^[a-z0-9_]+$")
    kind: Literal["stash_box", "rest", "html_profile"]
    domain: str = Field(description="Prefix of the universal id, e.g. stashdb.org")
    base_url: HttpUrl
    enabled: bool = True
    trust: Literal["high", "medium", "low"] = "high"
    gender_filter: list[str] = Field([], description="Only performers of these genders; [] is all")
    requests_per_minute: Whole = Field(ge=1, le=60_000)
    concurrent_requests: Whole = Field(4, ge=1, le=32)
    page_size: Whole = Field(25, ge=1, le=100)
    max_faces: Whole | None = Field(
        None, ge=1, le=100, description="Stricter cap than max_faces_per_source for this source"
    )
    images_per_page: Whole | None = Field(None, ge=1, description="Pictures fetched a performer")
    image_hosts: list[str] = Field([], description="Hosts of pictures besides the page's own")
    image_referer: bool = Field(False, description="Pictures are asked for with their page named")
    api_key_env: str | None = Field(None, description="Environment variable with the key")
    fetcher: Literal["plain", "flaresolverr", "chrome"] = "plain"
    fetcher_on_403: Literal["flaresolverr", "chrome"] | None = Field(
        None, description="Used, where the operator has it, once a plain request is refused"
    )
    page: PageRule | None = Field(None, description="html_profile only")
    revisit_days: Whole = Field(
        28, ge=0, description="html_profile: a page is not read again before"
    )
    obey_robots: bool = True
    watermark_overlap_hours: Whole = Field(48, ge=0)
    timeout_seconds: Whole = Field(60, ge=1, le=600)
    retries: Whole = Field(4, ge=0, le=20)
    part_rows: Whole = Field(32, ge=1, le=10_000, description="Picture rows a staging part")
    assertions: Assertions = Assertions()
    facts: list[str] = Field(
        [], description="What is read of a performer; each field stands in a recorded case"
    )
    evidence: str = Field("", description="What its pages are known by, how surely, with the date")
    licence: str = Field("", description="Whose the content is, and under which licence")
    terms: str = Field("", description="Where the site's terms stand, and what they ask of robots")
    note: str = Field("", description="What else to know about the source")

    @property
    def creates_performers(self) -> bool:
        """Stash-boxes and REST sources create performers; reference sites only add to them."""
        return self.kind != "html_profile"

    @property
    def reference_modes(self) -> tuple[str, ...]:
        """How a reference site can find a performer's page: by link, by name."""
        if self.page is None:
            return ()
        return ("url", "name") if self.page.slug else ("url",)

    @model_validator(mode="after")
    def _says_why_not_by_name(self, info: ValidationInfo) -> SourceConfig:
        """A file has to; the plan of a run that an older trainer made may lack it."""
        page = self.page
        if page is not None and page.slug and page.not_by_name:
            raise ValueError("`page` has both `slug` and `not_by_name`: leave one of them out")
        if info.context and page is not None and not (page.slug or page.not_by_name):
            raise ValueError(
                "`page` has no `slug`: say in `not_by_name` why the site can't be asked by name"
            )
        return self

    @model_validator(mode="after")
    def _page_belongs_to_html(self) -> SourceConfig:
        if (self.kind == "html_profile") != (self.page is not None):
            raise ValueError("`page` is needed for kind html_profile, and for no other kind")
        return self


def load_sources(data_dir: Path) -> dict[str, SourceConfig]:
    """All sources by key, in key order; raises `ConfigError` naming file, source and key."""
    file = data_dir / SOURCES_YAML
    return sources_with(read_mapping(file), file)


def sources_with(overrides: Mapping[str, Any], file: Path) -> dict[str, SourceConfig]:
    """All sources by key, in key order, under the `overrides` that `file` holds.

    Raises `ConfigError` naming file, source and key.
    """
    shipped = _shipped()
    unknown = sorted(set(overrides) - set(shipped))
    if unknown:
        raise ConfigError(
            f"{file}: unknown sources {unknown}; choose from {', '.join(sorted(shipped))}"
        )
    return {key: _build(key, base, overrides.get(key), file) for key, base in shipped.items()}


@cache
def shipped_sources() -> Mapping[str, SourceConfig]:
    """The sources as shipped, whatever the operator changed; by key, in key order."""
    return MappingProxyType(
        {key: _build(key, base, None, SHIPPED) for key, base in _shipped().items()}
    )


@cache
def _shipped() -> dict[str, dict[str, Any]]:
    paths = sorted(SHIPPED.glob("*/source.yaml"))
    return {path.parent.name: read_mapping(path) for path in paths}


def _build(key: str, base: dict[str, Any], override: Any, file: Path) -> SourceConfig:
    where = file if override else SHIPPED / key / "source.yaml"
    if override is not None and not isinstance(override, dict):
        raise ConfigError(f"{where}: {key} is no mapping; give the keys to override under it")
    override = override or {}
    merged = {**base, **override}
    if isinstance(override.get("assertions"), dict):
        merged["assertions"] = {**base.get("assertions", {}), **override["assertions"]}
    if isinstance(override.get("page"), dict):
        merged["page"] = _with_reason(override["page"], base.get("page") or {})
    try:
        source = SourceConfig.model_validate(merged, context={"file": str(where)})
    except ValidationError as error:
        raise ConfigError(
            f"{where}: source {key}: {problems(error)}; correct it in that file"
        ) from None
    if source.key != key:
        raise ConfigError(f"{where}: key {source.key!r} is not its folder {key!r}; name both alike")
    return source


def _with_reason(page: dict[str, Any], shipped: dict[str, Any]) -> dict[str, Any]:
    """An override of `page` replaces all of it; one without `slug` keeps the shipped reason."""
    reason = shipped.get("not_by_name", "the operator's sources.yaml gives no `slug` for it")
    return page if page.get("slug") else {"not_by_name": reason, **page}

"""The parameters of a build: one model behind the Airflow form, the CLI and the reports."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from trainer.config.numbers import Hours, Whole
from trainer.errors import ConfigError
from trainer.reasons import problems, reason

_ADVICE = "see docs/operations.md for their names and limits"


class BuildParams(BaseModel):
    """What a person may choose for one build. Unknown keys and wrong types are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    sources: list[Annotated[str, Field(pattern=r"^[a-z0-9_]+$")]] = Field(
        default_factory=list, description="Source keys to crawl; empty means every enabled source."
    )
    enable_faces: bool = Field(True, description="Fetch images and embed faces.")
    max_faces_per_source: Whole = Field(
        5, ge=1, le=100, description="Maximum number of faces kept per performer and source."
    )
    max_faces_total: Whole = Field(
        12, ge=1, le=200, description="Maximum number of faces kept per performer."
    )
    reference_mode: Literal["url", "name"] = Field(
        "url", description="How reference sites find a performer's page."
    )
    full_refresh: bool = Field(
        False, description="Read every source completely and find what was deleted upstream."
    )
    min_faces: Whole = Field(
        1,
        ge=0,
        le=50,
        description="Minimum number of faces; performers with fewer stay out of releases.",
    )
    scene_queries: Whole = Field(
        500,
        ge=0,
        le=10_000,
        description="Pictures whose degraded copies are searched to measure a release; 0 is off.",
    )
    max_hours: Hours | None = Field(
        None,
        description="Hours after which crawling ends, and what is there is released; empty: none.",
    )
    first_release_after_hours: Hours | None = Field(
        1,
        description="Hours after which the very first build releases what is there, and a second "
        "one goes on; empty: it fetches everything first.",
    )
    publish: bool = Field(
        True, description="Publish when the gate passes; otherwise keep a candidate."
    )

    @property
    def first_release_is_early(self) -> bool:
        """Does a first build end fetching before its `max_hours`, if any, are over?"""
        first, most = self.first_release_after_hours, self.max_hours
        return self.publish and first is not None and (most is None or first < most)

    @classmethod
    def parse(cls, conf: dict[str, Any] | str | None, known_sources: list[str]) -> BuildParams:
        """Validate `conf` (a mapping or JSON text); raises `ConfigError` naming every bad key."""
        if isinstance(conf, str):
            try:
                conf = json.loads(conf)
            except (ValueError, RecursionError) as error:
                raise ConfigError(
                    f"--conf is not valid JSON: {reason(error)}; give an object of names and values"
                ) from None
        if conf is not None and not isinstance(conf, dict):
            raise ConfigError("parameters are no JSON object; give an object of names and values")
        try:
            params = cls.model_validate(conf or {})
        except ValidationError as error:
            raise ConfigError(f"bad parameters: {problems(error)}; {_ADVICE}") from None
        unknown = sorted(set(params.sources) - set(known_sources))
        if unknown:
            raise ConfigError(
                f"bad parameters: sources: unknown {unknown}; "
                f"choose from {', '.join(sorted(known_sources))}"
            )
        return params


def form_fields() -> dict[str, dict[str, Any]]:
    """Return the JSON schema of each parameter, in order; one that may be empty has two types."""
    fields = BuildParams.model_json_schema()["properties"]
    return {name: _in_one(field) for name, field in fields.items()}


def _in_one(field: dict[str, Any]) -> dict[str, Any]:
    """`anyOf` a type and null, as one schema: forms know no other."""
    if "anyOf" not in field:
        return field
    rest = {key: value for key, value in field.items() if key != "anyOf"}
    kind = next(option for option in field["anyOf"] if option["type"] != "null")
    return {**rest, **kind, "type": [kind["type"], "null"]}

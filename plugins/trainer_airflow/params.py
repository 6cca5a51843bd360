"""BuildParams as Airflow parameters: one model behind the form, the REST schema and the CLI."""

from __future__ import annotations

from typing import Any

from airflow.sdk import Param

from trainer.config.params import form_fields

_KEPT = ("type", "minimum", "maximum", "enum", "items", "title")


def build_params(source_keys: list[str]) -> dict[str, Param]:
    """One `Param` for each field of `BuildParams`, with its default, description and limits.

    `sources` becomes a multi-select of `source_keys`; any other key is refused by the schema.
    """
    return {name: _param(name, field, source_keys) for name, field in form_fields().items()}


def _param(name: str, field: dict[str, Any], source_keys: list[str]) -> Param:
    kept = {key: field[key] for key in _KEPT if key in field}
    default = field.get("default")
    if name == "sources":
        default = []
        kept["items"] = {"type": "string", "enum": sorted(source_keys)}
        kept["examples"] = sorted(source_keys)
    return Param(default, description=field["description"], **kept)

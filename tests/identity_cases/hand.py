"""The cases of hand.yaml, with the fields that they leave out."""

from __future__ import annotations

import uuid
from itertools import combinations
from typing import Any, Final

import yaml

from tests.identity_cases.people import HERE

_EMPTY: Final[dict[str, Any]] = dict.fromkeys(
    (
        "disambiguation",
        "birth_date",
        "country",
        "gender",
        "ethnicity",
        "height_cm",
        "eye_color",
        "hair_color",
        "career_start_year",
        "merged_into_id",
    )
)
_SPACE: Final = uuid.UUID("5f1c6c52-0000-4000-8000-000000000000")


def cases() -> list[dict[str, Any]]:
    text = (HERE / "hand.yaml").read_text(encoding="utf-8")
    return [_case(raw) for raw in yaml.safe_load(text)]


def _case(raw: dict[str, Any]) -> dict[str, Any]:
    case = {"id": f"hand-{raw['id']}", "category": raw["category"], "note": raw["note"]}
    weeks = [_week(raw["id"], week) for week in raw.get("weeks", [])]
    return case | _week(raw["id"], raw) | ({"weeks": weeks} if weeks else {})


def _week(case: str, raw: dict[str, Any]) -> dict[str, Any]:
    silent = {pair for group in raw.get("silent", []) for pair in combinations(sorted(group), 2)}
    return {
        "records": [_record(case, record) for record in raw["records"]],
        "people": raw["people"],
        "silent": sorted(silent),
    }


def _record(case: str, raw: dict[str, Any]) -> dict[str, Any]:
    """`is: [source, key]`; a key stands for the id in merges, `source:key` for an address."""
    source, key = raw["is"]
    known = {name: raw[name] for name in raw if name in _EMPTY}
    into = raw.get("merged_into_id")
    return {
        "source": source,
        "source_id": _id(case, source, key),
        "name": raw["name"],
        "aliases": raw.get("aliases", []),
        **_EMPTY,
        **known,
        "urls": [{"url": _url(case, url), "site": None} for url in raw.get("urls", [])],
        "merged_ids": [_id(case, source, other) for other in raw.get("merged_ids", [])],
        "merged_into_id": _id(case, source, into) if into else None,
        "deleted": raw.get("deleted", False),
    }


def _id(case: str, source: str, key: str) -> str:
    return str(uuid.uuid5(_SPACE, f"{case}/{source}/{key}"))


def _url(case: str, url: str) -> str:
    """`stashdb:a` is the address of that record; anything with a scheme is taken as it is."""
    if "://" in url:
        return url
    source, key = url.split(":")
    domain = {"fansdb": "fansdb.cc", "theporndb": "theporndb.net"}.get(source, f"{source}.org")
    return f"https://{domain}/performers/{_id(case, source, key)}"

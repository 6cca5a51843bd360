"""Which fields of a performer the recorded cases of a source show to be read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

PAGES = Path(__file__).with_name("pages")
COLUMNS = {"links": "urls"}  # names of fields of a profile in the schema
FACTS = (
    *("name", "disambiguation", "aliases", "gender", "birth_date", "death_date", "country"),
    *("ethnicity", "height_cm", "eye_color", "hair_color", "career_start_year"),
    *("career_end_year", "tattoos", "piercings", "scene_count", "urls", "images"),
)


def facts_read(source: str) -> list[str]:
    """In the order of FACTS: those that at least one recorded case of the source has."""
    seen = {field for item in _items(source) for field, value in item.items() if value}
    return [fact for fact in FACTS if fact in seen]


def _items(source: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for path in sorted((PAGES / source).glob("*.expected.yaml")):
        expected = yaml.safe_load(path.read_text(encoding="utf-8"))
        found += expected.get("rows", [])
        found.append({"images": expected.get("more")})
        profile = expected.get("profile", {})
        found.append({COLUMNS.get(field, field): v for field, v in profile.items()})
    return [{k: v for k, v in item.items() if v != "ignore"} for item in found]

# ruff: noqa: RUF001
"""Names are tidied where they enter, for JSON and HTML alike. Everybody is invented."""

from __future__ import annotations

import json
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from scrapy_project.kinds import rest_api, stash_box_api, stash_box_record
from scrapy_project.parsing.profile import Profile
from trainer.config.sources import shipped_sources
from trainer.identity.canonical import canonical
from trainer.identity.tidy_names import tidy_aliases, tidy_name
from trainer.staging.rows import PerformerRecord

SOURCES = shipped_sources()
UNTIDY = " Mira\u00a0 \u200bZo\u0007rn\ufeff\t"
ALIASES = ["mira zorn", "MIRA  ZORN", "Ｍｉｒａ Ｚｏｒｎ", "Ada\u2003Zorn", "ADA ZORN", " ",
           "\u200b", "Ａｄａ Ｚｏｒｎ", "Zoë", "Zoe", "ｶﾞﾅ", "ガナ"]  # fmt: skip
TIDY = ["Ada Zorn", "Zoë", "Zoe", "ｶﾞﾅ"]


@pytest.mark.parametrize(
    ("text", "tidy"),
    [
        ("Mira Zorn", "Mira Zorn"),
        ("  Mira   Zorn ", "Mira Zorn"),
        (UNTIDY, "Mira Zorn"),
        ("Mira\r\nZorn", "Mira Zorn"),
        ("空田\u3000美", "空田 美"),
        ("MIRA zörn", "MIRA zörn"),
        ("مه\u200cزاد", "مه\u200cزاد"),
        ("ന്\u200d", "ന്"),
        ("ക്\u200dഷ", "ക്\u200dഷ"),
        ("空\U000e0100田", "空\U000e0100田"),
        ("Mi\u200dra", "Mira"),
        ("\u200f\u200b ", ""),
        ("\u00ad\u202e", ""),
    ],
)
def test_tidying_keeps_the_spelling(text, tidy):
    assert tidy_name(text) == tidy


def test_aliases_that_differ_by_case_width_or_blanks_are_one_and_the_name_is_none():
    assert tidy_aliases("Mira Zorn", ALIASES) == TIDY


@given(st.text(max_size=30), st.lists(st.text(max_size=12), max_size=5))
def test_tidy_names_stay_as_they_are(name, aliases):
    assert tidy_name(tidy_name(name)) == tidy_name(name)
    once = tidy_aliases(name, aliases)
    assert tidy_aliases(name, once) == once
    assert all(once)


def stash_box(name: str) -> dict:
    blank = dict.fromkeys(stash_box_record.Performer.model_fields)
    return blank | {
        "id": "s1",
        "name": name,
        "deleted": False,
        "created": "2026-01-01T00:00:00Z",
        "updated": "2026-01-01T00:00:00Z",
        "aliases": ALIASES,
        "merged_ids": [],
        "images": [],
        "urls": [],
        "scene_count": 1,
    }


def from_stash_box(name: str):
    listed = {"count": 1, "performers": [stash_box(name)]}
    body = json.dumps({"data": {"queryPerformers": listed}}).encode()
    return stash_box_api.parse_list(body, "https://box.example", SOURCES["stashdb"])


def from_rest(name: str):
    record = {
        "id": "t1",
        "name": name,
        "aliases": ALIASES,
        "extras": {},
        "image": "",
        "posters": [],
    }
    record |= {"image": "", "posters": []}
    meta = {"total": 1, "per_page": 1, "current_page": 1, "last_page": 1}
    body = json.dumps({"data": [record], "meta": meta}).encode()
    return rest_api.parse_list(body, "https://rest.example", SOURCES["theporndb"])


@pytest.mark.parametrize("read", [from_stash_box, from_rest])
def test_json_answers_give_tidy_names(read):
    (row,) = read(UNTIDY).rows
    assert (row["name"], row["aliases"]) == ("Mira Zorn", TIDY)


@pytest.mark.parametrize("read", [from_stash_box, from_rest])
def test_a_record_whose_name_cannot_be_seen_is_refused(read):
    page = read("\u200b\u2060")
    assert page.rows == []
    assert "name" in [error.field for error in page.errors]


def test_pages_give_tidy_names():
    aliases = tuple(alias for alias in ALIASES if alias.strip())
    profile = Profile(name=UNTIDY, aliases=aliases)
    assert (profile.name, list(profile.aliases)) == ("Mira Zorn", TIDY)
    with pytest.raises(ValidationError, match="seen"):
        Profile(name="\u200b\u2060")


def test_aliases_of_several_sources_are_one_in_a_release():
    def told(source: str, name: str, aliases: list[str]) -> PerformerRecord:
        plain = dict.fromkeys(
            ("disambiguation", "gender", "country", "ethnicity", "birth_date", "death_date",
             "height_cm", "eye_color", "hair_color", "career_start_year", "career_end_year",
             "scene_count", "created_at", "updated_at", "tattoos", "piercings", "urls", "images")
        )  # fmt: skip
        own = {"source": source, "source_id": "1", "name": name, "aliases": aliases}
        return cast(PerformerRecord, plain | own)

    records = [
        told("stashdb", "Mira Zorn", ["Ada Zorn"]),
        told("theporndb", "MIRA ZORN", ["ada zorn", "Ａｄａ Ｚｏｒｎ", "Tilda"]),
    ]
    row = canonical(1, records, (), SOURCES, "2026-11-01T00:00:00Z")
    assert row["aliases"] == [
        {"alias": "Ada Zorn", "source": "stashdb"},
        {"alias": "Tilda", "source": "theporndb"},
    ]

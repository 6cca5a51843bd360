"""Which pages reference sites are asked for: links, names, genders, order."""

from __future__ import annotations

from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.config.sources import SourceConfig, shipped_sources
from trainer.crawl.needs import lacks
from trainer.crawl.slugs import STYLES, slug
from trainer.crawl.targets import Targets, is_wanted, live, named_page
from trainer.identity.site_table import site_table
from trainer.staging.rows import PerformerRecord, Target

SHIPPED = shipped_sources()
BABE = "https://www.babepedia.com/babe/"


def record(number: int, name: str, *urls: str, **facts) -> PerformerRecord:
    """A creator's live record of an invented person."""
    row = {
        "source": "stashdb",
        "source_id": f"s{number}",
        "name": name,
        "aliases": [],
        "gender": "FEMALE",
        "birth_date": None,
        "country": None,
        "urls": [{"url": url, "site": None} for url in urls],
        "scene_count": number,
        "deleted": False,
        "merged_into_id": None,
        **facts,
    }
    return cast(PerformerRecord, row)


def rows(
    *records, source="babepedia", by_name=False, known=(), faces=None, **changes
) -> list[Target]:
    config = SHIPPED[source].model_copy(update=changes)
    sources = {source: config}
    targets = Targets(sources, site_table(sources), by_name)
    for one in live(records):
        targets.add(one)
    return targets.rows(source, known, faces)


def owners(row: Target) -> list[str]:
    return [candidate["source_id"] for candidate in row["candidates"]]


def test_records_that_link_to_one_page_are_its_candidates_whatever_the_links_look_like():
    found = rows(
        record(1, "Wren Hollow", f"{BABE}Wren_Hollow"),
        record(2, "W. Hollow", "http://babepedia.com/babe/Wren_Hollow/?utm_source=x"),
        record(3, "Ada Fenn", f"{BABE}Ada_Fenn", f"{BABE}Ada_Fenn#pics"),
    )
    assert [(r["page_id"], owners(r)) for r in found] == [
        ("Ada_Fenn", ["s3"]),
        ("Wren_Hollow", ["s1", "s2"]),
    ]
    assert {row["found_by"] for row in found} == {"url"}
    assert found[1]["path"] == "/babe/Wren_Hollow"


def test_both_forms_of_an_iafd_link_to_one_person_are_one_target():
    base = "https://www.iafd.com/person.rme/perfid=wrenhollow"
    found = rows(
        record(1, "Wren Hollow", f"{base}/wren-hollow.htm"),
        record(2, "Wren Hollow", f"{base}/gender=f/wren-hollow.htm"),
        source="iafd",
    )
    assert [(r["page_id"], owners(r)) for r in found] == [("wrenhollow", ["s1", "s2"])]


@pytest.mark.parametrize("name", ["Wren%20Hollow", "wren-hollow"])
def test_of_links_with_and_without_the_name_the_one_with_it_is_asked_for(name):
    found = rows(
        record(1, "Wren Hollow", "https://www.thenude.com/_77.htm"),
        record(2, "Wren Hollow", f"https://www.thenude.com/{name}_77.htm"),
        source="thenude",
    )
    assert [(r["page_id"], r["path"], owners(r)) for r in found] == [
        ("77", f"/{name}_77.htm", ["s1", "s2"])
    ]


def test_a_link_to_where_the_operator_says_the_site_is_counts_too():
    override = SHIPPED["babepedia"].model_dump(mode="json") | {"base_url": "http://127.0.0.1:8123/"}
    config = SourceConfig.model_validate(override)
    targets = Targets({"babepedia": config}, site_table({"babepedia": config}), False)
    targets.add(record(1, "Wren Hollow", "http://127.0.0.1:8123/babe/Wren_Hollow"))
    targets.add(record(2, "Ada Fenn", "http://127.0.0.1:9999/babe/Ada_Fenn"))
    assert [r["page_id"] for r in targets.rows("babepedia", ())] == ["Wren_Hollow"]


def test_names_are_asked_for_only_where_nobody_links_and_only_in_name_mode():
    people = [
        record(1, "Wren Hollow", f"{BABE}Wren_H"),
        record(2, "Ada Fenn"),
        record(3, "Ada Fenn"),
    ]
    assert [r["page_id"] for r in rows(*people)] == ["Wren_H"]
    found = {r["page_id"]: (r["found_by"], owners(r)) for r in rows(*people, by_name=True)}
    assert found == {"Wren_H": ("url", ["s1"]), "Ada_Fenn": ("name", ["s2", "s3"])}


def test_a_page_that_somebody_links_to_is_not_asked_for_by_another_persons_name():
    people = [record(1, "Ada Fenn the Elder", f"{BABE}Ada_Fenn"), record(2, "Ada Fenn")]
    assert [(r["found_by"], owners(r)) for r in rows(*people, by_name=True)] == [("url", ["s1"])]


@pytest.mark.parametrize("source", ["thenude", "afdb"])
def test_a_site_with_numbers_for_ids_cannot_be_asked_by_name(source):
    assert SHIPPED[source].reference_modes == ("url",)
    assert rows(record(1, "Wren Hollow"), source=source, by_name=True) == []


@pytest.mark.parametrize(
    ("gender", "by_link", "by_name"),
    [("FEMALE", 1, 1), ("TRANSGENDER_FEMALE", 1, 1), ("MALE", 0, 0), (None, 1, 0)],
)
def test_the_gender_filter_lets_an_unknown_gender_pass_by_link_only(gender, by_link, by_name):
    linked = record(1, "Wren Hollow", f"{BABE}Wren_Hollow", gender=gender)
    assert len(rows(linked)) == by_link
    assert len(rows(record(1, "Wren Hollow", gender=gender), by_name=True)) == by_name


def test_a_source_without_a_filter_wants_everybody():
    assert is_wanted("MALE", SHIPPED["iafd"], found_by_link=False)
    assert is_wanted(None, SHIPPED["iafd"], found_by_link=False)


def test_the_sites_own_pages_are_nobodys():
    assert rows(record(1, "Babes"), source="freeones", by_name=True) == []
    link = "https://www.freeones.com/search"
    assert rows(record(1, "Wren Hollow", link), source="freeones") == []


def test_pages_never_read_come_first_then_who_has_most_scenes():
    people = [record(n, f"Person {n}", f"{BABE}Person_{n}") for n in (3, 9, 5, 7)]
    order = [row["page_id"] for row in rows(*people, known={"Person_9", "Person_3"})]
    assert order == ["Person_7", "Person_5", "Person_9", "Person_3"]


def test_the_order_of_the_records_changes_nothing():
    people = [record(n, "Ada Fenn" if n % 2 else f"P {n}", f"{BABE}X_{n // 3}") for n in range(12)]
    assert rows(*people, by_name=True) == rows(*reversed(people), by_name=True)


def test_records_that_are_gone_or_merged_name_nobody():
    people = [
        record(1, "Wren Hollow", f"{BABE}Wren_Hollow", deleted=True),
        record(2, "Ada Fenn", f"{BABE}Ada_Fenn", merged_into_id="s9"),
    ]
    assert rows(*people, by_name=True) == []


@pytest.mark.parametrize(
    ("style", "name", "found"),
    [
        ("underscore", "Wren  Hollow", "Wren_Hollow"),
        ("underscore", "Anne-Marie d'Or", "Anne-Marie_d'Or"),
        ("hyphen", "Wren Hollow", "wren-hollow"),
        ("hyphen", "Anne-Marie d'Or", "anne-marie-dor"),
        ("hyphen", "Linnéa Fjärdqvist", "linnea-fjardqvist"),
        ("hyphen", "J. R. Øst", "j-r-ost"),
        ("hyphen", "  - ", None),
        ("joined", "Wren O'Hollow", "wrenohollow"),
        ("joined", "Żaneta Łoś", "zanetalos"),
        ("hyphen", "Илья", None),
        ("joined", "そら", None),
        ("hyphen", "Sora そら", None),  # half a name is another name
    ],
)
def test_slugs(style, name, found):
    assert slug(name, style) == found


@given(st.text(max_size=60), st.sampled_from(sorted(STYLES)))
def test_a_slug_of_any_text_has_no_blank_and_is_stable(name, style):
    found = slug(name, style)
    assert found is None or (found and not any(c.isspace() for c in found))
    if found is not None and style != "underscore":
        assert found.isascii()
        assert slug(found, style) == found


@given(st.text(max_size=60))
def test_a_page_of_any_name_stays_on_its_site(name):
    for source in SHIPPED.values():
        page = named_page(name, source)
        if page is not None:
            assert page.path.startswith("/")
            assert "//" not in page.path
            assert not any(c.isspace() for c in page.path)


def test_who_lacks_faces_or_facts_is_asked_for_first_and_then_by_scenes():
    known = {"birth_date": "1980-02-03", "country": "SE"}
    people = [
        record(9, "Ada Fenn", f"{BABE}Ada_Fenn", **known),
        record(5, "Wren Hollow", f"{BABE}Wren_Hollow", **known),
        record(3, "Ivy Marsh", f"{BABE}Ivy_Marsh", **(known | {"country": None})),
        record(7, "Mae Lund", f"{BABE}Mae_Lund", **known),
    ]
    faces = {("stashdb", f"s{number}"): count for number, count in ((9, 2), (5, 1), (3, 4), (7, 3))}
    found = rows(*people, faces=faces)
    assert [r["page_id"] for r in found] == ["Wren_Hollow", "Ivy_Marsh", "Ada_Fenn", "Mae_Lund"]


def test_faces_of_all_records_of_a_person_count_together():
    facts = {"birth_date": "1980-02-03", "country": "SE"}
    one = record(1, "Ada Fenn", f"{BABE}Ada_Fenn", **facts)
    other = record(2, "Ada Fenn", f"{BABE}Ada_Fenn", **facts)
    found = rows(one, other)
    assert lacks(found[0]["candidates"], {("stashdb", "s1"): 1})
    assert not lacks(found[0]["candidates"], {("stashdb", "s1"): 1, ("stashdb", "s2"): 1})

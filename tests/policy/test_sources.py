"""Rules that every source keeps."""

from __future__ import annotations

import importlib
import re
from typing import NamedTuple

import pytest
import yaml
from pydantic import ValidationError

from demo.world.cast import appearances
from demo.world.sites import all_sites
from scrapy_project.parsing.profile import Profile
from tests.recorded.test_recorded_pages import spider_of
from trainer.config.settings import REPO_ROOT
from trainer.config.sources import SHIPPED, Assertions, PageRule, SourceConfig, load_sources
from trainer.crawl.confirm import second_fact
from trainer.errors import ConfigError

SOURCES = sorted(path.parent.name for path in SHIPPED.glob("*/source.yaml"))
PAGES = REPO_ROOT / "tests" / "recorded" / "pages"
CASES = {"normal", "sparse", "missing", "moved", "hostile"}


class Row(NamedTuple):
    """What is agreed for a source. The rate is what its operators can be expected to bear."""

    kind: str
    address: str
    rate: int  # requests a minute, pages and pictures together
    faces: int
    trust: str
    pictures: int | None = None  # a page; None: all
    gender: str = "-"
    fetcher: str = "plain"
    on_403: str | None = None
    modes: str = "url name"


BOX, REST, SITE = "stash_box", "rest", "html_profile"
# A new source needs a row of its own here: its rate is a decision, not a default.
TABLE = {
    "stashdb": Row(BOX, "stashdb.org/graphql", 240, 5, "high", modes=""),
    "fansdb": Row(BOX, "fansdb.cc/graphql", 240, 3, "high", modes=""),
    "pmvstash": Row(BOX, "pmvstash.org/graphql", 300, 3, "high", modes=""),
    "javstash": Row(BOX, "javstash.org/graphql", 300, 3, "high", modes=""),
    "theporndb": Row(REST, "api.theporndb.net/", 240, 5, "high", modes=""),
    "babepedia": Row(SITE, "www.babepedia.com/", 60, 5, "high", 10, "F", "flaresolverr"),
    "iafd": Row(SITE, "www.iafd.com/", 120, 3, "high", 3, "-", "flaresolverr"),
    "freeones": Row(SITE, "www.freeones.com/", 30, 5, "medium", 20, "F", on_403="flaresolverr"),
    "boobpedia": Row(SITE, "www.boobpedia.com/", 60, 3, "medium", 10, "F"),
    "thenude": Row(SITE, "www.thenude.com/", 60, 5, "medium", 10, "F", modes="url"),
    "afdb": Row(SITE, "www.adultfilmdatabase.com/", 60, 5, "high", 10, modes="url"),
    "pornpics": Row(SITE, "www.pornpics.com/", 60, 5, "medium", 15, modes="url"),
    "elitebabes": Row(SITE, "www.elitebabes.com/", 60, 5, "medium", 15, "F"),
    "javdatabase": Row(SITE, "www.javdatabase.com/", 60, 3, "medium", 10, "F"),
    "indexxx": Row(SITE, "www.indexxx.com/", 20, 5, "high", 10, "-", "chrome", modes="url"),
}
GENDERS = {"-": [], "F": ["FEMALE", "TRANSGENDER_FEMALE"]}
# source_id prefixes that the sidecar and stash-box users know
STASH_BOX_DOMAINS = {
    "stashdb": "stashdb.org",
    "fansdb": "fansdb.cc",
    "pmvstash": "pmvstash.org",
    "javstash": "javstash.org",
    "theporndb": "theporndb.net",
}


@pytest.fixture(params=SOURCES)
def source(request, tmp_path) -> SourceConfig:
    return load_sources(tmp_path)[request.param]


def row_of(source: SourceConfig) -> Row:
    if source.key not in TABLE:
        pytest.fail(
            f"{source.key} has no row in TABLE of tests/policy/test_sources.py: add one, with the "
            f"requests a minute that the operators of {source.base_url.host} can be expected to "
            "bear"
        )
    return TABLE[source.key]


def seen_row(source: SourceConfig) -> Row:
    genders = {tuple(filtered): name for name, filtered in GENDERS.items()}
    return Row(
        source.kind,
        f"{source.base_url.host}{source.base_url.path}",
        source.requests_per_minute,
        source.max_faces,
        source.trust,
        source.images_per_page,
        genders.get(tuple(source.gender_filter), str(source.gender_filter)),
        source.fetcher,
        source.fetcher_on_403,
        " ".join(source.reference_modes),
    )


def test_every_row_of_the_table_is_a_source():
    gone = set(TABLE) - set(SOURCES)
    assert not gone, f"no such source any more, take their rows out of TABLE: {sorted(gone)}"


def test_the_rate_is_never_above_the_table(source):
    assert source.requests_per_minute <= row_of(source).rate


@pytest.mark.parametrize("field", Row._fields)
def test_a_source_is_as_the_table_says(source, field):
    assert getattr(seen_row(source), field) == getattr(row_of(source), field), source.key


def test_pictures_are_asked_for_with_their_page_only_where_the_site_wants_it(source):
    assert source.image_referer == (source.key == "babepedia")


def test_robots_are_obeyed_and_the_note_says_what_the_source_is(source):
    assert source.obey_robots
    assert source.note.strip()


def test_the_universal_id_has_the_domain_that_the_sidecar_knows(source):
    if source.creates_performers:
        if source.key not in STASH_BOX_DOMAINS:
            pytest.fail(
                f"{source.key} creates performers: add the prefix of its ids to STASH_BOX_DOMAINS, "
                "as the sidecar knows it; it can't be changed once released"
            )
        assert source.domain == STASH_BOX_DOMAINS[source.key]


def test_a_reference_site_is_opt_in_and_a_creator_is_on(source):
    assert source.enabled == source.creates_performers


def test_every_source_says_whose_its_content_is_and_under_which_terms(source):
    assert source.licence.strip()
    assert source.terms.strip()


def test_only_creators_need_a_key_and_each_has_its_own(source):
    expected = f"{source.key.upper()}_API_KEY" if source.creates_performers else None
    assert source.api_key_env == expected


@pytest.mark.parametrize("file", [".env.example", "docker-compose.yml", "unraid-template.xml"])
def test_an_operator_can_set_the_key(source, file):
    key = source.api_key_env
    text = (REPO_ROOT / file).read_text()
    if key and not re.search(rf"\b{key}\b", text):
        pytest.fail(f"{file} does not pass {key} on: add it beside the other sources' keys")


def test_a_crawl_of_nothing_is_no_success(source):
    assert source.assertions.min_performers >= 1
    assert source.creates_performers or source.assertions.min_share_of_pages > 0


def test_no_key_stands_in_a_file(source):
    assert source.api_key_env is None or source.api_key_env.isupper()
    text = (SHIPPED / source.key / "source.yaml").read_text()
    assert set(yaml.safe_load(text)) <= set(SourceConfig.model_fields)


def test_the_spider_has_the_sources_name_and_kind(source):
    module = importlib.import_module(f"scrapy_project.sources.{source.key}.spider")
    spiders = [v for v in vars(module).values() if getattr(v, "name", None) == source.key]
    assert [spider.kind for spider in spiders] == [source.kind]


def test_a_source_has_recorded_cases(source):
    ending = ".html" if source.kind == "html_profile" else ".json"
    recorded = {path.stem for path in (PAGES / source.key).glob(f"*{ending}")}
    expected = {p.name.removesuffix(".expected.yaml") for p in (PAGES / source.key).glob("*.yaml")}
    missing = sorted(CASES - (recorded & expected))
    assert not missing, (
        f"record {missing} in {(PAGES / source.key).relative_to(REPO_ROOT)}: each case is "
        f"CASE{ending}, with invented people, and CASE.expected.yaml"
    )


def test_a_reference_site_has_a_look_alike_with_people_on_it(source):
    if source.creates_performers:
        return
    where = f"demo/world/sites/{source.key}.py"
    if source.key not in all_sites():
        pytest.fail(f"{source.key} has no look-alike: {where} is not there")
    if not appearances(source.key, 1):
        pytest.fail(
            f"nobody is on {source.key}'s look-alike: add `{source.key}` below `pages` in "
            "demo/world/sites.yaml"
        )


def test_a_site_that_cannot_be_asked_by_name_says_why(source):
    if source.page is not None:
        assert bool(source.page.not_by_name) == ("name" not in source.reference_modes)


@pytest.mark.parametrize("key", [k for k, row in TABLE.items() if "name" in row.modes.split()])
def test_a_page_found_by_name_can_be_confirmed(key):
    """Whoever is looked for by name is found only where the page says a second fact of her."""
    # Some sites have their facts on a page of their own.
    case = "bio" if spider_of(key).facts_page else "normal"
    expected = yaml.safe_load((PAGES / key / f"{case}.expected.yaml").read_text())
    page = Profile(**expected["profile"]).model_dump()
    same = {**page, "urls": page["links"]}
    nothing = {"birth_date": None, "country": None, "urls": ()}
    facts = [f for f in nothing if second_fact(page, {**same, **nothing, f: same[f]})]
    assert facts, f"{key}: nothing on its recorded page can confirm a person"
    assert second_fact(page, {**same, **nothing}) is None


def test_every_key_of_a_source_is_read_by_something():
    rooms = ("trainer", "scrapy_project", "plugins")
    code = "\n".join(
        path.read_text()
        for room in rooms
        for path in (REPO_ROOT / room).rglob("*.py")
        if path != REPO_ROOT / "trainer" / "config" / "sources.py"
    )
    owner = r"(source|config|sources\[\w+\]|sources\[first\[.source.\]\]|load_sources\(.*\)\[\w+\])"
    unread = [n for n in SourceConfig.model_fields if not re.search(rf"{owner}\.{n}\b", code)]
    assert not unread


@pytest.mark.parametrize(("model", "owner"), [(Assertions, r"wanted"), (PageRule, r"(page|rule)")])
def test_every_key_below_a_source_is_read_by_something(model, owner):
    code = "\n".join(
        path.read_text()
        for room in ("trainer", "scrapy_project")
        for path in (REPO_ROOT / room).rglob("*.py")
    )
    assert not [n for n in model.model_fields if not re.search(rf"\b{owner}\.{n}\b", code)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nowhere: {enabled: true}", "nowhere"),
        ("stashdb: {rate: 5}", "rate"),
        ("stashdb: {requests_per_minute: 0}", "requests_per_minute"),
        ("stashdb: 5", "mapping"),
        ("- stashdb", "mapping"),
        ("stashdb: {base_url: 'ftp://x'}", "base_url"),
        ("stashdb: {", "YAML"),
        ("stashdb: {assertions: {least: 1}}", "assertions.least"),
        (
            "iafd: {page: {domains: [iafd.com], slug: joined, not_by_name: x, links: "
            "[{match: '/(?P<id>.)', path: '/{id}'}]}}",
            "not_by_name",
        ),
    ],
)
def test_a_bad_override_is_refused_with_file_and_key(tmp_path, text, said):
    (tmp_path / "sources.yaml").write_text(text)
    with pytest.raises(ConfigError, match=said) as error:
        load_sources(tmp_path)
    assert "sources.yaml" in str(error.value)


def test_an_override_keeps_the_other_assertions(tmp_path):
    (tmp_path / "sources.yaml").write_text("stashdb: {assertions: {max_performers: 9}}")
    assertions = load_sources(tmp_path)["stashdb"].assertions
    assert (assertions.min_performers, assertions.max_performers) == (1, 9)


@pytest.mark.parametrize(
    ("key", "slug", "reason"),
    [
        ("thenude", "", "pages have a number"),  # the shipped reason goes on to hold
        ("iafd", "", "sources.yaml gives no `slug` for it"),
        ("pornpics", "slug: hyphen, ", None),  # an operator who knows better
        ("thenude", "not_by_name: because, ", "because"),
    ],
)
def test_an_override_of_the_pages_may_lack_the_reason(tmp_path, key, slug, reason):
    links = "links: [{match: '/(?P<id>.+)', path: '/{id}'}]"
    (tmp_path / "sources.yaml").write_text(
        f"{key}: {{page: {{domains: [site.example], {slug}{links}}}}}"
    )
    page = load_sources(tmp_path)[key].page
    assert (reason or "") in (page.not_by_name or "")
    assert (page.slug is None) == (reason is not None)


def test_a_shipped_file_without_slug_and_reason_is_refused_and_an_old_plan_is_read(tmp_path):
    old = load_sources(tmp_path)["thenude"].model_dump(mode="json")
    del old["page"]["not_by_name"]
    assert SourceConfig.model_validate(old).reference_modes == ("url",)
    with pytest.raises(ValidationError, match="not_by_name"):
        SourceConfig.model_validate(old, context={"file": "source.yaml"})

"""Rules that every source keeps."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from demo.world.cast import appearances
from demo.world.sites import all_sites
from scrapy_project.parsing.profile import Profile
from tests.recorded.test_recorded_pages import spider_of
from trainer.config.settings import REPO_ROOT
from trainer.config.sources import (
    SHIPPED,
    Assertions,
    PageRule,
    SourceConfig,
    load_sources,
    shipped_sources,
)
from trainer.crawl.confirm import second_fact
from trainer.errors import ConfigError

SOURCES = sorted(path.parent.name for path in SHIPPED.glob("*/source.yaml"))
PAGES = REPO_ROOT / "tests" / "recorded" / "pages"
ROOMS = ("trainer", "scrapy_project", "plugins")
CASES = {"normal", "sparse", "missing", "moved", "hostile"}


# Requests per minute, images included. A new source needs a line here: what its operators can be
# expected to bear is a decision about somebody else's server, not a default.
RATES = {
    "stashdb": 240,
    "fansdb": 240,
    "pmvstash": 300,
    "javstash": 300,
    "theporndb": 240,
    "babepedia": 60,
    "iafd": 120,
    "freeones": 30,
    "boobpedia": 60,
    "thenude": 60,
    "afdb": 60,
    "pornpics": 60,
    "elitebabes": 60,
    "javdatabase": 60,
    "indexxx": 20,
}
# Prefixes of universal ids that the sidecar and stash-box users know; they never change.
RELEASED_DOMAINS = {
    "stashdb": "stashdb.org",
    "fansdb": "fansdb.cc",
    "pmvstash": "pmvstash.org",
    "javstash": "javstash.org",
    "theporndb": "theporndb.net",
}


@pytest.fixture(params=SOURCES)
def source(request, tmp_path) -> SourceConfig:
    return load_sources(tmp_path)[request.param]


def test_every_rate_is_of_a_source():
    gone = set(RATES) - set(SOURCES)
    assert not gone, f"no such source any more, take their lines out of RATES: {sorted(gone)}"


def test_a_source_has_the_rate_that_was_agreed(source):
    if source.key not in RATES:
        pytest.fail(
            f"{source.key} has no line in RATES of tests/policy/test_sources.py: add one, with the "
            f"requests per minute that the operators of {source.base_url.host} can be expected to "
            "bear"
        )
    assert source.requests_per_minute == RATES[source.key]


def test_robots_are_obeyed_and_the_note_says_what_the_source_is(source):
    assert source.obey_robots
    assert source.note.strip()


@pytest.mark.parametrize("key", RELEASED_DOMAINS)
def test_the_universal_id_has_the_domain_that_the_sidecar_knows(key):
    assert shipped_sources()[key].domain == RELEASED_DOMAINS[key]


def test_the_domain_of_a_source_is_that_of_its_address(source):
    assert f".{source.base_url.host}".endswith(f".{source.domain}")
    assert source.page is None or source.domain in source.page.domains


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
            f"nobody is on {source.key}'s look-alike: say who in "
            f"demo/world/sites/{source.key}.people.yaml"
        )


def test_a_site_that_cannot_be_asked_by_name_says_why(source):
    if source.page is not None:
        assert bool(source.page.not_by_name) == ("name" not in source.reference_modes)


BY_NAME = [key for key, source in shipped_sources().items() if "name" in source.reference_modes]


@pytest.mark.parametrize("key", BY_NAME)
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


def attributes_read(*but: str) -> set[str]:
    """The names of all attributes that the code reads, outside of the files `but`."""
    files = (p for room in ROOMS for p in (REPO_ROOT / room).rglob("*.py") if p.name not in but)
    return {
        node.attr
        for path in files
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute)
    }


@pytest.mark.parametrize("model", [SourceConfig, Assertions, PageRule])
def test_every_key_of_a_source_is_read_by_something(model):
    here = Path(inspect.getfile(model)).name if model is SourceConfig else ""
    assert not set(model.model_fields) - attributes_read(here)


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
    assert page is not None
    assert (reason or "") in (page.not_by_name or "")
    assert (page.slug is None) == (reason is not None)


def test_a_shipped_file_without_slug_and_reason_is_refused_and_an_old_plan_is_read(tmp_path):
    old = load_sources(tmp_path)["thenude"].model_dump(mode="json")
    del old["page"]["not_by_name"]
    assert SourceConfig.model_validate(old).reference_modes == ("url",)
    with pytest.raises(ValidationError, match="not_by_name"):
        SourceConfig.model_validate(old, context={"file": "source.yaml"})

"""Rules that every source keeps."""

from __future__ import annotations

import re

import pytest
import yaml

from trainer.config.settings import REPO_ROOT
from trainer.config.sources import SHIPPED, SourceConfig, load_sources
from trainer.errors import ConfigError

SOURCES = sorted(path.parent.name for path in SHIPPED.glob("*/source.yaml"))
# requests a minute that a source's operators can be expected to bear
HIGHEST_RATE = {
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
}
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


def test_there_are_sources():
    assert SOURCES


def test_the_rate_is_never_above_the_table(source):
    assert source.requests_per_minute <= HIGHEST_RATE[source.key]


def test_robots_are_obeyed_and_the_note_says_what_the_source_is(source):
    assert source.obey_robots
    assert source.note.strip()


def test_the_universal_id_has_the_domain_that_the_sidecar_knows(source):
    if source.creates_performers:
        assert source.domain == STASH_BOX_DOMAINS[source.key]


def test_a_reference_site_is_opt_in_and_says_whose_it_is(source):
    if not source.creates_performers:
        assert not source.enabled
        assert source.licence.strip()
        assert source.terms.strip()


def test_no_key_stands_in_a_file(source):
    assert source.api_key_env is None or source.api_key_env.isupper()
    text = (SHIPPED / source.key / "source.yaml").read_text()
    assert set(yaml.safe_load(text)) <= set(SourceConfig.model_fields)


def test_the_spider_has_the_sources_name(source):
    spider = (REPO_ROOT / "scrapy_project" / "sources" / source.key / "spider.py").read_text()
    assert f'name = "{source.key}"' in spider


def test_every_key_of_a_source_is_read_by_something():
    rooms = ("trainer", "scrapy_project", "plugins")
    code = "\n".join(
        path.read_text()
        for room in rooms
        for path in (REPO_ROOT / room).rglob("*.py")
        if path.name != "sources.py"
    )
    owner = r"(source|config|sources\[\w+\]|sources\[first\[.source.\]\]|load_sources\(.*\)\[\w+\])"
    unread = [n for n in SourceConfig.model_fields if not re.search(rf"{owner}\.{n}\b", code)]
    assert unread == ["note"]  # for people who read source.yaml


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

"""A spider's process knows its own source's key, and no other secret."""

from __future__ import annotations

import pytest

from trainer.config.sources import SourceConfig, load_sources
from trainer.crawl.environment import crawl_environment

EVERYTHING = {
    "PATH": "/bin",
    "HOME": "/root",
    "PYTHONPATH": "/srv",
    "STASHDB_API_KEY": "1",
    "OTHER_BOX_CREDENTIAL": "2",
    "GONE_API_KEY": "3",
    "AIRFLOW__API_AUTH__JWT_SECRET": "4",
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "5",
    "_AIRFLOW_WWW_USER_PASSWORD": "6",
    "AIRFLOW_CONN_DB": "7",
    "SMTP_PASSWORD": "8",
    "FLARESOLVERR_URL": "9",
    "CHROME_CDP_URL": "10",
}
HARMLESS = {"PATH", "HOME", "PYTHONPATH"}


@pytest.fixture
def stashdb(tmp_path) -> SourceConfig:
    return load_sources(tmp_path)["stashdb"]


def known_to(source: SourceConfig) -> set[str]:
    return set(crawl_environment(source, EVERYTHING)) - HARMLESS


def test_each_source_gets_its_own_key_whatever_its_name(stashdb):
    other = stashdb.model_copy(update={"key": "other", "api_key_env": "OTHER_BOX_CREDENTIAL"})
    assert known_to(stashdb) == {"STASHDB_API_KEY"}
    assert known_to(other) == {"OTHER_BOX_CREDENTIAL"}


@pytest.mark.parametrize(
    ("fetchers", "known"),
    [
        ({"fetcher": "flaresolverr"}, {"FLARESOLVERR_URL"}),
        ({"fetcher": "chrome"}, {"CHROME_CDP_URL"}),
        ({"fetcher_on_403": "flaresolverr"}, {"FLARESOLVERR_URL"}),
        ({}, set()),
    ],
)
def test_the_operators_browsers_are_for_sources_that_ask_through_them(stashdb, fetchers, known):
    source = stashdb.model_copy(update={"api_key_env": None, **fetchers})
    assert known_to(source) == known


def test_what_is_no_secret_stays(stashdb):
    assert set(crawl_environment(stashdb, EVERYTHING)) >= HARMLESS

"""Where the operator's fetchers are, told to nobody; and what happens without them."""

from __future__ import annotations

import socket

import pytest

from scrapy_project.fetchers.services import (
    DEFAULTS,
    NAMES,
    VARIABLES,
    Service,
    present,
    require_fetcher,
    service,
)
from scrapy_project.storage.report import CrawlStopped
from trainer.config.settings import Settings
from trainer.config.sources import SourceConfig
from trainer.errors import ConfigError

SECRET = "http://ann:s%40fe-word@flare.example:8191/base?token=s%40fe-word"  # noqa: S105 - an invented one


@pytest.fixture(autouse=True)
def no_services(monkeypatch):
    for variable in VARIABLES.values():
        monkeypatch.delenv(variable, raising=False)


def source(fetcher: str) -> SourceConfig:
    rule = {"domains": ["site.example"], "links": [{"match": "/(?P<id>.+)", "path": "/{id}"}]}
    return SourceConfig(
        key="site",
        kind="html_profile",
        domain="site.example",
        base_url="https://site.example",
        requests_per_minute=60,
        page=rule,
        fetcher=fetcher,
    )


def test_an_address_is_taken_apart_and_shown_without_its_secrets():
    found = Service.at("flaresolverr", SECRET)
    assert found.login == ("ann", "s@fe-word")
    assert found.url == "http://flare.example:8191/base?token=s%40fe-word"
    assert str(found) == "FlareSolverr at http://flare.example:8191"
    assert "fe-word" not in f"{found} {found!r}"


def test_settings_hold_addresses_as_secrets(monkeypatch):
    monkeypatch.setenv("FLARESOLVERR_URL", SECRET)
    settings = Settings.load()
    assert "fe-word" not in f"{settings!r} {settings.model_dump_json()}"
    assert service("flaresolverr") == Service.at("flaresolverr", SECRET)


@pytest.mark.parametrize("fetcher", NAMES)
@pytest.mark.parametrize("value", [None, ""])
def test_off_unless_set(monkeypatch, fetcher, value):
    if value is not None:
        monkeypatch.setenv(VARIABLES[fetcher], value)
    assert service(fetcher) is None
    with pytest.raises(CrawlStopped) as stopped:
        require_fetcher(source(fetcher))
    assert stopped.value.status == "skipped"
    assert str(stopped.value) == f"needs {NAMES[fetcher]}: set {VARIABLES[fetcher]}"


@pytest.mark.parametrize("fetcher", NAMES)
def test_a_source_goes_on_where_its_fetcher_is_set_or_none_is_needed(monkeypatch, fetcher):
    require_fetcher(source("plain"))
    monkeypatch.setenv(VARIABLES[fetcher], "http://127.0.0.1:1")
    require_fetcher(source(fetcher))


@pytest.mark.parametrize(
    "value",
    ["localhost:8191", "ftp://s3cret@host/", "http://", "http://s3cret@host:x/", "http://[s3cret"],
)
@pytest.mark.parametrize("variable", VARIABLES.values())
def test_a_bad_address_is_refused_without_being_shown(monkeypatch, variable, value):
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigError) as refused:
        Settings.load()
    assert variable in str(refused.value) and "http://localhost:8191" in str(refused.value)
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize("fetcher", NAMES)
def test_a_default_address_at_which_nothing_answers_is_skipped(monkeypatch, fetcher):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        monkeypatch.setitem(DEFAULTS, fetcher, address)
        monkeypatch.setenv(VARIABLES[fetcher], address)
        with pytest.raises(CrawlStopped, match=r"nothing answers there \(\w+ at http://127") as end:
            require_fetcher(source(fetcher))
        assert end.value.status == "skipped" and present(fetcher) is None


@pytest.mark.parametrize("fetcher", NAMES)
def test_a_default_address_that_answers_is_used(monkeypatch, fetcher):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        monkeypatch.setitem(DEFAULTS, fetcher, address)
        monkeypatch.setenv(VARIABLES[fetcher], address)
        require_fetcher(source(fetcher))
        assert present(fetcher) == Service.at(fetcher, address)

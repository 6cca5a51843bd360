"""Settings of how sources are asked. Their keys are named by each source's `api_key_env`."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr

from trainer.config.groups.base import EmptyIsUnset, SettingsGroup

SHARED_FILES = "shared-files"


def _service_url(value: SecretStr | None) -> SecretStr | None:
    """Checked without showing it: a service's address may hold a password."""
    if value is None:
        return None
    try:
        parsed = urlsplit(value.get_secret_value())
        good = (
            parsed.scheme in ("http", "https", "ws", "wss") and parsed.hostname and parsed.port != 0
        )
    except ValueError:
        good = False
    if not good:
        raise ValueError("expected an address like http://localhost:8191")
    return value


def _budgets(value: SecretStr | None) -> SecretStr | None:
    """Checked without showing it, likewise."""
    if value is None or value.get_secret_value() == SHARED_FILES:
        return value
    if urlsplit(value.get_secret_value()).scheme not in ("redis", "rediss", "unix"):
        raise ValueError(f"expected {SHARED_FILES} or an address like redis://localhost:6379/1")
    return value


ServiceUrl = Annotated[SecretStr | None, EmptyIsUnset, AfterValidator(_service_url)]


class SourceSettings(SettingsGroup):
    """Sources"""

    contact: str | None = Field(
        None,
        description="Needed: a URL or e-mail address of yours, sent in the User-Agent, so that a "
        "source's operator can reach you",
    )
    flaresolverr_url: ServiceUrl = Field(
        None,
        validation_alias="FLARESOLVERR_URL",
        description="Your FlareSolverr, for sources that need it: [fetchers](fetchers.md)",
    )
    chrome_cdp_url: ServiceUrl = Field(
        None,
        validation_alias="CHROME_CDP_URL",
        description="Your Chrome's DevTools address, likewise",
    )
    budgets: Annotated[SecretStr | None, EmptyIsUnset, AfterValidator(_budgets)] = Field(
        None,
        description="Where crawls of several machines share the rate limits of hosts: "
        "`shared-files` of `DATA_DIR`, or a Redis (`redis://host:6379/1`); without it, crawls of "
        "one machine do: [cluster](cluster.md)",
    )
    parallel_crawls: int = Field(
        4,
        ge=1,
        le=64,
        description="Sources that `trainer build` crawls at a time, each with a process of up to "
        "250 MB; in Airflow the pool `crawl` has as many slots",
    )
    given_keys: str = Field(
        "",
        description="Set by the containers: names of the keys that builds have, for the reports, "
        "which do not have the keys",
    )
    allow_private_hosts: bool = Field(
        False, description="Allow loopback and private addresses: for a server of your own"
    )

"""The object store that the settings name."""

from __future__ import annotations

from typing import Any, cast
from urllib.parse import urlsplit

from trainer.config.settings import Settings
from trainer.errors import ConfigError
from trainer.object_store.store import Store
from trainer.reasons import reason

_SCHEMES = ("s3", "gs", "az")
_RETRIES = 8


def open_store(
    settings: Settings, *, retries: int = _RETRIES, timeout: str = "300s"
) -> Store | None:
    """Return the store of `TRAINER_OBJECT_STORE`; None where it is empty. A request takes at most
    `timeout` and is made again `retries` times, ever more slowly, where the server fails."""
    url = settings.object_store
    if url is None:
        return None
    parts = urlsplit(url)
    if parts.scheme not in _SCHEMES or not parts.netloc or "@" in parts.netloc or parts.query:
        raise ConfigError(
            "TRAINER_OBJECT_STORE is no address of an object store; write it as s3://bucket/prefix "
            "and the keys into their own variables"
        )
    from obstore.store import from_url

    try:
        inner = from_url(
            url,
            config=cast("Any", _s3_config(settings) if parts.scheme == "s3" else {}),
            client_options={"allow_http": settings.object_store_http, "timeout": timeout},
            retry_config=cast("Any", {"max_retries": retries}),
        )
    except Exception as error:  # whatever the library finds wrong with it
        raise ConfigError(
            f"{url}: {reason(error)}; correct the TRAINER_OBJECT_STORE variables"
        ) from None
    return Store(url, inner)


def _s3_config(settings: Settings) -> dict[str, str]:
    """What is left out the library takes from AWS's own variables, or from the machine's role."""
    secret = settings.object_store_secret_key
    given = {
        "aws_endpoint": settings.object_store_endpoint,
        "aws_region": settings.object_store_region,
        "aws_access_key_id": settings.object_store_access_key,
        "aws_secret_access_key": secret.get_secret_value() if secret else None,
    }
    return {name: value for name, value in given.items() if value}

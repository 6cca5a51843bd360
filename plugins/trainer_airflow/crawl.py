"""Around a crawl: where its key comes from, and whether its failure deserves another try."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from trainer.config.environment import environment, lent
from trainer.config.settings import Settings
from trainer.config.sources import load_sources
from trainer.errors import RetryLater
from trainer.staging.manifest import StageManifest
from trainer.staging.paths import DataDir

_BUSY = re.compile(r"^(http_)?(408|425|429|5\d\d)$|timeout|connection|dns", re.IGNORECASE)


@contextmanager
def source_key(source: str, settings: Settings) -> Iterator[None]:
    """The source's API key in this task's environment for as long as its child needs it.

    The environment variable named by `api_key_env` wins; else the password of the Airflow
    connection whose id is the source's key. Nothing is logged but which of both was used.
    """
    variable = load_sources(settings.data_dir)[source].api_key_env
    if variable is None or environment().get(variable):
        yield
        return
    password = _connection_password(source)
    if password is None:
        yield  # the crawl itself says which variable is missing
        return
    with lent(variable, password):
        yield


def _connection_password(source: str) -> str | None:
    from airflow.sdk import Connection
    from airflow.sdk.exceptions import AirflowNotFoundException
    from airflow.sdk.log import mask_secret

    try:
        password = Connection.get(source).password
    except AirflowNotFoundException:
        return None
    if password:
        mask_secret(password)
    return password or None


def raise_if_worth_a_retry(source: str, run_id: str, settings: Settings) -> None:
    """Raise `RetryLater` when a failed crawl failed for a reason that time may cure."""
    manifest = StageManifest.read(DataDir(settings.data_dir).run(run_id).staging(source))
    if manifest is None or manifest.status != "failed":
        return
    busy = next((error for error in manifest.errors if _BUSY.search(error.kind)), None)
    if busy is not None:
        raise RetryLater(
            f"crawl {source}: {busy.kind} at {busy.url or 'its server'}; wait, this task is "
            "tried again"
        )

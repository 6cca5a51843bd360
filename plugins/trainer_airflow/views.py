"""The Reports tab: Streamlit's pages inside Airflow's frame."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from trainer.config.settings import Settings
from trainer.errors import ConfigError

DEFAULT_REPORTS_URL = "http://localhost:8501"


def report_views(base_url: str | None = None) -> list[dict[str, Any]]:
    """Two external views: all runs in the navigation, one run as a tab of the DAG run.

    `base_url` defaults to TRAINER_REPORTS_URL: the address of the reports as the *browser* sees
    it, or a path on the same host. Raises `ConfigError` when it is neither.
    """
    given = base_url or Settings.load().reports_url or DEFAULT_REPORTS_URL
    base = given.rstrip("/")
    on_this_host = given.startswith("/") and not given.startswith("//")
    if not on_this_host and (
        urlsplit(base).scheme not in ("http", "https") or not urlsplit(base).netloc
    ):
        raise ConfigError(f"set TRAINER_REPORTS_URL to an http(s) address, not {base!r}")
    return [
        {
            "name": "Reports",
            "href": f"{base}/",
            "destination": "nav",
            "category": "browse",
            "url_route": "trainer_reports",
        },
        {
            "name": "Report",
            "href": f"{base}/?dag_id={{DAG_ID}}&run_id={{RUN_ID}}",
            "destination": "dag_run",
            "url_route": "trainer_report",
        },
    ]

"""The Airflow asset of a release: other DAGs can be scheduled by it."""

from __future__ import annotations

from typing import Any

from airflow.sdk import Asset, BaseOperator
from airflow.sdk.exceptions import AirflowSkipException

from trainer.config.settings import Settings
from trainer.staging.paths import DataDir

RELEASE = Asset("stash_sense_release")


class AnnounceRelease(BaseOperator):  # type: ignore[misc]
    """Updates the asset where the run made a new release; else it is skipped.

    The event's extra has `release` and `version`. The run is the DAG's parameter `run_id`, or the
    DAG run itself.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"outlets": [RELEASE], **kwargs})

    def execute(self, context: Any) -> dict[str, str]:
        """Read what `publish` left behind; a candidate and an unchanged release are no news."""
        from trainer.pipeline.stored import bring_records
        from trainer.staging.atomic import read_json

        settings = Settings.load()
        bring_records(settings)
        run_id = context["params"].get("run_id") or context["run_id"]
        path = DataDir(settings.data_dir).run(run_id).step("publish")
        done = read_json(path) if path.exists() else {}
        if not done.get("published") or done.get("unchanged"):
            raise AirflowSkipException("no new release")
        news = {"release": str(done["release"]), "version": str(done["version"])}
        context["outlet_events"][RELEASE].extra = dict(news)
        return news

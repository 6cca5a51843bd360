"""Operators: one that runs a step of the pipeline, one that runs a shard in a container."""

from __future__ import annotations

from typing import Any

from airflow.sdk import BaseOperator

from trainer.config.settings import Settings
from trainer.staging.lock import task_lock
from trainer.staging.paths import DataDir
from trainer_airflow.supervised import end_with_supervisor

# What the mapped step after it is mapped over: the return value must be the list itself.
MAPS_OVER = {"plan": "sources", "plan_references": "references", "plan_embed": "shards"}


class StepOperator(BaseOperator):  # type: ignore[misc]
    """Runs one step of `trainer.config.pipeline.STEPS`; returns its small JSON result.

    `key_name` is the source of a crawl or the shard of an `embed`. `plan`, `plan_references` and
    `plan_embed` return the list that the next step is mapped over. While it works, nobody works
    alone in DATA_DIR (a purge, a rollback, an approval).
    """

    ui_color = "#e8f0ec"

    def __init__(self, *, step: str, key_name: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.step = step
        self.key_name = key_name

    def execute(self, context: Any) -> Any:
        """Run the step; return its result, or the keys that the next tasks are mapped over. Holds
        the build lock."""
        from trainer.pipeline.run import run_step

        end_with_supervisor()
        settings = Settings.load()
        with task_lock(DataDir(settings.data_dir).lock):
            result = run_step(
                self.step,
                self._run_id(context, settings),
                settings,
                params=dict(context["params"]) if self.step == "plan" else None,
                key=self.key_name,
            )
        return result[MAPS_OVER[self.step]] if self.step in MAPS_OVER else result

    def _run_id(self, context: Any, settings: Settings) -> str:
        from trainer.pipeline.stored import bring_records
        from trainer.runs.ids import run_id_to_plan

        data, given = DataDir(settings.data_dir), context["run_id"]
        if self.step == "plan":
            bring_records(settings)
            return run_id_to_plan(data, given, context["params"])
        return data.run(given).run_id


class CrawlOperator(StepOperator):
    """A crawl with its key from the environment or an Airflow connection.

    A source whose server was busy is tried again; after the last try its failed result
    stands, and the run ends `partial`.
    """

    def execute(self, context: Any) -> Any:
        """Crawl the source with its key; raises `RetryLater` for an outcome that is worth another
        try, while tries are left."""
        from trainer.pipeline.stored import bring_files
        from trainer_airflow.crawl import raise_if_worth_a_retry, source_key

        assert self.key_name is not None
        settings = Settings.load()
        bring_files(settings)  # sources.yaml says which key the source takes
        with source_key(self.key_name, settings):
            result = super().execute(context)
        task_instance = context["ti"]
        if task_instance.try_number <= task_instance.max_tries:
            raise_if_worth_a_retry(self.key_name, context["run_id"], settings)
        return result

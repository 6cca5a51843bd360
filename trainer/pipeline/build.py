"""The whole build in one process: the DAG's steps in the DAG's order, without servers."""

from __future__ import annotations

import logging
from contextlib import ExitStack, suppress
from datetime import timedelta
from typing import Any

from trainer.config.params import BuildParams
from trainer.config.pipeline import STEPS, Step
from trainer.config.settings import Settings
from trainer.config.sources import load_sources
from trainer.embedding.runner import refuse_a_cluster
from trainer.errors import DamagedFileError, TrainerError
from trainer.exclusions.list_file import bring_in
from trainer.pipeline.beside_build import embedding_beside
from trainer.pipeline.crawl_beside import crawl_beside
from trainer.pipeline.follow_up import follow_up
from trainer.pipeline.interrupted import close_lost_runs
from trainer.pipeline.open_steps import label_of, open_steps
from trainer.pipeline.run import mark_failed, run_step
from trainer.pipeline.stored import bring_records, stored
from trainer.reasons import failure
from trainer.runs import update as run_record
from trainer.runs.context import RunContext, read_plan
from trainer.runs.record import RunRecord, list_records, read_record
from trainer.staging.clock import now, parse_iso, version_id
from trainer.staging.lock import build_lock
from trainer.staging.paths import DataDir
from trainer.state.guard import require_state_of_releases
from trainer.upkeep.repair import heal

log = logging.getLogger(__name__)

RESUME_WITHIN = timedelta(hours=24)


def build(settings: Settings, conf: dict[str, Any] | str | None) -> RunRecord:
    """Run every step, or go on with the interrupted run of the same parameters.

    Raises `TrainerError` with the reason; the run's record has it too.
    """
    refuse_a_cluster(settings)
    bring_records(settings)
    require_state_of_releases(DataDir(settings.data_dir).state_db)
    params = BuildParams.parse(conf, sorted(load_sources(settings.data_dir)))
    data = DataDir(settings.data_dir)
    with build_lock(data.lock):
        run_id = _resumable(data, params)
        if run_id:
            log.info(f"build: going on with the interrupted run {run_id}")
            context = RunContext.open(settings, run_id)
            with stored(settings, run_id, "resume"):
                heal(settings)
                run_record.start(context, context.plan)
                close_lost_runs(context)
                bring_in(data)
            if context.sources != load_sources(settings.data_dir):
                log.info("build: its sources are as it began with; a change is for the next run")
        else:
            run_id = _new_run_id(data)
            log.info(f"build: run {run_id} in {data.root}")
        _run_all(run_id, settings, params)
        more = follow_up(RunContext.open(settings, run_id))
        if more is not None:
            run_id = _go_on(run_id, settings, BuildParams.model_validate(more))
        return read_record(data.run(run_id).record)


def _go_on(first: str, settings: Settings, params: BuildParams) -> str:
    """After a first release that came early: another run fetches the rest; its id."""
    data = DataDir(settings.data_dir)
    run_id = _new_run_id(data)
    log.info(
        f"build: the first release, {read_record(data.run(first).record).release}, is there, and "
        f"can be used. Run {run_id} goes on with what is left; stop it any time, it loses nothing"
    )
    _run_all(run_id, settings, params)
    return run_id


def _run_all(run_id: str, settings: Settings, params: BuildParams) -> None:
    """Every step that did not finish before; the embedder works beside the crawls."""
    context = RunContext.open(settings, run_id)
    conf = params.model_dump(mode="json")
    with ExitStack() as crawls:
        is_beside = False
        for step, keys in open_steps(context):
            if step.name == "plan_embed":
                crawls.close()
            elif step.is_crawl and not is_beside:
                crawls.enter_context(embedding_beside(context))
                is_beside = True
            failed = _run(step, keys, run_id, settings, conf)
            for label, error in failed.items():
                mark_failed(run_id, settings, label, failure(error))
            if failed:
                _report_failure(context, step)
                raise next(iter(failed.values()))


def _run(
    step: Step, keys: list[str | None], run_id: str, settings: Settings, conf: dict[str, Any]
) -> dict[str, Exception]:
    """Run a step for each key, crawls side by side; return the errors by label: of the first key
    that fails, or of all crawls that do."""
    given = conf if step.name == "plan" else None

    def work(key: str | None) -> object:
        return run_step(step.name, run_id, settings, params=given, key=key)

    sources = [key for key in keys if key is not None]
    if step.is_crawl and len(sources) > 1 and settings.parallel_crawls > 1:
        failed = crawl_beside(sources, settings.parallel_crawls, work)
        return {label_of(step, key): error for key, error in failed.items()}
    for key in keys:
        try:
            work(key)
        except Exception as error:
            return {label_of(step, key): error}
    return {}


def _report_failure(context: RunContext, failed: Step) -> None:
    """What the steps found out until then goes into the record, as in Airflow: `report` runs
    always, and says again that the run failed."""
    if context.run.plan.exists() and not failed.even_if_failed:
        for step in STEPS:
            if step.even_if_failed:
                with suppress(TrainerError):
                    run_step(step.name, context.run.run_id, context.settings)


def _resumable(data: DataDir, params: BuildParams) -> str | None:
    """The newest run, if it was interrupted or failed lately and wanted the same."""
    newest = next((entry.record for entry in list_records(data) if entry.record), None)
    if newest is None:
        return None
    plan_path = data.run(newest.id).plan
    if newest.status not in ("running", "failed") or not plan_path.exists():
        return None
    try:
        plan = read_plan(plan_path)
    except DamagedFileError:
        return None  # a new run sets it aside
    recent = now() - parse_iso(plan.started_at) < RESUME_WITHIN
    current = data.current.readlink().name if data.current.is_symlink() else None
    same_base = current in (plan.base_release, plan.version_id)
    return newest.id if recent and same_base and plan.params == params else None


def _new_run_id(data: DataDir) -> str:
    moment = now()
    while data.run(f"build_{version_id(moment)}").root.exists():
        moment += timedelta(seconds=1)
    return f"build_{version_id(moment)}"

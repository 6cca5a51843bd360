"""plan: validate parameters, choose sources and fix what the run will do."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from trainer.config.params import BuildParams
from trainer.config.settings import Settings
from trainer.config.sources import SourceConfig, load_sources
from trainer.embedding.device import choose_device
from trainer.embedding.lock import load_lock
from trainer.embedding.make_pack import ensure_pack
from trainer.embedding.pack import read_pack
from trainer.errors import ConfigError, StageFailed
from trainer.exclusions.list_file import bring_in
from trainer.pipeline.exports import check_exports
from trainer.pipeline.follow_up import is_first_release
from trainer.pipeline.further_packs import plan_further
from trainer.pipeline.interrupted import close_lost_runs
from trainer.release.gate import load_limits
from trainer.release.publish import free_moment
from trainer.runs import update as run_record
from trainer.runs.context import Plan, RunContext
from trainer.staging.atomic import read_json, remove_temporaries, write_sealed
from trainer.staging.clock import iso, now, version_id
from trainer.staging.paths import DataDir
from trainer.state.guard import require_state_of_releases
from trainer.state.store import published_run_ids
from trainer.upkeep.file_system import require_file_system
from trainer.upkeep.repair import heal, require_sound

log = logging.getLogger(__name__)


def run(context: RunContext, conf: dict[str, Any] | None) -> dict[str, Any]:
    """Write plan.json once; a retry keeps the first one."""
    if not context.run.plan.exists():
        heal(context.settings)
        _make_plan(context, conf)
    plan = context.plan
    run_record.start(context, plan)
    close_lost_runs(context)
    return {"run_id": plan.run_id, "sources": sorted(plan.creators)}


def _make_plan(context: RunContext, conf: dict[str, Any] | None) -> None:
    settings, data = context.settings, context.data
    require_file_system(data.root)
    require_state_of_releases(data.state_db)
    _refuse_published(data, context.run.run_id)
    bring_in(data)
    shipped = load_sources(settings.data_dir)
    params = BuildParams.parse(conf, sorted(shipped))
    chosen = choose(shipped, params)
    load_limits(
        settings.data_dir, settings.model_pack
    )  # refuse a bad gate.yaml now, not after hours of work
    _check_contact(settings)
    for name in (settings.model_pack, *settings.further_packs):
        _check_pack(settings.model_copy(update={"model_pack": name}), chosen)
    _check_embedder(settings)
    check_exports(settings)
    pack = read_pack(ensure_pack(settings))
    require_sound(data, chosen)
    free = _free_moment(data)
    started = free if free - now() < timedelta(hours=1) else now()  # a clock was ahead once
    _clean(data)
    base = data.current.readlink().name if data.current.is_symlink() else None
    plan = Plan(
        run_id=context.run.run_id,
        started_at=iso(started),
        version_id=version_id(free),
        params=params,
        pack_id=pack.pack_id,
        further_packs=plan_further(settings, pack),
        sources=chosen,
        others={key: source for key, source in shipped.items() if key not in chosen},
        base_release=base,
        first_release=is_first_release(data, base, params),
    )
    write_sealed(context.run.plan, plan.model_dump(mode="json"))
    log.info(f"plan: release {plan.version_id}, sources {', '.join(chosen) or 'none'}")


def _refuse_published(data: DataDir, run_id: str) -> None:
    """A run whose record went with its age is not made again: its ids would not be stored."""
    if run_id in published_run_ids(data.state_db):
        raise StageFailed(
            f"run {run_id} was published, and its plan is not kept any more; start another build"
        )


def choose(sources: dict[str, SourceConfig], params: BuildParams) -> dict[str, SourceConfig]:
    """The sources to crawl by key; raises `ConfigError` for one that is switched off."""
    keys = params.sources or [key for key, source in sources.items() if source.enabled]
    disabled = [key for key in keys if not sources[key].enabled]
    if disabled:
        raise ConfigError(
            f"sources {disabled} are switched off; set `enabled: true` for them in sources.yaml"
        )
    return {key: sources[key] for key in sorted(set(keys))}


def _check_contact(settings: Settings) -> None:
    if not settings.contact and not settings.allow_private_hosts:
        raise ConfigError(
            "set TRAINER_CONTACT to a URL or an e-mail address of yours: it is sent with every "
            "request, so that a source's operator can reach you"
        )


def _check_pack(settings: Settings, sources: Mapping[str, SourceConfig]) -> None:
    """A database of a demonstration pack loads in a sidecar and names nobody right there."""
    locked = load_lock().get(settings.model_pack)
    if locked is None or not locked.demonstration or settings.allow_demo_pack:
        return
    public = [key for key, source in sources.items() if not _is_own(source.base_url.host or "")]
    if public:
        raise ConfigError(
            f"the model pack {settings.model_pack} is for the invented world only: a sidecar would "
            f"name nobody right with it, but this build asks {', '.join(public)}. Run `trainer "
            "models fetch sidecar` and set TRAINER_MODEL_PACK=sidecar (or, to try it all the same, "
            "TRAINER_ALLOW_DEMO_PACK=1)"
        )


def _is_own(host: str) -> bool:
    """A server of the operator's: this machine, or an address that is not public."""
    try:
        return not ip_address(host.strip("[]")).is_global
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _check_embedder(settings: Settings) -> None:
    python = settings.embedder_python
    if settings.embedder == "process" and not Path(python).exists():
        raise ConfigError(
            f"no embedder environment at {python}: run `make setup`, or set "
            "TRAINER_EMBEDDER_PYTHON, or use TRAINER_EMBEDDER=docker"
        )
    if settings.device != "auto":
        choose_device(settings)


def _free_moment(data: DataDir) -> datetime:
    """The time now, moved on where a run has that second already, or a release is newer."""
    taken = {str(read_json(path)["version_id"]) for path in data.runs.glob("*/plan.json")}
    return free_moment(data, now(), taken)


def _clean(data: DataDir) -> None:
    """Remove temporary files that killed writers left behind."""
    removed = remove_temporaries(data.images) + remove_temporaries(data.root / "faces")
    if removed:
        log.info(f"plan: removed {removed} temporary files of an interrupted run")

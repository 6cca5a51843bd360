"""What a build does for its further model packs, beside what it does for the first one."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from trainer.config.jobs import PackPlace
from trainer.config.settings import Settings
from trainer.embedding.make_pack import ensure_pack
from trainer.embedding.pack import PackInfo, read_pack
from trainer.errors import ConfigError, StageFailed
from trainer.faces.cache import cached_images
from trainer.pipeline.scene_queries import images_to_degrade
from trainer.release.files import pack_releases, read_manifest
from trainer.release.gate import load_limits
from trainer.runs.context import RunContext
from trainer.runs.packs import further_contexts

log = logging.getLogger(__name__)


def plan_further(settings: Settings, first: PackInfo) -> dict[str, str]:
    """Ids of the further packs by name, each made where it can be.

    Raises `ConfigError` for one that is not here, or that detects otherwise than the first.
    """
    found = {}
    for name in settings.further_packs:
        own = settings.model_copy(update={"model_pack": name})
        load_limits(settings.data_dir, name)
        directory = ensure_pack(own)
        pack = read_pack(directory, verify_files=False)
        if not pack.detects_as(first):
            raise ConfigError(
                f"the model packs {first.name} and {name} have different detectors, and a build "
                "detects once for all; set TRAINER_MODEL_PACKS to packs with the same one"
            )
        found[name] = read_pack(directory).pack_id
    return found


def cached_by_all(context: RunContext, first: set[str]) -> set[str]:
    """Pictures that every pack has embedded; `first`: those of the first one."""
    ids = context.plan.further_packs.values()
    return first.intersection(*(cached_images(context.data.faces(pack_id)) for pack_id in ids))


def queries_of_further(context: RunContext, wanted: set[str]) -> dict[str, list[str]]:
    """Of which pictures each further pack embeds degraded copies."""
    return {each.pack: images_to_degrade(each, wanted) for each in further_contexts(context)}


def places(context: RunContext, queries: dict[str, list[str]]) -> list[PackPlace]:
    """The further packs of an embed job; `queries` are those of its shard, by pack."""
    data = context.data
    found = []
    for pack, pack_id in context.plan.further_packs.items():
        data.faces(pack_id).mkdir(parents=True, exist_ok=True)
        place = PackPlace(
            pack_id=pack_id,
            model_dir=data.model_pack(pack),
            cache_dir=data.faces(pack_id),
            scene_queries=queries.get(pack, []),
        )
        found.append(place)
    return found


def run_for_further(
    context: RunContext, step: str, run: Callable[[RunContext], dict[str, Any]]
) -> dict[str, dict[str, Any]]:
    """Run a step for each further pack; returns its results by pack."""
    results = {}
    for each in further_contexts(context):
        log.info(f"{step}: model pack {each.pack}")
        try:
            results[each.pack] = each.finish(step, run(each))
        except StageFailed:
            log.info(f"{step}: the model pack {each.pack} is what it fails for")
            raise
    return results


def joined_gate(first: dict[str, Any], others: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """A release is published where the checks of all packs hold."""
    checks = list(first["checks"])
    for pack, result in others.items():
        checks += [check | {"name": f"{check['name']}, {pack}"} for check in result["checks"]]
    return {"passed": all(check["ok"] for check in checks), "checks": checks}


def same_further(before: Path, after: Path, names: tuple[str, ...]) -> bool:
    """Do two releases hold the same packs beside the first, with the same content?"""
    both = [{path.name: read_manifest(path) for path in pack_releases(d)} for d in (before, after)]
    if both[0].keys() != both[1].keys():
        return False
    return all(
        manifest.models == both[1][pack].models
        and all(manifest.checksums.get(n) == both[1][pack].checksums.get(n) for n in names)
        for pack, manifest in both[0].items()
    )

"""build_release: the six files of the contract, in the run's directory."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path
from typing import Any

from trainer.config.settings import Settings
from trainer.embedding.pack import PackInfo, RecogniserRule, read_pack
from trainer.pipeline.shortfall import require_faces
from trainer.processes.memory import require_memory
from trainer.release.files import read_manifest
from trainer.release.index import IndexOptions
from trainer.release.inputs import read_inputs
from trainer.release.publish import next_version
from trainer.release.write import ReleasePack, build
from trainer.runs.context import RunContext
from trainer.snapshots.current import snapshot_dirs
from trainer.staging.clock import parse_iso
from trainer.staging.paths import DataDir
from trainer.staging.progress import Progress
from trainer.state.store import published_versions

log = logging.getLogger(__name__)

_NEED, _NEED_PER_FACE = 300_000_000, 5_500  # bytes; docs/scaling.md


def run(context: RunContext) -> dict[str, Any]:
    """Build the release in the run's directory; return its figures. A release that is published
    already is not built again."""
    plan, run = context.plan, context.run
    if context.data.release(plan.version_id).exists():
        return context.result("build_release") or {}
    if run.release.exists():
        shutil.rmtree(run.release)
    require_faces(context)
    pack = read_pack(context.data.model_pack(context.settings.model_pack), verify_files=False)
    inputs = read_inputs(run.resolve, run.select, plan.params.min_faces > 0)
    require_memory("build_release", _NEED + _NEED_PER_FACE * len(inputs.faces))
    progress = Progress(
        run.working("build_release"), "vectors indexed", total=2 * len(inputs.faces)
    )
    result = build(
        inputs,
        run.release,
        version_id=plan.version_id,
        version=_version(context.data, plan.started_at),
        created_at=plan.started_at,
        pack=release_pack(pack),
        sources=list(snapshot_dirs(context)),
        options=_options(context.settings, context.base_release),
        base=context.base_release,
        advance=progress.advance,
    )
    progress.finish()
    return {
        "performers": result.performers,
        "performers_with_faces": result.performers_with_faces,
        "faces": result.faces,
        "conflicts": len(result.conflicts),
        "indexes": {name: made.as_json() for name, made in result.indexes.items()},
    }


def _options(settings: Settings, last: Path | None) -> IndexOptions:
    """The search for M begins where the last release's ended."""
    found = (read_manifest(last).model_extra or {}).get("indexes", {}) if last else {}
    return IndexOptions(
        storage=settings.index_storage,
        start=min((int(index["m"]) for index in found.values()), default=None),
        budget=settings.index_minutes * 60,
    )


def _version(data: DataDir, started_at: str) -> str:
    """Above every version that was ever published from here, deleted ones included."""
    day = parse_iso(started_at).date()
    return next_version(data, day, also=published_versions(data.state_db))


def release_pack(pack: PackInfo) -> ReleasePack:
    """What the manifest says of the models, truthfully for whatever pack was used."""

    def crop(slot: str, rule: RecogniserRule) -> str:
        return f"{slot}_{rule.crop}_{rule.size}"

    return ReleasePack(
        id=pack.pack_id,
        detector=pack.detector.kind,
        alignment=f"{crop('arcface', pack.arcface)}+{crop('facenet', pack.facenet)}",
        flip_averaging=pack.flip_averaging,
    )

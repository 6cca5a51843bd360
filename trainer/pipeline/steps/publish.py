"""publish: state first, then the release by rename and symlink; or a candidate is kept."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import pyarrow.compute as pc

from trainer.errors import DamagedFileError, StageFailed
from trainer.exclusions.apply import refuse_if_decided
from trainer.exclusions.crawl_notes import dropped_links
from trainer.exclusions.list_file import bring_in
from trainer.pipeline.further_packs import same_further
from trainer.release.contract import DATABASE, FACES_JSON, MANIFEST, PERFORMERS_JSON
from trainer.release.publish import publish
from trainer.retention.history import clear_history
from trainer.retention.images import prune_images, prune_vectors
from trainer.retention.old_runs import clear_old_runs
from trainer.retention.references import overtaken_by
from trainer.retention.releases import retain
from trainer.retention.runs import clear_runs
from trainer.runs.context import Plan, RunContext
from trainer.staging.atomic import read_json
from trainer.staging.clock import now
from trainer.staging.manifest import StageManifest
from trainer.staging.parquet import parts, read_parts, read_table
from trainer.staging.paths import RunDir
from trainer.staging.schemas import IMAGES
from trainer.state.store import (
    LedgerRow,
    Merge,
    SnapshotRow,
    StateChanges,
    commit_release,
    read_snapshots,
)

log = logging.getLogger(__name__)

# Vectors follow from the faces and the model pack; big indexes are not built twice alike.
_CONTENT = (DATABASE, FACES_JSON, PERFORMERS_JSON)


def run(context: RunContext) -> dict[str, Any]:
    """Publish the release, or keep it as a candidate where the gate failed or publishing is off;
    return which."""
    plan = context.plan
    gate = context.result("gate") or {}
    if not gate.get("passed"):
        log.info("publish: the gate did not pass; the release is kept as a candidate for a person")
        return {"published": False, "reason": "gate"}
    if not plan.params.publish:
        log.info(f"publish: not asked for; the candidate lies in {context.run.release}")
        return {"published": False, "reason": "publish is false"}
    if _same_as_base(context):
        return _keep_base(context)
    return publish_run(context)


def publish_run(context: RunContext) -> dict[str, Any]:
    """Commit this run's state and make its release current. Safe to repeat after a kill."""
    plan, data = context.plan, context.data
    _refuse_if_overtaken(context)
    refuse_if_decided(context)
    version = str(read_json(context.built_release / MANIFEST)["version"])
    # Ids are given before the release that names them can be seen: the other order could give
    # the same id to another person after a kill.
    commit_release(data.state_db, _changes(context, plan, version, plan.version_id))
    bring_in(data)  # links that the crawl noted go into exclusions.yaml
    publish(data, context.run.release, plan.version_id, context.settings.signing_key)
    retain(data, context.settings.keep_releases)
    clear_runs(data)
    clear_old_runs(data)
    log.info(f"publish: release {plan.version_id} (version {version}) is current")
    return {
        "published": True,
        "release": plan.version_id,
        "version": version,
        "pictures_deleted": _prune(context),
    }


def _prune(context: RunContext) -> int:
    """Pictures are kept for so long only, once their faces are known; vectors while something asks
    for them; records and addresses for years. The release is out by now: a damaged file of some run
    does not make this one fail."""
    days = context.settings.keep_pictures_days
    try:
        done = prune_images(
            context.data,
            context.plan.pack_id,
            days,
            now(),
            further=context.plan.further_packs.values(),
        )
        rows = prune_vectors(context.data)
        clear_history(context.data, context.settings.keep_history_days)
    except DamagedFileError as error:
        log.info(f"publish: pictures, vectors and records that nothing needs stay: {error}")
        return 0
    if done.pictures or rows:
        log.info(
            f"publish: {done.pictures} pictures of {days} days ago and older deleted, and {rows} "
            "rows of the face caches of pictures that are gone"
        )
    return done.pictures


def _same_as_base(context: RunContext) -> bool:
    """Does the last release hold exactly this? A new version costs every user a download."""
    if context.base_release is None or context.built_release != context.run.release:
        return False
    before, after = (
        read_json(directory / MANIFEST) for directory in (context.base_release, context.run.release)
    )
    same = all(before["checksums"].get(n) == after["checksums"][n] for n in _CONTENT)
    return (
        same
        and before.get("models") == after["models"]
        and same_further(context.base_release, context.run.release, _CONTENT)
    )


def _keep_base(context: RunContext) -> dict[str, Any]:
    """What the crawl learnt is kept; the release that users have stays current."""
    plan = context.plan
    _refuse_if_overtaken(context)
    refuse_if_decided(context)
    assert plan.base_release is not None
    version = str(read_json(context.data.release(plan.base_release) / MANIFEST)["version"])
    commit_release(context.data.state_db, _changes(context, plan, version, plan.base_release))
    bring_in(context.data)
    clear_runs(context.data)
    clear_old_runs(context.data)
    log.info(f"publish: nothing changed, release {plan.base_release} stays current")
    return {
        "published": True,
        "unchanged": True,
        "release": plan.base_release,
        "version": version,
        "pictures_deleted": _prune(context),
    }


def overtaken(context: RunContext) -> str | None:
    """Why this run's release can't be published any more, if it can't."""
    plan = context.plan
    newer = overtaken_by(context.data, plan.base_release, plan.version_id)
    if newer is None:
        return None
    return f"release {newer} was published since this run was planned on {plan.base_release}"


def _refuse_if_overtaken(context: RunContext) -> None:
    reason = overtaken(context)
    if reason:
        raise StageFailed(f"{reason}; start the build again")


def _changes(context: RunContext, plan: Plan, version: str, version_id: str) -> StateChanges:
    identities = read_json(context.run.resolve / "identities.json")
    return StateChanges(
        run_id=plan.run_id,
        version_id=version_id,
        version=version,
        published_at=plan.started_at,
        new_performers=dict.fromkeys(identities["new_ids"], plan.started_at),
        claims={(source, number): id_ for source, number, id_ in identities["claims"]},
        merges=[Merge(**merge) for merge in identities["merges"]],
        snapshots=_snapshots(context.run, plan, read_snapshots(context.data.state_db)),
        ledger=_ledger(context.run, plan),
        revived=identities["revived"],
        excluded_links=dropped_links(context.run, plan.creators),
        evidence={(source, number): text for source, number, text in identities["evidence"]},
    )


def _snapshots(run: RunDir, plan: Plan, last: Mapping[str, SnapshotRow]) -> list[SnapshotRow]:
    """The sources whose crawl was good in this run, or a part of it: that one's watermark stays, so
    that the next crawl reads again what is in no snapshot."""
    rows = []
    for source in plan.sources:
        manifest = StageManifest.read(run.staging(source))
        path = run.snapshot(source) / "performers.parquet"
        if manifest is None or manifest.status not in ("complete", "partial") or not path.exists():
            continue
        table = read_table(path, ["deleted"])
        live = pc.sum(pc.invert(table.column("deleted"))).as_py() or 0
        live += manifest.counts.get("excluded_live", 0)  # the source counts them, too
        swept = manifest.completed_at if manifest.full_sweep else None
        mark = manifest.watermark
        if manifest.status == "partial":
            mark = last[source].watermark if source in last else None
        rows.append(SnapshotRow(source, plan.run_id, mark, live, swept))
    return rows


def _ledger(run: RunDir, plan: Plan) -> list[LedgerRow]:
    """What this run learnt about pictures; `known` rows repeat what the ledger has."""
    rows: dict[str, LedgerRow] = {}
    for source in plan.sources:
        table = read_parts(parts(run.staging(source), "images-"), IMAGES)
        for row in table.to_pylist():
            if row["status"] != "known":
                rows[row["url"]] = LedgerRow(**row)
    return [rows[url] for url in sorted(rows)]

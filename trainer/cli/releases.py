"""Published releases: `trainer versions|verify|diff|export|pin|unpin|retention|rollback`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from trainer.cli.common import DataDirOption, JsonOption, data_of, show
from trainer.config.settings import Settings
from trainer.errors import ConfigError
from trainer.exclusions.release_check import refuse_excluded
from trainer.pipeline.exports import export_for
from trainer.pipeline.rollback import rollback as republish
from trainer.release.contract import SIGNATURE
from trainer.release.diff import diff as compare
from trainer.release.publish import versions as published_releases
from trainer.release.signing import require_signed
from trainer.release.verify import VERIFY_JSON, VerifyReport
from trainer.release.verify import verify as verify_release
from trainer.retention.releases import pin as keep
from trainer.retention.releases import retain
from trainer.retention.releases import unpin as let_go
from trainer.staging.clock import iso, now
from trainer.staging.lock import build_lock
from trainer.staging.paths import DataDir
from trainer.state.decisions import read_decisions

ReleaseArgument = Annotated[str, typer.Argument(help="A release's id or version.")]


def pin(
    release: ReleaseArgument,
    reason: Annotated[str, typer.Option(help="Why, for those who look later.")] = "",
    data_dir: DataDirOption = None,
) -> None:
    """Keep a release whatever the retention says."""
    show({}, False, [f"release {keep(data_of(data_dir), release, reason, iso(now()))} is pinned"])


def unpin(release: ReleaseArgument, data_dir: DataDirOption = None) -> None:
    """Leave a release to the retention again."""
    show({}, False, [f"release {let_go(data_of(data_dir), release)} is not pinned any more"])


def retention(
    keep: Annotated[
        int | None, typer.Option(min=1, help="Releases to keep; default: $TRAINER_KEEP_RELEASES.")
    ] = None,
    dry_run: Annotated[bool, typer.Option(help="Only say what would go.")] = False,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Remove old releases; never the current, pinned ones, or the base of an unfinished run."""
    settings = Settings.load(data_dir)
    count = settings.keep_releases if keep is None else keep
    data = data_of(data_dir)
    with build_lock(data.lock):
        gone = retain(data, count, dry_run=dry_run)
    show({"removed": gone}, as_json, [f"{len(gone)} releases {'would go' if dry_run else 'gone'}"])


def rollback(release: ReleaseArgument, data_dir: DataDirOption = None) -> None:
    """Publish an older release's content again, under a new version."""
    data, key = data_of(data_dir), Settings.load(data_dir).signing_key
    line = republish(data, release, now(), lambda path: refuse_excluded(data, path), key)
    show({}, False, [line])


def versions(data_dir: DataDirOption = None, as_json: JsonOption = False) -> None:
    """List releases with their size and counts."""
    rows = version_rows(data_of(data_dir))
    show(rows, as_json, version_lines(rows))


def verify(
    release: Annotated[str, typer.Argument(help="A release, or `current`.")] = "current",
    public_key: Annotated[
        Path | None, typer.Option(help="Also ask for a signature by this key.")
    ] = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check a release against the sidecar's contract, down to the last bit."""
    directory = release_dir(data_of(data_dir), release)
    if public_key is not None:
        require_signed(directory, public_key)
    report = verify_release(directory)
    show(report.model_dump(mode="json"), as_json, check_lines(report))
    raise typer.Exit(0 if report.ok else 1)


def diff(
    before: Annotated[str, typer.Argument(help="The older release.")],
    after: Annotated[str, typer.Argument(help="The newer release, or `current`.")],
    names: Annotated[int, typer.Option(min=0, help="Names to show of each kind.")] = 10,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """What changed between two releases."""
    data = data_of(data_dir)
    found = compare(release_dir(data, before), release_dir(data, after))
    show(found.model_dump(mode="json"), as_json, found.describe(names))


def export(
    release: Annotated[str, typer.Argument(help="A release, or `current`.")] = "current",
    consumer: Annotated[
        str, typer.Option("--for", help="What loads it: sidecar or stashface.")
    ] = "sidecar",
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write the zip that the sidecar's updater takes, or the files that stashface loads."""
    data = data_of(data_dir)
    directory = release_dir(data, release)
    refuse_excluded(data, directory)
    content, lines = export_for(consumer, directory, data, Settings.load(data_dir))
    show(content, as_json, lines)


def release_dir(data: DataDir, name: str) -> Path:
    """The directory of release `name`; raises `ConfigError` that lists what there is."""
    directory = data.current.resolve() if name == "current" else data.release(name)
    if name in ("", ".", "..") or "/" in name or not directory.is_dir():
        known = [info.version_id for info in published_releases(data)]
        raise ConfigError(
            f"no release {name!r} in {data.releases}; `trainer versions` lists what is there: "
            f"{known or 'none'}"
        )
    return directory


def version_rows(data: DataDir) -> list[dict[str, Any]]:
    """Return all published releases: figures, problems, whether they are pinned, signed and were
    verified (None: not known), and the name of their database in DATA_DIR."""
    pinned = {row[0] for row in read_decisions(data, "SELECT version_id FROM pins")}
    rows = [info.model_dump(mode="json") for info in published_releases(data)]
    return [
        row | {"pinned": row["version_id"] in pinned} | _files(data, row["version_id"])
        for row in rows
    ]


def _files(data: DataDir, version_id: str) -> dict[str, Any]:
    directory, link = data.release(version_id), data.performers_link(version_id)
    try:
        verified = VerifyReport.model_validate_json((directory / VERIFY_JSON).read_bytes()).ok
    except (OSError, ValueError):
        verified = None
    signed = (directory / SIGNATURE).exists()
    return {"file": link.name if link.exists() else None, "signed": signed, "verified": verified}


def version_lines(rows: list[dict[str, Any]]) -> list[str]:
    """Return `version_rows` as lines for people."""
    lines = []
    for row in rows:
        marks = [name for name in ("verified", "signed", "pinned") if row[name]]
        mark = "".join(f", {name}" for name in marks) + ("  <- current" if row["current"] else "")
        state = f"damaged: {'; '.join(row['problems'])}" if row["damaged"] else "whole"
        lines.append(
            f"{row['version_id']}: version {row['version']}, {row['performers']} performers, "
            f"{row['faces']} faces, {row['bytes'] / 1e6:.1f} MB, {state}{mark}"
        )
    return lines or ["no releases yet; `trainer build` makes the first"]


def check_lines(report: VerifyReport) -> list[str]:
    """Return the checks that failed, and how many hold."""
    held = sum(check.ok for check in report.checks)
    return [*report.failures(), f"{held} of {len(report.checks)} checks hold"]

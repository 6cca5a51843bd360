"""Commands on published releases: `trainer pin|unpin|retention|rollback`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from trainer.cli.common import DataDirOption, JsonOption, data_of, show
from trainer.config.settings import Settings

ReleaseArgument = Annotated[str, typer.Argument(help="A release's id or version.")]


def pin(
    release: ReleaseArgument,
    reason: Annotated[str, typer.Option(help="Why, for those who look later.")] = "",
    data_dir: DataDirOption = None,
) -> None:
    """Keep a release whatever the retention says."""
    from trainer.retention.releases import pin as keep
    from trainer.staging.clock import iso, now

    show({}, False, [f"release {keep(data_of(data_dir), release, reason, iso(now()))} is pinned"])


def unpin(release: ReleaseArgument, data_dir: DataDirOption = None) -> None:
    """Leave a release to the retention again."""
    from trainer.retention.releases import unpin as let_go

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
    from trainer.retention.releases import retain
    from trainer.staging.lock import build_lock

    settings = Settings.load(data_dir)
    count = settings.keep_releases if keep is None else keep
    data = data_of(data_dir)
    with build_lock(data.lock):
        gone = retain(data, count, dry_run=dry_run)
    show({"removed": gone}, as_json, [f"{len(gone)} releases {'would go' if dry_run else 'gone'}"])


def rollback(release: ReleaseArgument, data_dir: DataDirOption = None) -> None:
    """Publish an older release's content again, under a new version."""
    from trainer.exclusions.release_check import refuse_excluded
    from trainer.pipeline.rollback import rollback as republish
    from trainer.staging.clock import now

    data, key = data_of(data_dir), Settings.load(data_dir).signing_key
    line = republish(data, release, now(), lambda path: refuse_excluded(data, path), key)
    show({}, False, [line])


keys_app = typer.Typer(no_args_is_help=True, help="Keys that releases are signed with.")


@keys_app.command("new")
def keys_new(
    file: Annotated[Path, typer.Argument(help="Where the private key goes; .pub beside it.")],
) -> None:
    """Make a key for TRAINER_SIGNING_KEY."""
    from trainer.release.signing import new_key

    show({}, False, [f"{file}: keep it secret; {new_key(file)}: give it to those who verify"])


delta_app = typer.Typer(no_args_is_help=True, help="Small packages from one release to another.")


@delta_app.command("make")
def delta_make(
    old: ReleaseArgument,
    new: Annotated[str, typer.Argument(help="A newer one.")] = "current",
    data_dir: DataDirOption = None,
) -> None:
    """Write what changed between two releases, with the vectors of new faces.

    With TRAINER_SIGNING_KEY, a signature (.sig) beside it.
    """
    from trainer.exclusions.release_check import refuse_excluded
    from trainer.release.delta import make_delta
    from trainer.release.files import find_release
    from trainer.release.signing import sign_file

    data, key = data_of(data_dir), Settings.load(data_dir).signing_key
    before, after = find_release(data, old), find_release(data, new)
    refuse_excluded(data, after)
    path = make_delta(before, after, data.exports)
    if key is not None:
        sign_file(path, key)
    show({}, False, [f"{path} ({path.stat().st_size / 1e6:.1f} MB)"])


@delta_app.command("apply")
def delta_apply(
    old: Annotated[Path, typer.Argument(help="Directory of the older release.")],
    package: Annotated[Path, typer.Argument(help="The delta package.")],
    out: Annotated[Path, typer.Argument(help="Directory to make.")],
    public_key: Annotated[
        Path | None, typer.Option(help="Ask for a signature (.sig beside it) by this key.")
    ] = None,
) -> None:
    """Make the newer release of the older one and a package."""
    from trainer.release.delta_apply import apply_delta
    from trainer.release.signing import require_signed_file

    if public_key is not None:
        require_signed_file(package, public_key)
    apply_delta(old, package, out)
    show({}, False, [f"{out} is the newer release"])


def add_commands(app: typer.Typer) -> None:
    for command in (pin, unpin, retention, rollback):
        app.command()(command)
    app.add_typer(keys_app, name="keys")
    app.add_typer(delta_app, name="delta")

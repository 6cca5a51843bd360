"""`trainer delta ...`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from trainer.cli.common import DataDirOption, data_of, show
from trainer.config.settings import Settings
from trainer.exclusions.release_check import refuse_excluded
from trainer.release.delta import make_delta
from trainer.release.delta_apply import apply_delta
from trainer.release.files import find_release
from trainer.release.signing import require_signed_file, sign_file

ReleaseArgument = Annotated[str, typer.Argument(help="A release's id or version.")]
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
    if public_key is not None:
        require_signed_file(package, public_key)
    apply_delta(old, package, out)
    show({}, False, [f"{out} is the newer release"])

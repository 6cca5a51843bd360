"""`trainer pictures ...`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import typer

from trainer.cli.common import DataDirOption, JsonOption, show
from trainer.config.settings import Settings
from trainer.embedding.pack import read_pack
from trainer.retention.images import prune_images
from trainer.staging.clock import now
from trainer.staging.lock import build_lock
from trainer.staging.paths import DataDir

images_app = typer.Typer(no_args_is_help=True, help="The fetched pictures in DATA_DIR/images.")


@images_app.command("prune")
def images_prune(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Delete pictures older than TRAINER_KEEP_PICTURES_DAYS, as every release does; none that
    is still to be embedded."""
    row = prune_row(Settings.load(data_dir), now(), dry_run)
    show(row, as_json, prune_lines(row))


def prune_row(settings: Settings, moment: datetime, dry_run: bool) -> dict[str, Any]:
    """What was deleted, or would be. Raises `StageFailed` while a build runs."""
    data = DataDir(settings.data_dir)
    pack = read_pack(data.model_pack(settings.model_pack), verify_files=False)
    others = [
        read_pack(data.model_pack(name), verify_files=False).pack_id
        for name in settings.further_packs
    ]
    days = settings.keep_pictures_days
    with build_lock(data.lock):
        done = prune_images(data, pack.pack_id, days, moment, further=others, dry_run=dry_run)
    return {**done._asdict(), "keep_days": days, "pack_id": pack.pack_id, "dry_run": dry_run}


def prune_lines(row: dict[str, Any]) -> list[str]:
    """Return one line about the pictures that were, or would be, deleted."""
    return [
        f"{'would delete' if row['dry_run'] else 'deleted'} {row['pictures']} pictures "
        f"({row['bytes'] / 1e6:.1f} MB), fetched {row['keep_days']} and more days ago, that "
        f"{row['pack_id']} has embedded or nothing asks for"
    ]

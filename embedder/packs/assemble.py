"""A pack of model files that somebody made: the rules of a locked pack, other files."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Mapping
from pathlib import Path

from trainer.embedding.lock import load_lock
from trainer.embedding.pack import PACK_FILE, PackInfo, identity, read_pack
from trainer.errors import ConfigError
from trainer.staging.atomic import sha256_file, whole_file, write_sealed

log = logging.getLogger(__name__)


def assemble_pack(name: str, rules: str, files: Mapping[str, Path], out: Path) -> PackInfo:
    """Write a pack `name` with the preprocessing of the locked pack `rules` into `out`.

    `files`: the ONNX file of each role. The hashes are those of the files as they are: the
    exporter's version shows in them, so they can't be locked. Raises `ConfigError` for a missing
    role or file, and for the name of a locked pack.
    """
    packs = load_lock()
    if rules not in packs:
        raise ConfigError(f"unknown model pack {rules!r}; choose from {', '.join(sorted(packs))}")
    if name in packs:
        raise ConfigError(f"{name} is a locked pack; choose another name, e.g. {rules}-export")
    content = packs[rules].info(rules).model_dump(mode="json")
    missing = sorted(set(content["files"]) - set(files))
    if missing:
        raise ConfigError(f"no file for {missing}; give one for each")
    for role, entry in content["files"].items():
        if not files[role].is_file():
            raise ConfigError(f"{files[role]}: no such file; name one that is there")
        with whole_file(out / entry["file"]) as temporary:
            shutil.copyfile(files[role], temporary)
        entry["sha256"] = sha256_file(out / entry["file"])
        entry["origin"] += ", made anew"
    content["name"] = name
    content["pack_id"] = identity(name, content)
    write_sealed(out / PACK_FILE, PackInfo.model_validate(content).model_dump(mode="json"))
    log.info(f"{content['pack_id']} assembled in {out}")
    return read_pack(out)

"""What a build needs of DATA_DIR and of the environment: state, release, models, keys, versions."""

from __future__ import annotations

import os
import platform
import sqlite3
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from trainer.config.settings import Settings
from trainer.config.sources import SourceConfig, load_sources
from trainer.embedding.pack import read_pack
from trainer.errors import TrainerError
from trainer.exclusions.list_file import read_list
from trainer.health.finding import Finding, Level, ok, skipped
from trainer.release.files import current_id, hash_problems, release_dirs
from trainer.release.gate import load_limits
from trainer.services.given_keys import is_given
from trainer.staging.paths import DataDir
from trainer.state.guard import require_state_of_releases
from trainer.state.store import STATE_VERSION
from trainer.upkeep.backup import backups_in
from trainer.upkeep.damage import check_state, find_damage


def failed(name: str, error: TrainerError) -> Finding:
    """An error of ours says itself what to do."""
    text, _, advice = str(error).partition("; ")
    return Finding(name, "bad", text, advice)


def state(data: DataDir) -> Iterator[Finding]:
    """state.db, the exclusion list and the current release."""
    try:
        require_state_of_releases(data.state_db)
        check_state(data.state_db)
        there = data.state_db.exists()
        yield ok("state.db", f"{data.state_db} is sound" if there else "no build was published yet")
    except TrainerError as error:
        yield failed("state.db", error)
    try:
        listed = read_list(data)
        yield ok("exclusions.yaml", f"{len(listed)} entries" if listed is not None else "none yet")
    except TrainerError as error:
        yield failed("exclusions.yaml", error)
    try:
        name = current_id(data)
        yield ok("release", f"{name} is current" if name else "none yet")
    except TrainerError as error:
        yield failed("release", error)


def configuration(settings: Settings, given: Mapping[str, str]) -> Iterator[Finding]:
    """sources.yaml, gate.yaml, contact and keys; the values of keys are never read out.

    `given`: the environment, with the names of what builds have where that is known.
    """
    try:
        sources = load_sources(settings.data_dir)
        load_limits(settings.data_dir, settings.model_pack)
        yield ok("configuration", f"{sum(s.enabled for s in sources.values())} sources are on")
    except TrainerError as error:
        yield failed("configuration", error)
        return
    yield _contact(settings)
    yield _keys(sources, given)


def _contact(settings: Settings) -> Finding:
    if settings.contact or settings.allow_private_hosts:
        return ok("contact", "set")
    help_ = "set TRAINER_CONTACT to a URL or an e-mail address of yours"
    return Finding("contact", "bad", "no build starts without one", help_)


def _keys(sources: dict[str, SourceConfig], given: Mapping[str, str]) -> Finding:
    """Which sources that are on have the key that they need; no value is read out."""
    keyed = [s for s in sources.values() if s.enabled and s.api_key_env]
    missing = [s.api_key_env or "" for s in keyed if not is_given(s.api_key_env or "", given)]
    if not missing:
        return ok("keys", f"all {len(keyed)} are set")
    level: Level = "bad" if len(missing) == len(keyed) else "warning"
    text = f"not set: {', '.join(sorted(missing))}, so these sources are skipped"
    return Finding("keys", level, text, "set them, or make Airflow connections")


def models(settings: Settings) -> Finding:
    """The model packs, every file by its sha256."""
    found = []
    for name in (settings.model_pack, *settings.further_packs):
        directory = DataDir(settings.data_dir).model_pack(name)
        try:
            found.append(read_pack(directory).pack_id)
        except TrainerError:
            return Finding(
                "models",
                "bad",
                f"the model pack {name} is not whole in {directory}",
                f"`trainer models fetch {name}`",
            )
    return ok("models", f"{', '.join(found)} {'is' if len(found) == 1 else 'are'} whole")


def embedder(settings: Settings) -> Finding:
    """The embedder's environment, where it runs as a process."""
    if settings.embedder != "process":
        return skipped("embedder", f"it runs by {settings.embedder}")
    python = Path(settings.embedder_python)
    if os.access(python, os.X_OK):
        return ok("embedder", f"{python} is there")
    return Finding("embedder", "bad", f"{python} is not there", "`make setup`, or set "
                   "TRAINER_EMBEDDER_PYTHON")  # fmt: skip


def backups(settings: Settings, data: DataDir) -> Finding:
    """Is there one?"""
    folder = settings.backup_dir or data.root / "backups"
    found = backups_in(folder)
    if found:
        return ok("backup", f"the newest is {found[-1]}")
    return Finding("backup", "warning", f"there is none in {folder}", "`trainer backup`")


def deep(data: DataDir) -> Iterator[Finding]:
    """Read and hash everything: releases, face caches, snapshots."""
    for damage in find_damage(data):
        advice = "`trainer repair`" if damage.anew else damage.advice or ""
        yield Finding("files", "bad", damage.problem, advice)
    for directory in release_dirs(data):
        problems = hash_problems(directory)
        if problems:
            yield Finding("files", "bad", f"{directory}: {', '.join(problems)}", "`trainer repair`")
    yield ok("files", f"{len(release_dirs(data))} releases and all caches were read")


def versions() -> Finding:
    """What is installed."""
    names = ("stash-sense-trainer", "apache-airflow", "scrapy", "polars", "voyager")
    found = [f"{name} {_version(name)}" for name in names]
    return ok(
        "versions",
        f"{', '.join(found)}, Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, "
        f"state.db version {STATE_VERSION}",
    )


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"

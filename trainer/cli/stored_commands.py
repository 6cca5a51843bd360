"""Which commands decide something, and reach the object store where DATA_DIR is kept on one."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any, NamedTuple

import typer

from trainer.config.decision_table import DECIDES
from trainer.config.settings import Settings
from trainer.pipeline.decided import decided

log = logging.getLogger(__name__)

# Change this folder alone: what they make a person looks at before others have it. They say so.
_PUSH = "this is in {folder} only; `trainer objects push` puts it into {store}"
_PULL = "what is set aside here may be whole in {store}; `trainer objects pull` brings it again"
FOLDER = {
    **dict.fromkeys(("models fetch", "restore", "state rebuild"), _PUSH),
    "repair": _PULL,
}
# Bring and push by themselves.
BY_THEMSELVES = frozenset({"build", "approve", "reject", "stop", "tidy"})


class Command(NamedTuple):
    """A command by its words, and where its function is registered."""

    name: str
    info: typer.models.CommandInfo


def commands(app: typer.Typer, front: str = "") -> Iterator[Command]:
    """Yield every command of the application and of its groups."""
    for info in app.registered_commands:
        assert info.callback is not None
        yield Command(f"{front}{info.name or info.callback.__name__}", info)
    for group in app.registered_groups:
        if group.typer_instance is not None:
            yield from commands(group.typer_instance, f"{front}{group.name} ")


def keep_decisions(app: typer.Typer) -> None:
    """Make the application's commands store what they decide; to be called once."""
    for name, info in commands(app):
        if info.callback is not None and name in DECIDES:
            info.callback = _deciding(info.callback, DECIDES[name])
        elif info.callback is not None and name in FOLDER:
            info.callback = _in_the_folder(info.callback, FOLDER[name])


def _deciding(command: Callable[..., Any], writes: tuple[str, ...]) -> Callable[..., Any]:
    @wraps(command)
    def stored(*args: Any, **given: Any) -> Any:
        with decided(Settings.load(given.get("data_dir")), writes):
            return command(*args, **given)

    return stored


def _in_the_folder(command: Callable[..., Any], advice: str) -> Callable[..., Any]:
    @wraps(command)
    def noted(*args: Any, **given: Any) -> Any:
        settings = Settings.load(given.get("data_dir"))
        try:
            result = command(*args, **given)
        except typer.Exit:  # its outcome, for scripts
            _note(settings, advice)
            raise
        _note(settings, advice)
        return result

    return noted


def _note(settings: Settings, advice: str) -> None:
    if settings.object_store is not None:
        log.warning(advice.format(folder=settings.data_dir, store=settings.object_store))

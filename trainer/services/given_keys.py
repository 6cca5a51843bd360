"""Which keys and browsers builds have, by name, for pages and checks that do not have them.

In the all-in-one the pages are told by `TRAINER_GIVEN_KEYS`. In the stack they run in another
container: what starts builds there notes the names in a file of DATA_DIR.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from trainer.config.sources import load_sources
from trainer.errors import TrainerError
from trainer.staging.atomic import read_json, write_json

GIVEN_KEYS = "TRAINER_GIVEN_KEYS"
BROWSERS = ("FLARESOLVERR_URL", "CHROME_CDP_URL")
FILE = ".given_keys.json"
NONE = "none"


def names_given(given: Mapping[str, str], data_dir: Path) -> list[str]:
    """Names of the sources' keys and of the browsers' addresses that are set; no value."""
    sources = load_sources(data_dir).values()
    names = [source.api_key_env for source in sources if source.api_key_env]
    return [name for name in dict.fromkeys([*names, *BROWSERS]) if given.get(name, "").strip()]


def as_variable(names: Iterable[str]) -> str:
    """Return the value of `TRAINER_GIVEN_KEYS`."""
    return ",".join(names) or NONE


def note_names(given: Mapping[str, str], data_dir: Path) -> None:
    """Write down what is set here, for the pages of another container."""
    write_json(data_dir / FILE, names_given(given, data_dir))


def with_noted_names(given: Mapping[str, str], data_dir: Path) -> Mapping[str, str]:
    """Return the environment with `TRAINER_GIVEN_KEYS`, where this process was told, or where
    another container has noted it."""
    if GIVEN_KEYS in given:
        return given
    try:
        names = read_json(data_dir / FILE)
    except (TrainerError, OSError, ValueError):
        return given
    if not isinstance(names, list):
        return given
    return {**given, GIVEN_KEYS: as_variable(map(str, names))}


def is_given(name: str, given: Mapping[str, str]) -> bool:
    """Whether builds have `name`, as far as `given` says."""
    return bool(given.get(name, "").strip()) or name in given.get(GIVEN_KEYS, "").split(",")

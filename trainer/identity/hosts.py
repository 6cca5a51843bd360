"""How one address of any site can be written: its other domains, subdomains and languages.

The data are in hosts.yaml, for all sites alike.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict

from trainer.identity.addresses import Address

TABLE = Path(__file__).with_name("hosts.yaml")
_FOLDER = re.compile(r"/([A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,4})?)(?=/)")
# Before a domain nothing but a language has two letters, or twice two.
_SHORT_LABEL = re.compile(r"[a-z]{2}(?:-[a-z]{2})?")

T = TypeVar("T")


class Hosts(BaseModel):
    """The content of hosts.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    domains: dict[str, str]
    subdomains: frozenset[str]
    languages: frozenset[str]

    def others(self, domain: str) -> Iterator[str]:
        """The other domains of the site that is known by `domain`."""
        return (other for other, known in self.domains.items() if known == domain)

    def is_plain(self, host: str, domain: str, more: Collection[str] = ()) -> bool:
        """Is `host` the domain itself, or a subdomain or language of it, or one of `more`?"""
        if host == domain:
            return True
        labels = host[: -len(domain) - 1].split(".")
        return all(
            label in self.subdomains or label in more or self._is_language_label(label)
            for label in labels
        )

    def is_language(self, text: str) -> bool:
        """`de`, `pt-BR`, `zh_hant`, `es-419`."""
        language, _, _ = text.casefold().replace("_", "-").partition("-")
        return language in self.languages

    def _is_language_label(self, label: str) -> bool:
        return _SHORT_LABEL.fullmatch(label) is not None or self.is_language(label)


class Folder(NamedTuple):
    """An address whose path begins with a language: the folder alone, and the path without it."""

    alone: Address
    without: Address


def in_any_language(address: Address, read: Callable[[Address], T | None]) -> T | None:
    """What `read` finds at an address, or else at the same one without its language.

    The folder stays where it is itself a name to `read`: `/de/photos` is of the account `de`.
    """
    found = read(address)
    folder = language_folder(address) if found is None else None
    if folder is None or read(folder.alone) is not None:
        return found
    return read(folder.without)


def language_folder(address: Address) -> Folder | None:
    """Split the language's folder (`/de/`) off an address; None where it has none."""
    match = _FOLDER.match(address.path)
    if match is None or not hosts().is_language(match[1]):
        return None
    path = address.path
    return Folder(
        Address(address.host, path[: match.end()], ()),
        Address(address.host, path[match.end() :], address.query),
    )


@cache
def hosts() -> Hosts:
    """Return the table of domains, subdomains and languages, `hosts.yaml`."""
    return Hosts.model_validate(yaml.safe_load(TABLE.read_text(encoding="utf-8")))

"""The Debian packages of an image, out of its /var/lib/dpkg/status."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

INSTALLED = "install ok installed"


class Package(NamedTuple):
    """One installed package; `source`: the Debian source that it was built of."""

    name: str
    version: str
    architecture: str
    source: str
    section: str

    @property
    def purl(self) -> dict[str, str]:
        """What the parts of its package URL are besides type and namespace."""
        return {"arch": self.architecture, "source": self.source}


def installed(status: str) -> list[Package]:
    """Return the packages that are installed, by name; raises `ValueError` where the text is no
    status of dpkg."""
    every = [fields for fields in map(_fields, status.split("\n\n")) if fields]
    try:
        found = [_package(fields) for fields in every if fields.get("Status") == INSTALLED]
    except KeyError as error:
        raise ValueError(f"a package has no {error}; give dpkg's own status file") from None
    if not found:
        raise ValueError("no package is installed there; give dpkg's own status file")
    return sorted(found)


def _package(fields: dict[str, str]) -> Package:
    name = fields["Package"]
    source = fields.get("Source", name).partition(" ")[0]
    return Package(
        name, fields["Version"], fields["Architecture"], source, fields.get("Section", "")
    )


def _fields(paragraph: str) -> dict[str, str]:
    return dict(_pairs(paragraph))


def _pairs(paragraph: str) -> Iterator[tuple[str, str]]:
    """Lines that begin with a space go on with the field before; none of ours does that."""
    for line in paragraph.splitlines():
        name, colon, value = line.partition(":")
        if colon and not line.startswith((" ", "\t")):
            yield name, value.strip()

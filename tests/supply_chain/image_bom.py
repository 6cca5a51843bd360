"""`make sbom-image`: one bill of materials of an image, its Debian packages and Python's.

    python -m tests.supply_chain.image_bom --status FILE --image NAME --out FILE BOM...

`--status`: the image's /var/lib/dpkg/status; BOM: what `make sbom` wrote of its lock files.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from tests.supply_chain.debian_packages import Package, installed


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the bill; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--status", type=Path, required=True)
    parser.add_argument("--image", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("boms", nargs="*", type=Path)
    given = parser.parse_args(arguments)
    try:
        packages = installed(given.status.read_text(encoding="utf-8", errors="replace"))
        bom = merged(given.image, packages, given.boms)
    except (OSError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    temporary = given.out.with_name(f".{given.out.name}.new")
    temporary.write_text(JsonV1Dot6(bom).output_as_string(indent=2) + "\n", encoding="utf-8")
    temporary.replace(given.out)
    sys.stdout.write(
        f"{given.out}: {len(packages)} Debian packages, "
        f"{len(bom.components) - len(packages)} of Python\n"
    )
    return 0


def merged(image: str, packages: Sequence[Package], boms: Sequence[Path]) -> Bom:
    """Return all components; one that several bills have is there once."""
    bom = Bom()
    bom.metadata.component = Component(name=image, type=ComponentType.CONTAINER)
    seen = set()
    for component in (*map(_debian, packages), *(c for path in boms for c in _read(path))):
        key = str(component.purl or (component.name, component.version))
        if key not in seen:
            seen.add(key)
            component.bom_ref.value = key
            bom.components.add(component)
    bom.register_dependency(bom.metadata.component, bom.components)
    return bom


def _debian(package: Package) -> Component:
    purl = PackageURL("deb", "debian", package.name, package.version, package.purl)
    return Component(name=package.name, version=package.version, purl=purl)


def _read(path: Path) -> list[Component]:
    """The components of a bill that `cyclonedx-py` wrote."""
    bom = Bom.from_json(json.loads(path.read_text(encoding="utf-8")))  # type: ignore[attr-defined]
    return list(bom.components)


if __name__ == "__main__":
    raise SystemExit(main())

"""The reference sites' look-alikes by source key: one module and one template per site."""

from __future__ import annotations

import importlib
import pkgutil

from demo.world.site import Site


def all_sites() -> dict[str, type[Site]]:
    """Source key -> its look-alike, found by looking into this folder."""
    found: dict[str, type[Site]] = {}
    for module in pkgutil.iter_modules(__path__):
        content = importlib.import_module(f"{__name__}.{module.name}")
        for value in vars(content).values():
            if isinstance(value, type) and issubclass(value, Site) and value is not Site:
                found[value.key] = value
    return dict(sorted(found.items()))

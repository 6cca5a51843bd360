"""Making model packs out of published files, pinned by `packs.yaml`."""

"""What is known of each release, in words."""

from __future__ import annotations

from reports import parts, text
from reports.data import Release

_VERIFIED = {True: "yes", False: "NO", None: "not known"}


def title_of(release: Release) -> str:
    """`Sat 28 Nov 2026, 22:14 · 2026.11.28.1 · current`"""
    created = text.moment(release.manifest.created_at) if release.manifest else None
    version = release.manifest.version if release.manifest else "damaged"
    known = [parts.when(created) if created else release.version_id, text.plain(version)]
    return " · ".join([*known, *(["current"] if release.current else [])])


def rows(releases: list[Release]) -> list[dict[str, str]]:
    """What the list says of each, newest first."""
    return [_row(release) for release in releases]


def _row(release: Release) -> dict[str, str]:
    manifest = release.manifest
    created = text.moment(manifest.created_at) if manifest else None
    return {
        "File": release.file_name or f"releases/{release.version_id}",
        "State": state(release) or text.MISSING,
        "Built": parts.when(created).replace(" ", "\u00a0") if created else text.MISSING,
        "Version": manifest.version if manifest else "damaged",
        "Performers": text.number(release.performers),
        "Faces": text.number(release.faces),
        "Size": text.size(release.size),
        "Verified": _VERIFIED[release.verified],
        "Sources": str(len(manifest.sources)) if manifest else text.MISSING,
    }


def state(release: Release) -> str:
    marks = ("current", release.current), ("pinned", release.pinned), ("signed", release.signed)
    return ", ".join(name for name, holds in marks if holds)

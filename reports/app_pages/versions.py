"""All releases, and what changed between any two."""

from __future__ import annotations

import streamlit as st

from reports import compare_parts, data, parts, text
from reports.data import Release
from reports.queries.changes import changes_soon

PATIENCE = 0.3  # seconds before the page goes on without the comparison


def show() -> None:
    """Show all releases, and the differences of two chosen ones."""
    st.title("Versions")
    releases = data.releases(data.data_dir())
    if not releases:
        parts.empty()
        return
    parts.problems([p for r in releases for p in r.problems])
    parts.table([_row(r) for r in releases])
    st.subheader("Compare")
    if len(releases) < 2:
        st.caption("A second release can be compared with this one.")
        return
    pair = _pair(releases)
    if pair is None:
        st.info("Pick two different versions.")
        return
    older, newer = pair
    st.query_params.update(newer=newer.version_id, older=older.version_id)
    compare_parts.side_by_side(older, newer)
    answer = changes_soon(older.path, newer.path, PATIENCE)
    if answer is None:
        _wait(older, newer)
        return
    found, problems = answer
    parts.problems(problems)
    if found:
        compare_parts.show(found, older, newer)


@st.fragment(run_every=1)
def _wait(older: Release, newer: Release) -> None:
    """Asks again every second; then the page shows what was found."""
    st.caption(":material/hourglass_top: Comparing who is in these two releases.")
    if changes_soon(older.path, newer.path, 0) is not None:
        st.rerun()


def title_of(release: Release) -> str:
    """`Sat 28 Nov 2026, 22:14 · 2026.11.28.1 · current`"""
    created = text.moment(release.manifest.created_at) if release.manifest else None
    version = release.manifest.version if release.manifest else "damaged"
    known = [parts.when(created) if created else release.version_id, text.plain(version)]
    return " · ".join([*known, *(["current"] if release.current else [])])


def _row(release: Release) -> dict[str, object]:
    manifest = release.manifest
    marks = ("current", release.current), ("pinned", release.pinned), ("signed", release.signed)
    verified = {True: "yes", False: "NO", None: "not known"}[release.verified]
    return {
        "Built": text.moment(manifest.created_at) if manifest else None,
        "Performers": release.performers,
        "Faces": release.faces,
        "Size": text.size(release.size),
        "Verified": verified,
        "State": ", ".join(name for name, holds in marks if holds),
        "Version": manifest.version if manifest else "damaged",
        "File": release.file_name or f"releases/{release.version_id}",
        "Sources": len(manifest.sources) if manifest else None,
    }


def _pair(releases: list[Release]) -> tuple[Release, Release] | None:
    """The older and the newer one of the two that were picked, or that the address names."""
    by_id = {r.version_id: r for r in releases}
    names = list(by_id)
    left, right = st.columns(2)
    first = _pick(left, "Version", "newer", names, 0, by_id)
    second = _pick(right, "Compared with", "older", names, 1, by_id)
    if first == second:
        return None
    older, newer = sorted((first, second))
    return by_id[older], by_id[newer]


def _pick(
    column: st.delta_generator.DeltaGenerator,
    label: str,
    asked: str,
    names: list[str],
    otherwise: int,
    by_id: dict[str, Release],
) -> str:
    wanted = st.query_params.get(asked)
    index = names.index(wanted) if wanted in names else otherwise
    chosen = column.selectbox(
        label, names, index=index, format_func=lambda name: title_of(by_id[name]), key=asked
    )
    return chosen or names[otherwise]

"""All releases, what an operator does with one, and what changed between any two."""

from __future__ import annotations

import streamlit as st

from reports import compare_parts, data, parts, version_actions, version_parts
from reports.data import Release
from reports.queries.changes import changes_soon
from reports.version_parts import title_of

PATIENCE = 0.3  # seconds before the page goes on without the comparison


def show() -> None:
    """Show all releases, and the differences of two chosen ones."""
    st.title("Versions")
    where = data.data_dir()
    releases = data.releases(where)
    if not releases:
        parts.empty()
        return
    parts.problems([p for r in releases for p in r.problems])
    parts.text_table(version_parts.rows(releases))
    version_actions.one(where, _picked(releases))
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


def _picked(releases: list[Release]) -> Release:
    """The release that is picked, or that the address names; else the current one."""
    by_id = {r.version_id: r for r in releases}
    asked = st.query_params.get("version")
    current = _current(by_id)
    index = [*by_id].index(asked if asked in by_id else current or releases[0].version_id)
    st.subheader("One release")
    name = st.selectbox(
        "Release",
        by_id,
        index=index,
        format_func=lambda name: title_of(by_id[name]),
        key=f"version-{current}",
    )
    return by_id[name]


def _current(by_id: dict[str, Release]) -> str | None:
    """Part of the selections' keys, too: they show what is current, so they begin anew with it."""
    return next((name for name, release in by_id.items() if release.current), None)


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
        label,
        names,
        index=index,
        format_func=lambda name: title_of(by_id[name]),
        key=f"{asked}-{_current(by_id)}",
    )
    return chosen or names[otherwise]

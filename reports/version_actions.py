"""What an operator does with one release, and how it gets onto a sidecar."""

from __future__ import annotations

from functools import partial

import streamlit as st

from reports import acting, commands, text
from reports.actions import releases as actions
from reports.actions.role import role
from reports.data import Release
from reports.downloads import DOWNLOADS
from reports.version_parts import title_of
from trainer.staging.paths import DataDir


def one(directory: DataDir, release: Release) -> None:
    """The buttons and files of a release; a viewer sees how it gets onto a sidecar."""
    commands.follow()
    if role() == "operator":
        with st.container(horizontal=True):
            _buttons(directory, release)
        _files(directory, release)
    if release.manifest:
        st.markdown("**Onto a sidecar**")
        st.caption("Export the zip first; the folder is where the sidecar keeps its data.")
        lines = actions.sidecar_commands(directory, release.manifest.version)
        st.code("\n".join(map(text.plain, lines)), language=None, wrap_lines=True)


def _buttons(directory: DataDir, release: Release) -> None:
    name = release.version_id
    busy = bool(commands.at_work())
    for label, icon, begin in (
        ("Verify", ":material/fact_check:", partial(actions.verify, directory, name)),
        ("Export zip", ":material/folder_zip:", partial(actions.export, directory, name)),
        (
            "Export for stashface",
            ":material/folder_special:",
            partial(actions.export_for, directory, name, "stashface"),
        ),
    ):
        st.button(label, icon=icon, disabled=busy, on_click=commands.start, args=(begin,))
    if release.pinned:
        if st.button("Unpin", icon=":material/keep_off:"):
            commands.at_once("Unpin", lambda: actions.unpin(directory, name))
    else:
        with st.popover("Pin", icon=":material/keep:"):
            why = acting.reason_form(f"pin-{name}", "Pin it")
            if why is not None:
                commands.at_once("Pin", lambda: actions.pin(directory, name, why))
    again = st.button(
        "Make current again", icon=":material/undo:", disabled=busy or release.current
    )
    if again:
        _confirm(directory, release)


@st.dialog("Make this release current again?")
def _confirm(directory: DataDir, release: Release) -> None:
    st.markdown(text.markdown(title_of(release)))
    st.markdown(
        "Its content is published under a new version, since sidecars take only what is newer. "
        "Mend the cause before the next build, or that brings the newer content back."
    )
    name = release.version_id
    begin = partial(actions.make_current, directory, name)
    if st.button("Publish it again", type="primary", on_click=commands.start, args=(begin,)):
        st.rerun()  # closes the dialog


def _files(directory: DataDir, release: Release) -> None:
    if release.manifest is None:
        return
    files = actions.downloads(directory, release.version_id, release.manifest.version)
    if not DOWNLOADS.is_served:
        names = ", ".join(map(str, files))
        st.caption(text.markdown(f"Start reports/server.py to download here: {names}"))
        return
    with st.container(horizontal=True):
        for path in files:
            name = path.name if path.suffix == ".zip" else f"performers_{release.version_id}.db"
            label = f"Download {name} ({text.size(path.stat().st_size)})"
            address = DOWNLOADS.offer(path, name)
            st.link_button(text.markdown(label), address, icon=":material/download:")

"""What a first build still needs, each with the command or the button that mends it."""

from __future__ import annotations

from functools import partial

import streamlit as st

from reports import commands, text
from reports.actions import command
from reports.actions.role import role
from trainer.config.environment import environment
from trainer.config.settings import Settings
from trainer.embedding.lock import LockedPack, load_lock
from trainer.services.first_steps import first_steps, has_pack
from trainer.services.given_keys import GIVEN_KEYS, with_noted_names
from trainer.staging.paths import DataDir


def show(directory: DataDir) -> None:
    """Nothing where all is there, or where these pages are not told which keys builds have."""
    settings, own = Settings.load(), environment()
    given = with_noted_names(own, directory.root)
    if GIVEN_KEYS not in given:
        return
    for sentence in first_steps(settings, given):
        st.warning(text.with_code(sentence), icon=":material/construction:")
    commands.follow()
    # In the stack these pages reach no network: the sentence above has the command.
    if GIVEN_KEYS in own and role() == "operator" and not has_pack(settings):
        _offer_pack(directory, settings.model_pack)


def _offer_pack(directory: DataDir, pack: str) -> None:
    locked = load_lock().get(pack)
    if locked is None or commands.at_work():
        return
    if st.button(f"Fetch the model pack {text.markdown(pack)}", icon=":material/download:"):
        _confirm(directory, pack, locked)


@st.dialog("Fetch this model pack?")
def _confirm(directory: DataDir, pack: str, locked: LockedPack) -> None:
    sizes = [entry.size for entry in locked.files.values()]
    whole = f", {text.size(sum(filter(None, sizes)))}" if all(sizes) else ""
    st.markdown(text.markdown(f"{pack}: {len(sizes)} files{whole}, from where each is published:"))
    for entry in locked.files.values():
        st.markdown(f"- {text.markdown(f'{entry.file}: {entry.origin}, {entry.licence}')}")
    options = ["--accept-licence"] if locked.non_commercial else []
    agreed = not options or st.checkbox("I use the weights for nothing commercial.")
    title = f"Fetch the model pack {pack}"
    begin = partial(command.start, directory, title, "models fetch", *options, "--", pack)
    if st.button("Fetch it", type="primary", disabled=not agreed, on_click=commands.start,
                 args=(begin,)):  # fmt: skip
        st.rerun()  # closes the dialog

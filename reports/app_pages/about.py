"""What this is for, its guard-rails, and what its words mean."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

import streamlit as st

from reports import data, notifications, text
from reports.sign_in import gate

GUARD_RAILS = """
- **Named performers from curated sources only.** Nobody is added by a picture alone.
- **No pictures here, and none in a release**: numbers, hashes and addresses.
- **A match is a suggestion** to be checked by a person, never proof of identity.
- **Strangers given a name are the worst error.** Every release measures how often that happens, and
  the gate holds a release back where it happens too often.
- **Who asks to be left out is left out**: `trainer exclude` keeps a person out of later builds.
"""
WORDS = (
    ("Rank-1", "how often the nearest face is the right performer's, searched without itself"),
    ("False accepts", "strangers who are given a name within the maximum distance"),
    ("False rejects", "listed faces that get no name within the maximum distance"),
    ("Maximum distance", "how unlike two faces may be and still count as one person"),
    ("One-face share", "performers with a single face: the hardest to recognise"),
    ("Index recall", "how often the fast search finds what the exact one finds"),
    ("Gate", "the limits that a release must keep to be published without a person"),
    ("95%", "the interval that the true value lies in, 19 times of 20"),
)


def show() -> None:
    st.title("About")
    st.markdown(
        "These pages show what the weekly builds made: runs, releases and how good they are."
    )
    st.subheader("Guard-rails")
    st.markdown(GUARD_RAILS)
    st.subheader("Words")
    for word, meaning in WORDS:
        st.markdown(f"**{word}**: {meaning}.")
    notifications.show()
    gate.sign_out()
    st.subheader("Where this reads")
    st.markdown(f"DATA_DIR is {text.markdown(data.data_dir().root)}; trainer {_version()}.")


def _version() -> str:
    try:
        return text.markdown(version("stash-sense-trainer"))
    except PackageNotFoundError:
        return "from a source folder"

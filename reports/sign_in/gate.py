"""What a page asks: has who looks signed in, and how do they sign in or out?"""

from __future__ import annotations

import streamlit as st

from reports.actions.role import signed_in
from reports.sign_in import oidc
from reports.sign_in.middleware import SIGN_OUT
from reports.sign_in.sessions import has_passwords
from trainer.config.settings import Settings


def passes() -> bool:
    """True where nobody has to sign in, or somebody did; else what to do is shown."""
    settings = Settings.load()
    if not (oidc.is_configured(settings) or has_passwords(settings)):
        return True
    if signed_in(settings):
        return True
    st.title("Stash-sense trainer")
    if not oidc.is_configured(settings):
        st.info("Sign in first: start the reports by `streamlit run reports/server.py`.")
    elif st.user.to_dict().get("is_logged_in"):
        st.error("This account may not see these pages. An operator lists it in the settings.")
        st.button("Sign out", on_click=st.logout)
    else:
        st.button("Sign in", on_click=st.login, type="primary", icon=":material/login:")
    return False


def sign_out() -> None:
    """A button or link for who has signed in."""
    settings = Settings.load()
    if oidc.is_configured(settings):
        st.button("Sign out", on_click=st.logout, icon=":material/logout:")
    elif has_passwords(settings):
        st.link_button("Sign out", SIGN_OUT, icon=":material/logout:")

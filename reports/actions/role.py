"""Who may act: a viewer may look, an operator may also decide and start builds.

Who signs in has the role of their account. Where nobody has to, `TRAINER_REPORTS_ROLE` says which
of the two everybody is. Without it, whoever reaches a page that only this machine serves
is an operator; on a page that others can reach, everybody is a viewer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast, get_args

import streamlit as st

from reports.sign_in import oidc
from reports.sign_in.sessions import COOKIE, SESSIONS, Role, has_passwords
from trainer.config.environment import environment as of_this_process
from trainer.config.settings import Settings
from trainer.errors import ConfigError

ROLE = "TRAINER_REPORTS_ROLE"
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class NotAllowed(ConfigError):
    """A viewer tried to act."""


def role() -> Role:
    """Return the role of who looks. Raises `NotAllowed` for who has to sign in and has not."""
    settings = Settings.load()
    if not (has_passwords(settings) or oidc.is_configured(settings)):
        return role_of_all()
    found = signed_in(settings)
    if found is None:
        raise NotAllowed("who looks has not signed in; start at the reports' address")
    return found


def signed_in(settings: Settings) -> Role | None:
    """The role of who has signed in; None for others."""
    if oidc.is_configured(settings):
        if has_passwords(settings):
            raise ConfigError("there are two ways to sign in; leave out the passwords, or OIDC")
        return oidc.role_of_user(settings)
    return SESSIONS.role(_cookie())


def role_of_all(environment: Mapping[str, str] | None = None, address: str | None = None) -> Role:
    """Return the role of everybody where nobody signs in; raises `ConfigError` for another value.

    `address` is where the pages are served; default: what Streamlit is configured with.
    """
    chosen = of_this_process(environment).get(ROLE, "").strip()
    if not chosen:
        served_at = _served_at() if address is None else address
        return "operator" if served_at in _LOOPBACK else "viewer"
    for known in get_args(Role):
        if chosen == known:
            return cast("Role", known)
    raise ConfigError(f"{ROLE} is {chosen!r}; set it to viewer or operator")


def _cookie() -> str | None:
    found = st.context.cookies.get(COOKIE)
    return str(found) if found else None


def require_operator() -> None:
    """Raises `NotAllowed` for a viewer. Every function that changes something asks here first."""
    if role() != "operator":
        raise NotAllowed(
            f"these pages only show; set {ROLE}=operator where they are served to act with them, "
            "or sign in as an operator"
        )


def _served_at() -> str:
    from streamlit import config

    return str(config.get_option("server.address") or "")

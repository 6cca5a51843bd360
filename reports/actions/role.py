"""Who may act: a viewer may look, an operator may also decide and start builds.

`TRAINER_REPORTS_ROLE` says which. Without it, whoever reaches a page that only this machine serves
is an operator; on a page that others can reach, everybody is a viewer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, cast, get_args

from trainer.config.environment import environment as of_this_process
from trainer.errors import ConfigError

Role = Literal["viewer", "operator"]
ROLE = "TRAINER_REPORTS_ROLE"
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class NotAllowed(ConfigError):
    """A viewer tried to act."""


def role(environment: Mapping[str, str] | None = None, address: str | None = None) -> Role:
    """Return the role of everybody who sees these pages; raises `ConfigError` for another value.

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


def require_operator() -> None:
    """Raises `NotAllowed` for a viewer. Every function that changes something asks here first."""
    if role() != "operator":
        raise NotAllowed(
            f"these pages only show; set {ROLE}=operator where they are served to act with them"
        )


def _served_at() -> str:
    from streamlit import config

    return str(config.get_option("server.address") or "")

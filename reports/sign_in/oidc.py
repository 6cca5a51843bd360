"""Sign-in by OpenID Connect: Streamlit's own `st.login`, configured by our settings."""

from __future__ import annotations

import hashlib
from typing import Any

import streamlit as st

from reports.sign_in.sessions import Role
from trainer.config.settings import Settings
from trainer.errors import ConfigError

_FIELDS = ("metadata_url", "client_id", "client_secret", "redirect_uri")
EVERYBODY = "*"


def is_configured(settings: Settings) -> bool:
    """Raises `ConfigError` for half of a configuration."""
    given = [name for name in _FIELDS if getattr(settings, f"reports_oidc_{name}")]
    if given and len(given) < len(_FIELDS):
        missing = ", ".join(
            f"TRAINER_REPORTS_OIDC_{name.upper()}" for name in _FIELDS if name not in given
        )
        raise ConfigError(f"OpenID Connect is not configured whole; set {missing}")
    return bool(given)


def secrets_of(settings: Settings) -> dict[str, Any]:
    """What Streamlit reads as its secrets; {} without OpenID Connect."""
    if not is_configured(settings) or settings.reports_oidc_client_secret is None:
        return {}
    secret = settings.reports_oidc_client_secret.get_secret_value()
    return {
        "auth": {
            "redirect_uri": settings.reports_oidc_redirect_uri,
            "cookie_secret": hashlib.sha256(f"cookie of {secret}".encode()).hexdigest(),
            "client_id": settings.reports_oidc_client_id,
            "client_secret": secret,
            "server_metadata_url": settings.reports_oidc_metadata_url,
        }
    }


def role_of_user(settings: Settings) -> Role | None:
    """By the e-mail address that the provider names; None for who is not signed in, or not
    listed, or whose address the provider has not confirmed."""
    user = st.user.to_dict()
    if not user.get("is_logged_in") or user.get("email_verified") is False:
        return None
    address = str(user.get("email") or "").casefold()
    if address and address in _listed(settings.reports_operators):
        return "operator"
    viewers = _listed(settings.reports_viewers)
    return "viewer" if EVERYBODY in viewers or (address and address in viewers) else None


def _listed(addresses: str) -> set[str]:
    return set(addresses.casefold().split())

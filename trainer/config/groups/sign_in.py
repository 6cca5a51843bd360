"""Settings of who may see the reports."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, SecretStr

from trainer.config.groups.base import EmptyIsUnset, SettingsGroup

Secret = Annotated[SecretStr | None, EmptyIsUnset]
Text = Annotated[str | None, EmptyIsUnset]


class SignInSettings(SettingsGroup):
    """Sign-in to the reports"""

    reports_password: Secret = Field(
        None, description="Password that all operators of the reports share; without it, and "
        "without OpenID Connect, nobody signs in",
    )  # fmt: skip
    reports_viewer_password: Secret = Field(
        None, description="Password that all viewers of the reports share"
    )
    reports_oidc_metadata_url: Text = Field(
        None,
        description="OpenID Connect: the provider's address that ends in "
        "`/.well-known/openid-configuration`",
    )
    reports_oidc_client_id: Text = Field(None, description="OpenID Connect: the client's id")
    reports_oidc_client_secret: Secret = Field(
        None, description="OpenID Connect: the client's secret"
    )
    reports_oidc_redirect_uri: Text = Field(
        None,
        description="OpenID Connect: address of the reports as a browser sees them, with "
        "`/oauth2callback`",
    )
    reports_operators: str = Field(
        "", description="OpenID Connect: e-mail addresses of who may act, with spaces between them"
    )
    reports_viewers: str = Field(
        "",
        description="OpenID Connect: e-mail addresses of who may look; `*`: whoever can sign in",
    )

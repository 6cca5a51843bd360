"""Sign-in to the reports by OpenID Connect: who may act, and what Streamlit is given."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from reports.actions.role import role
from reports.sign_in import oidc
from tests.unit.reports_visit import APP
from trainer.config.settings import Settings
from trainer.errors import ConfigError

OIDC = {
    "METADATA_URL": "https://id.example/.well-known/openid-configuration",
    "CLIENT_ID": "reports",
    "CLIENT_SECRET": "hush-client",
    "REDIRECT_URI": "https://reports.example/oauth2callback",
}


@pytest.fixture
def provider(monkeypatch, tmp_path):
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.delenv("TRAINER_REPORTS_PASSWORD", raising=False)
    monkeypatch.delenv("TRAINER_REPORTS_VIEWER_PASSWORD", raising=False)
    for name, value in OIDC.items():
        monkeypatch.setenv(f"TRAINER_REPORTS_OIDC_{name}", value)
    monkeypatch.setenv("TRAINER_REPORTS_OPERATORS", "Ada@id.example  bo@id.example")
    monkeypatch.setenv("TRAINER_REPORTS_VIEWERS", "cy@id.example")


@pytest.mark.parametrize(
    ("user", "expected"),
    [
        ({"is_logged_in": True, "email": "ada@ID.example"}, "operator"),
        ({"is_logged_in": True, "email": "cy@id.example"}, "viewer"),
        ({"is_logged_in": True, "email": "cy@id.example", "email_verified": False}, None),
        ({"is_logged_in": True, "email": "di@id.example"}, None),
        ({"is_logged_in": True}, None),
        ({"is_logged_in": False, "email": "ada@id.example"}, None),
        ({}, None),
    ],
)
def test_the_providers_address_says_who_may_act(provider, user, expected):
    at = AppTest.from_file(str(APP), default_timeout=60)
    at.user = user
    at.run()
    assert not at.exception, at.exception[0].value
    opened = at.title[0].value == "Overview"
    assert opened == (expected is not None)
    if not opened:
        labels = [b.label for b in at.button]
        assert labels == (["Sign out"] if user.get("is_logged_in") else ["Sign in"])


def test_whoever_can_sign_in_may_look_only_where_the_settings_say_so(provider, monkeypatch):
    monkeypatch.setenv("TRAINER_REPORTS_VIEWERS", "*")
    monkeypatch.setattr(
        "streamlit.user", type("User", (), {"to_dict": lambda _s: {"is_logged_in": True}})()
    )
    assert oidc.role_of_user(Settings.load()) == "viewer"


def test_streamlit_gets_the_providers_settings(provider, monkeypatch):
    found = oidc.secrets_of(Settings.load())["auth"]
    assert found["client_secret"] == OIDC["CLIENT_SECRET"]
    assert OIDC["CLIENT_SECRET"] not in found["cookie_secret"]
    assert OIDC["CLIENT_SECRET"] not in repr(Settings.load())
    monkeypatch.setenv("TRAINER_REPORTS_PASSWORD", "hush-operator")
    with pytest.raises(ConfigError, match="two ways to sign in"):
        role()
    monkeypatch.setenv("TRAINER_REPORTS_OIDC_CLIENT_ID", "")
    with pytest.raises(ConfigError, match="set TRAINER_REPORTS_OIDC_CLIENT_ID"):
        oidc.is_configured(Settings.load())

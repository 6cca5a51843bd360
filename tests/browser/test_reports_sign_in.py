"""Sign-in to the reports in a real browser: the cookie, the web socket and the pages behind it."""

from __future__ import annotations

import pytest

from tests.browser.chromium import launched, new_page
from tests.browser.reports_server import rest, serving
from tests.unit import reports_world

OPERATOR, VIEWER = "hush-operator", "hush-viewer"
pytestmark = [pytest.mark.browser]


@pytest.fixture
def tab(tmp_path, monkeypatch):
    monkeypatch.setenv("TRAINER_REPORTS_PASSWORD", OPERATOR)
    monkeypatch.setenv("TRAINER_REPORTS_VIEWER_PASSWORD", VIEWER)
    reports_world.normal(tmp_path / "data")
    with launched() as browser, serving(tmp_path / "data", tmp_path / "log") as base:
        yield new_page(browser, 1280, 720, base_url=base)
    assert OPERATOR not in (tmp_path / "log").read_text()


def sign_in(tab, password):
    tab.get_by_label("Password").fill(password)
    tab.get_by_role("button", name="Sign in").click()


def navigation(tab) -> str:
    rest(tab)
    return str(tab.get_by_test_id("stSidebarNav").inner_text())


def test_a_password_opens_the_pages_and_its_account_says_who_may_act(tab):
    tab.goto("/runs")
    assert "Overview" not in tab.content()
    sign_in(tab, "wrong")
    assert "not the password" in tab.get_by_role("alert").inner_text()
    sign_in(tab, OPERATOR)
    rest(tab)
    assert tab.get_by_role("heading", level=1).inner_text() == "Runs"
    assert "New build" in navigation(tab)
    tab.reload()
    assert "New build" in navigation(tab)
    tab.goto("/sign-out")
    sign_in(tab, VIEWER)
    assert "New build" not in navigation(tab)
    assert "Runs" in navigation(tab)

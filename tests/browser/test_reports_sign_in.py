"""Sign-in to the reports in a real browser: the cookie, the web socket and the pages behind it."""

from __future__ import annotations

import pytest

from tests.browser.chromium import FLAGS, chromium
from tests.browser.reports_server import rest, serving
from tests.unit import reports_world

OPERATOR, VIEWER = "hush-operator", "hush-viewer"
pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


@pytest.fixture
def tab(tmp_path, monkeypatch):
    playwright = pytest.importorskip("playwright.sync_api")
    path = chromium()
    monkeypatch.setenv("TRAINER_REPORTS_PASSWORD", OPERATOR)
    monkeypatch.setenv("TRAINER_REPORTS_VIEWER_PASSWORD", VIEWER)
    reports_world.normal(tmp_path / "data")
    with serving(tmp_path / "data", tmp_path / "log") as base, playwright.sync_playwright() as p:
        browser = p.chromium.launch(executable_path=str(path), args=list(FLAGS))
        page = browser.new_page(base_url=base)
        page.set_default_timeout(60_000)
        yield page
        browser.close()
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

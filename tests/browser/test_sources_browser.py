"""A source is changed on its card, and the change is taken back, in a real browser."""

import pytest

from tests.browser.chromium import launched, new_page
from tests.browser.reports_server import rest, serving
from tests.unit import reports_world as world
from trainer.config.sources import load_sources

pytestmark = pytest.mark.browser
OWN = "# mine\nstashdb:\n  trust: medium  # for now\n"


def test_a_source_is_switched_on_and_the_change_taken_back(tmp_path):
    data = world.normal(tmp_path)
    file = data.root / "sources.yaml"
    file.write_text(OWN)
    with launched() as browser, serving(data.root, tmp_path / "log") as base:
        tab = new_page(browser, 1366, 900)
        tab.goto(f"{base}/sources")
        rest(tab)
        tab.get_by_role("button", name="Change iafd").click()
        tab.get_by_text("Ask this source").click()
        tab.get_by_role("button", name="Look at the change").click()
        tab.get_by_role("button", name="Write it").wait_for()
        assert file.read_text() == OWN
        tab.get_by_role("button", name="Write it").click()
        tab.get_by_text("the next build uses it").wait_for()
        assert file.read_text() == f"{OWN}iafd:\n  enabled: true\n"
        assert load_sources(data.root)["iafd"].enabled
        tab.get_by_role("button", name="Take change 1 back").click()
        tab.get_by_text("is taken back").wait_for()
        assert file.read_text() == OWN

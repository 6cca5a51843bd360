"""Real visits: Streamlit on a loopback port, Chromium, the pages a user sees."""

from urllib.parse import quote

import pytest

from tests.browser.chromium import launched, new_page
from tests.browser.reports_server import ROOT, overflowing, rest, serving
from tests.browser.screenshots import addresses
from tests.unit import reports_world as world

SCREENS = ROOT / "var" / "screens"
RUN = f"run_id={quote(world.AIRFLOW_RUN, safe='')}"
WIDTHS = (1366, 768, 390)

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return world.normal(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def address(data):
    with serving(data.root, data.root / "streamlit.log") as base:
        yield base


@pytest.fixture(scope="module")
def tab():
    with launched() as browser:
        yield new_page(browser, 1440, 1000)


def visit(tab, url, shot):
    """Open, wait for the title and for Streamlit to come to rest, keep a picture."""
    tab.goto(url)
    rest(tab)
    SCREENS.mkdir(parents=True, exist_ok=True)
    tab.screenshot(path=SCREENS / f"reports_{shot}.png")
    assert tab.get_by_test_id("stException").count() == 0
    return tab.get_by_test_id("stMain").inner_text()


def test_overview(address, tab):
    shown = visit(tab, address, "overview")
    assert "2026.01.08" in shown
    assert "78.0%" in shown
    assert "Idle" in shown


def test_the_address_of_airflows_tab_opens_the_run(address, tab):
    shown = visit(tab, f"{address}/?dag_id=build_performer_database&{RUN}", "run")
    assert "Run of Thu 8 Jan 2026" in shown
    assert "partial" in shown
    assert tab.locator("canvas, svg.marks").count() >= 1
    tab.get_by_role("tab", name="Quality").click()
    tab.get_by_text("Not all checks hold").wait_for()
    tab.get_by_role("link", name="Overview").click()
    tab.get_by_role("heading", level=1, name="Overview").wait_for()


def test_a_row_of_the_runs_opens_that_run(address, tab):
    visit(tab, f"{address}/runs", "runs")
    tab.locator(".dvn-scroller").first.click(position={"x": 15, "y": 52})
    tab.get_by_role("heading", level=1, name="Run of").wait_for()
    rest(tab)
    assert "41 performers read" in tab.get_by_test_id("stMain").inner_text()


def test_two_versions_are_compared_and_searched(address, tab):
    shown = visit(tab, f"{address}/versions?newer={world.NEW}&older={world.OLD}", "versions")
    assert "4 of 4 changes" in shown
    tab.get_by_placeholder("A name or an id").fill("bo inv")
    tab.get_by_placeholder("A name or an id").press("Enter")
    tab.get_by_text("1 to 1 of 1 change").wait_for()
    with tab.expect_download() as started:
        tab.get_by_role("button", name="Download these as CSV").click()
    assert "Bo Invented" in started.value.path().read_text()
    interpreted = "[data-testid=stMain] b, [data-testid=stMain] a[href^=javascript]"
    assert tab.locator(interpreted).count() == 0


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_reaches_over_the_edge(address, data, tab, width):
    tab.set_viewport_size({"width": width, "height": 900})
    for name, page in addresses(data.root).items():
        tab.goto(address + page)
        rest(tab)
        assert tab.get_by_test_id("stException").count() == 0
        assert not overflowing(tab), name

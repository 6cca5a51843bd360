"""axe-core over every page, light and dark: nothing serious, so that everybody can read them."""

import pytest

from tests.browser.chromium import launched
from tests.browser.reports_server import rest, serving
from tests.browser.screenshots import addresses
from tests.unit import reports_world as world

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return world.normal(tmp_path_factory.mktemp("data")).root


@pytest.fixture(scope="module")
def served(data):
    with serving(data, data / "streamlit.log") as base:
        yield base


@pytest.fixture(scope="module")
def browser():
    with launched() as found:
        yield found


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_has_a_serious_fault(served, data, browser, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    context = browser.new_context(viewport={"width": 1366, "height": 900}, color_scheme=scheme)
    tab = context.new_page()
    found = []
    for name, address in addresses(data).items():
        tab.goto(served + address)
        rest(tab)
        found += [f"{name}: {fault}" for fault in serious(axe.run(tab).response["violations"])]
    context.close()
    assert found == []


def serious(violations) -> list[str]:
    return [
        f"{v['id']}: {v['nodes'][0]['html'][:200]}: {v['nodes'][0]['failureSummary']}"
        for v in violations
        if v["impact"] in ("serious", "critical")
    ]

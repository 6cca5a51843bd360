"""`make screenshots`: every page in light and dark, on a tablet and on a telephone.

Names what reaches over the edge of a page, and fails then.
"""

from __future__ import annotations

import argparse
import ast
import json
import tempfile
from pathlib import Path
from urllib.parse import quote

from playwright.sync_api import sync_playwright

from tests.browser.chromium import CHROMIUM, FLAGS
from tests.browser.reports_server import ROOT, overflowing, rest, serving
from tests.unit.reports_visit import QUALITY_TABS, RUN_TABS

SHAPES = {
    "light": (1366, "light"),
    "dark": (1366, "dark"),
    "tablet": (768, "light"),
    "phone": (390, "light"),
    "phone-dark": (390, "dark"),
}
_BY_TAB = ("run", "quality")
HIGHEST = 4_000  # pixels of one picture


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="a DATA_DIR, only read")
    parser.add_argument("--out", type=Path, required=True, help="where the pictures go")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as scratch,
        serving(given.data.resolve(), Path(scratch) / "log") as base,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=list(FLAGS))
        faults = [
            f"{name}, {shape}: {', '.join(found)}"
            for shape in SHAPES
            for name, found in _shoot(browser, base, shape, addresses(given.data), given.out)
            if found
        ]
        browser.close()
    if faults:
        raise SystemExit("over the edge: " + "; ".join(faults))


def addresses(data: Path) -> dict[str, str]:
    """The name of a picture -> the path of its page."""
    found = {name: f"/{name}" for name in page_names() if name not in _BY_TAB}
    found["overview"] = "/"
    for tab in QUALITY_TABS:
        found[_name("quality", tab)] = f"/quality?tab={quote(tab)}"
    runs = sorted(data.glob("runs/*/run.json"), key=_started)
    if runs:
        run_id = quote(runs[-1].parent.name, safe="")
        for tab in RUN_TABS:
            found[_name("run", tab)] = f"/run?run_id={run_id}&tab={tab}"
    return found


def page_names() -> list[str]:
    """Every page of the navigation, by its address: `reports/app.py` runs when it is imported."""
    tree = ast.parse((ROOT / "reports" / "app.py").read_text())
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    entries = [call for call in calls if getattr(call.func, "id", "") == "Entry"]
    return [str(ast.literal_eval(call.args[0])) for call in entries]


def _name(page: str, tab: str) -> str:
    return f"{page}-{tab.lower().replace(' ', '-')}"


def _started(path: Path) -> str:
    return json.loads(path.read_bytes()).get("started_at", "")


def _shoot(browser, base: str, shape: str, pages: dict[str, str], out: Path):
    width, scheme = SHAPES[shape]
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, timezone_id="Europe/Berlin"
    )
    tab = context.new_page()
    for name, address in pages.items():
        tab.set_viewport_size({"width": width, "height": 900})
        tab.goto(base + address)
        rest(tab)
        block = tab.get_by_test_id("stMainBlockContainer")
        height = min(max(int(block.evaluate("e => e.scrollHeight")), 700), HIGHEST)
        tab.set_viewport_size({"width": width, "height": height})
        tab.wait_for_timeout(700)
        tab.screenshot(path=out / f"{name}-{shape}.png")
        yield name, overflowing(tab)
    context.close()


if __name__ == "__main__":
    main()

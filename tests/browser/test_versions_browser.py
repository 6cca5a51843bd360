"""Real visits by an operator: a release is exported, downloaded, brought back; a face decided."""

import shutil
from pathlib import Path

import pytest

from tests.browser.chromium import launched, new_page
from tests.browser.reports_server import overflowing, rest, serving
from tests.release_fixtures import small_release
from tests.unit.identity_world import IdentityWorld, record, sha, shot
from tests.unit.reports_world import HOSTILE
from trainer.config.sources import shipped_sources
from trainer.identity.decisions import read_identity_decisions
from trainer.release.files import current_id
from trainer.release.publish import publish
from trainer.runs.record import RunRecord, write_record
from trainer.staging.paths import DataDir
from trainer.state.decisions import deciding

OLD, NEW = "20261101_000000", "20261102_000000"
pytestmark = [pytest.mark.browser]


@pytest.fixture
def data(tmp_path, monkeypatch):
    """Two releases, and a run whose newest selection kept a face out."""
    monkeypatch.setenv("TRAINER_REPORTS_ROLE", "operator")
    world = IdentityWorld(tmp_path / "data", {"stashdb": shipped_sources()["stashdb"]})
    rows = [
        record("stashdb", 1, HOSTILE, shots=[shot(1, n) for n in (1, 2, 3)]),
        record("stashdb", 2, "www.invented.example", shots=(shot(1, 9),)),
    ]
    context = world.run("week-1", rows)
    world.publish(context)
    write_record(context.run, RunRecord(id="week-1", started_at="2026", status="completed"))
    data = DataDir(tmp_path / "data")
    with deciding(data):
        pass
    for number, name in enumerate((OLD, NEW), 1):
        made = small_release(tmp_path / "made", name, f"2026.11.0{number}", people=24 + number)
        publish(data, Path(shutil.copytree(made, data.root / "staged" / name)), name)
    return data


@pytest.fixture
def tab(data):
    with launched() as browser, serving(data.root, data.root / "log") as base:
        yield new_page(browser, 1366, 1400, base_url=base)


def test_a_release_is_exported_downloaded_and_made_current_again(data, tab):
    refused = []
    tab.on("console", lambda said: refused.append(said.text) if "Refused" in said.text else None)
    answer = tab.goto(f"/versions?version={OLD}")
    assert "frame-ancestors 'self'" in answer.headers["content-security-policy"]
    rest(tab)
    tab.get_by_role("button", name="Export zip").click()
    tab.get_by_text(f"Export {OLD}: done").wait_for()
    for link, size in (
        (f"performers_{OLD}.db", (data.release(OLD) / "performers.db").stat().st_size),
        ("stash-sense-data-v2026.11.01.zip", next(data.exports.iterdir()).stat().st_size),
    ):
        with tab.expect_download() as started:
            tab.get_by_role("link", name=link).click()
        assert started.value.suggested_filename == link
        assert started.value.path().stat().st_size == size
    tab.get_by_role("button", name="Make current again").click()
    tab.get_by_role("button", name="Publish it again").click()
    tab.get_by_text(f"Make {OLD} current again: done").wait_for()
    rest(tab)
    assert current_id(data) not in (OLD, NEW)
    assert tab.get_by_role("cell", name=f"performers_{current_id(data)}.db").count() == 1
    assert refused == []


def test_a_face_is_decided_and_no_text_of_a_source_becomes_a_link(data, tab):
    for width in (390, 768, 1366):
        tab.set_viewport_size({"width": width, "height": 1400})
        tab.goto("/review")
        rest(tab)
        assert not overflowing(tab)
    assert tab.locator("[data-testid=stMain] a:not([href^='#'])").count() == 0
    decision = tab.get_by_test_id("stExpander").filter(has_text="It is 2's face: confirm")
    decision.get_by_text("confirm").first.click()
    reason = decision.get_by_role("textbox", name="Reason")
    reason.wait_for()
    rest(tab)  # the expander opens slowly on a busy machine: what is typed before is lost
    reason.fill("twins")
    reason.press("Tab")
    decision.get_by_role("button", name="Confirm the face").click()
    tab.get_by_text("the next build applies it").first.wait_for()
    (decided,) = read_identity_decisions(data)
    assert decided.sides[0] == {("face", f"{sha(shot(1, 9))}:0")}

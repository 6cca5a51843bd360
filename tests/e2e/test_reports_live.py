"""The reports as an operator uses them: a live Airflow, a real build, a browser, nothing else."""

from __future__ import annotations

import subprocess
from collections import Counter
from pathlib import Path
from urllib.parse import quote

import pytest

from demo import services
from demo.airflow_client import AirflowClient
from demo.stage import Stage
from reports.actions.review import items
from tests.browser.chromium import launched, new_page
from tests.browser.reports_server import rest
from tests.e2e.conftest import stage_with_faces
from tests.waiting import wait_for
from trainer.runs.record import list_records, read_record
from trainer.staging.atomic import read_json

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.airflow,
    pytest.mark.browser,
    pytest.mark.timeout(1800),
]


class Operator:
    """Somebody at a browser, who has no terminal."""

    def __init__(self, tab, base: str, stage: Stage) -> None:
        self.tab, self.base, self.stage = tab, base, stage

    def open(self, page: str) -> None:
        self.tab.goto(f"{self.base}/{page}")
        rest(self.tab)

    def shown(self) -> str:
        assert self.tab.get_by_test_id("stException").count() == 0
        return str(self.tab.get_by_test_id("stMain").inner_text())

    def press(self, label: str) -> None:
        self.tab.get_by_role("button", name=label, exact=True).first.click()
        self.tab.wait_for_timeout(500)  # until the page knows of it: before, it is at rest
        rest(self.tab)

    def choose(self, label: str, option: str) -> None:
        self.tab.get_by_label(label).first.click()
        self.tab.get_by_role("option", name=option, exact=True).click()
        rest(self.tab)

    def log(self) -> str:
        return str(self.tab.get_by_test_id("stCode").first.inner_text()).strip()

    def fill(self, label: str, words: str) -> None:
        """Type into the last field of this name that can be seen; the page has seen it then."""
        field = self.tab.get_by_label(label, exact=True).filter(visible=True).last
        field.fill(words)
        field.press("Tab")
        rest(self.tab)

    def make_current(self, release: str) -> None:
        self.open(f"versions?version={release}")
        self.press("Make current again")
        self.press("Publish it again")

    def start_build(self) -> str:
        """Fill the form, start, and go to the run; the run's id in DATA_DIR."""
        before = {entry.run_id for entry in list_records(self.stage.data)}
        self.open("new_build")
        for field in ("Max faces per source", "Max faces total"):  # a release needs a hundred
            self.fill(field, "20")
        self.press("Start build")
        assert "is started" in self.shown()  # the run's page, which waits for its first step
        new = wait_for(
            lambda: {e.run_id for e in list_records(self.stage.data)} - before, 300, every=0.5
        )
        self.tab.get_by_role("tab").first.wait_for()
        rest(self.tab)
        return str(new.pop())

    def status(self, run_id: str) -> str:
        return str(read_record(self.stage.data.run(run_id).record).status)

    def wait(self, run_id: str) -> str:
        """Look at the run's page until it says that the run has ended; what it says then."""
        wait_for(lambda: self.status(run_id) != "running", 900, every=2)
        self.tab.reload()
        rest(self.tab)
        return self.shown()


@pytest.fixture(scope="module")
def operator(week_1, tmp_path_factory, demo_images):
    # The faces are known already: what is tested here are the pages, not the embedder again.
    root = tmp_path_factory.mktemp("live") / "demo"
    stage = stage_with_faces(root, demo_images, week_1[0] / "faces")
    with launched() as browser:
        lines = services.up(stage)
        base = next(line.split()[1] for line in lines if line.startswith("reports:"))
        try:
            yield Operator(new_page(browser, 1366, 1000), base, stage)
        finally:
            services.down(stage)


@pytest.fixture(scope="module")
def first(operator) -> str:
    """The first build, started from the form and followed on its page."""
    run_id = operator.start_build()
    said = operator.wait(run_id)
    assert operator.status(run_id) == "completed", said
    assert "completed" in said
    return str(run_id)


def test_a_build_is_started_and_followed_to_its_release(operator, first):
    operator.open("")
    said = operator.shown()
    assert "Idle" in said
    assert "Next build" in said


def test_the_log_of_a_task_is_read_from_airflow(operator, first):
    operator.open(f"run?run_id={first}&tab=Log")
    operator.choose("Log of", "publish: success")
    assert operator.log(), operator.shown()


def test_a_build_is_stopped_from_its_page(operator, first):
    run_id = operator.start_build()
    operator.press("Stop this build")
    operator.press("Stop it")
    said = operator.shown()
    assert "is stopped. What it fetched and embedded is kept" in said
    assert operator.status(run_id) == "failed"
    assert "failed" in said
    wait_for(lambda: not children(operator.stage), every=0.5)
    operator.press("Go on with this run")
    operator.tab.get_by_text("goes on from what it has kept").wait_for()
    wait_for(lambda: operator.status(run_id) == "running", every=0.5)
    assert "completed" in operator.wait(run_id)


def test_a_run_that_is_failed_in_airflow_says_so_at_once(operator, first):
    run_id = operator.start_build()
    login = read_json(operator.stage.airflow_home / "login.json")
    client = AirflowClient(login["url"], login["user"], login["password"])
    airflow_id = read_json(operator.stage.data.run(run_id).origin)["run_id"]
    path = f"/dags/build_performer_database/dagRuns/{quote(airflow_id, safe='')}"
    client.call("PATCH", f"{path}?update_mask=state", {"state": "failed"})
    record = wait_for(
        lambda: (
            (r := read_record(operator.stage.data.run(run_id).record)).status != "running" and r
        ),
        30,
    )
    assert record.errors[-1].message == "it was stopped in Airflow"
    wait_for(lambda: not children(operator.stage), every=0.5)


@pytest.fixture(scope="module")
def second(operator, first) -> str:
    """A source is switched off, a person excluded, a review item decided; then the next build."""
    somebody, item = who_is_released(operator.stage), open_items(operator.stage)[0]
    operator.open("sources")
    operator.press("Change afdb")
    operator.tab.get_by_text("Ask this source").click()
    operator.press("Look at the change")
    operator.press("Write it")
    assert "the next build uses it" in operator.shown()

    operator.open("exclusions")
    operator.fill("Name, id, address or hash", somebody)
    operator.fill("Reason", "asked")
    operator.press("Exclude")
    assert "the next release is without them" in operator.shown()

    operator.open("review")
    operator.tab.get_by_test_id("stExpander").filter(has_text="Leave it as it is").click()
    operator.fill("Reason", "seen")
    operator.press("Leave it")
    assert item not in open_items(operator.stage)

    run_id = operator.start_build()
    said = operator.wait(run_id)
    assert operator.status(run_id) == "completed", said
    assert item not in open_items(operator.stage)
    assert somebody not in ids_of(operator.stage.data.current.resolve())
    return str(run_id)


def test_the_next_build_uses_the_edited_source(operator, first, second):
    plans = [read_json(operator.stage.data.run(run_id).plan) for run_id in (first, second)]
    assert ["afdb" in plan["sources"] for plan in plans] == [True, False]


def test_two_releases_are_compared_and_the_excluded_person_is_gone(operator, second):
    older, newer = releases_of(operator.stage)
    removed = read_json(operator.stage.data.release(newer) / "diff.json")["removed"]
    assert removed
    operator.open(f"versions?older={older}&newer={newer}")
    wait_for(lambda: f"Removed {len(removed)} " in " ".join(operator.shown().split()), every=1)


def test_a_release_is_made_current_again_once_nobody_in_it_is_excluded(operator, second):
    older, newer = releases_of(operator.stage)
    operator.make_current(older)
    operator.tab.get_by_text(f"Make {older} current again: not done").wait_for()
    assert operator.stage.data.current.resolve().name == newer
    operator.open("exclusions")
    operator.press("Take it back")
    operator.make_current(older)
    operator.tab.get_by_text(f"Make {older} current again: done").wait_for()
    current = operator.stage.data.current.resolve()
    assert current.name not in (older, newer)
    assert ids_of(current) == ids_of(operator.stage.data.release(older))


def releases_of(stage: Stage) -> list[str]:
    """Ids of the published releases, oldest first."""
    return sorted(p.name for p in stage.data.releases.iterdir() if not p.is_symlink())


def ids_of(release: Path) -> set[str]:
    """Universal ids of a release's performers with faces."""
    return set(read_json(release / "faces.json"))


def open_items(stage: Stage) -> list[str]:
    """Keys of what waits for a person, in the page's order."""
    return [item.key for item in items(stage.data).open]


def who_is_released(stage: Stage) -> str:
    """The performer of StashDB with the fewest faces: a hundred have to be left."""
    faces = Counter(read_json(stage.data.current.resolve() / "faces.json"))
    return min((n, name) for name, n in faces.items() if name and name.startswith("stashdb."))[1]


def children(stage: Stage) -> list[str]:
    """Spiders and embedders of the stage's DATA_DIR that still run."""
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True)  # noqa: S607 - wherever it lies
    jobs = (f"job={stage.data.runs}", f"{stage.data.runs}/")
    return [line for line in listed.stdout.splitlines() if any(job in line for job in jobs)]

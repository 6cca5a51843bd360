"""The reports as an operator uses them: a live Airflow, a real build, a browser, nothing else."""

from __future__ import annotations

import subprocess

import pytest

from demo import services
from demo.stage import Stage
from tests.browser.chromium import FLAGS, chromium
from tests.browser.reports_server import rest
from tests.embed_job import demo_pack
from tests.waiting import wait_for
from trainer.runs.record import list_records, read_record

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
        rest(self.tab)

    def choose(self, label: str, option: str) -> None:
        self.tab.get_by_label(label).first.click()
        self.tab.get_by_role("option", name=option, exact=True).click()
        rest(self.tab)

    def log(self) -> str:
        return str(self.tab.get_by_test_id("stCode").first.inner_text()).strip()

    def start_build(self) -> str:
        """Fill the form, start, and go to the run; the run's id in DATA_DIR."""
        before = {entry.run_id for entry in list_records(self.stage.data)}
        self.open("new_build")
        faces = self.tab.get_by_label("Max faces per source", exact=True)
        faces.fill("20")
        faces.press("Enter")
        rest(self.tab)
        self.press("Start build")
        assert "is started" in self.shown()
        new = wait_for(
            lambda: {e.run_id for e in list_records(self.stage.data)} - before, 300, every=0.5
        )
        self.tab.get_by_role("link", name="Open its run").click()
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
def operator(week_1, tmp_path_factory, demo_pictures):
    playwright = pytest.importorskip("playwright.sync_api")
    browser_path = chromium()
    stage = Stage(tmp_path_factory.mktemp("live") / "demo")
    models, _ = demo_pack()
    stage.data.model_pack("demo").parent.mkdir(parents=True)
    stage.data.model_pack("demo").symlink_to(models)
    stage.pictures.parent.mkdir(parents=True)
    stage.pictures.symlink_to(demo_pictures)
    # The faces are known already: what is tested here are the pages, not the embedder again.
    (stage.data.root / "faces").symlink_to(week_1[0] / "faces")
    lines = services.up(stage)
    base = next(line.split()[1] for line in lines if line.startswith("reports:"))
    try:
        with playwright.sync_playwright() as p:
            browser = p.chromium.launch(executable_path=str(browser_path), args=list(FLAGS))
            tab = browser.new_page(viewport={"width": 1366, "height": 1000})
            tab.set_default_timeout(90_000)
            yield Operator(tab, base, stage)
            browser.close()
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
    wait_for(lambda: not children(operator.stage), 60, every=0.5)


def children(stage: Stage) -> list[str]:
    """Spiders and embedders of the stage's DATA_DIR that still run."""
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True)  # noqa: S607 - wherever it lies
    jobs = (f"job={stage.data.runs}", f"{stage.data.runs}/")
    return [line for line in listed.stdout.splitlines() if any(job in line for job in jobs)]

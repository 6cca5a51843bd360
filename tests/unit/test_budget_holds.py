"""Until when a host wants to be left alone: read from the budgets, shown on the source's card."""

from __future__ import annotations

from datetime import timedelta

import pytest

from scrapy_project.limits.budget import SHARED, Budget
from scrapy_project.limits.budget_files import BudgetFiles
from scrapy_project.limits.budget_shared_files import SharedBudgetFiles
from tests.unit.identity_world import creator, reference
from tests.unit.reports_visit import page, spoken
from trainer.crawl.budget_holds import holds_of, read_holds
from trainer.staging.clock import now
from trainer.staging.paths import DataDir

NOW = 1_000.0


@pytest.fixture
def budget(tmp_path):
    return Budget(BudgetFiles(tmp_path, clock=lambda: NOW, boot="today"))


def test_what_is_held_is_read_with_the_time_of_its_end(budget, tmp_path):
    budget.reserve(["host-quiet.example"], 1.0)
    budget.hold("host-asked.example", 600.0)
    budget.hold("source-boxone", 60.0)
    found = read_holds(tmp_path, NOW, "today")
    assert sorted(found) == ["host-asked.example", "source-boxone"]
    left = found["host-asked.example"] - now()
    assert timedelta(seconds=590) < left <= timedelta(seconds=600)


def test_so_is_what_several_machines_share(tmp_path):
    shared = Budget(SharedBudgetFiles(tmp_path / SHARED))
    shared.hold("host-asked.example", 600.0)
    shared.reserve(["host-quiet.example"], 1.0)
    left = read_holds(tmp_path)["host-asked.example"] - now()
    assert timedelta(seconds=500) < left <= timedelta(seconds=601)
    assert list(read_holds(tmp_path)) == ["host-asked.example"]


def test_a_hold_ends_by_itself_and_with_the_machine(budget, tmp_path):
    budget.hold("host-asked.example", 600.0)
    assert read_holds(tmp_path, NOW + 601, "today") == {}
    assert read_holds(tmp_path, NOW, "tomorrow") == {}


def test_a_file_that_is_no_budget_holds_nothing(tmp_path):
    assert read_holds(tmp_path / "not there", NOW, "today") == {}
    (tmp_path / "host-torn.example").write_bytes(b"today 17")
    (tmp_path / "host-other.example").write_bytes(b"\xff\xfe\x00")
    (tmp_path / SHARED).mkdir()
    (tmp_path / SHARED / "000000000001").write_bytes(b'{"host-a.example": 3}')
    assert read_holds(tmp_path, NOW, "today") == {}


def test_a_source_is_held_by_its_hosts_and_by_its_own_budget():
    at = now()
    known = {
        "host-boxone.example": at,
        "host-pictures.example": at,
        "host-one.example": at,
        "source-boxone": at,
        "source-boxtwo": at,
    }
    site = reference("surely", image_hosts=["cdn.pictures.example"])
    assert holds_of(creator("boxone"), known) == {"boxone.example": at, "source": at}
    assert holds_of(site, known) == {"pictures.example": at}
    here = creator("boxtwo", base_url="http://127.0.0.1:8123")
    assert holds_of(here, {"host-127.0.0.1:8123": at, "host-127.0.0.1:9": at}) == {
        "127.0.0.1:8123": at
    }


def test_the_card_says_until_when(tmp_path, monkeypatch):
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    Budget(BudgetFiles(DataDir(tmp_path).budget)).hold("host-iafd.com", 3600.0)
    said = [text.replace("\\", "") for text in spoken(page("sources"))]
    (held,) = [text for text in said if "asked to be left alone" in text]
    assert held.startswith(":material/schedule: iafd.com asked to be left alone: no request before")

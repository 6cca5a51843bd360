"""Where budgets are kept: by many processes, damaged, killed, set back, out of reach."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import pairwise

import pytest
from redis import Redis

from scrapy_project.limits.budget import Budget, Held, host_key, open_budget, source_key
from scrapy_project.limits.budget_files import BudgetFiles, budget_file
from scrapy_project.limits.budget_redis import PREFIX, RedisBudgets
from scrapy_project.limits.budget_shared_files import KEPT, SharedBudgetFiles
from scrapy_project.storage.report import CrawlStopped
from trainer.config.settings import REPO_ROOT, Settings
from trainer.errors import ConfigError
from trainer.staging.atomic import TEMPORARY

pytest_plugins = ["tests.unit.budget_fixtures"]
STORES = ["files", "shared-files", "redis"]
KEYS = [source_key("a"), host_key("https://www.example.org/x")]
RESERVE = """
import sys
from pathlib import Path
from scrapy_project.limits.budget import open_budget
budget = open_budget(Path(sys.argv[1]))
sys.stdin.readline()
for _ in range(int(sys.argv[3])):
    print(budget.reserve([f"source-{sys.argv[2]}", "host-example.org"], 0.25), flush=True)
"""


def start(folder, budgets: str, name: str, number: int) -> subprocess.Popen[str]:
    child = subprocess.Popen(
        [sys.executable, "-c", RESERVE, str(folder), name, str(number)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=REPO_ROOT,
        env={**os.environ, "TRAINER_BUDGETS": budgets},
        text=True,
    )
    assert child.stdin is not None
    child.stdin.write("go\n")
    child.stdin.flush()
    return child


def address(request, store: str) -> str:
    """What `TRAINER_BUDGETS` is for this store."""
    own = request.getfixturevalue("redis") if store == "redis" else store
    return "" if store == "files" else own


@pytest.mark.parametrize("store", STORES)
def test_processes_never_get_moments_closer_than_the_interval(tmp_path, request, store):
    budgets = address(request, store)
    children = [start(tmp_path, budgets, name, 100) for name in "ab"]
    killed = start(tmp_path, budgets, "c", 1_000_000)
    assert killed.stdout is not None
    seen = [float(killed.stdout.readline()) for _ in range(20)]
    killed.kill()
    seen += [float(line) for line in killed.stdout.read().split("\n")[:-1]]
    killed.wait()
    outputs = [child.communicate()[0] for child in children]
    moments = sorted([*seen, *(float(m) for text in outputs for m in text.split())])
    assert len(moments) >= 220
    assert min(after - before for before, after in pairwise(moments)) > 0.25 - 1e-5


def test_a_restart_of_the_machine_forgets_what_was_reserved(clock, tmp_path):
    budget = Budget(BudgetFiles(tmp_path, clock, "boot-1"))
    budget.reserve(KEYS, 5)
    budget.hold(KEYS[1], 900)
    clock.moment = 3.0  # the clock begins anew with the machine
    assert Budget(BudgetFiles(tmp_path, clock, "boot-2")).reserve(KEYS, 5) == 3


def damage(store: str, tmp_path, request) -> str:
    """Damage what is kept of the first key; returns its name in the log."""
    if store == "redis":
        Redis.from_url(request.getfixturevalue("redis")).set(PREFIX + KEYS[0], b"\x00half a li")
        return ""
    path = tmp_path / "000000000001" if store == "shared-files" else budget_file(tmp_path, KEYS[0])
    path.write_bytes(b"\x00\xffhalf a li")
    return str(path)


@pytest.mark.parametrize("new_budget", STORES, indirect=True)
def test_what_is_unreadable_counts_as_used_just_now(budget, tmp_path, request, caplog):
    assert budget.reserve(KEYS, 2) == 1000
    store = request.node.callspec.params["new_budget"]
    logged = damage(store, tmp_path, request)
    assert budget.reserve(KEYS, 2) == 1002
    assert logged in caplog.text
    assert budget.reserve(KEYS, 2) == 1004


def test_a_clock_that_was_set_back_holds_nobody_for_long(budget, clock):
    clock.moment = 200_000.0
    budget.reserve(KEYS, 2)
    clock.moment -= 86_400
    assert budget.reserve(KEYS, 2) == clock.moment + 2


@pytest.mark.parametrize("others", [1, KEPT, 3 * KEPT])
def test_who_was_stopped_between_reading_and_writing_overwrites_nothing(tmp_path, clock, others):
    """However long: also when the number that it would have written is deleted again."""
    budget = Budget(SharedBudgetFiles(tmp_path, clock))
    budget.reserve(KEYS, 1)
    calls = []

    def stopped(entries, now):
        calls.append([entry.free for entry in entries])
        if len(calls) == 1:
            given = [budget.reserve(KEYS, 1) for _ in range(others)]
            assert given[-1] == 1000 + others
        for entry in entries:
            entry.free = max(now, entry.free) + 1
        return now

    SharedBudgetFiles(tmp_path, clock).change(KEYS, 1, stopped)
    assert calls == [[1001.0, 1001.0], [1001.0 + others] * 2]
    assert budget.reserve(KEYS, 1) == 1002 + others


def test_shared_files_stay_few_and_forget_hosts_that_nobody_asks(tmp_path, clock):
    budget = Budget(SharedBudgetFiles(tmp_path, clock))
    budget.reserve([host_key("https://gone.example/")], 1)
    clock.moment += 100_000
    for _ in range(3 * KEPT):
        budget.reserve(KEYS, 1)
    names = [path.name for path in tmp_path.iterdir()]
    assert len(names) == KEPT and not any(name.startswith(TEMPORARY) for name in names)
    assert "gone.example" not in (tmp_path / max(names)).read_text()


def test_the_shared_clock_is_the_file_servers(tmp_path):
    store = SharedBudgetFiles(tmp_path)
    first = store.clock()
    assert first <= store.clock()
    (tmp_path / "now").touch()
    assert abs((tmp_path / "now").stat().st_mtime - first) < 3600


def test_without_its_redis_a_crawl_ends_and_names_no_password(tmp_path):
    budget = Budget(RedisBudgets("redis://:canary@127.0.0.1:1/0"))
    for act in (budget.clock, lambda: budget.hold(KEYS[0], 1), lambda: budget.reserve(KEYS, 1)):
        with pytest.raises(CrawlStopped, match="start the Redis that TRAINER_BUDGETS names") as end:
            act()
        assert end.value.status == "failed" and "canary" not in str(end.value)


def test_the_setting_chooses_the_store(tmp_path, monkeypatch, redis):
    for chosen in ("", "shared-files", redis):
        monkeypatch.setenv("TRAINER_BUDGETS", chosen)
        open_budget(tmp_path).hold(KEYS[0], 60)
        with pytest.raises(Held):
            open_budget(tmp_path).reserve(KEYS, 1)
    assert budget_file(tmp_path, KEYS[0]).exists() and (tmp_path / "shared").is_dir()
    monkeypatch.setenv("TRAINER_BUDGETS", "postgres://u:canary@h/")
    with pytest.raises(ConfigError, match="redis://localhost:6379/1") as wrong:
        Settings.load()
    assert "canary" not in str(wrong.value)

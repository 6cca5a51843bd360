"""What the tests of the page of the sources share."""

from __future__ import annotations

import yaml

from reports.app_pages import sources as sources_page
from tests.committed import commit_crawls
from tests.unit import reports_world as world
from tests.unit.reports_visit import spoken
from trainer.staging.paths import DataDir
from trainer.state.store import SnapshotRow

WHEN = "2026-01-08T01:00:00Z"
HOSTILE = world.HOSTILE


def as_operator(monkeypatch, root):
    """An operator looks, who has no key; the page waits for what it counts."""
    monkeypatch.setenv("TRAINER_REPORTS_ROLE", "operator")
    monkeypatch.setenv("DATA_DIR", str(root))
    monkeypatch.setattr(sources_page, "PATIENCE", 60.0)
    for name in ("STASHDB_API_KEY", "FANSDB_API_KEY", "FLARESOLVERR_URL", "CHROME_CDP_URL"):
        monkeypatch.delenv(name, raising=False)


def sources_world(root):
    """Three releases, of which StashDB's last snapshot is known."""
    snapshot = SnapshotRow("stashdb", "first", "2026-01-07T00:00:00Z", 41, WHEN)
    commit_crawls(DataDir(root).state_db, [snapshot], WHEN, world.NEW)
    return world.normal(root)


def shown(at):
    parts = [*spoken(at), *(success.value for success in at.success)]
    return "\n".join(parts).replace("\\", "")


def press(at, label=None, key=None):
    next(b for b in at.button if (b.key == key if key else b.label == label)).click()
    at.run()
    assert not at.exception, at.exception[0].value
    return at


def own(data):
    path = data.root / "sources.yaml"
    return yaml.safe_load(path.read_text()) if path.exists() else None


def opened(at, key):
    press(at, key=f"change-{key}")
    return at

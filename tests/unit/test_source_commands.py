"""`trainer sources` and `trainer assertions`, and the page that is made of the sources' files."""

from __future__ import annotations

import pytest
import yaml

from trainer.commands.assertions import as_yaml, proposals, propose
from trainer.commands.sources import PAGE, source_rows, sources_page
from trainer.config.sources import load_sources, shipped_sources
from trainer.errors import ConfigError
from trainer.staging.manifest import Check, StageManifest
from trainer.staging.paths import DataDir
from trainer.state.store import SnapshotRow, StateChanges, commit_release

WHEN = "2026-02-01T00:00:00Z"


def manifest(**shares: float) -> StageManifest:
    checks = [
        Check(name=name, ok=True, expected=">= 0", actual=f"{share:.3f}")
        for name, share in shares.items()
    ]
    return StageManifest(
        run_id="r1",
        stage="crawl",
        name="stashdb",
        status="complete",
        started_at=WHEN,
        completed_at=WHEN,
        checks=checks,
    )


def published(data: DataDir, source: str, live: int) -> None:
    changes = StateChanges(
        run_id="r1",
        version_id="v1",
        version="2026.2.1",
        published_at=WHEN,
        new_performers={},
        claims={},
        merges=[],
        snapshots=[SnapshotRow(source, "r1", None, live, None)],
        ledger=[],
    )
    assert commit_release(data.state_db, changes)


def test_the_page_of_the_sources_is_as_the_files_are():
    assert sources_page(shipped_sources()) == PAGE.read_text(), "stale: run `make docs`"


def test_every_source_says_whose_its_content_is_and_under_which_terms():
    for source in shipped_sources().values():
        assert source.licence.strip(), source.key
        assert source.terms.strip(), source.key


def test_a_source_without_its_key_is_off_and_says_which(tmp_path):
    rows = {row["key"]: row["off"] for row in source_rows(load_sources(tmp_path), {})}
    assert "STASHDB_API_KEY" in rows["stashdb"]
    rows = source_rows(load_sources(tmp_path), {"STASHDB_API_KEY": "x"})
    assert {row["key"]: row["off"] for row in rows}["stashdb"] is None


def test_proposed_limits_leave_room_around_the_last_good_crawl(tmp_path):
    limits = propose(1000, manifest(share_with_image=0.85, share_of_pages=0.05))
    assert limits == {
        "min_performers": 900,
        "max_performers": 1500,
        "min_share_with_image": 0.75,
        "min_share_of_pages": 0.0,
    }


def test_the_proposal_fits_into_sources_yaml(tmp_path):
    data = DataDir(tmp_path)
    published(data, "stashdb", 200)
    manifest(share_with_image=0.9).write(data.run("r1").staging("stashdb"))
    text = as_yaml(proposals(data, load_sources(tmp_path)))
    (tmp_path / "sources.yaml").write_text(text)
    assert yaml.safe_load(text)["stashdb"]["assertions"]["min_performers"] == 180
    assert load_sources(tmp_path)["stashdb"].assertions.min_performers == 180


@pytest.mark.parametrize(
    ("asked", "said"), [(["nowhere"], "unknown sources"), (["stashdb"], "no good crawl")]
)
def test_a_source_that_gives_no_proposal_is_named(tmp_path, asked, said):
    with pytest.raises(ConfigError, match=said):
        proposals(DataDir(tmp_path), load_sources(tmp_path), asked)


def test_staging_that_was_cleared_away_is_an_error_with_advice(tmp_path):
    data = DataDir(tmp_path)
    published(data, "stashdb", 200)
    with pytest.raises(ConfigError, match="full_refresh"):
        proposals(data, load_sources(tmp_path))

"""`trainer sources` and `trainer assertions`, and the page that is made of the sources' files."""

from __future__ import annotations

import pytest
import yaml

from scrapy_project.outcomes import OUTCOMES
from tests.committed import commit_crawls
from trainer.cli.sources import source_rows
from trainer.config.settings import REPO_ROOT
from trainer.config.sources import Assertions, load_sources, shipped_sources
from trainer.config.sources_page import PAGE, sources_page
from trainer.crawl.assertions import as_yaml, proposals, propose
from trainer.errors import ConfigError
from trainer.staging.manifest import Check, StageManifest
from trainer.staging.paths import DataDir
from trainer.state.store import SnapshotRow

SHARES = ["share_with_image", "share_of_pages"]
WHEN = "2026-02-01T00:00:00Z"


def manifest(counts: dict[str, int] | None = None, **shares: float) -> StageManifest:
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
        counts=counts or {},
        checks=checks,
    )


def published(data: DataDir, source: str, live: int) -> None:
    commit_crawls(data.state_db, [SnapshotRow(source, "r1", None, live, None)], WHEN)


def test_the_page_of_the_sources_is_as_the_files_are():
    assert sources_page(shipped_sources()) == PAGE.read_text(), "stale: run `make docs`"


def test_every_source_says_whose_its_content_is_and_under_which_terms():
    for source in shipped_sources().values():
        assert source.licence.strip(), source.key
        assert source.terms.strip(), source.key


def test_a_source_without_its_key_is_off_and_says_which(tmp_path):
    def off(keys: dict[str, str]) -> str | None:
        rows = {row["key"]: row["off"] for row in source_rows(load_sources(tmp_path), keys)}
        return rows["stashdb"]

    assert "STASHDB_API_KEY" in str(off({}))
    assert off({"STASHDB_API_KEY": "x"}) is None


def test_proposed_limits_leave_room_around_the_last_good_crawl():
    assert propose(1000, manifest(share_with_image=0.85)) == {
        "min_performers": 900,
        "max_performers": 1500,
        "min_share_with_image": 0.75,
    }
    assert propose(3, manifest(share_with_image=1.0)) == {"min_performers": 2, "max_performers": 10}
    assert propose(500, manifest(share_with_image=0.05))["min_share_with_image"] == 0


def pages(read: int, **others: int) -> dict[str, int]:
    """What the crawl of a reference site counts."""
    kinds = ("unconfirmed", "unreadable", "missing", "missing_by_name", "not_modified", "known")
    counts = dict.fromkeys((f"pages_{kind}" for kind in kinds), 0)
    return counts | {"pages_read": read} | {f"pages_{kind}": n for kind, n in others.items()}


@pytest.mark.parametrize(
    ("live", "counts", "limits"),
    [
        (450, pages(450, missing=50), {"min_share_with_image": 0.7, "min_share_of_pages": 0.8}),
        # Names that nobody has a page for, and the pages of others: no word on crawls by links.
        (450, pages(450, missing_by_name=9000, unconfirmed=40), {"min_share_with_image": 0.7}),
        # A weekly visit asked for hardly any page again.
        (450, pages(3, known=430, not_modified=17), {"min_share_with_image": 0.7}),
        (8, pages(8), {}),
    ],
)
def test_a_reference_site_is_judged_by_its_shares_alone(live, counts, limits):
    crawl = manifest(counts, share_with_image=0.8, share_of_pages=0.9, pages_readable=0.0)
    assert propose(live, crawl, creates_performers=False) == {"min_performers": 1} | limits


def test_the_checks_that_proposals_are_made_of_are_those_that_crawls_write():
    for kind, names in {
        "paged": ["share_with_image"],
        "html_profile": ["share_with_image", "share_of_pages"],
    }.items():
        code = (REPO_ROOT / "scrapy_project" / "kinds" / f"{kind}.py").read_text()
        assert [n for n in SHARES if f'"{n}"' in code] == names
    assert {f"min_{name}" for name in SHARES} <= set(Assertions.model_fields)
    counted = {f"pages_{kind}" for kind in OUTCOMES}
    assert set(pages(0)) <= counted


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

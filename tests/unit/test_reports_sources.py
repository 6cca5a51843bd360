"""The page of the sources, and what it asks: empty, normal, damaged, hostile."""

from __future__ import annotations

import sqlite3

import pytest
import yaml

from reports.queries import runs as run_queries
from reports.queries.coverage import Covered, coverage
from reports.queries.source_cards import cards
from tests.unit import reports_world as world
from tests.unit.reports_sources_world import (
    HOSTILE,
    opened,
    shown,
)
from tests.unit.reports_visit import app, cells, page, spoken
from trainer.adults.quarantine import OWNERS_FILE
from trainer.config.sources import load_sources
from trainer.runs.record import RunRecord, RunStats, SourceStats, write_record

pytestmark = pytest.mark.usefixtures("sources_operator")


def test_a_card_says_what_a_source_needs_and_who_has_it(sources_data):
    runs = run_queries.summaries(sources_data).runs
    by_key = {c.source.key: c for c in cards(sources_data, runs, {"FANSDB_API_KEY": "x"})[0]}
    needed = {key: [(n.what, n.there) for n in c.needs] for key, c in by_key.items()}
    assert needed["fansdb"] == [("API key", True)]
    assert needed["stashdb"] == [("API key", True)]  # the last build had it
    assert by_key["stashdb"].needs[0].where == "the last build had it"
    assert needed["pmvstash"] == [("API key", False)]
    fetchers = {key: c for key, c in by_key.items() if c.source.fetcher != "plain"}
    assert fetchers
    for card in fetchers.values():
        assert card.needs[0].there is False
        assert "not set" in card.needs[0].where


def test_a_card_has_the_visits_and_what_is_the_operators(sources_data):
    (sources_data.root / "sources.yaml").write_text(
        "stashdb: {trust: low, assertions: {min_performers: 2}}\niafd: {enabled: true}\n"
    )
    found, problems = cards(sources_data, run_queries.summaries(sources_data).runs, {})
    assert not problems
    stashdb = next(c for c in found if c.source.key == "stashdb")
    assert stashdb.own_keys == ["trust", "assertions.min_performers"]
    assert stashdb.last is not None
    assert stashdb.last.part.errors == 1
    assert f"{stashdb.watermark:%Y-%m-%d}" == "2026-01-07"
    assert f"{stashdb.full_sweep:%Y-%m-%d}" == "2026-01-08"
    kinds = [c.source.creates_performers for c in found]
    assert kinds == sorted(kinds, reverse=True)


def test_a_damaged_database_is_named_and_the_cards_are_there(sources_data):
    sources_data.state_db.write_bytes(b"no database" * 100)
    found, problems = cards(sources_data, [], {})
    assert len(found) == len(load_sources(sources_data.root))
    assert [str(sources_data.state_db) in p for p in problems] == [True]


def test_coverage_counts_performers_once(sources_data):
    release = sources_data.release(world.NEW)
    with sqlite3.connect(release / "performers.db") as db:
        db.executemany(
            "INSERT INTO external_urls (performer_id, site, url, normalized_id) "
            "VALUES (?, 'iafd', ?, ?)",
            [(1, "u1", "1"), (1, "u2", "2"), (3, "u3", "3")],
        )
        db.execute("UPDATE faces SET source_endpoint = 'iafd' WHERE performer_id = 4")
    found = coverage(sources_data, release)
    assert (found.performers, found.problems) == (3, [])
    assert found.by_source["stashdb"] == Covered(linked=3, pages=None, faces=2)
    assert found.by_source["iafd"] == Covered(linked=2, pages=None, faces=1)


def test_pages_are_those_that_the_releases_run_attached(sources_data):
    import pyarrow as pa

    from trainer.adults.quarantine import OWNERS
    from trainer.staging.parquet import write_table

    rows = [(1, "iafd", "a", False), (1, "iafd", "b", False), (3, "iafd", "c", True)]
    rows.append((99, "iafd", "d", False))  # resolved, and in no release: no face
    columns = {
        "performer_id": [r[0] for r in rows],
        "source": [r[1] for r in rows],
        "source_id": [r[2] for r in rows],
        "quarantined": [r[3] for r in rows],
        "adult_from": [None] * 4,
    }
    directory = sources_data.run("first").resolve
    directory.mkdir(parents=True)
    write_table(directory / OWNERS_FILE, pa.table(columns, schema=OWNERS))
    found = coverage(sources_data, sources_data.release(world.NEW))
    assert found.by_source["iafd"].pages == 1
    assert found.by_source["stashdb"].pages == 0
    (directory / OWNERS_FILE).write_bytes(b"damaged")
    damaged = coverage(sources_data, sources_data.release(world.NEW))
    assert damaged.by_source["stashdb"].pages is None
    assert OWNERS_FILE in damaged.problems[0]


def test_coverage_of_a_damaged_release_is_one_sentence(sources_data):
    path = sources_data.release(world.NEW) / "performers.db"
    path.write_bytes(b"no database" * 100)
    found = coverage(sources_data, path.parent)
    assert found.by_source == {}
    assert str(path) in found.problems[0]


def test_every_source_has_a_card(sources_data):
    at = page("sources")
    text = shown(at)
    for key in load_sources(sources_data.root):
        assert f"**{key}**" in text
    assert "Of 3 performers: with a record 100.0%, with a face 100.0%" in text
    assert "no API key; set FANSDB_API_KEY" in text
    assert "DATA_DIR" in cells(at)


def test_nothing_is_there_yet(tmp_path):
    at = page("sources")
    assert "once there is a release" in shown(at)
    assert "Nothing was changed" in shown(at)
    assert len([b for b in at.button if b.label.startswith("Change ")]) == len(
        load_sources(tmp_path)
    )


@pytest.mark.parametrize("content", [b"stashdb: [", b"\xff\xfe", b"- x", b"nosuch: {}", b"iafd: 3"])
def test_a_damaged_file_is_a_sentence_and_the_rest_is_there(sources_data, content):
    (sources_data.root / "sources.yaml").write_bytes(content)
    (sources_data.run("first").record).write_text("{")
    at = page("sources")
    assert any("sources.yaml" in e.value.replace("\\", "") for e in at.error)
    assert "Settings of the environment" in shown(at)


def test_a_damaged_history_is_a_sentence(sources_data):
    (sources_data.root / "config_history").mkdir()
    (sources_data.root / "config_history" / "000001.json").write_text('{"number": 1}')
    at = page("sources")
    assert any("remove that file" in e.value for e in at.error)


def test_hostile_texts_are_shown_as_they_are(sources_data):
    part = SourceStats(status="blocked", reason=HOSTILE, errors=2)
    stats = RunStats(by_source={"stashdb": part, HOSTILE: part})
    record = RunRecord(
        id="hostile", started_at="2026-02-01T00:00:00Z", status="partial", stats=stats
    )
    write_record(sources_data.run("hostile"), record)
    (sources_data.root / "sources.yaml").write_text(
        yaml.safe_dump({"stashdb": {"gender_filter": [HOSTILE]}, "iafd": {"terms": HOSTILE}})
    )
    at = opened(opened(page("sources"), "stashdb"), "iafd")
    for text in spoken(at):
        assert "<script>" not in text.replace("\\<", "")
        assert "\u202e" not in text
        assert "](javascript" not in text


def test_a_viewer_sees_the_cards_and_no_button(sources_data, monkeypatch):
    monkeypatch.setenv("TRAINER_REPORTS_ROLE", "viewer")
    at = page("sources")
    assert "**stashdb**" in shown(at)
    assert not at.button
    assert "TRAINER_REPORTS_ROLE=operator" in shown(at)


def test_it_is_in_the_navigation(sources_data):
    assert "sources" in app().session_state["pages"]

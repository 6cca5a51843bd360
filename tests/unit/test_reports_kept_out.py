"""Pair distances, and the lists of what a build kept out, as the page of quality shows them."""

from __future__ import annotations

import polars as pl
import pytest

from reports.figures import Evaluation
from reports.queries import kept_out, quality
from reports.queries.runs import summaries
from tests.unit import reports_world as world
from tests.unit.reports_visit import cells, page, spoken
from trainer.adults.quarantine import QUARANTINE, QUARANTINE_FILE
from trainer.faces.face_rules import FACE_RULES_FILE
from trainer.staging.parquet import write_rows, write_table

FACES = [
    (3, "iafd", "nearer_to_another", 4, 0.71),
    (4, "iafd", "single_face", None, None),
    (5, "stashdb", "face_of_another", 3, 0.93),
    (6, "stashdb", "far_from_own", None, 0.11),
    (7, world.HOSTILE, "nearer_to_another", 8, 0.72),
]


@pytest.fixture
def data(tmp_path, monkeypatch):
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    return world.normal(tmp_path)


@pytest.fixture
def selected(data):
    run = data.run(world.AIRFLOW_RUN)
    columns = ["performer_id", "source", "rule", "other_performer_id", "score"]
    frame = pl.DataFrame(FACES, schema=columns, orient="row")
    write_table(run.select / FACE_RULES_FILE, frame.to_arrow())
    people = [{"performer_id": 9, "universal_id": world.HOSTILE, "reason": "no_birth_date"}]
    write_rows(run.resolve / QUARANTINE_FILE, people, QUARANTINE)
    return data


def test_shares_of_pairs_add_up_and_end_with_the_last_pair():
    stored = {"step": 0.1, "genuine": [1, 3, 0, 0], "impostor": [0, 0, 0, 2]}
    rows = quality.pair_shares(Evaluation.model_validate({"pair_distances": stored}))
    genuine = [(r["distance"], r["value"]) for r in rows if r["what"] == "one person"]
    assert genuine == [(0.05, 0.25), (pytest.approx(0.15), 0.75)]
    assert [r["value"] for r in rows if r["what"] == "two people"] == [0, 0, 0, 1]
    assert quality.pair_shares(Evaluation()) == []
    nothing = {"step": 0.1, "genuine": [0, 0], "impostor": []}
    assert quality.pair_shares(Evaluation.model_validate({"pair_distances": nothing})) == []


def test_contaminated_faces_are_listed_the_most_alike_first(selected):
    found, problems = kept_out.contaminated(selected, summaries(selected).runs)
    assert found is not None
    assert problems == []
    assert [row["performer_id"] for row in found.listed] == [5, 7, 3, 6]
    assert found.counts == {
        "nearer to another": 2,
        "far from the others": 1,
        "only face, another's": 1,
    }


def test_people_in_quarantine_are_ids_and_reasons_only(selected):
    found, _ = kept_out.quarantined(selected, summaries(selected).runs)
    assert found is not None
    assert found.counts == {"no_birth_date": 1}
    assert {"performer_id", "universal_id", "reason"} == {*found.listed[0]}


def test_the_page_shows_both_lists(selected):
    at = page("quality", tab="Kept out")
    assert {"0.93", "no birth date", "nearer to another"} <= set(cells(at))
    said = "\n".join(spoken(at)) + "\n".join(cells(at))
    assert "\u202e" not in said


def test_a_damaged_list_is_named_and_the_other_is_there(selected):
    (selected.run(world.AIRFLOW_RUN).select / FACE_RULES_FILE).write_bytes(b"PAR1 not really")
    at = page("quality", tab="Kept out")
    assert any("verdicts" in w.value for w in at.warning)
    assert "no birth date" in cells(at)


def test_before_the_first_selection_the_page_says_what_to_do(data):
    assert "Build once more" in page("quality", tab="Kept out").info[0].value


def test_the_pairs_of_a_release_are_drawn_or_said_to_be_missing(data):
    assert not page("quality", tab="Pair distances").info
    path = data.release(world.NEW) / "evaluate.json"
    path.write_text(path.read_text().replace('"pair_distances"', '"older"'))
    assert "not measured" in page("quality", tab="Pair distances").info[0].value

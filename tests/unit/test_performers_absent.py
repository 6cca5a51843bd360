"""`trainer performers absent` and the run's page: who is not released, by scene count."""

from __future__ import annotations

import json

import polars as pl
import pytest
from typer.testing import CliRunner

from reports.absent import absent
from trainer.cli import app
from trainer.faces.absent import ABSENT_FILE, write_absent
from trainer.runs.record import RunRecord, write_record
from trainer.staging.paths import DataDir

ROWS = [
    (2, "s:b", "Sable [x](y)", 9, "only_crowds", 4),
    (1, "s:a", "Wren", 3, "no_image", 0),
    (7, "s:g", None, None, "quarantine", 0),
]


@pytest.fixture
def data(tmp_path):
    data = DataDir(tmp_path)
    for name, day in (("old", 1), ("new", 2), ("unfinished", 3)):
        record = {"id": name, "started_at": f"2026-11-0{day}T00:00:00Z", "status": "completed"}
        write_record(data.run(name), RunRecord.model_validate(record))
    columns = ["performer_id", "universal_id", "name", "scene_count", "reason", "images"]
    for name, rows in (("old", ROWS[:1]), ("new", ROWS)):
        write_absent(data.run(name).select, pl.DataFrame(rows, schema=columns, orient="row"))
    return data


def ask(data, *words):
    done = CliRunner().invoke(app, ["performers", "absent", "--data-dir", str(data.root), *words])
    return done.exit_code, done.stdout, done.exception


def test_the_newest_run_is_listed_by_scene_count_with_every_reason_counted(data):
    code, out, _ = ask(data)
    assert code == 0
    assert out.splitlines() == [
        "run new: 3 performers were resolved and are not in the release",
        "  1 no_image",
        "  1 only_crowds",
        "  1 quarantine",
        "  2 Sable [x](y): only_crowds (9 scenes, 4 images)",
        "  1 Wren: no_image (3 scenes, 0 images)",
        "  7 s:g: quarantine (unknown scenes, 0 images)",
    ]


def test_a_limit_says_how_many_more_there_are(data):
    assert ask(data, "--limit", "1")[1].splitlines()[-1] == "  and 2 more: --limit 0 lists all"
    assert "more" not in ask(data, "--limit", "0")[1]


def test_one_reason_and_one_run_can_be_asked_for(data):
    found = json.loads(ask(data, "--json", "--reason", "no_image")[1])
    assert [row["name"] for row in found["performers"]] == ["Wren"]
    assert sum(found["by_reason"].values()) == 3
    assert json.loads(ask(data, "--json", "--run", "old")[1])["matching"] == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--run", "unfinished"], "choose one of: .*new"),
        (["--reason", "typo"], "one of its reasons: no_image"),
    ],
)
def test_a_wrong_word_is_answered_with_the_right_ones(data, words, said):
    with pytest.raises(Exception, match=said):
        raise ask(data, *words)[2]


def test_the_page_of_a_run_lists_them_and_a_damaged_file_is_a_sentence(data):
    rows, problems = absent(data, "new")
    assert [row["Name"] for row in rows] == ["Sable [x](y)", "Wren", "s:g"]
    assert not problems
    assert absent(data, "unfinished") == ([], [])
    (data.run("new").select / ABSENT_FILE).write_bytes(b"PAR1 and no more")
    rows, problems = absent(data, "new")
    assert not rows
    assert ABSENT_FILE in problems[0]

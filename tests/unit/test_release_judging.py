"""Search, fusion, evaluation, gate, diff."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.release_fixtures import built, small_release
from tests.release_world import by_both_models, embeddings, faces, performer, write_world
from trainer.errors import ConfigError
from trainer.release.contract import INDEXES
from trainer.release.diff import diff, write_diff
from trainer.release.evaluate import evaluate, evaluate_vectors
from trainer.release.evaluation import Evaluation, write_evaluation
from trainer.release.gate import gate, load_limits
from trainer.release.index_read import load_index
from trainer.release.intervals import interval
from trainer.release.recall import measure
from trainer.release.search import exact_neighbours


def test_exact_search_leaves_the_face_itself_out() -> None:
    vectors = np.eye(4, dtype=np.float32)
    ids, far = exact_neighbours(vectors[:1], vectors, 3, exclude=np.array([0]))
    assert ids.tolist() == [[1, 2, 3]]
    assert far.tolist() == [[1, 1, 1]]
    ids, far = exact_neighbours(vectors[:1], vectors, 4, exclude=np.array([0]))
    assert ids.tolist() == [[1, 2, 3, -1]]
    assert far.tolist() == [[1, 1, 1, np.inf]]


@pytest.mark.parametrize("count", [40, 700, 7_000])
def test_exact_search_is_the_sorted_list_and_equal_distances_go_by_id(count: int) -> None:
    drawn = np.random.default_rng(count).standard_normal((count, 8)).astype(np.float32)
    drawn[count // 2 :] = drawn[: count - count // 2]  # every distance twice
    vectors = drawn / np.linalg.norm(drawn, axis=1, keepdims=True)
    ids, far = exact_neighbours(vectors[:30], vectors, 100, exclude=np.arange(30))
    wanted = 1 - vectors[:30] @ vectors.T
    wanted[np.arange(30), np.arange(30)] = np.inf
    order = np.argsort(wanted, axis=1, kind="stable")[:, :100]
    live = ids >= 0
    assert (live.sum(axis=1) == min(100, count - 1)).all()
    assert ids[live].tolist() == order[:, : ids.shape[1]][live].tolist()
    assert np.allclose(
        far[live], np.take_along_axis(wanted, order, axis=1)[:, : ids.shape[1]][live]
    )


def test_well_separated_people_score_full_marks_and_noise_scores_none() -> None:
    owners = [n // 5 for n in range(300)]
    good = by_both_models(owners)
    result = evaluate_vectors(*good, np.array(owners), seed=0, sample=300)
    assert result.closed_set.rank_1 == 1.0
    assert result.at(0.5).false_accept == 0.0
    assert result.at(0.5).false_reject == 0.0
    assert "60 people tell little" in result.note
    noise = by_both_models(list(range(300)))
    result = evaluate_vectors(*noise, np.array(owners), seed=0, sample=300)
    assert result.closed_set.rank_1 is not None
    assert result.closed_set.rank_1 < 0.2
    assert result.at(0.5).false_reject == 1.0


def test_two_ids_of_one_person_show_as_false_accepts() -> None:
    """The same person under two performers is what an open-set test must notice."""
    owners = [n // 5 for n in range(300)]
    same = by_both_models([o // 2 for o in owners])
    result = evaluate_vectors(*same, np.array(owners), seed=0, sample=300)
    assert result.at(0.5).false_accept == 1.0


def test_nothing_measurable_is_said_to_be_so() -> None:
    empty = np.zeros((0, 512), dtype=np.float32)
    result = evaluate_vectors(empty, empty, np.zeros(0, dtype=np.int64), seed=0, sample=10)
    assert result.closed_set.rank_1 is None
    assert result.at(0.5).false_accept is None


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Evaluation]:
    release = small_release(tmp_path_factory.mktemp("evaluated"))
    result = evaluate(release, seed=0)
    write_evaluation(release, result)
    return release, result


def test_evaluation_is_repeatable_and_shows_the_last_one(
    evaluated: tuple[Path, Evaluation],
) -> None:
    release, result = evaluated
    again = evaluate(release, seed=0, previous=release)
    assert again.previous is not None
    assert again.previous["closed_set"]["rank_1"] == result.closed_set.rank_1
    assert again.model_dump(exclude={"previous"}) == result.model_dump(exclude={"previous"})


def test_the_recall_of_an_evaluation_is_that_of_measuring_the_index(
    evaluated: tuple[Path, Evaluation],
) -> None:
    release, _ = evaluated
    result = evaluate(release, seed=4, sample=70)
    for name in INDEXES:
        index = load_index(release / name)
        vectors = np.asarray(index.get_vectors(list(range(len(index)))))
        point = measure(index, vectors, sample=70, seed=4)
        assert result.index_recall[name] == {
            "recall_at_1": point.recall_at_1,
            "recall_at_10": point.recall_at_10,
            "m": point.m,
        }


def test_gate(evaluated: tuple[Path, Evaluation], tmp_path: Path) -> None:
    _, result = evaluated
    limits = load_limits(tmp_path, "sidecar")
    assert gate(limits, result, None).passed
    assert gate(limits, result, result).passed
    worse: dict[str, dict[str, Any]] = {
        "performers against": {"performers": 10},
        "faces against": {"faces": 101},
        "one-face share": {"one_face_share": 0.9},
        "rank-1": {"closed_set": result.closed_set.model_copy(update={"rank_1": 0.5})},
        "index recall": {"index_recall": {"face_facenet.voy": {"recall_at_1": 0.9}}},
        "faces: expected at least 100": {"faces": 99},
    }
    for name, update in worse.items():
        verdict = gate(limits, result.model_copy(update=update), result)
        assert not verdict.passed
        assert any(name in failure for failure in verdict.failures()), name
    strangers = result.model_copy(deep=True)
    strangers.at(0.5).false_accept = 0.02
    assert any("false accepts" in f for f in gate(limits, strangers, None).failures())
    assert gate(load_limits(tmp_path, "demo"), strangers, None).passed
    strangers.at(0.5).false_accept = None
    assert any("not measured" in f for f in gate(limits, strangers, None).failures())


def test_gate_limits_of_the_operator(tmp_path: Path) -> None:
    own = tmp_path / "gate.yaml"
    own.write_text("default: {min_rank_1: 0.9}\npacks: {demo: {min_faces: 120}}\n")
    assert load_limits(tmp_path, "sidecar").min_rank_1 == 0.9
    assert load_limits(tmp_path, "demo").min_faces == 120
    for text in (
        "default: {min_rank1: 0.9}",
        "packs: {demo: {typo: 1}}",
        "strict: {}",
        "default: {min_rank_1: 2}",
        "default: {min_rank_1: high}",
        "[1",
    ):
        own.write_text(text)
        with pytest.raises(ConfigError, match=r"gate\.yaml"):
            load_limits(tmp_path, "sidecar")


def test_diff(tmp_path: Path) -> None:
    old = built(
        write_world(tmp_path / "s1", [performer(n) for n in (1, 2, 3, 4)], faces([1, 1, 2, 3, 4])),
        tmp_path / "a",
    ).directory
    taken = {"source": "stashdb", "source_id": performer(2)["claims"][0]["source_id"]}
    people = [
        performer(1, merged=[taken | {"merged_at": None}]),
        performer(3, canonical_name="New Name", country="YY"),
        performer(5),
    ]
    rows = [*faces([1, 1]), *faces([3, 3, 3, 3, 3])[3:], *faces([5] * 9)[8:]]
    select = write_world(tmp_path / "s2", people, rows)
    new = built(select, tmp_path / "b", "20261108_000000", "2026.11.08").directory
    result = diff(old, new)
    assert [p.performer_id for p in result.added] == [5]
    assert [p.performer_id for p in result.removed] == [4]
    assert [(m.old.performer_id, m.new.performer_id) for m in result.merged] == [(2, 1)]
    assert [m.new.name for m in result.renamed] == ["New Name"]
    assert result.changed[0].fields == {"country": ("XX", "YY")}
    assert (result.faces_added, result.faces_removed) == (2, 2)
    assert result.faces_added_by_performer == {3: 1, 5: 1}
    assert "1 performers added, 1 removed, 1 merged" in result.describe()[0]
    assert [(f.name, f.source) for f in result.faces_added_list] == [
        ("New Name", "stashdb"),
        (performer(5)["canonical_name"], "stashdb"),
    ]
    assert result.faces_moved == 0  # those of performer 2 are of 1 now, by a merge
    assert result.removed[0].why == "not known"
    assert result.faces_removed_why == {"not known": 2}
    assert diff(old, old).describe()[1:] == []
    assert len(diff(None, new).added) == 3
    write_diff(tmp_path, result)
    first = (tmp_path / "diff.json").read_bytes()
    write_diff(tmp_path, diff(old, new))
    assert (tmp_path / "diff.json").read_bytes() == first


def test_intervals_are_wilsons() -> None:
    low, high = interval(np.array([True] * 8 + [False] * 2)) or (0, 0)
    assert (round(low, 3), round(high, 3)) == (0.49, 0.943)
    assert interval(np.zeros(0, bool)) is None
    everything = interval(np.ones(3, bool))
    assert everything is not None and everything[1] == 1


def test_breakdowns_by_faces_gender_and_source_leave_the_whole_as_it_is(tmp_path: Path) -> None:
    owners = [p for p in range(1, 41) for _ in range(1 + p % 7)]
    rows = faces(owners)
    for row in rows[::9]:
        row["source"] = "fansdb"
    people = [performer(n, gender="MALE" if n == 3 else "FEMALE") for n in range(1, 41)]
    release = built(write_world(tmp_path / "s", people, rows), tmp_path / "a").directory
    found = evaluate(release, seed=1, sample=30)
    assert found.closed_set.queries == found.open_set.queries == 30
    parts = found.breakdowns
    assert set(parts["faces"]) == {"1", "2", "3 to 5", "6 and more"}
    assert parts["gender"]["MALE"].queries == 4  # all there are, though 30 were asked of 159
    assert parts["gender"]["FEMALE"].queries >= 50
    assert parts["source"]["fansdb"].strangers == 18
    assert (parts["faces"]["1"].queries, parts["faces"]["1"].rank_1) == (0, None)
    assert parts["faces"]["1"].strangers == 5
    assert found.closed_set.rank_1 is not None and found.closed_set.rank_1_interval is not None
    low, high = found.closed_set.rank_1_interval
    assert low <= found.closed_set.rank_1 <= high
    with_more = evaluate(release, seed=1, sample=30)
    assert with_more == found
    vectors = by_both_models(owners)
    alone = evaluate_vectors(*vectors, np.array(owners), 1, 30)
    assert alone.closed_set == found.closed_set
    assert alone.open_set == found.open_set


def test_an_evaluation_of_an_older_trainer_is_read(tmp_path: Path) -> None:
    owners = [1, 1, 2, 2]
    vectors = embeddings(owners, salt=1).astype(np.float32)
    whole = evaluate_vectors(vectors, vectors, np.array(owners), 1, 10).model_dump()
    del whole["breakdowns"], whole["closed_set"]["rank_1_interval"]
    for point in whole["open_set"]["points"]:
        del point["false_accept_interval"]
    assert Evaluation.model_validate(whole).breakdowns == {}


def test_who_is_gone_and_who_is_missed_hold_a_release_back(tmp_path: Path) -> None:
    limits = load_limits(tmp_path, "sidecar")
    owners = [p for p in range(60) for _ in range(5)]
    vectors = by_both_models(owners, noise=0.3)
    one = evaluate_vectors(*vectors, np.array(owners), 1, 100)
    one.index_recall = {"x": {"recall_at_1": 1.0}}
    assert gate(limits, one, one).passed
    assert gate(limits, one, one, removed=1).passed
    assert gate(limits, one, one, removed=2).failures() == [
        "share of performers removed: expected at most 0.02, found 0.0333 (look at who and why: "
        "diff.json)"
    ]
    worse = one.model_copy(deep=True)
    worse.at(0.5).false_reject = (one.at(0.5).false_reject or 0) + 0.03
    assert [c.name for c in gate(limits, worse, one).checks if not c.ok] == [
        "false rejects at 0.5 against the last release"
    ]


def test_a_face_that_is_anothers_now_is_named(tmp_path: Path) -> None:
    people = [performer(1), performer(7)]
    rows = faces([1, 1, 7, 7])
    old = built(write_world(tmp_path / "s1", people, rows), tmp_path / "a").directory
    rows[1]["performer_id"] = 7
    select = write_world(tmp_path / "s2", people, rows)
    new = built(select, tmp_path / "b", "20261108_000000", "2026.11.08").directory
    result = diff(old, new)
    assert (result.faces_moved, result.faces_added, result.faces_removed) == (1, 0, 0)
    assert result.faces_moved_list[0].performer_id == 7
    assert "before of performer 1" in result.faces_moved_list[0].why
    assert any("another's now" in line for line in result.describe())

"""Which faces are taken, and why the others are not."""

from __future__ import annotations

from typing import Any

import polars as pl

from trainer.faces.select import Caps, cap, funnel, judge, selected, stages, stand_ins


def candidate(
    performer: int, sha: str, source: str = "stashdb", position: int = 0, trust: str = "high"
) -> dict:
    return {
        "performer_id": performer,
        "source": source,
        "trust": trust,
        "url": f"http://127.0.0.1/{sha}",
        "page_url": "http://127.0.0.1/page",
        "position": position,
        "image_sha256": sha,
        "fetched_at": "2026-01-01T00:00:00Z",
    }


def face(sha: str, *, no: int = 0, side: float = 112.0, faces: int = 1, **other) -> dict:
    row = {
        "image_sha256": sha,
        "face_no": no,
        "outcome": "face",
        "reason": None,
        "faces_in_image": faces,
        "box": [0.0, 0.0, side, side],
        "detector_score": 0.9,
        "sharpness": 100.0,
        "yaw": 0.0,
    }
    return row | other


def frames(candidates: list[dict], faces: list[dict]) -> tuple[pl.DataFrame, pl.DataFrame]:
    schema: dict[str, Any] = {
        "face_no": pl.Int16,
        "box": pl.Array(pl.Float32, 4),
        "reason": pl.String,
    }
    return pl.DataFrame(candidates), pl.DataFrame(faces, schema_overrides=schema)


def rules(candidates: list[dict], faces: list[dict]) -> dict[str, str]:
    judged = judge(*frames(candidates, faces))
    return dict(judged.select("image_sha256", "rule").iter_rows())


def test_a_single_face_is_taken():
    assert rules([candidate(1, "a")], [face("a")]) == {"a": "single_face"}


def test_the_same_picture_under_two_performers_is_taken_for_neither():
    found = judge(*frames([candidate(1, "a"), candidate(2, "a")], [face("a")]))
    assert found["rule"].to_list() == ["same_picture_under_two_performers"] * 2


def test_a_picture_of_more_than_three_performers_is_nobodys_and_no_conflict():
    owners = [candidate(n, "a") for n in range(1, 5)] + [candidate(n, "b") for n in range(1, 4)]
    found = judge(*frames(owners, [face("a"), face("b")]))
    by_image = found.group_by("image_sha256").agg(pl.col("rule").unique()).sort("image_sha256")
    assert by_image["rule"].to_list() == [
        ["stand_in_picture"],
        ["same_picture_under_two_performers"],
    ]
    assert stand_ins(found) == 1


def test_the_same_picture_twice_under_one_performer_counts_once():
    found = judge(*frames([candidate(1, "a"), candidate(1, "a", position=3)], [face("a")]))
    assert found["rule"].to_list() == ["single_face"]


def test_a_picture_that_several_sources_have_counts_for_the_most_trusted_one():
    candidates = [candidate(1, "a", "alpha", trust="medium"), candidate(1, "a", "stashdb")]
    for order in (candidates, candidates[::-1]):
        found = judge(*frames(order, [face("a")]))
        assert found.select("source", "trust", "rule").rows() == [
            ("stashdb", "high", "single_face")
        ]


def test_every_refusal_has_its_reason():
    faces = [
        face("small", side=20.0),
        face("none", no=-1, outcome="no_face", box=None),
        face("bad", no=-1, outcome="refused", reason="truncated", box=None),
    ]
    candidates = [candidate(1, sha) for sha in ("small", "none", "bad", "later")]
    assert rules(candidates, faces) == {
        "bad": "refused: truncated",
        "later": "not_embedded",
        "none": "no_face",
        "small": "face_too_small",
    }


def test_a_crowd_waits_for_agreement():
    crowd = [face("a", no=0, faces=2), face("a", no=1, faces=2)]
    judged = judge(*frames([candidate(1, "a")], crowd))
    assert judged["rule"].to_list() == ["several_faces"] * 2


def test_quality_is_not_clipped_and_ranks_size_sharpness_and_pose():
    shas = ["base", "large", "sharp", "turned"]
    faces = [
        face("base"),
        face("large", side=900.0),
        face("sharp", sharpness=4000.0),
        face("turned", yaw=50.0),
    ]
    judged = judge(*frames([candidate(1, s) for s in shas], faces))
    score = dict(judged.select("image_sha256", "quality_score").iter_rows())
    assert score["turned"] < score["base"] < score["sharp"] < score["large"]
    assert score["large"] > 1.0


def test_caps_keep_the_best_by_source_and_in_all():
    candidates = [candidate(1, f"{s}{n}", source=s) for s in ("stashdb", "fansdb") for n in "123"]
    faces = [face(c["image_sha256"], side=100.0 + 10 * i) for i, c in enumerate(candidates)]
    capped = cap(judge(*frames(candidates, faces)), Caps({"stashdb": 2, "fansdb": 1}, total=2))
    kept = set(capped.filter("kept")["image_sha256"])
    assert kept == {"fansdb3", "stashdb3"}
    assert funnel(capped) == {
        "fansdb": {"over_cap": 2, "single_face": 1},
        "stashdb": {"over_total": 2, "single_face": 1},
    }
    assert stages(capped)["fansdb"] == {
        "fetched": 3,
        "face": 3,
        "quality": 3,
        "trust": 3,
        "selected": 1,
    }


def test_of_good_faces_those_stay_that_differ():
    shas = ["front1", "front2", "front3", "left", "right"]
    yaws = dict(zip(shas, (0.0, 2.0, 4.0, -35.0, 35.0), strict=True))
    faces = [face(s, yaw=yaws[s]) for s in shas]
    judged = judge(*frames([candidate(1, s) for s in shas], faces))
    best = judged.sort("quality_score", descending=True)["image_sha256"].to_list()
    assert best[:3] == ["front1", "front2", "front3"]
    for order in (judged, judged.reverse()):
        kept = cap(order, Caps({"stashdb": 3}, total=3)).filter("kept")
        assert set(kept["image_sha256"]) == {"front1", "left", "right"}


def test_a_much_better_face_is_not_given_up_for_a_different_one():
    faces = [face("a", side=400.0), face("b", side=390.0), face("bad", side=40.0, yaw=60.0)]
    judged = judge(*frames([candidate(1, s) for s in ("a", "b", "bad")], faces))
    kept = cap(judged, Caps({"stashdb": 2}, total=2)).filter("kept")
    assert set(kept["image_sha256"]) == {"a", "b"}


def test_performers_under_min_faces_are_left_out():
    candidates = [candidate(1, "a"), candidate(1, "b"), candidate(2, "c")]
    capped = cap(
        judge(*frames(candidates, [face("a"), face("b"), face("c")])), Caps({"stashdb": 5}, 5)
    )
    assert set(selected(capped, min_faces=2)["performer_id"]) == {1}

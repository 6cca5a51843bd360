"""Too few faces for the sidecar: one sentence that says why, and what to do."""

from __future__ import annotations

import pytest

from tests.unit.identity_world import WHEN, IdentityWorld, record, shot
from trainer.errors import StageFailed
from trainer.pipeline.steps import build_release
from trainer.runs.context import RunContext
from trainer.staging.atomic import read_json, write_json
from trainer.staging.manifest import StageError, StageManifest
from trainer.staging.paths import DataDir


@pytest.fixture
def world(tmp_path):
    return IdentityWorld(tmp_path)


def people(count: int, shots: int) -> list[dict]:
    return [
        record("boxone", n, f"Person {n:03d}", shots=[shot(n, k) for k in range(shots)])
        for n in range(1, count + 1)
    ]


def given(context: RunContext, **params: object) -> None:
    """The run's plan with other parameters."""
    plan = read_json(context.run.plan)
    plan["params"] |= params
    write_json(context.run.plan, plan)
    vars(context).pop("plan", None)  # which is read once


def refusal(context: RunContext) -> str:
    with pytest.raises(StageFailed) as failed:
        build_release.run(context)
    assert not (context.run.release / "manifest.json").exists()
    return str(failed.value)


def result(context: RunContext, faces: int, **rules: int) -> None:
    context.finish("select", {"faces": faces, "funnel": {"boxone": rules}})


def images_failed(data: DataDir, run_id: str, **kinds: int) -> None:
    errors = [
        StageError(kind=f"picture_{kind}", source="boxone", message="no", count=count)
        for kind, count in kinds.items()
    ]
    StageManifest(
        run_id=run_id,
        stage="crawl",
        name="boxone",
        status="complete",
        started_at=WHEN,
        completed_at=WHEN,
        errors=errors,
    ).write(data.run(run_id).staging("boxone"))


@pytest.mark.parametrize(
    ("faces", "rules", "params", "said"),
    [
        (60, {"single_face": 60}, {}, "60 faces, the sidecar needs 100: add sources"),
        (1, {"single_face": 1}, {}, "1 face, the sidecar needs 100: add sources"),
        (
            60,
            {"single_face": 60, "over_total": 30},
            {"max_faces_total": 6},
            "60 faces, the sidecar needs 100: raise max_faces_total (6), or add sources",
        ),
        (
            99,
            {"single_face": 99, "over_total": 3, "over_cap": 9},
            {},
            "99 faces, the sidecar needs 100: raise max_faces_total (12) and "
            "max_faces_per_source (5), or add sources",
        ),
        (
            40,
            {"single_face": 90},
            {"min_faces": 3},
            "40 faces, the sidecar needs 100: lower min_faces (3), or add sources",
        ),
        (
            80,
            {"not_embedded": 70, "single_face": 80},
            {"enable_faces": False},
            "80 faces, the sidecar needs 100: build with enable_faces true",
        ),
    ],
)
def test_the_sentence_names_what_would_bring_more(world, faces, rules, params, said):
    context = world.run("week-1", people(2, 1))
    given(context, **params)
    result(context, faces, **rules)
    assert refusal(context) == said


def test_a_hundred_faces_are_enough(world):
    context = world.run("week-1", people(2, 1))
    result(context, 100, single_face=100)
    with pytest.raises(Exception, match="model pack"):  # the next thing that this world lacks
        build_release.run(context)


def test_a_first_build_without_pictures_says_so(world):
    rows = people(3, 2)
    context = world.run("week-1", rows, without={i["url"] for row in rows for i in row["images"]})
    given(context, enable_faces=False)
    assert refusal(context) == (
        "no face, the sidecar needs 100, and no picture of these performers was embedded before: "
        "build with enable_faces true"
    )


def test_every_picture_404_says_so(world):
    rows = people(3, 2)
    context = world.run("week-1", rows, without={i["url"] for row in rows for i in row["images"]})
    images_failed(world.data, "week-1", http_404=6)
    assert refusal(context) == (
        "no face, the sidecar needs 100, and no picture could be had (6 x http 404): "
        "see which pictures failed in run.json and build again, or add sources"
    )


def test_sources_without_pictures_are_told_apart_from_failed_ones(world):
    context = world.run("week-1", people(3, 0))
    assert refusal(context) == (
        "no face, the sidecar needs 100, and no picture could be had (no source lists one): "
        "add sources"
    )


def test_nobody_who_may_be_released(world):
    rows = [row | {"career_start_year": None} for row in people(3, 2)]
    context = world.run("week-1", rows)
    assert refusal(context) == (
        "no face, the sidecar needs 100, and nobody may be released (3 x unknown age): add sources"
    )


def test_pictures_without_a_usable_face_are_counted_by_reason(world):
    context = world.run("week-1", people(3, 2))
    result(context, 0, no_face=5, face_too_small=2)
    assert refusal(context) == (
        "no face, the sidecar needs 100, and no picture gave one (5 x no face, "
        "2 x face too small): add sources"
    )

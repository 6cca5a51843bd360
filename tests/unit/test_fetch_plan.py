"""Which pictures are worth a request, and in which order."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trainer.fetch_plan.columns import ADVERTISED, Rules, SourceRule
from trainer.fetch_plan.planner import plan_requests

HOST = "pictures.example.test"


def rules(total: int = 12, **caps: int) -> Rules:
    sources = {key: SourceRule(cap) for key, cap in (caps or {"box": 5, "other": 5}).items()}
    return Rules(sources, total, {HOST: 2.0})


def image(performer: int, position: int, **changes: Any) -> dict[str, Any]:
    return {
        "performer": performer,
        "scenes": 10,
        "source": "box",
        "host": HOST,
        "url": f"https://{HOST}/{performer}/{position}.jpg",
        "position": position,
        "width": 800,
        "height": 1200,
        "outcome": "open",
        "quality": None,
        **changes,
    }


def asked(rows: list[dict[str, Any]], minutes: float | None = None, **caps: int) -> list[str]:
    """The pictures that are asked for, as performer/position."""
    plan = plan_requests(pl.DataFrame(rows, schema=ADVERTISED), rules(**caps), minutes)
    return [url.removeprefix(f"https://{HOST}/").removesuffix(".jpg") for url in plan["url"]]


def good(performer: int, position: int, quality: float, **changes: Any) -> dict[str, Any]:
    return image(performer, position, outcome="good", quality=quality, **changes)


def test_everybody_is_asked_for_two_faces_before_anybody_gets_a_third():
    rows = [image(performer, n) for performer in (1, 2) for n in range(4)]
    assert sorted(asked(rows)[:4]) == ["1/0", "1/1", "2/0", "2/1"]


def test_who_has_more_scenes_comes_first():
    rows = [image(performer, 0, scenes=scenes) for performer, scenes in ((1, 3), (2, 90), (3, 0))]
    assert asked(rows) == ["2/0", "1/0", "3/0"]


def test_many_scenes_do_not_hold_up_all_others():
    rows = [image(1, n, scenes=400) for n in range(5)] + [image(2, 0, scenes=100)]
    assert asked(rows).index("2/0") == 2


def test_a_host_is_asked_no_more_than_its_rate_lets_through():
    rows = [image(1, n) for n in range(5)]
    assert len(asked(rows, minutes=1.5)) == 3


def test_each_host_has_its_own_rate():
    rows = [image(1, 0), image(1, 1), image(2, 0, host="b.test"), image(2, 1)]
    known = Rules({"box": SourceRule(5)}, 12, {HOST: 1.0, "b.test": 1.0})
    plan = plan_requests(pl.DataFrame(rows, schema=ADVERTISED), known, 1.0)
    assert sorted(plan["host"]) == ["b.test", HOST]


def test_full_of_good_faces_nothing_is_asked():
    rows = [good(1, n, 1.4) for n in range(5)] + [image(1, 9)]
    assert asked(rows) == []


def test_a_poor_fifth_face_is_worth_another_request():
    rows = [good(1, n, 1.4) for n in range(4)] + [good(1, 4, 0.3), image(1, 9)]
    assert asked(rows) == ["1/9"]


def test_a_picture_without_a_face_takes_no_place():
    rows = [good(1, n, 1.4) for n in range(4)] + [image(1, 4, outcome="none"), image(1, 9)]
    assert asked(rows) == ["1/9"]


def test_pictures_that_wait_for_the_embedder_are_expected_to_give_faces():
    waiting = [image(1, n, outcome="fetched") for n in range(20)]
    assert asked([*waiting, image(1, 99)]) == []
    assert asked([*waiting[:3], image(1, 9)]) == ["1/9"]


def test_of_a_large_gallery_a_part_is_asked_for():
    rows = [image(1, n) for n in range(300)]
    assert 5 <= len(asked(rows)) <= 15


def test_the_cap_of_all_sources_together_holds():
    faces = [good(1, n, 1.4, url=f"u{n}") for n in range(3)]
    rows = [*faces, image(1, 0, source="other")]
    assert asked(rows, total=3) == []
    assert asked(rows, total=4) == ["1/0"]


def test_full_at_one_source_the_other_is_still_asked():
    rows = [good(1, n, 1.4) for n in range(5)] + [image(1, 9, source="other")]
    assert asked(rows) == ["1/9"]


def test_a_copy_at_another_source_is_not_asked_for():
    one, other = image(1, 0), image(1, 3, source="other", url=f"https://{HOST}/1/0.jpg")
    assert asked([one, other]) == ["1/0"]
    assert asked([{**one, "outcome": "none"}, other]) == []


def test_of_two_copies_that_of_the_trusted_source_is_asked_for():
    rows = [image(1, 0), image(1, 3, source="other", url=f"https://{HOST}/1/0.jpg")]
    trusted = Rules({"box": SourceRule(5, "low"), "other": SourceRule(5)}, 12, {HOST: 1.0})
    plan = plan_requests(pl.DataFrame(rows, schema=ADVERTISED), trusted, None)
    assert list(plan["source"]) == ["other"]


def test_upright_pictures_come_before_wide_and_small_ones():
    sizes = {0: (120, 160), 1: (1600, 900), 2: (800, 1200)}
    rows = [image(1, n, width=w, height=h) for n, (w, h) in sizes.items()]
    assert asked(rows) == ["1/2", "1/1", "1/0"]


def test_what_a_source_gave_so_far_counts():
    rows = [image(n, 0, outcome="none") for n in range(100, 300)]
    rows += [good(n, 0, 1.0, source="other") for n in range(300, 500)]
    rows += [image(1, 0), image(2, 0, source="other")]
    assert asked(rows) == ["2/0", "1/0"]


def test_nothing_to_ask():
    assert asked([]) == []
    assert asked([good(1, 0, 1.0)]) == []


@pytest.mark.parametrize("outcome", ["fetched", "good", "none"])
def test_what_was_asked_for_is_not_asked_again(outcome):
    quality = 1.0 if outcome == "good" else None
    assert asked([image(1, 0, outcome=outcome, quality=quality), image(1, 1)]) == ["1/1"]


OUTCOMES = st.sampled_from(["open", "fetched", "good", "none"])
ROWS = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 3), st.sampled_from(["box", "other"]), OUTCOMES)
)


@settings(max_examples=60, deadline=None)
@given(ROWS, st.integers(1, 6), st.integers(1, 12))
def test_whatever_is_known(given_rows, cap, total):
    rows = [
        image(p, n, source=s, outcome=o, quality=0.9 if o == "good" else None)
        for p, n, s, o in given_rows
    ]
    first = asked(rows, total=total, box=cap, other=cap)
    assert first == asked(rows, total=total, box=cap, other=cap)
    known = {f"{r['performer']}/{r['position']}" for r in rows if r["outcome"] != "open"}
    assert len(set(first)) == len(first)
    assert not set(first) & known

"""The sample of scene queries over weeks, and what is purged of them."""

from __future__ import annotations

import pytest

from tests.unit.identity_world import (
    WHEN,
    sha,
    shot,
    uuid,
)
from tests.unit.scene_queries_world import MANY, Weeks, people, query_rows
from trainer.embedding.scene_queries import (
    KINDS,
    PREFIX,
    known_queries,
    query_parts,
    sample_order,
)
from trainer.exclusions.edit import add
from trainer.exclusions.purge import purge
from trainer.faces.cache import cached_images
from trainer.retention.images import prune_vectors
from trainer.staging.parquet import write_rows
from trainer.staging.schemas import SCENE_QUERIES


@pytest.fixture
def weeks(tmp_path):
    return Weeks(tmp_path)


def test_the_sample_stays_and_the_second_week_embeds_only_what_is_new_in_it(weeks):
    first = people(MANY)
    weeks.fetch(first)
    result, asked = weeks.plan("week-1", first, scene_queries=40)
    assert (result["scene_queries"], result["no_scene_queries"]) == (40, "")
    everything = {sha(shot(number, 0)) for number in range(1, MANY + 1)}
    assert asked == sorted(sample_order(everything)[:40])
    assert weeks.plan("week-1", first, scene_queries=40)[1] == asked
    before = cached_images(weeks.cache)
    weeks.embed([*asked, "f" * 64])
    assert cached_images(weeks.cache) == before  # no candidates of any release
    assert weeks.plan("week-1", first, scene_queries=40)[1] == []
    second = people(MANY + 20)
    weeks.fetch(second)
    result, new = weeks.plan("week-2", second, scene_queries=40)
    added = {sha(shot(number, 0)) for number in range(MANY + 1, MANY + 21)}
    assert 0 < len(new) < 20
    assert set(new) <= added
    assert set(new) == set(sample_order(everything | added)[:40]) - set(asked)


def test_pictures_that_are_gone_stay_in_the_sample_by_their_copies_only(weeks):
    rows = people(MANY)
    weeks.fetch(rows)
    _, asked = weeks.plan("week-1", rows, scene_queries=10)
    weeks.embed(asked[:6])
    for image in asked:
        weeks.data.image(image).unlink()
    _, others = weeks.plan("week-2", rows, scene_queries=10)
    assert len(others) == 4
    assert not set(others) & set(asked)


@pytest.mark.parametrize(
    ("count", "params", "why"),
    [
        (MANY - 1, {}, "fewer than 100 performers"),
        (MANY, {"scene_queries": 0}, "scene_queries is 0"),
        (MANY, {"enable_faces": False}, "enable_faces is false"),
    ],
)
def test_off_for_tiny_databases_and_by_parameter(weeks, count, params, why, caplog):
    rows = people(count)
    weeks.fetch(rows)
    result, asked = weeks.plan("week-1", rows, **params)
    assert asked == []
    assert why in result["no_scene_queries"]
    assert any(why in line for line in caplog.messages)
    assert result["shards"] == []  # all faces are in the cache


def test_people_who_are_excluded_are_not_in_the_sample(weeks):
    rows = people(MANY + 5)
    weeks.fetch(rows)
    add(weeks.data, "id", f"stashdb:{uuid(7)}", "asked", WHEN)
    _, asked = weeks.plan("week-1", rows)
    assert len(asked) == MANY + 4
    assert sha(shot(7, 0)) not in asked


def test_a_damaged_part_and_those_of_another_version_are_deleted_and_made_again(weeks, caplog):
    rows = people(MANY)
    weeks.fetch(rows)
    _, asked = weeks.plan("week-1", rows, scene_queries=10)
    weeks.embed(asked[:5])
    weeks.embed(asked[5:], "000-of-001-2")
    damaged, whole = query_parts(weeks.cache)
    content = bytearray(damaged.read_bytes())
    content[60] ^= 1
    damaged.write_bytes(content)
    older = weeks.cache / "queries-v0-000-of-001-1.parquet"
    write_rows(older, query_rows(asked), SCENE_QUERIES)
    _, again = weeks.plan("week-1", rows, scene_queries=10)
    assert again == sorted(asked[:5])
    assert query_parts(weeks.cache) == [whole]
    assert sum("deleted" in line for line in caplog.messages) == 2


def test_the_copies_of_a_purged_person_go_and_damaged_parts_with_them(weeks):
    rows = people(MANY)
    weeks.plan("week-1", rows)
    mine, other = sha(shot(7, 0)), sha(shot(8, 0))
    weeks.embed([mine, other])
    older = weeks.cache / "queries-v0-000-of-001-1.parquet"
    write_rows(older, query_rows([mine]), SCENE_QUERIES)
    weeks.embed([mine], "damaged")
    damaged = weeks.cache / f"{PREFIX}damaged.parquet"
    damaged.write_bytes(damaged.read_bytes()[:-9])
    add(weeks.data, "id", f"stashdb:{uuid(7)}", "asked", WHEN)
    assert purge(weeks.data).faces == 1 + 2 * len(KINDS)
    assert known_queries(weeks.cache) == {other}
    assert not damaged.exists()
    assert all(mine.encode() not in part.read_bytes() for part in query_parts(weeks.cache))


def test_copies_go_with_the_last_that_asks_for_their_picture(weeks, monkeypatch):
    weeks.plan("week-1", people(3))
    weeks.embed([sha(shot(1, 0)), sha(shot(2, 0))])
    monkeypatch.setattr("trainer.retention.images.listed_images", lambda _data: {sha(shot(1, 0))})
    prune_vectors(weeks.data)
    assert known_queries(weeks.cache) == {sha(shot(1, 0))}

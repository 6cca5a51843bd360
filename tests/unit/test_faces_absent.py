"""Nobody vanishes without a line: who is not released, and by which reason."""

from __future__ import annotations

import importlib
import pkgutil

import polars as pl
import pytest

import trainer.faces
from trainer.faces import absent as module
from trainer.faces.absent import REASONS, absent, counts, read_absent, write_absent
from trainer.faces.duplicates import NEAR_DUPLICATE
from trainer.faces.quarantine import QUARANTINED
from trainer.faces.select import SEVERAL, SINGLE, TOO_SMALL


def people(*rows):
    schema = {
        "performer_id": pl.Int64,
        "universal_id": pl.String,
        "canonical_name": pl.String,
        "scene_count": pl.Int32,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def faces(*rows):
    schema = {"performer_id": pl.Int64, "image_sha256": pl.String, "rule": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")


NOBODY = people().select("performer_id", "universal_id")


def reasons(performers, judged, released=(), quarantined=NOBODY):
    found = absent(performers, quarantined, judged, pl.Series(list(released), dtype=pl.Int64))
    return dict(found.select("performer_id", "reason").iter_rows())


def one(rule):
    return reasons(people((1, "stashdb.org:a", "Wren", 3)), faces((1, "x", rule)))[1]


@pytest.mark.parametrize(
    ("reason", "rule"), [(reason, rule) for reason, rules in REASONS.items() for rule in rules]
)
def test_every_rule_has_its_reason(reason, rule):
    assert one(rule) == reason


def test_a_refused_image_is_no_readable_one_whatever_was_wrong_with_it():
    assert one("refused: too large") == "no_readable_image"


def test_a_rule_that_nobody_has_named_is_its_own_reason():
    assert one("some_new_rule") == "some_new_rule"


def test_the_face_that_came_furthest_gives_the_reason():
    judged = faces((1, "x", "no_face"), (1, "y", SEVERAL), (1, "z", TOO_SMALL))
    assert reasons(people((1, "s:a", "Wren", 3)), judged) == {1: "only_crowds"}


def test_who_has_no_image_at_all_is_named_too():
    assert reasons(people((1, "s:a", "Wren", 3)), faces()) == {1: "no_image"}


def test_who_is_released_is_not_absent():
    performers = people((1, "s:a", "Wren", 3), (2, "s:b", "Sable", 9))
    judged = faces((1, "x", SINGLE), (2, "y", SINGLE))
    assert reasons(performers, judged, released=[1]) == {2: "under_min_faces"}


def test_people_in_quarantine_are_listed_without_a_name():
    kept_out = people((7, "s:g", "Somebody", 50)).select("performer_id", "universal_id")
    found = absent(people(), kept_out, faces((7, "x", SINGLE)), pl.Series([], dtype=pl.Int64))
    assert found.rows(named=True) == [
        {
            "performer_id": 7,
            "universal_id": "s:g",
            "name": None,
            "scene_count": None,
            "reason": "quarantine",
            "images": 0,
        }
    ]


def test_those_with_most_scenes_stand_first_and_images_are_counted_once(tmp_path):
    performers = people((1, "s:a", "Wren", None), (2, "s:b", "Sable", 9), (3, "s:c", "Juno", 12))
    judged = faces((2, "x", "no_face"), (2, "x", "no_face"), (2, "y", SEVERAL))
    found = absent(performers, NOBODY, judged, pl.Series([], dtype=pl.Int64))
    assert found["performer_id"].to_list() == [3, 2, 1]
    assert found["images"].to_list() == [0, 2, 0]
    assert counts(found) == {"no_image": 2, "only_crowds": 1}
    write_absent(tmp_path, found)
    kept = read_absent(tmp_path)
    assert kept is not None and kept.equals(found)
    assert read_absent(tmp_path / "nowhere") is None


def test_every_rule_of_the_package_is_known_here():
    """A new rule needs a reason. Copies stand beside their original, which has one."""
    modules = [
        importlib.import_module(f"trainer.faces.{found.name}")
        for found in pkgutil.iter_modules(trainer.faces.__path__)
    ]
    rules = {
        value
        for one in modules
        if one is not module
        for name, value in vars(one).items()
        if name.isupper() and isinstance(value, str) and not name.startswith("_")
        if value.replace("_", "").isalpha() and value.islower()
    }
    known = {rule for rules in REASONS.values() for rule in rules}
    assert rules - known == {NEAR_DUPLICATE, QUARANTINED}

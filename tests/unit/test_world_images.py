"""The pictures made of the synthetic people: all there, distinct, and the same bytes each time."""

import hashlib
import io
import json
from collections import Counter
from pathlib import Path

import pytest
from PIL import Image, UnidentifiedImageError

from demo import make_images, shots
from demo.world import World
from demo.world.images import Gallery, stand_in
from trainer.config.settings import REPO_ROOT

PACKAGES = REPO_ROOT / "var" / "packages"
with_packages = pytest.mark.skipif(
    not (PACKAGES / "openpeople").is_dir(),
    reason="DEMO PACKAGES MISSING: var/packages/openpeople (make setup installs demo/packages.txt)",
)


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("pictures")
    assert make_images.main(["--packages", str(PACKAGES), "--out", str(out)]) == 0
    return out


@pytest.fixture(scope="module")
def described(made):
    return json.loads((made / "pictures.json").read_text())["pictures"]


@with_packages
def test_every_key_of_the_world_is_made_and_the_held_out_ones_too(described):
    kinds = Counter(entry["kind"] for entry in described)
    assert kinds == {
        "face": 190,
        "held_out": 20,
        "no_face": 4,
        "two_faces": 2,
        "too_small": 2,
        "broken": 2,
    }
    served = {entry["id"] for entry in described if not entry["held_out"]}
    assert served == set(shots.world_keys())


@with_packages
def test_files_are_what_the_list_says_and_no_two_are_alike(made, described):
    for entry in described:
        content = (made / entry["file"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == entry["sha256"]
        assert len(content) == entry["bytes"]
        if entry["kind"] == "broken":
            continue
        with Image.open(io.BytesIO(content)) as image:
            image.load()
            assert image.size == (entry["width"], entry["height"])
            assert f"image/{str(image.format).lower()}" == entry["content_type"]
    assert len({entry["sha256"] for entry in described}) == len(described)
    assert {entry["content_type"] for entry in described} == {
        "image/jpeg",
        "image/png",
        "image/webp",
    }
    assert sum(entry["bytes"] for entry in described) < 12_000_000


@with_packages
def test_sizes(described):
    for entry in described:
        side = max(entry["width"], entry["height"])
        assert side == 48 if entry["kind"] == "too_small" else 300 <= side <= 1000


@with_packages
def test_broken_pictures_do_not_decode(made, described):
    for entry in (e for e in described if e["kind"] == "broken"):
        with (
            pytest.raises((OSError, UnidentifiedImageError)),
            Image.open(made / entry["file"]) as image,
        ):
            image.load()


@with_packages
def test_same_bytes_each_time(described):
    again = {}
    for made in make_images.make_all(PACKAGES):
        if made.person not in (None, "P001"):
            break
        again[made.key] = hashlib.sha256(made.content).hexdigest()
    assert len(again) == len(shots.SHOTS)
    before = {entry["id"]: entry["sha256"] for entry in described}
    assert again == {key: before[key] for key in again}


@with_packages
def test_world_serves_the_made_pictures_and_no_held_out_one(made, described):
    with World(week=1, images=made) as world:
        gallery = world.gallery
        by_id = {entry["id"]: entry for entry in described}
        for key in shots.world_keys():
            assert hashlib.sha256(gallery.image(key).content).hexdigest() == by_id[key]["sha256"]
            assert gallery.size(key) == (by_id[key]["width"], by_id[key]["height"])
        assert gallery.key_of("P001/smug") is None
        with pytest.raises(KeyError):
            gallery.image("P001/smug")


def test_packages_and_pictures_that_are_missing_say_what_to_do(tmp_path):
    with pytest.raises(SystemExit, match=r"demo/packages\.txt"):
        list(make_images.make_all(tmp_path))
    with pytest.raises(SystemExit, match=r"python -m demo\.make_images"):
        Gallery(tmp_path)
    (tmp_path / "pictures.json").write_text('{"pictures": []}')
    with pytest.raises(SystemExit, match="make them again"):
        Gallery(tmp_path)


def test_stand_ins_are_distinct_pictures():
    drawn = {stand_in(key).content for key in shots.world_keys()}
    assert len(drawn) == len(shots.world_keys())
    with Image.open(io.BytesIO(stand_in("P001/happy").content)) as image:
        image.load()

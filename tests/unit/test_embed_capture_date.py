"""The day that a camera wrote into a picture, and what is no day."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import pytest
from PIL import Image

from embedder.decode import DecodedImage, decode_bytes
from embedder.decode_pool import DecodePool, Lent
from tests.embed_job import dated

SCENE = Image.new("RGB", (120, 80), (200, 30, 90))


def taken(content: bytes) -> str | None:
    decoded = decode_bytes(content)
    assert isinstance(decoded, DecodedImage), decoded
    return decoded.taken_on


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_the_camera_s_day_is_read(kind):
    assert taken(dated(SCENE, "2007:03:09 18:30:00", kind)) == "2007-03-09"


@pytest.mark.parametrize(
    "date",
    [
        "1949:12:31 12:00:00",
        "0000:00:00 00:00:00",
        "2007:02:30 12:00:00",
        "2007:00:00 00:00:00",
        "1970:01:01 00:00:00",
        "1980:01:01 00:00:17",
        "2000:01:01 03:12:00",
        "    :  :     :  :  ",
        "yesterday",
        "",
        7,
    ],
)
def test_what_is_no_day(date):
    assert taken(dated(SCENE, date)) is None


def test_other_ways_of_writing_it():
    assert taken(dated(SCENE, "2007-03-09T18:30:00")) == "2007-03-09"
    assert taken(dated(SCENE, b"2007:03:09 18:30:00\0")) == "2007-03-09"


def test_the_day_of_the_last_change_is_not_meant():
    exif, buffer = Image.Exif(), io.BytesIO()
    exif[0x0132] = "2007:03:09 18:30:00"
    SCENE.save(buffer, "JPEG", exif=exif)
    assert taken(buffer.getvalue()) is None


def test_a_picture_without_metadata_has_none():
    buffer = io.BytesIO()
    SCENE.save(buffer, "JPEG")
    assert taken(buffer.getvalue()) is None


def test_the_day_comes_through_the_child(tmp_path: Path):
    content = dated(SCENE, "2007:03:09 18:30:00")
    digest = hashlib.sha256(content).hexdigest()
    (tmp_path / digest).write_bytes(content)
    with DecodePool(1) as pool:
        (lent,) = pool.decode([(tmp_path / digest, digest)])
        assert isinstance(lent, Lent) and lent.taken_on == "2007-03-09"
        lent.give_back()

"""Which way up the file says that a picture is: EXIF, XMP, and the container's own turns."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from PIL import Image, features
from PIL.PngImagePlugin import PngInfo

from embedder.decode import MAX_PIXELS, DecodedImage, Refused, decode_bytes
from tests.hostile_images import (
    CORNERS,
    GOOD,
    ORIENTATION,
    SIZE,
    TURNED,
    chunk,
    png,
    saved,
    scene,
    with_orientation,
)

KINDS = ("JPEG", "PNG", "WEBP", "AVIF")
QUALITY = {"JPEG": {"quality": 95}, "PNG": {}, "WEBP": {"quality": 95}, "AVIF": {"quality": 95}}
XMP = (
    "<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF "
    "xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'><rdf:Description rdf:about='' "
    "xmlns:tiff='http://ns.adobe.com/tiff/1.0/'{}/></rdf:RDF></x:xmpmeta>"
)
ATTRIBUTE = XMP.replace("{}/>", ' tiff:Orientation="{}"/>')
ELEMENT = XMP.replace("{}/>", "><tiff:Orientation>{}</tiff:Orientation></rdf:Description>")


def with_xmp(kind: str, xmp: str, exif: int | None = None) -> bytes:
    """The upright scene with an XMP block, and perhaps an EXIF orientation (the scene stored as a
    camera would store it)."""
    turn = TURNED[exif] if exif else None
    stored = scene() if turn is None else scene().transpose(turn)
    options: dict[str, object] = dict(QUALITY[kind])
    if kind == "PNG":
        info = PngInfo()
        info.add_itxt("XML:com.adobe.xmp", xmp)
        options["pnginfo"] = info
    else:
        options["xmp"] = xmp.encode()
    if exif:
        block = Image.Exif()
        block[ORIENTATION] = exif
        options["exif"] = block
    return saved(stored, kind, **options)


def is_upright(content: bytes) -> None:
    decoded = decode_bytes(content)
    assert isinstance(decoded, DecodedImage), decoded
    assert (decoded.width, decoded.height) == SIZE
    pixels = decoded.pixels
    assert pixels.shape == (*SIZE[::-1], 3)
    height, width = pixels.shape[:2]
    places = [(y, x) for y in (height // 5, -height // 5) for x in (width // 5, -width // 5)]
    for place, colour in zip(places, CORNERS.values(), strict=True):
        assert np.abs(pixels[place].astype(int) - colour).max() < 40, (place, pixels[place])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("number", TURNED)
@pytest.mark.parametrize("xmp", [ATTRIBUTE, ELEMENT])
def test_xmp_turns_nothing(kind: str, number: int, xmp: str) -> None:
    content = with_xmp(kind, xmp.format(number))
    with Image.open(io.BytesIO(content)) as image:
        found = image.getexif().get(ORIENTATION)
    assert found == number  # Pillow itself falls back to it
    is_upright(content)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("number", TURNED)
def test_exif_turns_whatever_xmp_says(kind: str, number: int) -> None:
    is_upright(with_orientation(number, kind))
    is_upright(with_xmp(kind, ATTRIBUTE.format(number % 8 + 1), exif=number))


@pytest.mark.parametrize("number", TURNED)
def test_the_short_way_and_pillows_turn_alike(number: int) -> None:
    """CMYK is for Pillow to decode, RGB goes the short way."""
    turn = TURNED[number]
    stored = scene() if turn is None else scene().transpose(turn)
    exif = Image.Exif()
    exif[ORIENTATION] = number
    for mode in ("RGB", "CMYK"):
        is_upright(saved(stored.convert(mode), "JPEG", quality=95, exif=exif))


@pytest.mark.parametrize("container", [1, 6])
def test_an_avif_is_turned_once_by_its_container(container: int) -> None:
    """The EXIF block inside says 6 as well, or against it: it does not count."""
    exif = Image.Exif()
    exif[0x0103], exif[ORIENTATION] = 6, container  # what Pillow makes the container's turn of
    turn = TURNED[container]
    stored = scene() if turn is None else scene().transpose(turn)
    content = saved(stored, "AVIF", quality=95, exif=exif)
    other, own = (struct.pack("<HHIH", tag, 3, 1, 6) for tag in (0x0103, ORIENTATION))
    if other not in content:
        other, own = (struct.pack(">HHIH", tag, 3, 1, 6) for tag in (0x0103, ORIENTATION))
    assert content.count(other) == 1
    assert content.count(b"irot") == (container == 6)
    is_upright(content.replace(other, own))


def test_an_exif_block_behind_the_pixels_of_a_png_turns_it() -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 3
    rows = b"".join(b"\0" + row.tobytes() for row in np.asarray(scene())[::-1, ::-1])
    whole = png(*SIZE, 8, 2, rows)
    end = whole.rindex(b"IEND") - 4
    is_upright(whole[:end] + chunk(b"eXIf", exif.tobytes()[6:]) + whole[end:])


def test_an_exif_block_in_a_pngs_text_turns_nothing() -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    block = exif.tobytes()
    info = PngInfo()
    info.add_text("Raw profile type exif", f"\nexif\n{len(block):8}\n{block.hex()}\n", zip=True)
    is_upright(saved(scene(), "PNG", pnginfo=info))


def boxed(major: bytes, *compatible: bytes) -> bytes:
    body = major + bytes(4) + b"".join(compatible)
    return (len(body) + 8).to_bytes(4, "big") + b"ftyp" + body + bytes(400)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (boxed(b"heic", b"mif1", b"heic"), "unsupported_heic"),
        (boxed(b"mif1", b"mif1", b"heic", b"hevc"), "unsupported_heic"),
        (boxed(b"msf1", b"hevc"), "unsupported_heic"),
        (b"\xff\x0a" + bytes(400), "unsupported_jxl"),
        (b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(400), "unsupported_jxl"),
        (boxed(b"isom", b"mp42"), "not_a_picture"),
        (boxed(b"avif", b"mif1"), "not_a_picture"),  # a head without a picture
    ],
)
def test_what_is_not_decoded_is_refused_by_its_name(content: bytes, reason: str) -> None:
    assert decode_bytes(content) == Refused(reason)


def test_an_avif_without_its_decoder_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("PIL.AvifImagePlugin.SUPPORTED", False)
    assert decode_bytes(saved_avif()) == Refused("unsupported_avif")


def saved_avif(size: tuple[int, int] = SIZE) -> bytes:
    assert features.check("avif")
    return saved(scene(size), "AVIF", quality=80, speed=10)


def test_an_avif_under_the_same_limits() -> None:
    is_upright(saved_avif())
    small = decode_bytes(saved_avif((39, 300)))
    assert isinstance(small, Refused) and small.reason == "too_small"
    half = saved_avif()
    cut = decode_bytes(half[: len(half) // 2])
    assert isinstance(cut, Refused) and cut.reason in ("truncated", "broken", "not_a_picture")
    content = saved_avif()
    polyglot = decode_bytes(content + b"<script>alert(1)</script>")
    assert isinstance(polyglot, Refused) and polyglot.reason == "polyglot"


def test_an_avif_of_too_many_pixels_is_refused_before_it_is_decoded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The size stands in the container: no pixel is decoded for it."""
    content = saved_avif((64, 48))
    place = content.index(b"ispe") + 8
    assert MAX_PIXELS < 8_000 * 5_001
    claimed = content[:place] + (8_000).to_bytes(4, "big") + (5_001).to_bytes(4, "big")
    monkeypatch.setattr("PIL.AvifImagePlugin.AvifImageFile.load", None)
    decoded = decode_bytes(claimed + content[place + 8 :])
    assert decoded == Refused("too_many_pixels")


def test_an_animated_avif_gives_its_first_frame() -> None:
    green = Image.new("RGB", SIZE, (0, 255, 0))
    is_upright(saved(scene(), "AVIF", save_all=True, append_images=[green], quality=95))


def test_the_corpus_has_all_turns_of_all_kinds() -> None:
    for kind in ("jpeg", "png", "webp"):
        assert {f"{kind} turned {number}" for number in TURNED} <= set(GOOD)

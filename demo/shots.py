"""The pictures of each synthetic person: names shared by the picture maker and the world."""

from __future__ import annotations

from typing import Final

PEOPLE: Final = tuple(f"P{number:03d}" for number in range(1, 11))

# The cells of `emotions_sheet.jpg`, row by row.
EMOTIONS: Final = (
    *("neutral", "happy", "sad", "angry"),
    *("surprised", "disgusted", "scared", "confused"),
    *("smug", "flirty", "thoughtful", "pensive"),
    *("exhausted", "shocked", "playful", "determined"),
)
PHOTOS: Final = ("studio_portrait", "studio_posture", "amateur_posture", "amateur_selfie")
FRONT: Final = "front_view"
SHOTS: Final = (*EMOTIONS, FRONT, *PHOTOS)

# Never served by the world: the pictures with which a released database is tried.
HELD_OUT: Final = ("amateur_selfie", "smug")
WORLD_SHOTS: Final = tuple(shot for shot in SHOTS if shot not in HELD_OUT)

# Pictures that a real site has too, and that must not become faces. Keys are `odd/<name>`.
ODD_NO_FACE: Final = ("back_P001", "back_P003", "back_P006", "back_P008")
ODD_TWO_FACES: Final = ("pair_P002_P003", "pair_P006_P007")
ODD_SMALL: Final = ("thumb_P001", "thumb_P005")
ODD_BROKEN: Final = ("truncated_P004", "garbled_P007")
ODDITIES: Final = (*ODD_NO_FACE, *ODD_TWO_FACES, *ODD_SMALL, *ODD_BROKEN)


def world_keys() -> tuple[str, ...]:
    """Every picture key that the world may serve, in a fixed order."""
    faces = tuple(f"{person}/{shot}" for person in PEOPLE for shot in WORLD_SHOTS)
    return faces + tuple(f"odd/{name}" for name in ODDITIES)

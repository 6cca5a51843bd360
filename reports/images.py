"""Fetched pictures beside a question about a face: only where the operator turned them on
(`TRAINER_REPORTS_PICTURES`), blurred until clicked, and small."""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import streamlit as st
from PIL import Image

from trainer.config.settings import Settings
from trainer.staging.paths import DataDir

SIDE = 240  # pixels of what is shown
_BLURRED = 10  # pixels that are left of a blurred one: the browser gets no more
_MOST_PIXELS = 40_000_000
_CLEAR = "pictures_clear"  # hashes of those that were clicked


def are_on() -> bool:
    return Settings.load().reports_pictures


def show(data: DataDir, hashes: Sequence[str], key: str) -> None:
    """The pictures that are still kept, side by side."""
    if not are_on():
        return
    there = [sha for sha in dict.fromkeys(hashes) if data.image(sha).is_file()]
    if not there:
        st.caption("No picture of it is kept any more.")
        return
    with st.container(horizontal=True):
        for number, sha in enumerate(there, 1):
            _one(data.image(sha), sha, number, f"{key}-{sha}")


def _one(path: Path, sha: str, number: int, key: str) -> None:
    clear: set[str] = st.session_state.setdefault(_CLEAR, set())
    found = small_jpeg(path, blurred=sha not in clear)
    with st.container(width=SIDE):
        if found is None:
            st.caption("This picture can't be read.")
            return
        st.image(found, width=SIDE, alt=f"Picture {number}" + ("" if sha in clear else ", blurred"))
        label = f"{'Blur' if sha in clear else 'Show'} picture {number}"
        change = clear.discard if sha in clear else clear.add
        st.button(label, key=key, on_click=change, args=(sha,))


@lru_cache(maxsize=200)
def small_jpeg(path: Path, blurred: bool) -> bytes | None:
    """A small JPEG without anything but pixels; None for what can't be decoded."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path, formats=["JPEG", "PNG", "WEBP"]) as image:
                if image.width * image.height > _MOST_PIXELS:
                    return None
                image.draft("RGB", (SIDE, SIDE))
                image.thumbnail((SIDE, SIDE))
                small = image.convert("RGB")
    except (OSError, ValueError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        return None
    if blurred:
        size = small.size
        small.thumbnail((_BLURRED, _BLURRED))
        small = small.resize(size, Image.Resampling.BICUBIC)
    out = io.BytesIO()
    small.save(out, "JPEG", quality=80)
    return out.getvalue()

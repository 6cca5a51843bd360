"""The day on which a picture was taken, as its camera wrote it down."""

from __future__ import annotations

import re
from datetime import date

from PIL import Image

_EXIF_IFD = 0x8769
_ORIGINAL = 0x9003  # when it was taken; other tags say when it was scanned or changed
_DAY = re.compile(r"\s*(\d{4})[:-](\d{2})[:-](\d{2})(?!\d)")
_FIRST_YEAR = 1950  # what is older comes of clocks that count from 1904
# What cameras write whose clock was never set.
_NEVER_SET = frozenset(date(year, 1, 1) for year in (1970, 1980, 1990, 2000))


def capture_date(exif: Image.Exif) -> str | None:
    """YYYY-MM-DD; None where nothing, or nothing that can be, is written there.

    Whether it lies in the future is for those to judge who know when the picture was fetched.
    """
    try:
        value = exif.get_ifd(_EXIF_IFD).get(_ORIGINAL)
        text = value.decode("ascii") if isinstance(value, bytes) else str(value)
        match = _DAY.match(text)
        day = date(*map(int, match.groups())) if match else None
    except Exception:  # any bytes may lie there
        return None
    return day.isoformat() if day and day.year >= _FIRST_YEAR and day not in _NEVER_SET else None

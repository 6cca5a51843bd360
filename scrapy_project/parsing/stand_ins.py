"""Pictures that stand where a site has none of the person: nobody's face.

The one list of them, for every source. A name is judged as a whole, never by a word in it: there
are people called Icon or Blank, and a file that is called like the person is hers.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Final
from urllib.parse import unquote, urlsplit

from trainer.staging.rows import AdvertisedImage

_IMAGE: Final = r"(?:photos?|image|images|img|pics?|pictures?|avatar|portrait|headshot|thumb)"
_ADDED: Final = (
    r"(?:[-_ .]?(?:available|yet|found|here|small|medium|large|big|thumb(?:nail)?|fe?male|f|m|trans"
    r"|man|woman|girl|guy|model|performer|pornstar|idol|profile|avatar|\d+(?:x\d+)?))*"
)
_NAMES: Final = re.compile(
    "|".join(
        (
            rf"no[-_ ]?{_IMAGE}{_ADDED}",  # nophoto340, no-image-yet, no_photo_available
            r"nophoto[a-z0-9]*",
            rf"{_IMAGE}[-_ ]?(?:not|is|coming|un)[-_ ]?(?:not[-_ ]?)?(?:available|found|soon)",
            rf"(?:{_IMAGE}[-_ ])?(?:placeholder|default|missing|dummy){_ADDED}",
            r"(?:small|user|profile|performer|model|fe?male|mystery|anonymous)"
            r"[-_ ](?:placeholder|default|silhouette|avatar|person|man|woman)",
            rf"avatar[-_ ]?(?:default|placeholder|blank){_ADDED}",
            r"(?:now[-_ ]?printing|coming[-_ ]?soon|silhouette|loading|lazy(?:load)?)",
            r"(?:1px|1x1|pixel|spacer|transparent|blank|empty|clear)(?:[-_ ]?\d+)?",
            r"(?:site[-_ ])?(?:favicon|logo|icons?)(?:[-_ ]?\d+(?:x\d+)?)?",
            r"th_iafd_ad",
        )
    ),
    re.IGNORECASE | re.ASCII,
)
_SHORT_NAME: Final = 7  # letters; a longer name begins no stand-in by chance
_ICON: Final = re.compile(r".+[-_](?:icon|logo)\.(?:png|gif|svg|ico)", re.IGNORECASE)


def is_stand_in(url: str, names: Iterable[str] = ()) -> bool:
    """Does the file at `url` stand for a missing picture, or for the site? `names`: the person's.

    Addresses that hold another one (`.../https%3A%2F%2Fcdn.example%2Fdefault_03.png`) count by
    the file at their end.
    """
    file = unquote(unquote(urlsplit(url).path)).rpartition("/")[2].partition("?")[0]
    stem = file.rpartition(".")[0] or file
    if not (_NAMES.fullmatch(stem) or _ICON.fullmatch(file)):
        return False
    return not any(_is_called(_letters(stem), _letters(name)) for name in names)


def without_stand_ins(
    images: Iterable[AdvertisedImage], names: Iterable[str]
) -> list[AdvertisedImage]:
    """The rows of pictures (with `url`) that may show the person."""
    own = tuple(names)
    return [image for image in images if not is_stand_in(image["url"], own)]


def _is_called(file: str, name: str) -> bool:
    """Is a file called like the person, with a number or a remark behind a name that is none by
    chance?"""
    return (
        file == name
        or re.fullmatch(rf"{re.escape(name)}\d+", file) is not None
        or (len(name) > _SHORT_NAME and file.startswith(name))
    )


def _letters(text: str) -> str:
    """Letters and digits only, without accents: files are called so."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKD", text)).casefold()

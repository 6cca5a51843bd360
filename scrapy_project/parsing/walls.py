"""Pages that stand between a visitor and what was asked for: age checks, logins, consent.

Nothing here says that a page is a person's: it is asked only of a page that is not.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urljoin, urlsplit

from parsel import Selector
from w3lib.html import get_meta_refresh

from scrapy_project.parsing.html import element_text, elements, texts_of
from scrapy_project.parsing.profile import PageError

_LITTLE_TEXT: Final = 3_000  # characters of a page that is nothing but a form
_SEGMENT: Final = re.compile(
    r"(?:log|sign)[-_]?(?:in|up|on)|auth\w*|oauth\w*|sso|sessions?|register|registration|join|"
    r"accounts?|members?|subscribe|"
    r"(?:age|adults?|over|parental|content)[-_]?(?:check|gate|verif\w*|confirm\w*|wall|only|18|21|"
    r"control|warning|restriction|restricted)?|"
    r"(?:verify|verification|confirm|check)[-_]?(?:age|human|me)?|18(?:plus)?|21(?:plus)?|"
    r"disclaimer|warning|enter|entrance|entry|splash|welcome|consents?|gdpr|privacy|cookies?|terms|"
    r"captcha|challenge|blocked|forbidden|denied|access[-_]?denied|unavailable|maintenance|errors?",
    re.IGNORECASE,
)
_ENDING: Final = re.compile(r"\.(?:html?|php\d?|aspx?|jsp|cgi)$", re.IGNORECASE)
# How the title or the heading of such a page begins, and what it says anywhere.
_BEGINS: Final = re.compile(
    r"(?:please\s+)?(?:log|sign)[\s-]*(?:in|on|up)\b|(?:member|user|customer)s?['\u2019]?\s+"
    r"(?:area|login|log[\s-]*in)\b|regist(?:er|ration)\b|create\s+(?:an\s+|your\s+)?account\b|"
    r"(?:welcome|enter|warning|attention|disclaimer|entrance|verification|maintenance)\s*[!.:|-]|"
    r"(?:welcome|enter|warning|attention|disclaimer|entrance|verification)$|"
    r"(?:anmelden|einloggen|connexion|se\s+connecter|iniciar\s+sesi\u00f3n|accedi|entrar|inloggen)\b",
    re.IGNORECASE,
)
_SAYS: Final = re.compile(
    r"\bage\s*-?\s*(?:check|gate|verif\w*|confirm\w*|restrict\w*|warning|limit)|"
    r"\b(?:verify|confirm)\s+(?:that\s+)?(?:your\s+age|you(?:\s+are|['\u2019]re))|"
    r"\b(?:are\s+you|i\s+am|i['\u2019]m|you\s+(?:must|have\s+to|need\s+to)\s+be|must\s+be|under|over)\s+"
    r"(?:(?:at\s+least|over|older\s+than|above|under)\s+)?(?:18|21|eighteen|twenty-?one|of\s+legal)|"
    r"\badults?\s+only\b|\b(?:adult|explicit|sexual|mature)\s+content\b|"
    r"\b(?:log|sign)(?:ged)?[\s-]*in\s+(?:to|required|is\s+required)|"
    r"\b(?:login|sign-?in|registration|subscription|membership)\s+(?:is\s+)?required|"
    r"\bmembers\s+only\b|\bbefore\s+you\s+(?:continue|enter|proceed)|"
    r"\b(?:cookie|privacy)\s+(?:consent|settings|preferences)|"
    r"\bnot\s+available\s+in\s+your\s+(?:country|region|state|location)|"
    r"\balters(?:pr\u00fcfung|nachweis|verifikation|best\u00e4tigung|kontrolle)|\bab\s+18\b|"
    r"\bv\u00e9rification\s+de\s+l['\u2019]\u00e2ge|\bverificaci\u00f3n\s+de\s+(?:la\s+)?edad|"
    r"\bverifica\s+(?:del)?l['\u2019]et\u00e0|\bleeftijds(?:controle|verificatie)|"
    r"\bverifica\u00e7\u00e3o\s+de\s+idade|\u5e74\u9f62\u78ba\u8a8d|\u5e74\u9f84\u786e\u8ba4|18\s*\u6b73",
    re.IGNORECASE,
)


def wall_address(url: str) -> bool:
    """Does the address say that a login, an age check or the like is there?"""
    segments = (_ENDING.sub("", part) for part in urlsplit(url).path.split("/"))
    return any(_SEGMENT.fullmatch(segment) for segment in segments)


def wall_heading(page: Selector) -> str | None:
    """The title or heading that says so; only the heads: running text may say anything."""
    heads = elements(page, ":is(title, h1)")
    if not any(head.root.tag == "h1" for head in heads):
        heads += elements(page, "h2")
    for text in filter(None, map(element_text, heads)):
        if _BEGINS.match(text) or _SAYS.search(text):
            return text
    return None


def wall_sign(page: Selector, url: str) -> str | None:
    """What shows that a page without a profile is no profile's page, in words; else None."""
    heading = wall_heading(page)
    if heading is not None:
        return f"a page that says {heading[:100]!r}"
    leads = _refreshed_to(page, url)
    if leads is not None:
        return f"a page that leads on to {leads}"
    form = elements(page, "form input[type=password]")
    if form and len(" ".join(texts_of(page))) < _LITTLE_TEXT:
        return "a form that asks for a password"
    return None


def walled(where: str) -> PageError:
    """The error of a page that could not be seen; `where`: what was there instead."""
    return PageError("wall", f"{where} instead of the page asked for")


def _refreshed_to(page: Selector, url: str) -> str | None:
    for meta in elements(page, "meta[http-equiv]"):
        if (meta.root.get("http-equiv") or "").strip().lower() == "refresh":
            try:
                found = get_meta_refresh(meta.get(), url)[1]
                target = urljoin(url, found) if found else url
                if urlsplit(target).path != urlsplit(url).path:
                    return target
            except ValueError:
                continue
    return None

"""A career that still goes on has no end, on the day of the run."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from scrapy_project.parsing.profile import Profile


def career_end(last_year: int | None, today: date | None) -> int | None:
    """The end of a career whose last year is `last_year`: none while that is this year or the last
    one. Sites name the last year that they saw, not a retirement. Without a day it is kept."""
    if last_year is None or today is None:
        return last_year
    return last_year if last_year < today.year - 1 else None


def on_day(parse_page: Callable[[bytes, str], Profile]) -> Callable[..., Profile]:
    """A site's parse function with the day, which no such function asks a clock for."""

    def parse(body: bytes, url: str, today: date | None = None) -> Profile:
        """What the page says; with `today`, a career that still goes on has no end."""
        profile = parse_page(body, url)
        end = career_end(profile.career_end_year, today)
        return profile.model_copy(update={"career_end_year": end})

    return parse

"""What people write about a performer, into the forms that stash-boxes use."""

from __future__ import annotations

import re
from datetime import date

import pytest
from babel import Locale
from hypothesis import given, settings
from hypothesis import strategies as st

from scrapy_project.parsing import facts
from scrapy_project.parsing.careers import career_end
from scrapy_project.parsing.countries import codes
from scrapy_project.parsing.profile import Profile


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("March 4, 1985", "1985-03-04"),
        ("4th of March 1985", "1985-03-04"),
        ("Monday 4th March 1985 (41 years old)", "1985-03-04"),
        ("March 1985 (41 years old)", "1985-03"),
        ("Sept. 5, 1990", "1990-09-05"),
        ("1985-03-04T00:00:00Z", "1985-03-04"),
        ("1985-03", "1985-03"),
        ("1985-00-00", "1985"),
        ("??-??-1985", "1985"),
        ("03/04/1985", "1985"),
        ("10/23/19??", None),
        ("10/23/1985", "1985-10-23"),
        ("23.10.1985", "1985-10-23"),
        ("45/23/1985", "1985"),
        ("15-??-1996", "1996"),
        ("April May Veit, March 4, 1985", "1985-03-04"),
        ("1985 or 1986", None),
        ("1985/1986", None),
        ("0000-07-02", None),
        ("Marina Bay, 1985", "1985"),
        ("\uff11\uff19\uff18\uff15", "1985"),
        ("31 February 1990", None),
        ("1985-13-01", None),
        ("soon", None),
        ("", None),
        (None, None),
    ],
)
def test_a_date_stays_as_fuzzy_as_it_is(text, iso):
    assert facts.fuzzy_date(text) == iso


@given(st.dates(min_value=date(1800, 1, 1), max_value=date(2099, 12, 31)))
@settings(max_examples=60, deadline=None)
def test_every_day_is_read_in_every_spelling(day):
    spellings = ("%Y-%m-%d", "%d %b %Y", "%A %d %B %Y", "{:%B} {:d}, {:d}")
    for spelling in spellings:
        text = (
            spelling.format(day, day.day, day.year) if "{" in spelling else day.strftime(spelling)
        )
        assert facts.fuzzy_date(text) == day.isoformat()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("France", "FR"),
        ("french", "FR"),
        ("  the Netherlands ", "NL"),
        ("American, Canadian", "US"),
        ("Prague, Czech Republic", "CZ"),
        ("Prague, Czechoslovakia (now Czech Republic)", None),
        ("Atlanta, Georgia, USA", "US"),
        ("Lebanon, NH", None),
        ("Los Angeles, California", "US"),
        ("Los Angeles, CA", None),
        ("CA", "CA"),
        ("no", None),
        ("Cote d'Ivoire", "CI"),
        ("Bosnia and Herzegovina", "BA"),
        ("St. Lucia", "LC"),
        ("Turkey", "TR"),
        ("Türkiye", "TR"),
        ("British (English)", "GB"),
        ("African-American", "US"),
        ("American, UK", "US"),
        ("Czech & German", "CZ"),
        ("Mexican-American", "US"),
        ("French-Canadian", "CA"),
        ("Brazilian-Japanese", None),
        ("South American", None),
        ("Indian, Alaska", "US"),
        ("Port of Spain, Trinidad and Tobago", "TT"),
        ("Charlotte Amalie, U.S. Virgin Islands", "VI"),
        ("Virgin Islander", "VI"),
        ("Saint Lucian", "LC"),
        ("CS", None),
        ("Prague, Czechoslovakia", None),
        ("USSR", None),
        ("Martian", None),
        ("", None),
        (None, None),
    ],
)
def test_a_country_or_nationality_becomes_its_code(text, code):
    assert facts.country(text) == code


@pytest.mark.parametrize("text", ["CS", "Yugoslavian", "the Soviet Union", "10/23/19??", "???"])
def test_a_text_that_stands_for_no_value_is_understood(text):
    assert facts.says_nothing(text)
    assert facts.country(text) is None


@pytest.mark.parametrize("text", ["Czech", "Martian", "Georgia", "1985"])
def test_any_other_text_stands_for_one(text):
    assert not facts.says_nothing(text)


@pytest.mark.parametrize(
    ("last", "today", "end"),
    [
        (2026, date(2026, 1, 1), None),
        (2025, date(2026, 12, 31), None),
        (2024, date(2026, 1, 1), 2024),
        (2027, date(2026, 6, 1), None),
        (2026, None, 2026),
        (None, date(2026, 1, 1), None),
    ],
)
def test_a_last_year_is_an_end_once_it_is_two_years_ago(last, today, end):
    assert career_end(last, today) == end


def test_every_country_is_known_by_its_english_name():
    names = Locale("en").territories
    assert {code: facts.country(names[code]) for code in codes()} == {c: c for c in codes()}
    assert len(codes()) >= 249


def test_every_word_of_the_table_leads_to_a_country():
    from scrapy_project.parsing.countries import _table

    table = _table()
    for part in ("people", "names", "parts"):
        for code, words in table[part].items():
            assert code in codes()
            assert {word: facts.country(word) for word in words} == dict.fromkeys(words, code)


@pytest.mark.parametrize(
    ("text", "centimetres"),
    [
        ("170 cm", 170),
        ("170.5cm", 170),
        ("1.70 m", 170),
        ("1.7 m", 170),
        ("5 ft 6 in (1.68 m)", 168),
        ("1,70m", 170),
        ("5'7\"", 170),
        ("5\u20197\u201d", 170),
        ("5' 7''", 170),
        ("5 ft 7 in (170 cm)", 170),
        ("5 feet, 4 inches (163 cm)", 163),
        ("6 ft", 183),
        ("170", 170),
        ("17 cm", None),
        ("999 cm", None),
        ("tall", None),
        (None, None),
    ],
)
def test_a_height_becomes_centimetres(text, centimetres):
    assert facts.height_cm(text) == centimetres


@given(st.integers(50, 300))
def test_every_height_in_centimetres_is_read(centimetres):
    assert facts.height_cm(f"{centimetres} cm") == centimetres


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ("Female", "FEMALE"),
        ("Woman ", "FEMALE"),
        ("male", "MALE"),
        ("Trans Woman", "TRANSGENDER_FEMALE"),
        ("Transgender (female)", "TRANSGENDER_FEMALE"),
        ("TRANSGENDER_MALE", "TRANSGENDER_MALE"),
        ("FTM", "TRANSGENDER_MALE"),
        ("non-binary", "NON_BINARY"),
        ("Intersex", "INTERSEX"),
        ("trans", None),
        ("both", None),
        (None, None),
    ],
)
def test_a_gender_is_spelled_as_stash_boxes_do(text, spelled):
    assert facts.gender(text) == spelled


@pytest.mark.parametrize(
    ("read", "text", "value"),
    [
        (facts.ethnicity, "White", "CAUCASIAN"),
        (facts.ethnicity, "Middle-Eastern", "MIDDLE_EASTERN"),
        (facts.ethnicity, "Black / Ebony", "BLACK"),
        (facts.ethnicity, "Caucasian, Latina", "MIXED"),
        (facts.ethnicity, "White and Martian", None),
        (facts.eye_color, "Dark brown", "BROWN"),
        (facts.eye_color, "Gray", "GREY"),
        (facts.eye_color, "violet", None),
        (facts.hair_color, "Light Brown", "BRUNETTE"),
        (facts.hair_color, "blond", "BLONDE"),
        (facts.hair_color, None, None),
        (facts.career_years, "2005 - 2014", (2005, 2014)),
        (facts.career_years, "2005-present", (2005, None)),
        (facts.career_years, "Started at 19; 2003 to 2012", (2003, 2012)),
        (facts.career_years, "2012-2003", (2012, None)),
        (facts.career_years, "unknown", (None, None)),
        (facts.career_years, "2006-2014 (Started around 21 years old)", (2006, 2014)),
        (facts.career_years, "2021-Present (5 years, since 2020)", (2021, None)),
        (facts.career_years, "(2006-2014)", (2006, 2014)),
        (facts.career_years, "2006\u20112014", (2006, 2014)),
        (facts.career_years, "2006\u2009\u2212\u20092014", (2006, 2014)),
        (facts.career_years, "2006\u2014current", (2006, None)),
        (facts.career_years, "2006-", (2006, None)),
        (facts.career_years, "2006\u201309", (2006, 2009)),
        (facts.career_years, "2006-12-01", (2006, None)),
        (facts.career_years, "2003-2007, 2010\u20132014", (2003, 2014)),
        (facts.career_years, "2003-2007; 2010 - present", (2003, None)),
        (facts.career_years, "2003, 2005", (2003, 2005)),
        (facts.career_years, "?-2014", (None, 2014)),
        (facts.career_years, "until 2014", (None, 2014)),
    ],
)
def test_looks_and_career_are_spelled_as_stash_boxes_do(read, text, value):
    assert read(text) == value


@given(st.text(max_size=80))
@settings(max_examples=200, deadline=None)
def test_any_text_gives_a_value_that_a_profile_takes_or_none(text):
    start, end = facts.career_years(text)
    profile = Profile.model_validate(
        {
            "name": "Somebody",
            "birth_date": facts.fuzzy_date(text),
            "country": facts.country(text),
            "gender": facts.gender(text),
            "height_cm": facts.height_cm(text),
            "career_start_year": start,
            "career_end_year": end,
        }
    )
    assert profile.country is None or re.fullmatch("[A-Z]{2}", profile.country)

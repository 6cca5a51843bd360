"""The adults-only rule on fuzzy dates, over everything that the sources say of one person."""

from __future__ import annotations

import pytest

from trainer.adults.rules import AgeFacts, adult_from, judge

VAGUE = "perhaps_under_age"


@pytest.mark.parametrize(
    ("birth", "start", "recorded", "judged"),
    [
        ("1990-05-01", 2010, None, "adult"),
        ("1990", 2009, None, "adult"),
        ("1990", 2007, None, "under_age"),
        # The start is a year: whoever turned 18 in it counts as 18.
        ("1990", 2008, None, "adult"),
        ("2000-12-31", 2018, None, "adult"),
        ("2001-01-02", 2018, None, "under_age"),
        ("1999-12-31", 2018, None, "adult"),
        # Without a start the day on which a source first listed the person stands for it.
        ("1990", None, "2020-01-01T00:00:00Z", "adult"),
        ("2005-01-01", None, "2020-01-01T00:00:00Z", "under_age"),
        ("2002-03-05", None, "2020-03-05T08:00:00Z", "adult"),
        ("2002-03-06", None, "2020-03-05T08:00:00Z", "under_age"),
        ("2002-03", None, "2020-03-05T08:00:00Z", VAGUE),
        ("2002-03-01", None, "2020-03-05T08:00:00Z", VAGUE),  # stands for its month
        ("2002-02", None, "2020-03-05T08:00:00Z", "adult"),
        # Who was listed at 17 did not start years later.
        ("2002-03-06", 2022, "2020-01-05T08:00:00Z", "contradiction"),
        ("2002-03-06", 2022, "2020-04-05T08:00:00Z", "adult"),
        # What says nothing is nothing.
        ("1990", None, None, "unknown_age"),
        (None, 2010, None, "adult"),
        (None, None, "2020-01-01T00:00:00Z", "unknown_age"),
        ("soon", None, "2020-01-01T00:00:00Z", "unknown_age"),
        ("0001-01-01", None, "2020-01-01T00:00:00Z", "unknown_age"),
        ("1990", None, "0001-01-01T00:00:00Z", "unknown_age"),
        ("1990", None, "1970-01-01T00:00:00Z", "unknown_age"),
        ("1990", 0, None, "unknown_age"),
        ("1990-13-77", 2012, None, "adult"),  # only its year is a date
    ],
)
def test_one_record(birth, start, recorded, judged):
    assert judge([AgeFacts(birth, start, recorded)]) == judged


@pytest.mark.parametrize(
    ("told", "judged"),
    [
        ([("1995", 2015), ("1995", 2011)], "contradiction"),
        ([("1995", 2015), ("1998-05-01", None)], "contradiction"),
        ([("1995", 2015), ("1995", 2013)], "adult"),
        ([("1995", 2015), ("1996", 2013)], "contradiction"),
        ([("1995", 2012), ("1996", 2011)], "under_age"),
        ([("1995", 2012), ("1995", 2013)], "contradiction"),
        ([("1980", 2015), ("1985-05-05", 2010)], "adult"),  # whichever is right
        ([("1995", None), (None, 2011)], "under_age"),
        ([("1995", None), (None, 2014)], "adult"),
        ([("1990", 2012), (None, None)], "adult"),
        ([(None, None), (None, 2012)], "adult"),
        ([(None, None), (None, None)], "unknown_age"),
        ([], "unknown_age"),
    ],
)
def test_all_that_is_said_counts_in_any_order(told, judged):
    facts = [AgeFacts(birth, start, None) for birth, start in told]
    assert judge(facts) == judge(facts[::-1]) == judged


def test_of_birth_dates_that_agree_the_finer_one_counts():
    listed = "2020-03-05T00:00:00Z"
    facts = [AgeFacts("2002", None, listed), AgeFacts("2002-01-01", None, None)]
    assert judge(facts) == VAGUE
    assert judge([*facts, AgeFacts("2002-02-20", None, None)]) == "adult"


def test_the_first_listing_counts():
    first, later = "2019-01-01T00:00:00Z", "2021-01-01T00:00:00Z"
    assert judge([AgeFacts("2001-05-05", None, later)]) == "adult"
    facts = [AgeFacts("2001-05-05", None, later), AgeFacts(None, None, first)]
    assert judge(facts) == "under_age"


@pytest.mark.parametrize(
    ("births", "day"),
    [
        (["1990"], "2008-12-31"),
        (["1990-02"], "2008-02-31"),  # compared as text: later than any day of the month
        (["1990-02-03"], "2008-02-03"),
        (["1990", "1990-02-03"], "2008-02-03"),
        (["1990-02-03", "1991-01"], "2009-01-31"),
        (["1990-02-03", "1991-01-01"], "2009-12-31"),
        (["1990-02-03", "1991-03"], "2009-03-31"),
        ([None, "soon"], None),
        ([], None),
    ],
)
def test_the_latest_day_of_becoming_18(births, day):
    assert adult_from([AgeFacts(birth, None, None) for birth in births]) == day

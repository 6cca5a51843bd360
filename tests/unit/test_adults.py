"""The adults-only rule on fuzzy dates."""

from __future__ import annotations

import pytest

from trainer.policy.adults import AgeFacts, judge


@pytest.mark.parametrize(
    ("birth", "start", "recorded", "verdict"),
    [
        ("1990-05-01", 2010, None, "adult"),
        ("1990", 2008, None, "adult"),
        ("1990", 2007, None, "under_age"),
        ("1990", None, "2020-01-01T00:00:00Z", "adult"),
        ("2005-01-01", None, "2020-01-01T00:00:00Z", "under_age"),
        ("1990", None, None, "unknown_age"),
        (None, 2010, None, "adult"),
        (None, None, "2020-01-01T00:00:00Z", "unknown_age"),
        ("soon", None, "2020-01-01T00:00:00Z", "unknown_age"),
    ],
)
def test_verdict(birth, start, recorded, verdict):
    assert judge(AgeFacts(birth, start, recorded)) == verdict

"""The exponents of `make bench-scaling`, on figures whose growth is known."""

from __future__ import annotations

import pytest

from tests.bench.bench_scaling import MOST_PER_FACE, above_limit, fit, per_face, table


def figures(people: int, seconds: float, megabytes: float) -> dict:
    idle = {"wall": 1.0, "cpu": 0.5, "peak_mb": 100.0}
    steps = {"select": {"wall": 9.0, "cpu": seconds + 0.5, "peak_mb": megabytes}, "gate": idle}
    return {"people": people, "first week": {"faces": 3 * people, "steps": steps}}


def test_a_power_and_a_line_are_found_again():
    curve = fit([(n, 2.0 * n**1.5) for n in (10, 100, 1000)])
    assert curve.exponent == pytest.approx(1.5) and curve.at(50) == pytest.approx(2 * 50**1.5)
    found = [figures(n, n**2 / 1e4, 200 + 3 * n * 0.004) for n in (1_000, 2_000, 4_000)]
    assert per_face(found, "first week", "select") == pytest.approx((200, 4.0))
    lines = table(found, "first week")
    assert "2.00, more than n log n" in lines[2] and "| 4.0 | 40 |" in lines[2]
    assert "too small to tell" in lines[3]


def test_a_step_that_holds_twice_what_is_stated_is_named():
    least = {"wall": 1.0, "cpu": 1.0, "peak_mb": 100.0}
    found = []
    for n in (1_000, 2_000):
        one = figures(n, 1.0, 100 + 3 * n * 2 * MOST_PER_FACE["select"] / 1000)
        steps = dict.fromkeys(MOST_PER_FACE, least) | one["first week"]["steps"]
        week = {"faces": 3 * n, "steps": steps}
        found.append(
            {"first week": week, "second week": week | {"steps": steps | {"select": least}}}
        )
    assert [line.split(" holds")[0] for line in above_limit(found)] == ["first week: select"]

"""`make bench-requests` over 2,000 invented performers: what the planner saves, and its price."""

from __future__ import annotations

import numpy as np
import pytest

from tests.bench.bench_requests import Seen, at_once, named, planned, selected
from tests.bench.invented_images import Population, invent

PEOPLE = 2_000
RATE = 240 * PEOPLE / 110_000  # a minute: hours mean the same as with 110,000 performers


@pytest.fixture(scope="module")
def population() -> Population:
    return invent(PEOPLE, seed=1)


@pytest.fixture(scope="module")
def seen(population: Population) -> Seen:
    return planned(population, RATE)


def share_of_faces(population: Population, asked: np.ndarray) -> tuple[float, float]:
    """Number and mean quality of the faces that are selected, against asking for everything."""
    full = selected(population, np.ones_like(population.usable))
    ours = selected(population, asked)
    means = [float(frame["quality"].to_numpy().mean()) for frame in (ours, full)]
    return len(ours) / len(full), means[0] / means[1]


def test_two_thirds_of_the_requests_give_all_faces_nearly_as_good(population, seen):
    everything = population.images["url"].n_unique()
    assert seen.requests == seen.asked.sum() <= 0.68 * everything  # and none is made twice
    number, quality = share_of_faces(population, seen.asked)
    assert number >= 0.99 and quality >= 0.94


def test_the_first_hours_cover_most_scenes(population, seen):
    assert named(population, RATE)[60] <= 0.05
    assert seen.covered[60] >= 0.70
    assert seen.covered[360] >= 0.88


def test_a_crawl_of_which_nothing_is_embedded_meanwhile_asks_for_hardly_more(population):
    asked = at_once(population)
    assert asked.sum() <= 0.68 * population.images["url"].n_unique()
    number, quality = share_of_faces(population, asked)
    assert number >= 0.99 and quality >= 0.93

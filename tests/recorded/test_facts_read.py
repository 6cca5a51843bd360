"""What `source.yaml` says is read is what the recorded cases show, and the docs say so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.recorded.facts_read import facts_read
from trainer.config.sources import load_sources

SOURCES = load_sources(Path("/nonexistent"))


@pytest.mark.parametrize("key", sorted(SOURCES))
def test_the_facts_that_a_source_names_are_those_that_its_recorded_cases_show(key):
    shown = facts_read(key)
    assert SOURCES[key].facts == shown, f"{key}/source.yaml: write `facts: [{', '.join(shown)}]`"


@pytest.mark.parametrize("key", sorted(SOURCES))
def test_the_evidence_of_a_source_has_a_date(key):
    assert re.search(r"\b20\d\d(-\d\d)?\b", SOURCES[key].evidence), key

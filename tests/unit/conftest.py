"""What several modules of tests begin with."""

from __future__ import annotations

import pytest

from tests.unit.fake_airflow import serving_airflow
from tests.unit.reports_acting_world import acting_world
from tests.unit.reports_sources_world import as_operator, sources_world


@pytest.fixture
def fake_airflow():
    with serving_airflow() as server:
        yield server


@pytest.fixture
def sources_operator(tmp_path, monkeypatch):
    """An operator without any key looks at the page of the sources, over an empty DATA_DIR."""
    as_operator(monkeypatch, tmp_path)


@pytest.fixture
def sources_data(sources_operator, tmp_path):
    """The same over three releases."""
    return sources_world(tmp_path)


@pytest.fixture
def acting(tmp_path, monkeypatch):
    """The invented DATA_DIR with questions for a person, who is an operator."""
    monkeypatch.setenv("TRAINER_REPORTS_ROLE", "operator")
    return acting_world(tmp_path, monkeypatch)

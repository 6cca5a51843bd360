"""What several modules of tests begin with."""

from __future__ import annotations

import pytest

from tests.unit.reports_acting_world import acting_world


@pytest.fixture
def acting(tmp_path, monkeypatch):
    """The invented DATA_DIR with questions for a person, who is an operator."""
    monkeypatch.setenv("TRAINER_REPORTS_ROLE", "operator")
    return acting_world(tmp_path, monkeypatch)

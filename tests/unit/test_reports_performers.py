"""The Performers page over an invented DATA_DIR."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from reports import text
from tests.unit.identity_world import uuid
from tests.unit.reports_acting_world import HOSTILE, cells, shown


def test_a_performer_is_found_and_shown(acting, monkeypatch):
    monkeypatch.setattr("reports.app_pages.performers.load_sources", lambda _root: acting._sources)
    at = AppTest.from_string(
        "from reports.app_pages import performers\nperformers.show()", default_timeout=60
    )
    at.query_params["who"] = f"boxone:{uuid(1)}"
    at.run()
    assert not at.exception, at.exception[0].value
    assert text.plain(HOSTILE) in cells(at)
    for who in ("nobody at all", "[x](javascript:alert(1))", "%", "'; DROP TABLE x"):
        at.text_input[0].input(who).run()
        assert not at.exception
        assert "nobody is known as" in shown(at)

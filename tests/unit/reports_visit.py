"""Opening a page of the reports without a browser."""

from pathlib import Path

from streamlit.testing.v1 import AppTest

APP = Path(__file__).parents[2] / "reports" / "app.py"
PAGES = ("overview", "runs", "run", "versions", "quality", "about")
RUN_TABS = (
    "Steps", "Sources", "Images", "Changes", "Errors", "Log", "Review", "Quality", "Parameters"
)  # fmt: skip
QUALITY_TABS = (
    "Over releases", "Error curve", "Pair distances", "Harder pictures", "Missing performers",
    "Kept out",
)  # fmt: skip


def page(name, **query):
    source = f"from reports.app_pages import {name}\n{name}.show()"
    return opened(AppTest.from_string(source, default_timeout=60), query)


def app(**query):
    return opened(AppTest.from_file(str(APP), default_timeout=60), query)


def opened(at, query):
    for key, value in query.items():
        at.query_params[key] = value
    at.run()
    assert not at.exception, at.exception[0].value
    return at


def metrics(at):
    return {m.label: m.value for m in at.metric}


def cells(at):
    tables = [table.value.values.tolist() for table in (*at.dataframe, *at.table)]
    return [str(v) for rows in tables for row in rows for v in row]


def spoken(at):
    """All text that is read as Markdown."""
    kinds = ("title", "header", "subheader", "markdown", "caption", "warning", "info", "error")
    return [e.value for kind in kinds for e in at.get(kind)]

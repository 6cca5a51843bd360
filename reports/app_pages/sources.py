"""Every source: how it is asked, how it is, what it gave; changes, and the settings of all."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from reports import acting, config_history, data, parts, source_card, source_form, text
from reports.queries import runs as run_queries
from reports.queries.coverage import Coverage, coverage_soon
from reports.queries.source_cards import Card, cards
from trainer.config.settings_rows import settings_rows
from trainer.errors import TrainerError
from trainer.staging.paths import DataDir

PATIENCE = 0.3  # seconds before the page goes on without the coverage


def show() -> None:
    """Show all sources; an operator may change them."""
    operator = acting.head("Sources")
    directory = data.data_dir()
    _sources(directory, operator=operator)
    config_history.show(directory, operator=operator)
    _settings()


def _sources(directory: DataDir, *, operator: bool) -> None:
    runs = run_queries.summaries(directory)
    parts.problems(runs.problems)
    try:
        found, problems = cards(directory, runs.runs)
    except TrainerError as error:
        st.error(text.markdown(error))
        return
    parts.problems(problems)
    coverage = _coverage(directory)
    groups = {
        "Sources that list performers": [c for c in found if c.source.creates_performers],
        "Reference sites": [c for c in found if not c.source.creates_performers],
    }
    for heading, group in groups.items():
        st.subheader(heading)
        _grid(directory, group, coverage, operator=operator)


def _grid(
    directory: DataDir, group: Sequence[Card], coverage: Coverage | None, *, operator: bool
) -> None:
    """Two cards beside each other where there is room."""
    for start in range(0, len(group), 2):
        for column, card in zip(st.columns(2), group[start : start + 2], strict=False):
            with column, st.container(border=True):
                source_card.show(card, coverage)
                if operator:
                    source_form.button(card.source)
                    source_form.show(directory, card.source)


def _coverage(directory: DataDir) -> Coverage | None:
    """Of the current release; None before the first one, and while it is counted."""
    if not directory.current.is_dir():
        st.caption("What each source covers is shown once there is a release.")
        return None
    release = directory.current.resolve()
    found = coverage_soon(directory, release, PATIENCE)
    if found is None:
        _wait(directory)
        return None
    parts.problems(found.problems)
    return found


@st.fragment(run_every=1)
def _wait(directory: DataDir) -> None:
    """Asks again every second; then the page shows what was found."""
    st.caption(":material/hourglass_top: Counting what each source covers.")
    if coverage_soon(directory, directory.current.resolve(), 0) is not None:
        st.rerun()


def _settings() -> None:
    st.subheader("Settings of the environment")
    st.caption(
        "Set where the services are started, and read when they start. Of secrets only whether "
        "they are set; these are the values of the process that serves this page."
    )
    rows = settings_rows()
    parts.table(
        [
            {
                "Variable": row.variable,
                "Value": text.plain(row.value),
                "Default": row.default,
                "About": row.group,
                "What": text.plain(row.about),
            }
            for row in rows
        ]
    )

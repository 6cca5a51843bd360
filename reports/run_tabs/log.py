"""What the run's tasks say, while they say it."""

from __future__ import annotations

import streamlit as st

from reports import parts, text
from reports.actions.logs import MOST_LINES, Log, logs, matching
from trainer.errors import TrainerError
from trainer.reasons import reason
from trainer.staging.paths import RunDir

EVERY = 5  # seconds between two looks at a run that goes on
NEWEST = "What began last"
HEIGHT = 480


def show(run: RunDir, is_running: bool) -> None:
    """Follows a run that goes on by itself."""
    st.fragment(_tail, run_every=EVERY if is_running else None)(run)


def _tail(run: RunDir) -> None:
    found, problems = logs(run)
    for problem in problems:
        st.warning(text.markdown(problem), icon=":material/cloud_off:")
    if not found:
        st.caption("Nothing has been logged yet, or it was deleted with the run's working files.")
        return
    left, right = st.columns([1, 1], vertical_alignment="bottom")
    names = [NEWEST, *(log.name for log in found)]
    states = {log.name: log.state for log in found}
    name = left.selectbox(
        "Log of", names, key="log_of", format_func=lambda n: _labelled(n, states.get(n, ""))
    )
    words = right.text_input("Search", key="log_search", placeholder="Words that a line must hold")
    _lines(next((log for log in found if log.name == name), found[0]), words or "")


def _labelled(name: str, state: str) -> str:
    return text.plain(f"{name}: {text.words(state)}" if state else name)


def _lines(log: Log, words: str) -> None:
    try:
        every = log.read()
    except (TrainerError, OSError) as error:
        parts.problems([reason(error)])
        return
    found = matching(every, words)
    st.caption(
        f"{text.markdown(log.name)}: {text.counted(len(every), 'line')}"
        + (f", of which these hold {text.markdown(words)}" if words else "")
        + (f"; the last {MOST_LINES:,} are shown" if len(found) == MOST_LINES else "")
        + "."
    )
    shown = "\n".join(text.plain(line) for line in found)
    with st.container(height=HEIGHT, border=False, autoscroll=True):  # the end is what one wants
        st.code(shown or " ", language=None, wrap_lines=True)

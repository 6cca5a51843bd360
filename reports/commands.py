"""Commands that a page starts and follows: they are at work while one looks, or elsewhere."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

import streamlit as st

from reports import text
from reports.actions.command import Command, last_line, outcome
from trainer.errors import TrainerError
from trainer.reasons import reason

_AT_WORK = "commands_at_work"  # started on this visit and not read yet
_SAID = "commands_said"  # what the last ones said


def at_work() -> list[Command]:
    """What was started on this visit and has not ended."""
    found: list[Command] = st.session_state.setdefault(_AT_WORK, [])
    return found


def start(begin: Callable[[], Command]) -> None:
    """Start a command, which the page shows and follows."""
    try:
        at_work().append(begin())
    except (TrainerError, OSError) as error:
        _say("Not started", False, [reason(error)])


def at_once(title: str, action: Callable[[], str]) -> None:
    """Do it and show the page anew with the sentence it returns, or with the error."""
    try:
        _say(title, True, [action()])
    except (TrainerError, OSError, sqlite3.Error) as error:
        _say(title, False, [reason(error)])
    st.rerun()


def _say(title: str, done: bool, lines: list[str]) -> None:
    st.session_state.setdefault(_SAID, []).append((title, done, lines))


def follow() -> None:
    """What was done since the page was last shown, and what is at work."""
    for title, done, lines in st.session_state.pop(_SAID, []):
        show = st.success if done else st.error
        show(text.markdown(f"{title}: {'done' if done else 'not done'}. {lines[-1]}"))
        if len(lines) > 1:
            st.code("\n".join(map(text.plain, lines)), language=None, wrap_lines=True)
    if at_work():
        _wait()


@st.fragment(run_every=1)
def _wait() -> None:
    """Asks again every second; then the page shows what was said."""
    found = at_work()
    for work in list(found):
        ended = outcome(work)
        if ended is None:
            st.caption(f":material/hourglass_top: {text.markdown(work.title)}: at work.")
            if said := last_line(work):
                st.caption(text.markdown(said))
            continue
        found.remove(work)
        _say(work.title, ended.done, ended.lines)
    if not found:
        st.rerun()

"""What pages that act share: do it, say how it went, and show the new state."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import streamlit as st

from reports import text
from reports.actions.role import ROLE, role
from trainer.errors import TrainerError
from trainer.reasons import reason

_DONE = "act_done"


def head(title: str) -> bool:
    """The title, and what the last action did. False for a viewer, who is told why."""
    st.title(title)
    done()
    if role() == "operator":
        return True
    st.info(text.markdown(f"These pages only show here: an operator sets {ROLE}=operator."))
    return False


def done() -> None:
    """Say once what the last action did."""
    if said := st.session_state.pop(_DONE, None):
        st.success(text.markdown(said))


def perform(action: Callable[[], str]) -> None:
    """Do it and show the page anew with the sentence it returns; an error stays on the page."""
    with sentences():
        st.session_state[_DONE] = action()
        st.rerun()


@contextmanager
def sentences() -> Iterator[None]:
    """Show what went wrong as a sentence; the page goes on."""
    try:
        yield
    except TrainerError as error:
        st.error(text.markdown(error))
    except (OSError, sqlite3.Error) as error:
        said = f"{reason(error)}; check that DATA_DIR can be written and has free space"
        st.error(text.markdown(said))


def reason_form(key: str, label: str) -> str | None:
    """A reason and a button; the reason once the button is pressed."""
    with st.form(key, clear_on_submit=False, border=False):
        why = st.text_input("Reason", key=f"{key}-reason", help="For those who look later.")
        pressed = st.form_submit_button(label)
    return str(why or "") if pressed else None

"""Releases that the gate held back: why, what would change, approve or reject."""

from __future__ import annotations

import subprocess

import streamlit as st

from reports import acting, data, text
from reports.actions import candidates as actions
from trainer.config.settings import Settings
from trainer.pipeline.approve import Candidate
from trainer.staging.paths import DataDir

_AT_WORK = "candidate_at_work"  # run -> the process that decides it


def show() -> None:
    if not acting.head("Candidates"):
        return
    directory = data.data_dir()
    _follow(directory)
    found = actions.candidates(Settings.load())
    if not found:
        st.info("No release waits for approval.")
    for one in found:
        _candidate(directory, one)


def _candidate(directory: DataDir, one: Candidate) -> None:
    st.subheader(text.markdown(one.run_id), divider=True)
    st.markdown("**Why it was held back**")
    for line in one.gate:
        st.markdown(f"- {text.markdown(line)}")
    if one.overtaken:
        st.warning(text.markdown(f"It can only be rejected: {one.overtaken}"))
    st.markdown("**What would change**")
    st.code("\n".join(map(text.plain, one.diff)) or "nothing is known of it", language=None)
    if one.run_id in _at_work():
        return
    if not one.overtaken and st.button("Approve and publish", key=f"approve-{one.run_id}"):
        acting.perform(lambda: _started(one.run_id, actions.approve(directory, one.run_id)))
    why = acting.reason_form(f"reject-{one.run_id}", "Reject")
    if why is not None:
        acting.perform(lambda: _started(one.run_id, actions.reject(directory, one.run_id, why)))


def _at_work() -> dict[str, subprocess.Popen[bytes]]:
    found: dict[str, subprocess.Popen[bytes]] = st.session_state.setdefault(_AT_WORK, {})
    return found


def _started(run_id: str, process: subprocess.Popen[bytes]) -> str:
    _at_work()[run_id] = process
    return f"run {run_id} is being decided; this page says when it is done"


@st.fragment(run_every=2)
def _follow(directory: DataDir) -> None:
    """Say how each decision that was started here went, as soon as it is done."""
    for run_id, process in list(_at_work().items()):
        code = process.poll()
        if code is None:
            st.info(text.markdown(f"Run {run_id} is being decided."))
            continue
        done, line = actions.result(directory, run_id, code)
        del _at_work()[run_id]
        st.session_state[f"decided-{run_id}"] = (done, line)
        st.rerun()
    for key in [k for k in st.session_state if str(k).startswith("decided-")]:
        done, line = st.session_state[key]
        (st.success if done else st.error)(text.markdown(line))

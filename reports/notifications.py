"""Which services are told about builds, and whether they can be reached."""

from __future__ import annotations

import streamlit as st

from reports import acting, text
from reports.actions.role import require_operator, role
from trainer.config.settings import Settings
from trainer.notify.send import NONE_SET, Sent, addresses, send_test


def show() -> None:
    """A test button for an operator; a viewer sees how many services there are."""
    settings = Settings.load()
    count = len(addresses(settings))
    st.subheader("Notifications")
    if not count:
        st.markdown(text.markdown(f"{NONE_SET[0].upper()}{NONE_SET[1:]}."))
        return
    told = (
        "of the end of every run, a release that needs approval, a source that blocks us, and a "
        "disk that is nearly full."
    )
    st.markdown(f"{text.counted(count, 'service')} {'is' if count == 1 else 'are'} told {told}")
    if role() == "operator" and st.button("Send a test message", icon=":material/send:"):
        _test(settings)


def _test(settings: Settings) -> None:
    require_operator()
    with acting.sentences(), st.spinner("Sending"):
        for sent in send_test(settings):
            _result(sent)


def _result(sent: Sent) -> None:
    (st.success if sent.ok else st.error)(text.markdown(sent.line))

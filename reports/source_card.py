"""One source as a card."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from reports import parts, text
from reports.queries.coverage import Coverage, Covered
from reports.queries.source_cards import Card
from trainer.config.sources import SourceConfig
from trainer.config.sources_page import KINDS

SHOWN = {
    "good": ("check_circle", "green"),
    "partial": ("error", "orange"),
    "failed": ("cancel", "red"),
    "blocked": ("block", "red"),
    "skipped": ("skip_next", "orange"),
    "never visited": ("help", "gray"),
    "off": ("power_settings_new", "gray"),
}


def show(card: Card, coverage: Coverage | None) -> None:
    """What the source is, how it is, what it gave."""
    source, health = card.source, card.health
    icon, color = SHOWN[health.state]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**{text.markdown(source.key)}**", width="content")
        st.badge(health.state, icon=f":material/{icon}:", color=color)  # type: ignore[arg-type]
        for need in card.needs:
            st.badge(
                text.markdown(need.what),
                icon=f":material/{'check' if need.there else 'close'}:",
                color="green" if need.there else "orange",
                help=text.markdown(need.where),
            )
    st.markdown(text.markdown(_how(source)))
    if health.reason:
        st.markdown(f":material/info: {text.markdown(health.reason)}")
    for host, at in card.held.items():
        st.markdown(f":material/schedule: {text.markdown(_held(host, at))}", help=parts.in_utc(at))
    st.caption(text.markdown(_visits(card)))
    if coverage and coverage.performers:
        st.caption(text.markdown(covered(source, coverage)))
    if card.own_keys:
        st.caption(f"Yours: {text.markdown(', '.join(card.own_keys))}")


def _how(source: SourceConfig) -> str:
    """How it is asked: `HTML, one page per performer: 12 requests a minute, trust medium`"""
    faces = f"at most {source.max_faces} faces" if source.max_faces else "no face limit of its own"
    genders = ", ".join(map(text.words, source.gender_filter)).lower() or "all genders"
    return (
        f"{KINDS[source.kind]}: {source.requests_per_minute:,} requests a minute, "
        f"trust {source.trust}, {faces}, {genders}"
    )


def _held(host: str, at: datetime) -> str:
    """`iafd.com asked to be left alone: no request before Sat 28 Nov 2026, 22:15`"""
    who = "The source" if host == "source" else host
    return f"{who} asked to be left alone: no request before {_when(at)}"


def _visits(card: Card) -> str:
    last, good = card.last, card.health.last_good
    if last is None and good is None:
        return "Not visited yet"
    found = {
        "Last visit": last.run.started if last else None,
        "last good": good,
        "read up to": card.watermark,
        "read whole": card.full_sweep,
    }
    said = [f"{what} {_when(at)}" for what, at in found.items() if at]
    errors = [text.counted(last.part.errors, "error")] if last and last.part.errors else []
    return ", ".join([*said, *errors])


def _when(at: datetime) -> str:
    return parts.when(at)


def covered(source: SourceConfig, coverage: Coverage) -> str:
    """`Of 3 performers: with a link 66.7%, with a page 33.3%, with a face 33.3%`"""
    found = coverage.by_source.get(source.key, Covered())
    shares = {"with a record" if source.creates_performers else "with a link": found.linked}
    if not source.creates_performers and found.pages is not None:
        shares["with a page"] = found.pages
    shares["with a face"] = found.faces
    said = (f"{what} {text.percent(n / coverage.performers)}" for what, n in shares.items())
    return f"Of {text.counted(coverage.performers, 'performer')}: {', '.join(said)}"

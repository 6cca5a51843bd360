"""What a build would cost, before one starts it: requests, time, images to embed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from reports import parts, text
from reports.actions.airflow import Cost, costs
from reports.queries.images_to_embed import Outlook, images_per_second, outlook_soon
from trainer.config.settings import Settings
from trainer.config.sources import SourceConfig
from trainer.staging.paths import DataDir

PATIENCE = 0.3  # seconds before the page goes on without the images
Conf = Mapping[str, Any]


def show(
    directory: DataDir, sources: Mapping[str, SourceConfig], conf: Conf, runs: Sequence[str]
) -> None:
    """By source and in all. `runs`: ids of the last runs, the newest first."""
    st.markdown("**What it would cost, at most**")
    faces = conf["enable_faces"]
    found = costs(directory, sources, conf["sources"], images=faces)
    outlook = _outlook(directory) if faces else None
    embed = _to_embed(found, sources, conf, outlook)
    st.markdown(text.markdown(_in_all(found, embed, images_per_second(directory, list(runs)))))
    parts.table([_row(cost, embed) for cost in found], height="content")
    st.caption(
        "From each source's last good crawl, at its rate limit, with one image per performer. "
        "Sources are crawled side by side; what is known already is not fetched again. Pictures to "
        "embed are those that are listed and have no faces yet, as many as the caps leave room "
        "for; what is new at a source since then comes on top."
    )


def _outlook(directory: DataDir) -> Outlook | None:
    pack = Settings.load().model_pack
    found = outlook_soon(directory, pack, PATIENCE)
    if found is None:
        _wait(directory, pack)
        return None
    parts.problems(found.problems)
    return found


@st.fragment(run_every=1)
def _wait(directory: DataDir, pack: str) -> None:
    """Asks again every second; then the page shows what was found."""
    st.caption(":material/hourglass_top: Counting the pictures that have no faces yet.")
    if outlook_soon(directory, pack, 0) is not None:
        st.rerun()


def _to_embed(
    found: Sequence[Cost],
    sources: Mapping[str, SourceConfig],
    conf: Conf,
    outlook: Outlook | None,
) -> dict[str, int] | None:
    """By source, where it was crawled; None while it is not known, or no faces are wanted."""
    if outlook is None:
        return None
    most = min(conf["max_faces_per_source"], conf["max_faces_total"])
    return {
        cost.source: outlook.by_source[cost.source].at_most(
            min(most, sources[cost.source].max_faces or most)
        )
        for cost in found
        if cost.source in outlook.by_source
    }


def _row(cost: Cost, embed: dict[str, int] | None) -> dict[str, Any]:
    row = {
        "Source": cost.source,
        "Performers": text.number(cost.performers),
        "Requests": text.number(cost.requests),
        "Time": text.duration(None if cost.minutes is None else 60 * cost.minutes),
    }
    if embed is not None:
        row["Pictures to embed"] = text.number(embed.get(cost.source))
    return row


def _in_all(found: Sequence[Cost], embed: dict[str, int] | None, speed: float | None) -> str:
    """`1,234 requests; the slowest source takes 2 h 10 min; about 40 pictures to embed, ...`"""
    known = [cost for cost in found if cost.requests is not None]
    unknown = len(found) - len(known)
    said = []
    if known:
        said.append(text.counted(sum(cost.requests or 0 for cost in known), "request"))
        slowest = max(cost.minutes or 0.0 for cost in known)
        said.append(f"the slowest source takes {text.duration(60 * slowest)}")
    if known and embed is not None:
        said.append(_images(sum(embed.values()), speed))
    if unknown:
        names = text.counted(unknown, "source")
        said.append(f"what {names} will cost is known after the first crawl")
    whole = "; ".join(said)
    return f"{whole[:1].upper()}{whole[1:]}."


def _images(count: int, speed: float | None) -> str:
    told = f"about {text.counted(count, 'picture')} to embed"
    if not count or not speed:
        return told
    return f"{told}, {text.duration(count / speed)} at the last runs' speed"

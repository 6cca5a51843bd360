"""What a run did not decide without a person."""

from __future__ import annotations

from collections import Counter

import streamlit as st

from reports import data, parts, text
from trainer.identity.reviews import reviewed
from trainer.runs.record import RunRecord
from trainer.staging.paths import DataDir


def show(where: DataDir, record: RunRecord) -> None:
    items, problems = data.reviews(where, record.id)
    parts.problems(problems)
    if not record.reviews and not items:
        st.caption("Nothing waits for a person.")
        return
    written = reviewed(where.run(record.id))
    counts = Counter(item.kind for item in items) if written else record.reviews
    listed = (f"{n:,} {text.words(kind)}" for kind, n in sorted(counts.items()))
    st.markdown(text.markdown(", ".join(listed)) or "None is open any more.")
    if items:
        parts.table(
            [
                {
                    "Kind": text.words(item.kind),
                    "Source": item.source,
                    "Performers": ", ".join(map(str, item.performers)),
                    "Evidence": item.text,
                    "URL": item.url,
                    "Key": item.key,
                }
                for item in items
            ]
        )

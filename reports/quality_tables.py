"""Tables of a release's figures, for the pages that show quality."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from reports import text
from reports.figures import Evaluation, SceneFigures
from reports.parts import table


def safe_distances(evaluation: Evaluation) -> None:
    """Which maximum distance to choose in the sidecar: what users have to know first."""
    if not evaluation.safe_distances:
        return
    st.markdown("**Which maximum distance to choose**")
    rows = []
    for safe in evaluation.safe_distances:
        low, high = safe.false_accept_interval or (None, None)
        known = "" if safe.resolved else f" (too few strangers, {safe.strangers:,}, to tell)"
        rows.append(
            {
                "Strangers given a name": f"at most {100 * safe.max_false_accept:g}%",
                "Maximum distance": "none" if safe.distance is None else f"{safe.distance:.3f}",
                "Measured (95%)": f"{text.percent(low)} to {text.percent(high)}{known}",
                "Listed faces named right": text.percent(safe.right_name),
            }
        )
    table(rows)


def cap_costs(evaluation: Evaluation) -> None:
    """What each maximum number of faces per performer costs and gives."""
    if not any(cost.rank_1 is not None for cost in evaluation.cap_costs):
        return
    with st.expander("What the maximum number of faces per performer costs"):
        table(
            [
                {
                    "Faces per performer": cost.max_faces_total,
                    "Faces": cost.faces,
                    "Indexes, MB": cost.megabytes,
                    "Rank-1 on a sample": text.percent(cost.rank_1),
                }
                for cost in evaluation.cap_costs
            ]
        )
        st.caption("To compare the values with each other: the sample's people are fewer.")


def scene_queries(figures: Mapping[str, SceneFigures]) -> None:
    """How degraded copies of pictures are answered: frames of a film are harder than portraits."""
    if not figures:
        return
    st.markdown("**Degraded copies of pictures, searched without the picture**")
    rows = []
    for kind, found in figures.items():
        low, high = found.rank_1_interval or (None, None)
        rows.append(
            {
                "Copy": kind.replace("_", " "),
                "Searched": found.queries,
                "No face found": found.no_face,
                "Rank-1": text.percent(found.rank_1),
                "95%": f"{text.percent(low)} to {text.percent(high)}",
                "Missed at 0.5": text.percent(found.false_reject),
                "Missed at the distance for 1%": text.percent(found.safe_false_reject),
            }
        )
    table(rows)


def breakdowns(evaluation: Evaluation) -> None:
    """Figures by number of faces, gender and source."""
    rows = [
        {
            "By": by,
            "Part": part,
            "Faces asked": f.queries,
            "Strangers asked": f.strangers,
            "Rank-1": text.percent(f.rank_1),
            "False accepts at 0.5": text.percent(f.false_accept),
            "False rejects at 0.5": text.percent(f.false_reject),
        }
        for by, parts_of in evaluation.breakdowns.items()
        for part, f in parts_of.items()
    ]
    if rows:
        table(rows)
    else:
        st.caption("Not measured yet.")

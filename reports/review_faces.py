"""Faces that a build kept out because they look like somebody else's: both people side by side, and
what a person decides."""

from __future__ import annotations

import streamlit as st

from reports import acting, images, parts, performer_view, text
from reports.actions import exclusions
from reports.actions import review as actions
from reports.queries import kept_out
from trainer.errors import TrainerError
from trainer.pipeline.performer_lookup import current_reader
from trainer.pipeline.performer_report import PerformerReport
from trainer.pipeline.review_subjects import DoubtedFace
from trainer.staging.paths import DataDir

_MOST_IMAGES = 3  # of each person


def show(directory: DataDir) -> None:
    try:
        faces = kept_out.doubted(directory)
    except TrainerError as error:
        parts.problems([str(error)])
        return
    if not faces:
        return
    st.subheader("Faces kept out")
    by_key = {face.key: face for face in faces}
    key = st.selectbox("Face", by_key, format_func=lambda k: _title(by_key[k]))
    face = by_key[key]
    st.markdown(text.markdown(f"{_title(face)}; picture of {face.source}"))
    st.code(text.plain(face.url), language=None, wrap_lines=True)
    people = actions.people(directory, (face.performer_id, face.other_performer_id))
    if not any(report.withheld for report in people):
        images.show(directory, [face.image_sha256], f"face-{face.key}")
    for column, report in zip(st.columns(len(people)), people, strict=True):
        with column:
            performer_view.summary(report)
            _images(directory, report)
    _decide(directory, face, people)


def _title(face: DoubtedFace) -> str:
    why = kept_out.MEANING.get(face.rule, text.words(face.rule))
    other = f" ({face.other_performer_id})" if face.other_performer_id else ""
    score = "" if face.score is None else f", likeness {face.score:.2f}"
    return text.plain(f"Performer {face.performer_id}: {why}{other}{score}")


def _images(directory: DataDir, report: PerformerReport) -> None:
    """Of faces that the performer has in the current release, to compare with."""
    reader = current_reader(directory)
    if report.withheld or reader is None or not images.are_on():
        return
    hashes = [row["image_sha256"] for row in reader.faces(report.performer_id)[:_MOST_IMAGES]]
    images.show(directory, hashes, f"of-{report.performer_id}")


def _decide(directory: DataDir, face: DoubtedFace, people: list[PerformerReport]) -> None:
    with st.expander(f"It is {face.performer_id}'s face: confirm"):
        why = acting.reason_form(f"confirm-{face.key}", "Confirm the face")
        if why is not None:
            acting.perform(lambda: actions.confirm_doubted(directory, face, why))
    if len(people) == 2:
        _merge(directory, face, people)
    _exclude(directory, face)
    st.caption("Leave it, and it stays out: nothing is asked.")


def _merge(directory: DataDir, face: DoubtedFace, people: list[PerformerReport]) -> None:
    with st.expander("Both are one person: merge"):
        one, other = (str(report.performer_id) for report in people)
        why = acting.reason_form(f"merge-{face.key}", "Merge these")
        if why is not None:
            acting.perform(lambda: actions.merge(directory, one, other, why))


def _exclude(directory: DataDir, face: DoubtedFace) -> None:
    with st.expander("The picture is nobody's here: exclude it"):
        why = acting.reason_form(f"exclude-{face.key}", "Exclude the picture")
        if why is not None:
            entry = exclusions.entries_of(directory, "image", face.image_sha256)
            acting.perform(lambda: exclusions.exclude(directory, entry, why))

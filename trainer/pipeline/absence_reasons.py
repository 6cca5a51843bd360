"""Why performers and faces are not in a run's release: from the files that its steps left."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import polars as pl

from trainer.exclusions.entries import read_exclusions
from trainer.faces.face_rules import FACE_RULES_FILE
from trainer.faces.quarantine import QUARANTINED
from trainer.release.diff_read import FaceKey, Person
from trainer.runs.context import RunContext
from trainer.staging.atomic import read_json
from trainer.staging.frames import read_frame

_NO_FACE_RULES = {  # of a run that an older trainer selected for
    "performer_id": pl.Int64,
    "image_sha256": pl.String,
    "face_no": pl.Int16,
    "rule": pl.String,
}
_MOST = 3  # rules that are named of one performer


class RunReasons:
    """Reads a file of the run when it is first asked for."""

    def __init__(self, context: RunContext) -> None:
        self._context = context
        self._exclusions = read_exclusions(context.data)

    def person(self, person: Person, claims: Sequence[tuple[str, str]]) -> str:
        """Return why a performer of the last release, known by `claims`, is not in this one."""
        if any(self._exclusions.claim(*claim) for claim in claims):
            return "excluded"
        number = self._now(person.performer_id)
        if number in self._quarantined:
            return f"quarantined: {self._quarantined[number]}"
        if number not in self._allowed:
            return "none of its sources lists it any more"
        rules = self._rules_of.get(number, {})
        named = sorted(rules.items(), key=lambda item: (-item[1], item[0]))[:_MOST]
        found = ", ".join(f"{count} {rule}" for rule, count in named)
        return f"no face left: {found}" if found else "no face left: no picture is there"

    def merge(self, old: int) -> str:
        """Return the evidence of the merge of performer `old`."""
        return self._merges.get(old, "another performer has its id now")

    def face(self, face: FaceKey) -> str:
        """Return why a face of the last release is not in this one: excluded, its rule, or gone."""
        if self._exclusions.image(face[0]):
            return "excluded"
        return self._rules.get(face, "its picture is not offered any more")

    @cached_property
    def _allowed(self) -> set[int]:
        path = self._context.run.resolve / "performers.parquet"
        return set(read_frame(path, ["performer_id"])["performer_id"].to_list())

    @cached_property
    def _quarantined(self) -> dict[int, str]:
        frame = read_frame(self._context.run.resolve / "quarantine.parquet")
        return dict(frame.select("performer_id", "reason").rows())

    def _now(self, number: int) -> int:
        """Who answers for an id after this run's merges: a merge goes to an id that stays."""
        return next((m["new_id"] for m in self._run_merges if m["old_id"] == number), number)

    @cached_property
    def _run_merges(self) -> list[dict[str, Any]]:
        merges: list[dict[str, Any]] = read_json(self._context.run.resolve / "identities.json")[
            "merges"
        ]
        return merges

    @cached_property
    def _merges(self) -> dict[int, str]:
        return {merge["old_id"]: merge["evidence"] for merge in self._run_merges}

    @cached_property
    def _face_rules(self) -> pl.DataFrame:
        path = self._context.run.select / FACE_RULES_FILE
        return read_frame(path) if path.exists() else pl.DataFrame(schema=_NO_FACE_RULES)

    @cached_property
    def _rules(self) -> dict[FaceKey, str]:
        """The rule by face; a rule of somebody in quarantine only where no other has the face."""
        faces = self._face_rules.drop_nulls("face_no")
        faces = faces.sort(pl.col("rule") != QUARANTINED, maintain_order=True)
        frame = faces.select("image_sha256", "face_no", "rule")
        return {(sha, number): rule for sha, number, rule in frame.iter_rows()}

    @cached_property
    def _rules_of(self) -> dict[int, dict[str, int]]:
        found: dict[int, dict[str, int]] = {}
        for owner, rule, count in (
            self._face_rules.group_by("performer_id", "rule").len().iter_rows()
        ):
            found.setdefault(owner, {})[rule] = count
        return found

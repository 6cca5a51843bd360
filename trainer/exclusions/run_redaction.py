"""What a run knows of people by the ids that it gave them: a run that was never published, or that
came before a merge, has others than state.db."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from trainer.errors import DamagedFileError
from trainer.exclusions.error_redaction import forget_errors
from trainer.exclusions.redact_tables import Redaction, rows_out
from trainer.identity.reviews import REVIEWS_FILE, Review, read_reviews, write_reviews
from trainer.reasons import reason
from trainer.staging.atomic import read_json, write_sealed
from trainer.staging.error_groups import FORGOTTEN
from trainer.staging.parquet import read_schema, read_table
from trainer.staging.paths import PACKS, DataDir, RunDir

_RECORDS = ["performer_id", "claims", "references", "merged"]


@dataclass(frozen=True)
class Trace:
    """A run, with the performers in it that have to go by its own ids."""

    run: RunDir
    out: Redaction

    @property
    def review_keys(self) -> set[str]:
        """Return the keys of the review items about an excluded person."""
        return {item.key for _, items in self._reviews() for item in items if self._of(item)}

    def files(self) -> list[Path]:
        """List the run's Parquet files, without unfinished ones."""
        return [p for p in self.run.root.rglob("*.parquet") if not p.name.startswith(".")]

    def forget_texts(self) -> int:
        """Take the people out of what the run wrote for people; how many places that changes."""
        count = self._forget_evidence() + forget_errors(self.run, self.out)
        return count + sum(self._without(place, items) for place, items in self._reviews())

    def _reviews(self) -> list[tuple[Path, list[Review]]]:
        places = (self.run.resolve, self.run.select, *self.run.root.glob(f"{PACKS}/*/select"))
        return [(p, read_reviews(p)) for p in places if (p / REVIEWS_FILE).exists()]

    def _of(self, item: Review) -> bool:
        return bool(self.out.performers.intersection(item.performers)) or item.url in self.out.urls

    def _without(self, place: Path, items: list[Review]) -> int:
        kept = [item for item in items if not self._of(item)]
        if len(kept) < len(items):
            write_reviews(place, kept)
        return len(items) - len(kept)

    def _forget_evidence(self) -> int:
        """Else publishing the run would bring the texts back into state.db."""
        content = _identities(self.run)
        count = 0
        for row in content.get("evidence", ()):
            if f"{row[0]}:{row[1]}" in self.out.claims and row[2] != FORGOTTEN:
                row[2], count = FORGOTTEN, count + 1
        for merge in content.get("merges", ()):
            ours = {merge["old_id"], merge["new_id"]} & self.out.performers
            if ours and merge["evidence"] != FORGOTTEN:
                merge["evidence"], count = FORGOTTEN, count + 1
        if count:
            write_sealed(self.run.resolve / "identities.json", content, indent=None)
        return count


def traces(data: DataDir, out: Redaction) -> list[Trace]:
    """Return what each run of DATA_DIR knows of the people in `out`, by run."""
    runs = sorted(path for path in data.runs.glob("*") if path.is_dir())
    return [_trace(RunDir(path), out) for path in runs]


def _trace(run: RunDir, out: Redaction) -> Trace:
    """By the run's own list of ids; a run of an older trainer has none, but those of state.db."""
    listed = _identities(run).get("claims")
    own = set(out.performers) if listed is None else set(_numbers(listed, out))
    for directory in (run.resolve, run.select):
        path = directory / "performers.parquet"
        if path.exists():
            names = read_schema(path).names
            table = read_table(path, [name for name in _RECORDS if name in names])
            own.update(table.filter(rows_out(table, path.stem, out))["performer_id"].to_pylist())
    return Trace(run, replace(out, performers=frozenset(own)))


def _numbers(listed: Iterable[tuple[str, str, int]], out: Redaction) -> Iterable[int]:
    return (number for source, own, number in listed if f"{source}:{own}" in out.claims)


def _identities(run: RunDir) -> dict[str, Any]:
    path = run.resolve / "identities.json"
    try:
        return dict(read_json(path)) if path.exists() else {}
    except ValueError as error:
        raise DamagedFileError(f"{path}: {reason(error)}; delete it and run again") from error

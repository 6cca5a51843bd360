"""Errors of runs without the examples that name somebody who is purged; their counts stay."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from trainer.staging.atomic import read_json, write_sealed
from trainer.staging.error_groups import ErrorExample, StageError
from trainer.staging.paths import RUN_MANIFEST, RunDir

if TYPE_CHECKING:
    from trainer.exclusions.redact_tables import Redaction

Names = Callable[[StageError, ErrorExample], bool]
SHORTEST_NAME = 6  # letters and digits; a shorter one is found in words that mean nobody
_SIGNS = re.compile(r"[\W_]+")


@dataclass(frozen=True)
class Named:
    """Does an example name one of the people in `out`? By address, by id, or by name."""

    out: Redaction
    _ids: dict[str, list[re.Pattern[str]]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def of(cls, out: Redaction) -> Named:
        """Compile a pattern per excluded record that finds its id as a whole word."""
        named = cls(out)
        for claim in sorted(out.claims):
            source, _, number = claim.partition(":")
            whole = rf"(?<![^\W_]){re.escape(number)}(?![^\W_])"
            named._ids[source].append(re.compile(whole, re.IGNORECASE))
        return named

    def __call__(self, error: StageError, example: ErrorExample) -> bool:
        url = example.url or ""
        if url in self.out.urls or url.removeprefix("file:") in self.out.images:
            return True
        text = f"{unquote(url)} {example.message}"
        ids = self._ids.items() if error.source is None else [(error.source, self._own(error))]
        if any(pattern.search(text) for _, patterns in ids for pattern in patterns):
            return True
        letters = letters_of(text)
        return any(name in letters for name in self.out.names)

    def _own(self, error: StageError) -> list[re.Pattern[str]]:
        return self._ids.get(error.source or "", [])


def letters_of(text: str) -> str:
    """Letters and digits only, without case and accents: a name as addresses spell it."""
    plain = unicodedata.normalize("NFKD", text)
    return _SIGNS.sub("", "".join(c for c in plain if not unicodedata.combining(c))).casefold()


def names_of(texts: Iterable[str | None]) -> frozenset[str]:
    """Names by which examples are found, as `letters_of` has them."""
    found = {letters_of(text) for text in texts if text}
    return frozenset(name for name in found if len(name) >= SHORTEST_NAME)


def forget_errors(run: RunDir, out: Redaction) -> int:
    """In the run's record and in its stages' manifests; how many groups that changes."""
    named = Named.of(out)
    paths = [run.record, *sorted(run.root.glob(f"*/*/{RUN_MANIFEST}"))]
    return sum(_forget(path, named) for path in paths if path.exists())


def forget_in(errors: list[dict[str, Any]], named: Names) -> int:
    """Change errors as JSON has them, in place; how many that were."""
    count = 0
    for place, content in enumerate(errors):
        before = StageError.model_validate(content)
        after = before.without(named)
        if after is not before:
            errors[place] = after.model_dump()
            count += 1
    return count


def _forget(path: Path, named: Named) -> int:
    try:
        content = read_json(path)
        count = forget_in(content["errors"], named)
    except (ValueError, KeyError, TypeError):
        return 0  # damaged, as the list of runs says; or of a trainer that noted no errors
    if count:
        write_sealed(path, content)
    return count

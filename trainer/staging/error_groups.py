"""Errors of a stage, grouped: kind, source and field, how often, and up to three examples."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from pydantic import BaseModel, ConfigDict, Field

from trainer.reasons import plain_line
from trainer.staging.error_advice import advice

EXAMPLES = 3
MOST_GROUPS = 200
STEP_FAILED = "step_failed"  # its message says itself what to do
STOPPED = "stopped"  # of a run that a person or a crash ended
OTHER_KINDS = "other_kinds"  # what came after that many groups
FORGOTTEN = "purged"  # in place of an example that named an excluded person


class ErrorExample(BaseModel):
    """One occurrence: where, and what was wrong."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str | None = None
    message: str


class StageError(BaseModel):
    """One thing that went wrong, with where; or a group of the same kind, source and field.

    `url` and `message` are those of the first example. Older files have single errors only.
    """

    model_config = ConfigDict(extra="forbid")

    kind: str = Field(description="e.g. http_500, graphql, field_missing, not_an_image")
    source: str | None = None
    url: str | None = None
    field: str | None = None
    message: str
    count: int = 1
    examples: list[ErrorExample] = Field([], description="up to three, of a group")

    @property
    def shown(self) -> list[ErrorExample]:
        """The examples; a single error is its own."""
        return self.examples or [ErrorExample(url=self.url, message=self.message)]

    @property
    def label(self) -> str:
        """`5659 x field_invalid images.url`"""
        return " ".join(filter(None, (f"{self.count} x {self.kind}", self.field)))

    @property
    def sentence(self) -> str:
        """One line for people: how often, what, where for example, and what to do next."""
        source = f" of {self.source}" if self.source else ""
        urls = [example.url for example in self.shown if example.url]
        where = f" (e.g. {', '.join(urls)})" if urls else ""
        message = plain_line(self.message)
        found = f"{self.label}{source}: {message}{where}"
        return found if self.kind == STEP_FAILED else f"{found}; {advice(self.kind)}"

    def without(self, names: Callable[[StageError, ErrorExample], bool]) -> StageError:
        """Return the error, with the same count, without the examples that `names` is true for."""
        kept = [example for example in self.shown if not names(self, example)]
        if len(kept) == len(self.shown):
            return self
        first = kept[0] if kept else ErrorExample(message=FORGOTTEN)
        return self.model_copy(
            update={"url": first.url, "message": first.message, "examples": kept or [first]}
        )


class ErrorBook:
    """Collects errors by kind, source and field; counts stay exact whatever the limit.

    After `limit` groups, what is of a new kind or field counts in one group of its own.
    """

    def __init__(self, limit: int = MOST_GROUPS) -> None:
        self._limit = limit
        self._groups: dict[tuple[str, str | None, str | None], StageError] = {}
        self.by_kind: Counter[str] = Counter()

    def add(self, error: StageError) -> None:
        """Count an error, or a group, and keep its examples while its group has few."""
        self.by_kind[error.kind] += error.count
        key = (error.kind, error.source, error.field)
        if key not in self._groups and len(self._groups) >= self._limit:
            error = _of_another_kind(error)
            key = (error.kind, None, None)
        group = self._groups.get(key)
        if group is None:
            self._groups[key] = error.model_copy(update={"examples": error.shown[:EXAMPLES]})
            return
        group.count += error.count
        new = [example for example in error.shown if example not in group.examples]
        group.examples = [*group.examples, *new][:EXAMPLES]

    @property
    def total(self) -> int:
        """The number of all errors."""
        return self.by_kind.total()

    def listed(self) -> list[StageError]:
        """Return the groups, in the order of their first errors."""
        return list(self._groups.values())


def grouped(errors: Iterable[StageError], limit: int = MOST_GROUPS) -> list[StageError]:
    """Return errors grouped by kind, source and field, in the order of the groups' first errors."""
    book = ErrorBook(limit)
    for error in errors:
        book.add(error)
    return book.listed()


def _of_another_kind(error: StageError) -> StageError:
    """Return `error` as one of the group of other kinds; its examples name its kind and field."""
    if error.kind == OTHER_KINDS:
        return error
    what = " ".join(filter(None, (error.kind, error.source, error.field)))
    examples = [
        ErrorExample(url=example.url, message=f"{what}: {example.message}")
        for example in error.shown
    ]
    return StageError(
        kind=OTHER_KINDS,
        url=examples[0].url,
        message=examples[0].message,
        count=error.count,
        examples=examples,
    )

"""The facts about a performer, each declared here and nowhere else.

The schemas of staging and of the release's input, the lists by which records become one performer,
what a reference page may state and what two releases are compared by all derive from these classes.
To add a fact, add a line to one of them, and read it in the sources that state it.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from types import NoneType
from typing import Annotated, Any, Final, NamedTuple, get_args, get_type_hints

import pyarrow as pa
from pydantic import Field, StringConstraints

FuzzyDate = Annotated[str, StringConstraints(pattern=r"^\d{4}(-\d{2}(-\d{2})?)?$")]
Year = Annotated[int, Field(ge=1900, le=2100)]
_ARROW: Final = {str: pa.string(), int: pa.int32()}


@dataclass(frozen=True)
class Use:
    """What becomes of a fact behind the release's input, where every fact arrives."""

    in_database: bool = True  # a column of performers.db; the sidecar refuses columns of ours
    compared: bool = True  # a change makes the performer count as changed between two releases


@dataclass(frozen=True, kw_only=True)
class PersonFacts:
    """What any source may state of a person. A reference page's fill the creators' gaps.

    Dates stay fuzzy: YYYY, YYYY-MM or YYYY-MM-DD.
    """

    gender: Annotated[str | None, Field(description="As stash-boxes spell it, e.g. FEMALE")] = None
    country: Annotated[str | None, Field(description="ISO 3166 alpha-2 code")] = None
    ethnicity: str | None = None
    birth_date: FuzzyDate | None = None
    death_date: FuzzyDate | None = None
    height_cm: Annotated[int | None, Field(ge=50, le=300)] = None
    eye_color: str | None = None
    hair_color: str | None = None
    career_start_year: Year | None = None
    career_end_year: Year | None = None


@dataclass(frozen=True, kw_only=True)
class PerformerFacts(PersonFacts):
    """What is known of a performer: facts about the person, and those that only a creator has."""

    disambiguation: str | None = None
    scene_count: Annotated[int | None, Use(compared=False)] = None


class Fact(NamedTuple):
    """One fact as the declarations above have it."""

    name: str
    arrow_type: pa.DataType
    from_pages: bool  # a reference page may state it
    use: Use

    @property
    def field(self) -> pa.Field:
        """The column of every Arrow schema that has the fact; nobody has to know it."""
        return pa.field(self.name, self.arrow_type)


def _declared() -> tuple[Fact, ...]:
    types = get_type_hints(PerformerFacts)
    notes = get_type_hints(PerformerFacts, include_extras=True)
    from_pages = {field.name for field in fields(PersonFacts)}
    return tuple(
        Fact(f.name, _arrow_type(types[f.name]), f.name in from_pages, _use(notes[f.name]))
        for f in fields(PerformerFacts)
    )


def _arrow_type(optional: Any) -> pa.DataType:
    """Of `str | None` or `int | None`; raises `KeyError` for a type without a column's type."""
    return _ARROW[next(kind for kind in get_args(optional) if kind is not NoneType)]


def _use(annotation: Any) -> Use:
    notes = getattr(annotation, "__metadata__", ())
    return next((note for note in notes if isinstance(note, Use)), Use())


FACTS: Final = _declared()
FACT_NAMES: Final = tuple(fact.name for fact in FACTS)
PAGE_FACTS: Final = tuple(fact.name for fact in FACTS if fact.from_pages)
DATABASE_FACTS: Final = tuple(fact.name for fact in FACTS if fact.use.in_database)
COMPARED_FACTS: Final = tuple(f.name for f in FACTS if f.use.in_database and f.use.compared)

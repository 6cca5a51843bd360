"""Silent joins against labelled cases: those checked in, and others by the same program."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path

import pytest

from tests.identity_cases import CASES, Case, Week, load_cases, make_cases
from trainer.config.sources import shipped_sources
from trainer.identity.matching import find_joins
from trainer.identity.resolve import resolve
from trainer.identity.site_table import site_table
from trainer.pipeline.claim_facts import facts_of
from trainer.state.store import Claim, KnownIdentities

TABLE = site_table(shipped_sources())
Pair = tuple[str, int, int, int]  # case, week, two records


@dataclass
class Score:
    right: int = 0
    silent: int = 0
    wrong: list[Pair] = field(default_factory=list)
    missed: list[Pair] = field(default_factory=list)

    @property
    def precision(self) -> float:
        return self.right / (self.right + len(self.wrong))

    @property
    def recall(self) -> float:
        return 1 - len(self.missed) / self.silent


def judge(cases: tuple[Case, ...]) -> Score:
    score = Score()
    for case in cases:
        for number, (week, performer_of) in enumerate(lived(case)):
            numbers = [performer_of[r.source, r.source_id] for r in week.records]
            people = {i: n for n, own in enumerate(week.people) for i in own}
            for i, j in combinations(range(len(numbers)), 2):
                joined, pair = numbers[i] == numbers[j], (case.id, number, i, j)
                if joined and people[i] == people[j]:
                    score.right += 1
                elif joined:
                    score.wrong.append(pair)
                if (i, j) in week.silent:
                    score.silent += 1
                    score.missed += [] if joined else [pair]
    return score


def lived(case: Case) -> Iterator[tuple[Week, dict[Claim, int]]]:
    """Each week of a case with who its records are held to be, knowing the weeks before."""
    known = KnownIdentities()
    for week in (case, *case.weeks):
        rows = {(r.source, r.source_id): r.row() for r in week.records}
        facts = facts_of(rows, TABLE)
        found = resolve(facts, known, find_joins(facts, known)[0])
        yield week, found.performer_of
        merges = known.merges | {merge.old_id: merge.new_id for merge in found.merges}
        known = KnownIdentities(found.performer_of, merges, max([known.highest_id, *found.new_ids]))


def test_the_cases_checked_in():
    score = judge(load_cases(CASES))
    assert score.silent >= 400
    assert score.precision >= 0.999, score.wrong
    assert score.recall >= 0.97, score.missed


@pytest.mark.parametrize("seed", range(100, 103))
def test_cases_that_no_rule_was_mended_by(tmp_path: Path, monkeypatch, seed):
    monkeypatch.setattr(make_cases, "SEED", seed)
    path = tmp_path / "cases.jsonl"
    made = [case for case in make_cases.made() if not case["id"].startswith("hand-")]
    path.write_text("".join(json.dumps(case) + "\n" for case in made), encoding="utf-8")
    score = judge(load_cases(path))
    assert score.precision >= 0.999, score.wrong
    assert score.recall >= 0.97, score.missed


def test_the_judge_can_say_no(monkeypatch):
    monkeypatch.setattr("tests.unit.test_identity_labelled.find_joins", lambda *_: ([], []))
    score = judge(load_cases(CASES))
    assert score.recall < 0.5

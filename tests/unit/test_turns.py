"""Pages of performers who lack nothing come one after another, each within `revisit_days`."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.unit.identity_world import (
    PACK,
    WHEN,
    creator,
    record,
    reference,
    sha,
    shot,
    uuid,
)
from trainer.config.params import BuildParams
from trainer.config.settings import Settings
from trainer.config.sources import SourceConfig
from trainer.crawl.turns import is_its_turn, turns_since, without_later
from trainer.pipeline.steps import plan_references
from trainer.runs.context import Plan, RunContext
from trainer.staging.atomic import write_json
from trainer.staging.clock import iso, parse_iso
from trainer.staging.parquet import read_table, write_rows
from trainer.staging.schemas import IMAGES, PERFORMERS
from trainer.state.store import SnapshotRow, StateChanges, commit_release

START = parse_iso("2026-03-01T00:00:00Z")
SITE = reference("surely")
WEEK = timedelta(days=7)
PAGES = [f"page-{n}" for n in range(1000)]


def turns(source: SourceConfig, moments: list[datetime]) -> list[set[str]]:
    """Whose turn it is at each moment, from the one before on."""
    spans = pairwise(moments)
    return [{p for p in PAGES if is_its_turn(source, p, a, b)} for a, b in spans]


def test_in_four_weeks_each_page_has_its_turn_once_about_as_many_in_each():
    weeks = turns(SITE, [START + n * WEEK for n in range(5)])
    assert sorted(page for week in weeks for page in week) == sorted(PAGES)
    assert all(200 < len(week) < 300 for week in weeks)


@pytest.mark.parametrize("hours", [[1, 2, 300, 672], [671, 672], [24 * n for n in range(1, 29)]])
def test_whenever_builds_run_no_page_is_left_out_or_asked_twice(hours):
    moments = [START, *(START + timedelta(hours=n) for n in hours)]
    found = turns(SITE, moments)
    assert sorted(page for each in found for page in each) == sorted(PAGES)


def test_after_a_long_pause_and_without_a_period_all_are_asked():
    assert turns(SITE, [START, START + 5 * WEEK]) == [set(PAGES)]
    daily = SITE.model_copy(update={"revisit_days": 0})
    assert turns(daily, [START, START + timedelta(hours=1)]) == [set(PAGES)]


def target(number: int, **facts: Any) -> dict[str, Any]:
    whose = {"source": "boxone", "source_id": uuid(number), "birth_date": "1990-01-01"}
    candidate = whose | {"country": "NO"} | facts
    return {"page_id": f"page-{number}", "path": f"/star/{number}", "candidates": [candidate]}


def test_who_lacks_something_and_what_was_read_is_asked_at_once_in_the_old_order():
    rows: list[Any] = [target(n) for n in range(300)]
    rows[5] = target(5, birth_date=None)
    faces = {("boxone", uuid(n)): 2 for n in range(300) if n != 7}
    moment = START + timedelta(hours=1)
    asked = without_later(rows, SITE, {"page-9"}, faces, START, moment)
    due = {n for n in range(300) if is_its_turn(SITE, f"page-{n}", START, moment)}
    assert asked == [rows[n] for n in range(300) if n in due | {5, 7, 9}]
    assert len(asked) < 20
    assert without_later(rows, SITE, (), faces, None, moment) == rows
    least = SITE.assertions.model_copy(update={"min_performers": 250})
    strict = SITE.model_copy(update={"assertions": least})
    assert without_later(rows, strict, (), faces, START, moment) == rows


class Weeks:
    """Runs of `plan_references` over people who have two faces each, and all facts."""

    def __init__(self, root: Path) -> None:
        self.settings = Settings.load(root)
        self.rows = [
            record(
                "stashdb",
                n,
                f"Person {n}",
                birth_date="1990-01-01",
                country="NO",
                shots=[shot(n, 1), shot(n, 2)],
                links=[f"https://surely.example/star/p{n}"],
            )
            for n in range(40)
        ]

    def plan(self, run_id: str, moment: datetime, **params: Any) -> tuple[RunContext, set[str]]:
        """A run's context, and the pages that it asks for."""
        context = RunContext.open(self.settings, run_id)
        plan = Plan(
            run_id=run_id,
            started_at=iso(moment),
            version_id="20260301_000000",
            params=BuildParams(**params),
            pack_id=PACK,
            sources={"stashdb": creator("stashdb"), "surely": SITE},
            base_release=None,
        )
        write_json(context.run.plan, plan.model_dump(mode="json"))
        write_snapshot(context, self.rows)
        context.finish("plan_references", plan_references.run(context))
        asked = read_table(context.run.targets("surely"), ["page_id"])["page_id"].to_pylist()
        return context, set(asked)


def write_snapshot(context: RunContext, rows: list[dict[str, Any]]) -> None:
    """The creator's, every picture of it fetched."""
    directory = context.run.snapshot("stashdb")
    images = [
        dict.fromkeys(IMAGES.names)
        | {"url": image["url"], "source": "stashdb", "status": "fetched"}
        | {"sha256": sha(image["url"]), "fetched_at": WHEN, "run_id": context.plan.run_id}
        for row in rows
        for image in row["images"]
    ]
    write_rows(directory / "performers.parquet", rows, PERFORMERS)
    write_rows(directory / "images.parquet", images, IMAGES)


def publish(context: RunContext, swept: bool) -> None:
    """As if all that it asked for had been crawled, or a part of it."""
    moment = context.plan.started_at if swept else None
    run_id = context.plan.run_id
    commit_release(
        context.data.state_db,
        StateChanges(
            run_id=run_id,
            version_id=run_id,
            version=run_id,
            published_at=context.plan.started_at,
            new_performers={},
            claims={},
            merges=[],
            snapshots=[SnapshotRow("surely", run_id, None, 1, moment)],
            ledger=[],
        ),
    )


def test_weeks_of_builds_ask_for_a_share_and_go_on_where_one_was_cut_short(tmp_path):
    weeks = Weeks(tmp_path)
    first, asked = weeks.plan("week-1", START)
    assert 0 < len(asked) < 30
    planned = first.result("plan_references")
    assert planned is not None and planned["later"] == {"surely": 40 - len(asked)}
    publish(first, swept=False)
    second, again = weeks.plan("week-2", START + timedelta(hours=1))
    assert asked <= again  # its time was over: nothing that it left waits for its next turn
    assert turns_since(second, "surely") == START - WEEK
    publish(second, swept=True)
    third, rest = weeks.plan("week-3", START + 3 * WEEK)
    assert turns_since(third, "surely") == START + timedelta(hours=1)
    assert not again & rest and len(again | rest) == 40


def test_a_full_refresh_asks_for_everything_and_so_does_a_run_after_an_older_trainers(tmp_path):
    weeks = Weeks(tmp_path)
    first, _ = weeks.plan("week-1", START)
    assert len(weeks.plan("refresh", START, full_refresh=True)[1]) == 40
    first.run.step("plan_references").unlink()
    publish(first, swept=True)
    assert len(weeks.plan("week-2", START + WEEK)[1]) == 40

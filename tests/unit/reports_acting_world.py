"""An invented DATA_DIR with questions for a person, and how the pages that act are used."""

from __future__ import annotations

import sqlite3

from streamlit.testing.v1 import AppTest

from reports.actions import review
from tests.unit import reports_world
from tests.unit.identity_world import WHEN, IdentityWorld, record, shot, uuid
from trainer.identity.reviews import Review, write_reviews
from trainer.runs.record import RunRecord, write_record

HOSTILE = reports_world.HOSTILE
NAMES = [HOSTILE, "x" * 300, "<script>alert(1)</script>", "\u0645\u0631\u064a\u0645"]


def acting_world(root, monkeypatch):
    """Performers 1 to 4 with hostile names, and one question about the first two."""
    monkeypatch.setenv("DATA_DIR", str(root))
    found = IdentityWorld(root)
    rows = [
        record("boxone", n, name, shots=(shot(n, 1),), aliases=[f"alias {n}"])
        for n, name in enumerate(NAMES, 1)
    ]
    rows.append(
        record("boxtwo", 9, HOSTILE, links=(f"https://boxone.example/performers/{uuid(1)}",))
    )
    context = found.run("week-1", rows)
    found.publish(context)
    record_ = {"id": "week-1", "started_at": WHEN, "status": "completed"}
    write_record(context.run, RunRecord.model_validate(record_))
    with sqlite3.connect(found.data.state_db) as db:
        db.execute(
            "INSERT INTO snapshots (source, run_id, live_performers) VALUES ('boxone', 'week-1', 4)"
        )
    # Where it is used, not where it comes from: a page that is imported meanwhile would keep it.
    for name in ("reports.actions.review", "reports.actions.exclusions"):
        monkeypatch.setattr(f"{name}.load_sources", lambda _root: found._sources)
    url = "https://boxone.example/performers/1"
    items = [
        Review(kind=kind, source="boxone", url=url, performers=performers, text=HOSTILE)
        for kind, performers in (("may_be_one_person", (1, 2)), ("faces_disagree", (3,)))
    ]
    write_reviews(context.run.select, items)
    return found


def page(name):
    source = f"from reports.app_pages import {name}\n{name}.show()"
    at = AppTest.from_string(source, default_timeout=60).run()
    assert not at.exception, at.exception[0].value
    return at


def press(at, label):
    next(b for b in at.button if b.label == label).click()
    at.run()
    assert not at.exception, at.exception[0].value
    return at


def shown(at):
    parts = [*at.markdown, *at.success, *at.error, *at.info, *at.warning, *at.caption]
    return "\n".join(part.value.replace("\\", "") for part in parts)


def cells(at):
    return [str(v) for frame in at.dataframe for row in frame.value.values.tolist() for v in row]


def key(world, kind):
    return next(r.key for r in review.items(world.data).open if r.kind == kind)

"""A build that looks for pages by name leaves some sites to their links, and says which and why."""

from __future__ import annotations

import pytest

from tests.unit.identity_world import IdentityWorld, creator, record, reference, source
from trainer.cli.sources import source_lines, source_rows
from trainer.pipeline.steps import plan_references, report
from trainer.runs import update as run_record
from trainer.runs.record import read_record
from trainer.staging.atomic import write_json
from trainer.staging.parquet import read_table

REASON = "pages have a number in their address"
NUMBERED = {
    "domains": ["numbered.example"],
    "links": [{"match": "/star/(?P<id>[0-9]+)", "path": "/star/{id}"}],
    "not_by_name": REASON,
}
SOURCES = {
    "stashdb": creator("stashdb"),
    "surely": reference("surely"),
    "numbered": source("numbered", "html_profile", page=NUMBERED),
}


@pytest.fixture
def run(tmp_path, caplog):
    """Plans a run with the mode asked for; returns its context and what was said."""

    def made(mode: str):
        rows = [
            record("stashdb", 1, "Ana Vask", links=["https://numbered.example/star/7"]),
            record("stashdb", 2, "Bo Ren"),
        ]
        context = IdentityWorld(tmp_path, SOURCES).run("week-1", rows)
        plan = context.plan
        params = plan.params.model_copy(update={"reference_mode": mode})
        changed = plan.model_copy(update={"params": params})
        write_json(context.run.plan, changed.model_dump(mode="json"))
        context = type(context).open(context.settings, "week-1")
        run_record.start(context, context.plan)
        context.finish("plan_references", plan_references.run(context))
        context.finish("publish", {"published": False})
        report.run(context)
        return context, caplog.messages

    return made


def test_the_log_and_the_record_say_it(run):
    context, said = run("name")
    assert f"plan_references: numbered is asked by links only, not by name: {REASON}" in said
    assert read_record(context.run.record).by_links_only == {"numbered": REASON}
    asked = {
        key: read_table(context.run.targets(key)).to_pylist() for key in ("numbered", "surely")
    }
    assert [(row["page_id"], row["found_by"]) for row in asked["numbered"]] == [("7", "url")]
    assert {row["page_id"] for row in asked["surely"]} == {"ana-vask", "bo-ren"}


def test_a_build_by_links_says_nothing(run):
    context, said = run("url")
    assert not [line for line in said if "links only" in line]
    assert read_record(context.run.record).by_links_only == {}


def test_the_list_of_sources_says_it():
    lines = source_lines(source_rows(SOURCES, {}))
    assert [line for line in lines if REASON in line] == [
        "numbered: HTML, one page per performer, 60 requests a minute, trust high: on; "
        f"found by links only, not by name: {REASON}"
    ]

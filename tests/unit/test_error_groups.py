"""Errors are grouped: kind, source and field, an exact count, three examples with their address."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.identity_world import WHEN, IdentityWorld, record, shot, uuid
from trainer.cli.builds import MOST_ERRORS, build_lines
from trainer.config.settings import Settings
from trainer.exclusions.edit import add
from trainer.exclusions.purge import purge
from trainer.runs.context import RunContext
from trainer.runs.record import RunRecord, read_record, write_record
from trainer.runs.update import fail
from trainer.snapshots.store import CRAWL_NOTES
from trainer.staging.atomic import read_json, sha256_file, write_json
from trainer.staging.error_groups import (
    EXAMPLES,
    FORGOTTEN,
    OTHER_KINDS,
    ErrorBook,
    StageError,
    grouped,
)
from trainer.staging.manifest import StageManifest
from trainer.staging.parquet import read_schema, write_table
from trainer.staging.paths import DataDir
from trainer.staging.schemas import PERFORMERS

KINDS = st.sampled_from(["http_404", "field_invalid", "network"])
ERRORS = st.builds(
    StageError,
    kind=KINDS,
    source=st.sampled_from([None, "stashdb", "iafd"]),
    field=st.sampled_from([None, "name", "images.url"]),
    url=st.sampled_from([None, "http://127.0.0.1/1", "http://127.0.0.1/2"]),
    message=st.sampled_from(["no", "not so"]),
    count=st.integers(1, 1000),
)


def error(number: int, kind: str = "field_invalid", field: str | None = "country") -> StageError:
    url = f"http://127.0.0.1/performers/{number}"
    return StageError(kind=kind, source="stashdb", url=url, field=field, message="no country")


def manifest(errors: list[StageError], **more: object) -> StageManifest:
    return StageManifest(
        run_id="r1",
        stage="crawl",
        name="stashdb",
        status="complete",
        started_at=WHEN,
        completed_at=WHEN,
        errors=errors,
        **more,
    )


def test_thousands_of_the_same_are_one_entry_with_three_examples():
    book = ErrorBook()
    for number in range(5_659):
        book.add(error(number, field=("country", "height", "urls")[number % 3]))
    found = book.listed()
    assert [(e.field, e.count) for e in found] == [
        ("country", 1_887),
        ("height", 1_886),
        ("urls", 1_886),
    ]
    for group in found:
        assert len(group.examples) == EXAMPLES
        assert len({example.url for example in group.examples}) == EXAMPLES
        assert (group.url, group.message) == (group.examples[0].url, group.examples[0].message)
    assert len(json.dumps([group.model_dump() for group in found])) < 2_500
    assert book.by_kind == {"field_invalid": 5_659} and book.total == 5_659


def test_the_same_place_again_only_counts():
    book = ErrorBook()
    for _ in range(5):
        book.add(error(1))
    (group,) = book.listed()
    assert (group.count, len(group.examples)) == (5, 1)


@given(st.lists(ERRORS, max_size=40), st.integers(1, 5))
def test_counts_are_exact_whatever_the_limit(errors, limit):
    found = grouped(errors, limit)
    assert sum(e.count for e in found) == sum(e.count for e in errors)
    assert len(found) <= limit + 1
    assert all(1 <= len(e.examples) <= EXAMPLES for e in found)
    exact = Counter[tuple[str, str | None, str | None]]()
    for one in errors:
        exact[one.kind, one.source, one.field] += one.count
    for group in found:
        if group.kind != OTHER_KINDS:
            assert group.count == exact[group.kind, group.source, group.field]
    assert grouped(found, limit) == found


def test_what_comes_after_the_limit_is_named_in_its_examples():
    found = grouped([error(n, field=f"made_up_{n}") for n in range(1_000)])
    assert len(found) == 201 and found[-1].kind == OTHER_KINDS and found[-1].count == 800
    assert "field_invalid stashdb made_up_200: no country" in found[-1].examples[0].message


def test_the_embedders_and_the_crawls_manifests_are_grouped_as_they_are_written(tmp_path):
    manifest([error(n) for n in range(50)]).write(tmp_path)
    (written,) = read_json(tmp_path / "_RUN.json")["errors"]
    assert (written["count"], len(written["examples"])) == (50, 3)


OLD = {"kind": "field_invalid", "source": "stashdb", "field": "country", "count": 2}


def test_files_of_today_are_read_and_grouped(tmp_path):
    lines = [OLD | {"url": f"http://127.0.0.1/{n}", "message": "no country"} for n in range(200)]
    write_json(tmp_path / "_RUN.json", manifest([]).model_dump() | {"errors": lines})
    read = StageManifest.read(tmp_path)
    assert read is not None
    assert [(e.count, len(e.examples)) for e in read.errors] == [(400, 3)]
    path = tmp_path / "run.json"
    record_of_today = {"id": "r1", "started_at": WHEN, "status": "partial", "errors": lines}
    write_json(path, record_of_today | {"stats": {"errors": 400}})
    assert [(e.kind, e.count, e.url) for e in read_record(path).errors] == [
        ("field_invalid", 400, "http://127.0.0.1/0")
    ]


def test_a_step_that_fails_twice_is_one_entry_with_both_messages(tmp_path):
    context = RunContext.open(Settings.load(tmp_path), "r1")
    for message in ("no disk", "no memory"):
        fail(context, "select", message, WHEN)
    (only,) = read_record(context.run.record).errors
    assert (only.kind, only.field, only.count, only.message) == (
        "step_failed",
        "select",
        2,
        "no disk",
    )
    assert [example.message for example in only.examples] == ["no disk", "no memory"]


def test_the_command_line_says_each_group_in_one_line():
    errors = [error(n) for n in range(5_659)] + [error(n, f"kind_{n}") for n in range(40)]
    lines = build_lines(RunRecord(id="r1", started_at=WHEN, status="partial", errors=errors))
    told = [line for line in lines if "country" in line]
    assert len(told) == MOST_ERRORS
    assert told[0].startswith("  5659 x field_invalid country of stashdb: no country (e.g. http:")
    assert told[0].count("http://") == 3
    assert lines[-1].endswith("and 21 more kinds in its run.json")


MIRA, BO = 1, 2


@pytest.fixture
def published(tmp_path):
    world = IdentityWorld(tmp_path)
    rows = [
        record("boxone", MIRA, "Mira Vask", birth_date="1986", shots=[shot(MIRA, 0)]),
        record("boxone", BO, "Bo Renwick", birth_date="1990", shots=[shot(BO, 0)]),
    ]
    context = world.run("week-1", rows)
    world.publish(context)
    return world, context


def spoken(source: str = "boxone") -> list[StageError]:
    """What names the first person: by her id, her pictures' address, her name; and the other."""

    def one(kind: str, url: str, message: str) -> StageError:
        return StageError(kind=kind, source=source, url=url, field="images.url", message=message)

    return [
        one("by_id", "http://127.0.0.1/graphql", f"performer {uuid(MIRA)}: no country"),
        one("by_id", "http://127.0.0.1/graphql", f"performer {uuid(BO)}: no country"),
        one("by_picture", shot(MIRA, 0), "HTTP 500"),
        one("by_picture", shot(BO, 0), "HTTP 500"),
        one("by_name", "http://127.0.0.1/galleries/mira-vask-at-sea", "HTTP 500"),
        one("by_name", "http://127.0.0.1/galleries/Mira%20Vask.htm", "HTTP 500"),
    ]


def test_a_purge_takes_examples_that_name_the_person_and_keeps_the_counts(published):
    world, context = published
    data: DataDir = world.data
    manifest(spoken()).write(context.run.staging("boxone"))
    write_record(
        context.run,
        RunRecord(id="week-1", started_at=WHEN, status="partial", errors=spoken()),
    )
    add(data, "id", f"boxone:{uuid(MIRA)}", "asked", WHEN)
    assert purge(data).texts
    staged = StageManifest.read(context.run.staging("boxone"))
    assert staged is not None
    for errors in (staged.errors, read_record(context.run.record).errors):
        assert [(e.kind, e.count) for e in errors] == [
            ("by_id", 2),
            ("by_picture", 2),
            ("by_name", 2),
        ]
        assert [e.url for e in errors] == ["http://127.0.0.1/graphql", shot(BO, 0), None]
        assert errors[-1].message == FORGOTTEN
    for path in (context.run.record, data.runs_json, context.run.staging("boxone") / "_RUN.json"):
        text = path.read_text()
        assert uuid(BO) in text
        assert uuid(MIRA) not in text and shot(MIRA, 0) not in text
        assert "mira" not in text.casefold()
    assert not purge(data).texts


def test_a_purge_takes_them_out_of_the_notes_of_the_crawls_parts_too(published):
    world, context = published
    staging = context.run.staging("boxone")
    part = staging / "performers-p000001.parquet"
    notes = {"page_size": 5, "refused_ids": [], "errors": [e.model_dump() for e in spoken()]}
    table = PERFORMERS.empty_table().replace_schema_metadata({CRAWL_NOTES: json.dumps(notes)})
    write_table(part, table)
    manifest(spoken(), files={part.name: sha256_file(part)}).write(staging)
    add(world.data, "id", f"boxone:{uuid(MIRA)}", "asked", WHEN)
    purge(world.data)
    after = StageManifest.read(staging)
    assert after is not None
    after.verify_files(staging)
    left = json.loads(read_schema(part).metadata[CRAWL_NOTES])
    assert left["page_size"] == 5
    assert [e["message"] for e in left["errors"]].count(FORGOTTEN) == 4
    assert uuid(MIRA) not in str(left) and uuid(BO) in str(left)

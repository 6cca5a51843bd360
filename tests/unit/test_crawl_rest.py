"""A source of kind rest, crawled as the pipeline does, over its look-alike on loopback."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

import pyarrow.parquet as pq
import pytest

from demo.world.people import population
from demo.world.porndb import PornDb, record_id
from tests.committed import commit_crawls
from tests.recorded.box import JPEG
from tests.web_server import Answer, Asked, serving
from trainer.config.params import BuildParams
from trainer.config.settings import Settings
from trainer.config.sources import load_sources
from trainer.crawl.run import crawl_source
from trainer.runs.context import Plan, RunContext
from trainer.snapshots.store import fold_snapshot
from trainer.staging.atomic import write_json
from trainer.staging.parquet import parts, read_parts, read_table
from trainer.staging.schemas import IMAGES, PERFORMERS
from trainer.state.store import SnapshotRow

KEY = "a-token-that-nobody-may-read"
STARTED = "2026-02-01T00:00:00Z"
LIVE = [person for person in population(1) if not person.deleted]


class Server:
    """The API and its pictures; `before` may answer instead."""

    def __init__(self) -> None:
        self.requests: list[Asked] = []
        self.people = list(population(1))
        self.total_offset = 0
        self.before = lambda path: None
        self.base = ""

    @property
    def api(self) -> PornDb:
        image = lambda key: f"{self.base}/img/{key}"  # noqa: E731
        return PornDb(self.people, image, KEY, self.base, {"mira"}, self.total_offset)

    def answer(self, asked: Asked) -> Answer:
        target = asked.path
        self.requests.append(asked)
        special = self.before(target)
        if special is not None:
            return special
        address = urlsplit(target)
        if address.path.startswith("/img/"):
            return 200, {"Content-Type": "image/jpeg"}, JPEG + address.path.encode()
        if address.path == "/robots.txt":
            return 404, {}, b""
        status, content = self.api.answer(
            address.path, dict(parse_qsl(address.query)), asked.headers
        )
        return status, {"Content-Type": "application/json"}, json.dumps(content).encode()

    @property
    def log(self) -> list[str]:
        return [asked.path for asked in self.requests]

    def pages(self) -> list[str]:
        return [target for target in self.log if target.startswith("/performers")]


@contextmanager
def serve():
    shown = Server()
    with serving(shown.answer) as shown.base:
        yield shown


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("THEPORNDB_API_KEY", KEY)
    with serve() as shown:
        yield shown


def context(root, server, run_id="r1", page_size=7, **params) -> RunContext:
    override = {
        "base_url": server.base,
        "requests_per_minute": 30_000,
        "page_size": page_size,
        "retries": 0,
        "timeout_seconds": 60,
    }
    write_json(root / "sources.yaml", {"theporndb": override})
    settings = Settings(allow_private_hosts=True).model_copy(update={"data_dir": root})
    opened = RunContext.open(settings, run_id)
    plan = Plan(
        run_id=run_id,
        started_at=STARTED,
        version_id="20260201_000000",
        params=BuildParams(**params),
        pack_id="none",
        sources={"theporndb": load_sources(root)["theporndb"]},
        base_release=None,
    )
    write_json(opened.run.plan, plan.model_dump(mode="json"))
    return opened


def crawl(root, server, run_id="r1", **params):
    return crawl_source(context(root, server, run_id, **params), "theporndb")


def performers(root, server, run_id="r1"):
    staging = context(root, server, run_id).run.staging("theporndb")
    return read_parts(parts(staging, "performers-"), PERFORMERS).to_pylist()


def everything_written(root) -> bytes:
    return b"".join(path.read_bytes() for path in root.rglob("*") if path.is_file())


@pytest.fixture(scope="module")
def crawled(tmp_path_factory):
    """One crawl with nothing wrong: the server, the directory and the verdict."""
    root = tmp_path_factory.mktemp("crawled")
    with pytest.MonkeyPatch.context() as environment, serve() as server:
        environment.setenv("THEPORNDB_API_KEY", KEY)
        yield server, root, crawl(root, server)


def test_everybody_and_every_picture_that_is_needed_once(crawled):
    server, root, manifest = crawled
    assert manifest.status == "complete", manifest
    assert manifest.full_sweep and manifest.watermark is None
    assert manifest.errors == []
    assert all(check.ok for check in manifest.checks)
    assert {r["source_id"] for r in performers(root, server)} == set(map(record_id, LIVE))
    assert len(server.pages()) == -(-len(LIVE) // 7)
    assert len(set(server.log)) == len(server.log)
    staging = context(root, server).run.staging("theporndb")
    images = read_parts(parts(staging, "images-"), IMAGES).to_pylist()
    wanted = {f"{server.base}/img/{key}" for person in LIVE for key in person.images}
    fetched = {row["url"] for row in images if row["status"] == "fetched"}
    assert fetched <= wanted
    assert len(wanted - fetched) == manifest.counts["pictures_not_needed"]
    for person in LIVE:
        own = {f"{server.base}/img/{key}" for key in person.images}
        assert len(own & fetched) >= min(len(own), 2), person.key
    for path in parts(staging, "performers-"):
        assert pq.read_schema(path).remove_metadata().equals(PERFORMERS)


def test_the_rows_say_what_the_records_say(crawled):
    server, root, _ = crawled
    rows = {row["source_id"]: row for row in performers(root, server)}
    for person in LIVE:
        row = rows[record_id(person)]
        assert row["name"] == person.name
        assert row["aliases"] == list(person.aliases)
        for column in ("gender", "country", "ethnicity", "eye_color", "hair_color"):
            assert row[column] == getattr(person, column), (person.key, column)
        for column in ("career_start_year", "career_end_year", "disambiguation"):
            assert row[column] == getattr(person, column), (person.key, column)
        assert row["height_cm"] == person.height
        seen = [image["url"].removeprefix(f"{server.base}/img/") for image in row["images"]]
        assert seen == list(person.images)
    mira = next(person for person in LIVE if person.key == "mira")
    link = {"url": f"https://stashdb.org/performers/{mira.id}", "site": "StashDB"}
    assert link in rows[record_id(mira)]["urls"]


def test_a_career_that_goes_on_in_the_year_of_the_run_has_no_end(tmp_path, server):
    ends = {2024: 2024, 2025: None, 2026: None}  # the run is of 2026
    for number, last in enumerate(ends):
        server.people[number] = replace(LIVE[number], career_end_year=last)
    crawl(tmp_path, server, enable_faces=False)
    rows = {row["source_id"]: row["career_end_year"] for row in performers(tmp_path, server)}
    assert [rows[record_id(person)] for person in server.people[:3]] == list(ends.values())


def test_the_token_goes_to_the_api_alone_and_into_no_file(crawled):
    server, root, _ = crawled
    for asked in server.requests:
        target, given = asked.path, asked.headers.get("authorization")
        assert given == (f"Bearer {KEY}" if target.startswith("/performers") else None), target
    assert KEY.encode() not in everything_written(root)


def test_the_token_follows_no_redirect(tmp_path, server):
    with serve() as elsewhere:
        moved = {"Location": f"{elsewhere.base}/performers"}
        server.before = lambda path: (302, moved, b"") if path.startswith("/performers") else None
        manifest = crawl(tmp_path, server)
        assert elsewhere.log == []
    assert manifest.status == "failed"
    assert "HTTP 302" in manifest.reason


@pytest.mark.parametrize("status", [401, 200])
def test_a_refused_token_is_not_tried_again(tmp_path, server, status):
    body = b'{"message": "Unauthenticated."}'
    server.before = lambda path: (status, {}, body) if path.startswith("/performers") else None
    manifest = crawl(tmp_path, server)
    assert manifest.status == "blocked"
    assert "THEPORNDB_API_KEY" in manifest.reason
    assert len(server.pages()) == 1


def test_without_a_token_the_source_is_skipped(tmp_path, server, monkeypatch):
    monkeypatch.delenv("THEPORNDB_API_KEY")
    manifest = crawl(tmp_path, server)
    assert manifest.status == "skipped"
    assert "THEPORNDB_API_KEY" in manifest.reason
    assert server.log == []


def test_a_crawl_goes_on_from_the_pages_it_has(tmp_path, server):
    broken = "/performers?page=2&per_page=7"
    server.before = lambda path: (500, {}, b"") if path == broken else None
    assert crawl(tmp_path, server).status == "failed"
    assert "/performers?page=1&per_page=7" in server.log
    server.requests.clear()
    server.before = lambda path: None
    manifest = crawl(tmp_path, server)
    assert manifest.status == "complete"
    assert broken in server.pages()
    assert "/performers?page=1&per_page=7" not in server.pages()
    assert len(performers(tmp_path, server)) == len(LIVE)


def test_fewer_people_than_advertised_fail_after_repeated_sweeps(tmp_path, server):
    """The total is one at which search engines stop counting, too: that is a warning."""
    server.total_offset = 1_000 - len(LIVE)
    manifest = crawl(tmp_path, server, page_size=100)
    assert manifest.status == "failed"
    assert "distinct_ids_equal_count" in manifest.reason
    sizes = [target.rpartition("=")[2] for target in server.pages() if "page=1&" in target]
    assert sizes == ["100", "97", "94"]  # it has one order only, so that the pages are others
    warned = {check.name: check for check in manifest.checks}["total_is_no_cap"]
    assert (warned.ok, warned.fatal, warned.actual) == (False, False, "1000")


def publish(root, server, run_id, number):
    """Fold, and commit what a release would."""
    opened = context(root, server, run_id)
    directory = fold_snapshot(opened, "theporndb", excluded=set())
    assert directory is not None
    rows = read_table(directory / "performers.parquet").to_pylist()
    live = sum(not row["deleted"] for row in rows)
    snapshot = SnapshotRow("theporndb", run_id, None, live, None)
    commit_crawls(opened.data.state_db, [snapshot], STARTED, f"v{number}")
    return {row["source_id"]: row for row in rows}


def test_a_week_later_who_is_gone_is_a_tombstone(tmp_path, server):
    crawl(tmp_path, server, enable_faces=False)
    publish(tmp_path, server, "r1", 1)
    gone = server.people.pop(0)
    manifest = crawl(tmp_path, server, "r2", enable_faces=False)
    assert manifest.status == "complete" and manifest.full_sweep
    rows = publish(tmp_path, server, "r2", 2)
    assert [n for n, row in rows.items() if row["deleted"]] == [record_id(gone)]
    assert len(rows) == len(LIVE)

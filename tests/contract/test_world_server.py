"""The demo world answers as a stash-box does."""

import json
import os
import signal
import subprocess
import sys
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
import requests

from demo.world import DEMO_KEY, Faults, World, identifier
from demo.world.images import stand_in
from tests.contract.box_queries import FIND, LIST, find, live, names, page, post
from tests.waiting import DEADLINE

# --- GraphQL ----------------------------------------------------------------------------------


def test_every_field_of_a_record_comes_through(world):
    mira = find(world, "mira")
    assert mira["name"] == "Mira Okonedo-Vask"
    assert mira["birth_date"] == "1986-03-14"
    assert mira["tattoos"] == [{"location": "left forearm", "description": "three swallows"}]
    assert mira["piercings"] == [{"location": "navel", "description": None}]
    assert {u["site"]["name"] for u in mira["urls"]} == {"IAFD", "IMDb", "Wikidata", "Twitter"}
    assert mira["updated"].endswith("Z")
    bare = find(world, "bare")
    assert bare["images"] == [] and bare["urls"] == [] and bare["tattoos"] is None
    assert bare["birth_date"] is None and bare["gender"] is None


def test_unknown_field_is_refused_with_422_and_errors(world):
    answer = post(world, "{ queryPerformers(input: {}) { count nonsense } }")
    assert answer.status_code == 422
    body = answer.json()
    assert body["data"] is None
    assert "nonsense" in body["errors"][0]["message"]
    assert body["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


@pytest.mark.parametrize(
    ("query", "variables"),
    [
        ("{ queryPerformers(input: {}) { count ", {}),
        (LIST, {"input": {"sort": "SHOE_SIZE"}}),
        (LIST, {"input": {"page": "one"}}),
        (LIST, {}),
        ("{ queryPerformers { count } }", {}),
    ],
)
def test_what_does_not_fit_the_schema_is_refused_with_422(world, query, variables):
    answer = post(world, query, variables)
    assert answer.status_code == 422
    assert answer.json()["errors"]


def test_a_filter_that_is_not_applied_is_an_error(world):
    criteria = {"height": {"value": 170, "modifier": "GREATER_THAN"}}
    answer = post(world, LIST, {"input": criteria})
    assert answer.status_code == 200
    assert "height" in answer.json()["errors"][0]["message"]
    assert answer.json()["data"] is None


def test_body_that_is_not_json_and_wrong_content_type_are_400(world):
    headers = {"ApiKey": DEMO_KEY, "Content-Type": "application/json"}
    assert requests.post(world.url, data=b"{", headers=headers, timeout=DEADLINE).status_code == 400
    headers["Content-Type"] = "text/plain"
    assert (
        requests.post(world.url, data=b"{}", headers=headers, timeout=DEADLINE).status_code == 400
    )


def test_key_is_required(world):
    without = post(world, LIST, {"input": {}}, key=None)
    assert (without.status_code, without.json()["data"]) == (200, None)
    assert without.json()["errors"][0]["message"] == "not authorized"
    wrong = post(world, LIST, {"input": {}}, key="wrong")
    assert (wrong.status_code, wrong.content) == (401, b"")
    world.faults = Faults(reject_key=True)
    assert post(world, LIST, {"input": {}}).status_code == 401


def test_pages_cover_every_record_once(world):
    seen = []
    for number in range(1, 7):
        listed = page(world, page=number, per_page=7, sort="NAME", direction="ASC")
        assert listed["count"] == len(live(world))
        seen += [p["id"] for p in listed["performers"]]
    assert sorted(seen) == sorted(p.id for p in live(world))


def test_past_the_end_is_an_empty_page_with_the_count(world):
    assert page(world, page=99, per_page=25) == {"count": len(live(world)), "performers": []}


def test_defaults_and_the_silent_cap_of_a_page(world):
    assert len(page(world)["performers"]) == 25
    assert len(page(world, per_page=0)["performers"]) == 25
    assert page(world, page=-3) == page(world, page=1)
    world.people = tuple(world.people) * 3
    assert len(page(world, per_page=5000)["performers"]) == 100


@pytest.mark.parametrize(
    ("sort", "field"),
    [
        ("NAME", "name"),
        ("CREATED_AT", "created"),
        ("UPDATED_AT", "updated"),
        ("BIRTHDATE", "birth_date"),
        ("DEBUT", "career_start_year"),
        ("SCENE_COUNT", "scene_count"),
    ],
)
@pytest.mark.parametrize("direction", ["ASC", "DESC"])
def test_sorts(world, sort, field, direction):
    listed = page(world, per_page=100, sort=sort, direction=direction)["performers"]
    values = [p[field] for p in listed]
    known = [v for v in values if v is not None]
    assert known == sorted(known, reverse=direction == "DESC")
    nulls_first = direction == "DESC" and sort == "BIRTHDATE"
    if None in values:
        assert values[0 if nulls_first else -1] is None


def test_filters(world):
    assert sorted(names(page(world, name="juno"))) == ["Juno Hallward"] * 2
    assert names(page(world, names="canadian")) == ["Juno Hallward"]
    assert names(page(world, alias="el faro")) == ["Anselm Torrecamino"]
    assert names(page(world, gender="UNKNOWN")) == ["Bare Minimumm"]
    link = next(p for p in world.people if p.key == "gone").links[0].url
    assert names(page(world, url=link.upper())) == ["Perdita Vanishing"]


def test_find_of_an_unknown_id_is_null_and_of_nonsense_an_error(world):
    assert find(world, "nobody") is None
    body = post(world, FIND, {"id": "7"}).json()
    assert body["data"] == {"findPerformer": None}
    assert "UUID" in body["errors"][0]["message"]


# --- from week to week ------------------------------------------------------------------------


def test_merge_and_deletion_in_week_2():
    source, target, gone = (identifier("performer", k) for k in ("dorian_2", "dorian", "gone"))
    with World(week=1) as first, World(week=2) as second:
        before = find(first, "dorian")
        assert before["merged_ids"] == [] and not find(first, "dorian_2")["deleted"]
        listed = {p["id"] for p in page(second, per_page=100)["performers"]}
        assert {source, gone}.isdisjoint(listed) and target in listed
        merged, after = find(second, "dorian_2"), find(second, "dorian")
        assert merged["deleted"] and merged["merged_into_id"] == target
        assert after["merged_ids"] == [source] and after["updated"] > before["updated"]
        assert find(second, "gone")["deleted"] and find(second, "gone")["merged_into_id"] is None
        moved = {i["id"] for i in find(first, "dorian_2")["images"]}
        assert moved <= {i["id"] for i in after["images"]}


def test_what_changed_since_week_1_comes_first_by_updated():
    with World(week=1) as first, World(week=2) as second:
        criteria = {"per_page": 100, "sort": "UPDATED_AT", "direction": "DESC"}
        watermark = page(first, **criteria)["performers"][0]["updated"]
        newer = [p["name"] for p in page(second, **criteria)["performers"]]
        since = [p for p in page(second, **criteria)["performers"] if p["updated"] > watermark]
    expected = {"Sable O'Marrow", "Linnéa Fjärdqvist", "Dorian Valefar", "Naledi Starrick"}
    assert {p["name"] for p in since} == expected | {"Wynn Freshwater"}
    assert newer[: len(since)] == [p["name"] for p in since]


# --- pictures ---------------------------------------------------------------------------------


def test_no_image_id_dangles():
    for week in (1, 2):
        with World(week=week) as world:
            listed = page(world, per_page=100)["performers"]
            urls = {i["url"] for p in listed for i in p["images"]}
            assert len(urls) > 150
            with requests.Session() as session:
                for url in sorted(urls):
                    assert url.startswith(world.image_base)
                    assert session.get(url, timeout=DEADLINE).status_code == 200


def test_picture_headers_and_conditional_request(world):
    url = world.image_url("P001/happy")
    answer = requests.get(url, timeout=DEADLINE)
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert answer.content == stand_in("P001/happy").content
    parsedate_to_datetime(answer.headers["Last-Modified"])
    etag = answer.headers["ETag"]
    again = requests.get(url, headers={"If-None-Match": etag}, timeout=DEADLINE)
    assert (again.status_code, again.content) == (304, b"")
    assert requests.get(world.image_base + "nothing", timeout=DEADLINE).status_code == 404
    assert world.fetched() == ["P001/happy"]
    assert world.fetched(status=304) == ["P001/happy"]


# --- the request log --------------------------------------------------------------------------


def test_log_has_operations_and_never_a_key(tmp_path):
    path = tmp_path / "requests.jsonl"
    with World(week=1, request_log=path) as world:
        body: dict[str, Any] = {
            "query": LIST,
            "operationName": "List",
            "variables": {"input": {"page": 2}},
        }
        requests.post(world.url, json=body, headers={"ApiKey": DEMO_KEY}, timeout=DEADLINE)
        requests.get(world.image_url("P001/sad"), timeout=DEADLINE)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [(r["method"], r["operation"], r["status"]) for r in lines] == [
        ("POST", "List", 200),
        ("GET", None, 200),
    ]
    assert [r["sent_key"] for r in lines] == [True, False]
    assert lines[0]["variables"] == {"input": {"page": 2}}
    assert DEMO_KEY not in path.read_text()
    assert [r.number for r in world.log] == [1, 2]


# --- as a process -----------------------------------------------------------------------------


def test_process_says_it_is_ready_and_stops_on_sigterm(tmp_path):
    log = tmp_path / "requests.jsonl"
    command = [sys.executable, "-m", "demo.world", "--week", "2", "--request-log", str(log)]
    environment = {**os.environ, "STASHDB_API_KEY": "a-key-of-its-own"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        ready = process.stdout.readline()
        assert ready.startswith("ready: demo world, week 2, at http://127.0.0.1:")
        url = ready.split()[-1]
        body = {"query": "{ queryPerformers(input: {}) { count } }"}
        answer = requests.post(
            url, json=body, headers={"ApiKey": "a-key-of-its-own"}, timeout=DEADLINE
        )
        assert answer.json()["data"]["queryPerformers"]["count"] == 40
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=DEADLINE) == 0
    assert len(log.read_text().splitlines()) == 1
    assert "a-key-of-its-own" not in log.read_text()


def test_process_needs_a_key():
    command = [sys.executable, "-m", "demo.world", "--week", "1"]
    environment = {k: v for k, v in os.environ.items() if k != "STASHDB_API_KEY"}
    done = subprocess.run(
        command, check=False, env=environment, capture_output=True, text=True, timeout=DEADLINE
    )
    assert done.returncode == 2
    assert "STASHDB_API_KEY" in done.stderr

"""The demo world answers as a stash-box does, and misbehaves exactly as its switches say."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from email.utils import parsedate_to_datetime

import pytest
import requests
from PIL import Image

from demo.world import DEMO_KEY, Faults, Trouble, World, identifier
from demo.world.images import HUGE_BYTES, bomb, stand_in

FIELDS = """id name disambiguation country ethnicity aliases birth_date death_date gender height
    eye_color hair_color career_start_year career_end_year scene_count created updated deleted
    merged_ids merged_into_id tattoos { location description } piercings { location description }
    images { id url width height } urls { url type site { name } }"""
LIST = (
    "query List($input: PerformerQueryInput!) "
    f"{{ queryPerformers(input: $input) {{ count performers {{ {FIELDS} }} }} }}"
)
FIND = f"query Find($id: ID!) {{ findPerformer(id: $id) {{ {FIELDS} }} }}"


@pytest.fixture
def world():
    with World(week=1) as running:
        yield running


def post(world, query, variables=None, key=DEMO_KEY, **rest):
    headers = {} if key is None else {"ApiKey": key}
    body = {"query": query, "variables": variables or {}}
    return requests.post(world.url, json=body, headers=headers, timeout=10, **rest)


def page(world, **criteria):
    answer = post(world, LIST, {"input": criteria})
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert "errors" not in body, body
    return body["data"]["queryPerformers"]


def names(listed):
    return [performer["name"] for performer in listed["performers"]]


def live(world):
    return [p for p in world.people if not p.deleted]


def find(world, key):
    answer = post(world, FIND, {"id": identifier("performer", key)})
    return answer.json()["data"]["findPerformer"]


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
    assert requests.post(world.url, data=b"{", headers=headers, timeout=5).status_code == 400
    headers["Content-Type"] = "text/plain"
    assert requests.post(world.url, data=b"{}", headers=headers, timeout=5).status_code == 400


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
                    assert session.get(url, timeout=10).status_code == 200


def test_picture_headers_and_conditional_request(world):
    url = world.image_url("P001/happy")
    answer = requests.get(url, timeout=10)
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert answer.content == stand_in("P001/happy").content
    parsedate_to_datetime(answer.headers["Last-Modified"])
    etag = answer.headers["ETag"]
    again = requests.get(url, headers={"If-None-Match": etag}, timeout=10)
    assert (again.status_code, again.content) == (304, b"")
    assert requests.get(world.image_base + "nothing", timeout=10).status_code == 404
    assert world.fetched() == ["P001/happy"]
    assert world.fetched(status=304) == ["P001/happy"]


# --- the request log --------------------------------------------------------------------------


def test_log_has_operations_and_never_a_key(tmp_path):
    path = tmp_path / "requests.jsonl"
    with World(week=1, request_log=path) as world:
        body = {"query": LIST, "operationName": "List", "variables": {"input": {"page": 2}}}
        requests.post(world.url, json=body, headers={"ApiKey": DEMO_KEY}, timeout=10)
        requests.get(world.image_url("P001/sad"), timeout=10)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [(r["method"], r["operation"], r["status"]) for r in lines] == [
        ("POST", "List", 200),
        ("GET", None, 200),
    ]
    assert [r["sent_key"] for r in lines] == [True, False]
    assert lines[0]["variables"] == {"input": {"page": 2}}
    assert DEMO_KEY not in path.read_text()
    assert [r.number for r in world.log] == [1, 2]


# --- switches ---------------------------------------------------------------------------------


def test_every_third_request_fails_and_then_no_more(world):
    world.faults = Faults(troubles=(Trouble("server_error", every=3, times=2),))
    statuses = [post(world, LIST, {"input": {}}).status_code for _ in range(12)]
    assert statuses == [200, 200, 500, 200, 200, 500, *[200] * 6]


def test_too_many_with_seconds_and_with_a_date(world):
    world.faults = Faults(troubles=(Trouble("too_many", value="7", times=1),))
    answer = post(world, LIST, {"input": {}})
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")
    world.faults = Faults(troubles=(Trouble("too_many", value="date:30", where="images"),))
    answer = requests.get(world.image_url("P001/sad"), timeout=10)
    ahead = parsedate_to_datetime(answer.headers["Retry-After"]).timestamp() - time.time()
    assert answer.status_code == 429 and 20 < ahead <= 31


def test_garbage_html_forbidden_and_graphql_error(world):
    def answer(kind):
        world.faults = Faults(troubles=(Trouble(kind),))
        return post(world, LIST, {"input": {}})

    garbage = answer("garbage")
    assert garbage.status_code == 200
    with pytest.raises(ValueError):
        garbage.json()
    assert "<html>" in answer("html").text
    assert answer("forbidden").status_code == 403
    failed = answer("graphql_error")
    assert failed.status_code == 200 and failed.json()["data"] is None and failed.json()["errors"]


def test_slow_answers_are_right_answers(world):
    world.faults = Faults(troubles=(Trouble("slow", value="0.4"),))
    started = time.monotonic()
    assert page(world)["count"] == len(live(world))
    assert time.monotonic() - started >= 0.4
    with pytest.raises(requests.exceptions.ReadTimeout):
        requests.post(world.url, json={"query": LIST}, headers={"ApiKey": DEMO_KEY}, timeout=0.1)


def test_connection_reset(world):
    world.faults = Faults(troubles=(Trouble("reset", times=1, where="all"),))
    with pytest.raises(requests.exceptions.ConnectionError):
        post(world, LIST, {"input": {}})
    assert world.log[-1].status == 0
    assert page(world)["count"] == len(live(world))


@pytest.mark.parametrize("offset", [-2, 3])
def test_count_that_does_not_fit_the_list(world, offset):
    world.faults = Faults(count_offset=offset)
    listed = page(world, per_page=100)
    assert listed["count"] == len(listed["performers"]) + offset


def test_unstable_pages_lose_one_record_and_then_recover(world):
    def sweep():
        found = set()
        for number in range(1, 6):
            listed = page(world, page=number, per_page=10, sort="NAME", direction="ASC")
            found |= {p["id"] for p in listed["performers"]}
        return found

    world.faults = Faults(unstable_pages=1)
    everyone = {p.id for p in live(world)}
    assert len(everyone - sweep()) == 1
    assert sweep() == everyone


def test_pictures_that_are_none(world):
    kinds = ("html", "disguised", "truncated", "empty", "missing", "gone", "moved")
    keys = dict(
        zip(("neutral", "happy", "sad", "angry", "scared", "flirty", "playful"), kinds, strict=True)
    )
    world.faults = Faults(images={f"P001/{shot}": kind for shot, kind in keys.items()})

    def get(shot):
        return requests.get(world.image_url(f"P001/{shot}"), timeout=10, allow_redirects=False)

    assert get("neutral").headers["Content-Type"].startswith("text/html")
    disguised = get("happy")
    assert disguised.headers["Content-Type"] == "image/jpeg" and b"<html>" in disguised.content
    whole = stand_in("P001/sad").content
    assert get("sad").content == whole[: len(whole) // 2]
    assert get("angry").content == b""
    assert get("scared").status_code == 404
    assert get("flirty").status_code == 410
    assert get("playful").headers["Location"].startswith("http://169.254.")
    assert get("smug").status_code == 404  # held out: the world has never heard of it


def test_cut_off_bomb_and_huge_pictures(world):
    images = {
        "P001/happy": "cut_off",
        "P001/sad": "huge",
        identifier("image", "P001/angry"): "bomb",
    }
    world.faults = Faults(images=images)
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        requests.get(world.image_url("P001/happy"), timeout=10)
    with requests.get(world.image_url("P001/sad"), timeout=10, stream=True) as huge:
        assert int(huge.headers["Content-Length"]) > HUGE_BYTES
    content = requests.get(world.image_url("P001/angry"), timeout=10).content
    assert content == bomb() and len(content) < 200_000
    limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
    try:
        with Image.open(io.BytesIO(content)) as opened:
            assert opened.width * opened.height > 80_000_000
    finally:
        Image.MAX_IMAGE_PIXELS = limit


# --- as a process -----------------------------------------------------------------------------


def test_process_says_it_is_ready_and_stops_on_sigterm(tmp_path):
    log = tmp_path / "requests.jsonl"
    command = [sys.executable, "-m", "demo.world", "--week", "2", "--request-log", str(log)]
    environment = {**os.environ, "STASHDB_API_KEY": "a-key-of-its-own"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        ready = process.stdout.readline()
        assert ready.startswith("ready: demo world, week 2, at http://127.0.0.1:")
        url = ready.split()[-1]
        body = {"query": "{ queryPerformers(input: {}) { count } }"}
        answer = requests.post(url, json=body, headers={"ApiKey": "a-key-of-its-own"}, timeout=10)
        assert answer.json()["data"]["queryPerformers"]["count"] == 40
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0
    assert len(log.read_text().splitlines()) == 1
    assert "a-key-of-its-own" not in log.read_text()


def test_process_needs_a_key():
    command = [sys.executable, "-m", "demo.world", "--week", "1"]
    environment = {k: v for k, v in os.environ.items() if k != "STASHDB_API_KEY"}
    done = subprocess.run(
        command, check=False, env=environment, capture_output=True, text=True, timeout=30
    )
    assert done.returncode == 2
    assert "STASHDB_API_KEY" in done.stderr

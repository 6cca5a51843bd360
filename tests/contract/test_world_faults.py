"""The demo world misbehaves exactly as its switches say."""

import io
import time
from email.utils import parsedate_to_datetime

import pytest
import requests
from PIL import Image

from demo.world import DEMO_KEY, Faults, Trouble, identifier
from demo.world.faults import ImageTrouble
from demo.world.images import HUGE_BYTES, bomb, stand_in
from tests.contract.box_queries import LIST, live, page, post
from tests.waiting import DEADLINE


def test_every_third_request_fails_and_then_no_more(world):
    world.faults = Faults(troubles=(Trouble("server_error", every=3, times=2),))
    statuses = [post(world, LIST, {"input": {}}).status_code for _ in range(12)]
    assert statuses == [200, 200, 500, 200, 200, 500, *[200] * 6]


def test_too_many_with_seconds_and_with_a_date(world):
    world.faults = Faults(troubles=(Trouble("too_many", value="7", times=1),))
    answer = post(world, LIST, {"input": {}})
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")
    world.faults = Faults(troubles=(Trouble("too_many", value="date:30", where="images"),))
    answer = requests.get(world.image_url("P001/sad"), timeout=DEADLINE)
    ahead = parsedate_to_datetime(answer.headers["Retry-After"]).timestamp() - time.time()
    assert answer.status_code == 429 and 0 < ahead <= 31


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
    world.faults = Faults(troubles=(Trouble("slow", value="10"),))
    with pytest.raises(requests.exceptions.ReadTimeout):
        requests.post(
            world.url, json={"query": LIST}, headers={"ApiKey": DEMO_KEY}, timeout=(DEADLINE, 1)
        )


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
    kinds: dict[str, ImageTrouble] = {
        "neutral": "html",
        "happy": "disguised",
        "sad": "truncated",
        "angry": "empty",
        "scared": "missing",
        "flirty": "gone",
        "playful": "moved",
    }
    world.faults = Faults(images={f"P001/{shot}": kind for shot, kind in kinds.items()})

    def get(shot):
        return requests.get(
            world.image_url(f"P001/{shot}"), timeout=DEADLINE, allow_redirects=False
        )

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
    images: dict[str, ImageTrouble] = {
        "P001/happy": "cut_off",
        "P001/sad": "huge",
        identifier("image", "P001/angry"): "bomb",
    }
    world.faults = Faults(images=images)
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        requests.get(world.image_url("P001/happy"), timeout=DEADLINE)
    with requests.get(world.image_url("P001/sad"), timeout=DEADLINE, stream=True) as huge:
        assert int(huge.headers["Content-Length"]) > HUGE_BYTES
    content = requests.get(world.image_url("P001/angry"), timeout=DEADLINE).content
    assert content == bomb() and len(content) < 200_000
    limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
    try:
        with Image.open(io.BytesIO(content)) as opened:
            assert opened.width * opened.height > 80_000_000
    finally:
        Image.MAX_IMAGE_PIXELS = limit

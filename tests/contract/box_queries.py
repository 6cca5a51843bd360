"""How the tests ask the demo world, as a client of a stash-box would."""

import requests

from demo.world import DEMO_KEY, identifier
from tests.waiting import DEADLINE

FIELDS = """id name disambiguation country ethnicity aliases birth_date death_date gender height
    eye_color hair_color career_start_year career_end_year scene_count created updated deleted
    merged_ids merged_into_id tattoos { location description } piercings { location description }
    images { id url width height } urls { url type site { name } }"""
LIST = (
    "query List($input: PerformerQueryInput!) "
    f"{{ queryPerformers(input: $input) {{ count performers {{ {FIELDS} }} }} }}"
)
FIND = f"query Find($id: ID!) {{ findPerformer(id: $id) {{ {FIELDS} }} }}"


def post(world, query, variables=None, key=DEMO_KEY, **rest):
    headers = {} if key is None else {"ApiKey": key}
    body = {"query": query, "variables": variables or {}}
    return requests.post(world.url, json=body, headers=headers, timeout=DEADLINE, **rest)


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

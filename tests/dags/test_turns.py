"""Requests that change something take turns on SQLite; everything else passes at once."""

import asyncio
import json
from pathlib import Path

import pytest

from trainer.services.surroundings import CONNECTION, airflow_environment


class Api:
    """Answers after a moment; knows how many requests were in it at the same time."""

    def __init__(self, seconds=0.01, fails=False, together=0) -> None:
        """`together`: nobody is answered before so many are in it."""
        self.seconds, self.fails, self.together = seconds, fails, together
        self.full = asyncio.Event()
        self.inside = self.most = 0
        self.bodies: list[bytes] = []

    async def __call__(self, scope, receive, send) -> None:
        self.inside += 1
        self.most = max(self.most, self.inside)
        try:
            body = b""
            while True:
                message = await receive()
                body += message.get("body", b"")
                if not message.get("more_body"):
                    break
            self.bodies.append(body)
            if self.inside >= self.together:
                self.full.set()
            await asyncio.wait_for(self.full.wait(), 60)
            await asyncio.sleep(self.seconds)
            if self.fails:
                raise RuntimeError("no answer")
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b""})
        finally:
            self.inside -= 1


async def _ask(turns, method, pieces=(b"{}",)):
    """The status and the body of the answer to one request."""
    sent, waiting = [], list(pieces)

    async def receive():
        body = waiting.pop(0)
        return {"type": "http.request", "body": body, "more_body": bool(waiting)}

    async def send(message):
        sent.append(message)

    await turns({"type": "http", "method": method, "path": "/"}, receive, send)
    return sent[0]["status"], sent[1]["body"]


async def _together(turns, methods):
    return await asyncio.gather(*(_ask(turns, method) for method in methods))


def _turns(api, **given):
    from trainer_airflow.turns import ChangesInTurn

    return ChangesInTurn(api, **({"sqlite": True} | given))


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_changes_come_one_at_a_time_and_none_is_lost(method):
    api = Api()
    answers = asyncio.run(_together(_turns(api), [method] * 20))
    assert [status for status, _ in answers] == [200] * 20
    assert (api.most, len(api.bodies)) == (1, 20)


def test_questions_wait_for_nobody():
    api = Api(together=11)
    asyncio.run(_together(_turns(api), ["POST", *["GET"] * 10]))
    assert api.most == 11


def test_other_databases_need_no_turns():
    api = Api(together=5)
    asyncio.run(_together(_turns(api, sqlite=False), ["POST"] * 5))
    assert api.most == 5


def test_a_body_in_pieces_arrives_whole():
    api = Api()
    asyncio.run(_ask(_turns(api), "POST", (b'{"conf"', b": ", b"{}}")))
    assert api.bodies == [b'{"conf": {}}']


def test_a_failure_gives_its_turn_back():
    api = Api(fails=True)
    turns = _turns(api)

    async def twice():
        for _ in range(2):
            with pytest.raises(RuntimeError):
                await _ask(turns, "POST")

    asyncio.run(asyncio.wait_for(twice(), 60))
    assert len(api.bodies) == 2


def test_who_waits_too_long_is_told_to_try_again():
    answers = asyncio.run(_together(_turns(Api(seconds=0.5), wait=0.05), ["POST"] * 3))
    assert sorted(status for status, _ in answers) == [200, 503, 503]
    (detail,) = {json.loads(body)["detail"] for status, body in answers if status == 503}
    assert "try again" in detail


def test_a_client_that_sends_slowly_holds_up_nobody():
    api = Api()
    turns = _turns(api)

    async def slow_and_fast():
        never = asyncio.Event()

        async def receive():
            await never.wait()

        async def send(_message):
            raise AssertionError("nothing to answer")

        scope = {"type": "http", "method": "POST", "path": "/"}
        slow = asyncio.create_task(turns(scope, receive, send))
        await asyncio.sleep(0)
        answer = await asyncio.wait_for(_ask(turns, "POST"), 60)
        slow.cancel()
        return answer

    assert asyncio.run(slow_and_fast())[0] == 200


def test_the_plugin_puts_them_before_airflows_api():
    from stash_sense_plugin import StashSensePlugin
    from trainer_airflow.turns import ChangesInTurn

    shipped = [entry["middleware"] for entry in StashSensePlugin.fastapi_root_middlewares]
    assert ChangesInTurn in shipped
    assert ChangesInTurn(Api())._sqlite is True  # Airflow's own default


def test_one_container_for_all_waits_for_locks_and_an_own_database_stays(tmp_path):
    ours = airflow_environment({"AIRFLOW_HOME": str(tmp_path)})
    assert ours[CONNECTION] == f"sqlite:///{Path(tmp_path) / 'airflow.db'}?timeout=30"
    given = {"AIRFLOW_HOME": str(tmp_path), CONNECTION: "postgresql+psycopg2://somewhere/airflow"}
    assert airflow_environment(given)[CONNECTION] == given[CONNECTION]

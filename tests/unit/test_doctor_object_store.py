"""The doctor says of an object store whether commits are safe there."""

from __future__ import annotations

import re

import pytest
from obstore.exceptions import PermissionDeniedError

from tests.unit.object_world import Machine, memory
from tests.web_server import serving
from trainer.config.settings import Settings
from trainer.errors import RetryLater
from trainer.health.finding import Finding
from trainer.health.object_store import NAME, VERSIONS, WRITES, object_store
from trainer.object_store.store import Store

CANARY = "canary-of-a-key"


@pytest.fixture
def store(monkeypatch) -> Store:
    made = memory()
    monkeypatch.setenv("TRAINER_OBJECT_STORE", made.url)
    monkeypatch.setattr("trainer.object_store.open_store.open_store", lambda *_, **__: made)
    return made


def found(root, **more) -> dict[str, Finding]:
    findings = {one.name: one for one in object_store(Settings.load(root), **more)}
    assert all(one.help or one.level in ("ok", "skipped") for one in findings.values())
    return findings


def levels(findings: dict[str, Finding]) -> dict[str, str]:
    return {name: one.level for name, one in findings.items()}


def test_without_one_nothing_is_said(tmp_path):
    assert not found(tmp_path)


def test_one_that_is_as_it_should_be(tmp_path, store):
    assert "nothing is in it yet" in found(tmp_path)[NAME].text
    machine = Machine(tmp_path / "data", store)
    machine.write("sources.yaml", "{}\n")
    machine.push()
    findings = found(tmp_path)
    assert levels(findings) == {NAME: "ok", WRITES: "ok", VERSIONS: "warning"}
    assert "commit 1 of 20" in findings[NAME].text
    assert not list(store.names("doctor"))


def test_one_that_keeps_versions(tmp_path, store, monkeypatch):
    monkeypatch.setattr("obstore.head", lambda *_: {"version": "3sL4kqtJ"})
    assert found(tmp_path)[VERSIONS].level == "ok"
    monkeypatch.setattr("obstore.head", lambda *_: {"version": "null"})  # switched off again
    assert found(tmp_path)[VERSIONS].level == "warning"


@pytest.mark.parametrize(("ignored", "named"), [(True, "If-None-Match"), (False, "If-Match")])
def test_one_that_overwrites_whatever_the_condition(tmp_path, store, monkeypatch, ignored, named):
    swap = Store.swap

    def careless(self: Store, name: str, content: bytes, tag: str | None) -> bool:
        if (tag is None) is ignored:
            self.write(name, content)
            return True
        return swap(self, name, content, tag)

    monkeypatch.setattr(Store, "swap", careless)
    one = found(tmp_path)[WRITES]
    assert one.level == "bad" and f"honour {named}:" in one.text


def test_one_that_lets_nothing_be_written_or_deleted(tmp_path, store, monkeypatch):
    def refuse(*_: object) -> None:
        raise RetryLater("can't do that") from PermissionDeniedError()

    monkeypatch.setattr(Store, "delete", refuse)
    assert found(tmp_path)[f"{NAME}: deletes"].level == "warning"
    monkeypatch.setattr(Store, "swap", refuse)
    one = found(tmp_path)[WRITES]
    assert one.level == "bad" and "refuses these keys to write" in one.text
    assert levels(found(tmp_path, reader=True)) == {NAME: "warning", WRITES: "skipped"}


def test_a_pointer_that_is_none(tmp_path, store):
    store.write("HEAD.json", b"{")
    assert levels(found(tmp_path)) == {NAME: "bad"}


@pytest.mark.parametrize(
    ("status", "said"), [(403, "refuses these keys to read"), (404, "can't be asked to read")]
)
def test_what_a_server_answers(tmp_path, monkeypatch, status, said):
    for name, value in {
        "TRAINER_OBJECT_STORE": "s3://invented/data",
        "TRAINER_OBJECT_STORE_REGION": "us-east-1",
        "TRAINER_OBJECT_STORE_ACCESS_KEY": "invented",
        "TRAINER_OBJECT_STORE_SECRET_KEY": CANARY,
        "TRAINER_OBJECT_STORE_HTTP": "1",
    }.items():
        monkeypatch.setenv(name, value)
    with serving(lambda _: (status, {}, b"<Error><Code>NoSuchBucket</Code></Error>")) as base:
        monkeypatch.setenv("TRAINER_OBJECT_STORE_ENDPOINT", base)
        findings = found(tmp_path)
    assert levels(findings) == {NAME: "bad"} and said in findings[NAME].text
    assert not re.search(rf"{CANARY}|127\.0", findings[NAME].line())
    one = found(tmp_path)[NAME]  # nobody is there any more
    assert one.level == "bad" and "can't be asked to read" in one.text


def test_an_address_that_is_none(tmp_path, monkeypatch):
    monkeypatch.setenv("TRAINER_OBJECT_STORE", "ftp://somewhere")
    one = found(tmp_path)[NAME]
    assert one.level == "bad" and one.help.startswith("write it as s3://")

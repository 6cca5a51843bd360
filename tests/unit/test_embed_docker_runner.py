"""The container's runner with Docker faked: who is followed, who is reaped, what is said."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from docker.errors import APIError, NotFound
from urllib3.exceptions import ProtocolError

from tests.waiting import DEADLINE
from trainer.config.jobs import EmbedJob
from trainer.config.settings import Settings
from trainer.embedding.docker_gone import RETRY_SECONDS, daemon_stays
from trainer.embedding.docker_runner import (
    find_running,
    follow,
    remove,
    start_failure,
    stop_run,
)
from trainer.embedding.spec import LABEL, ContainerSpec, container_spec
from trainer.errors import ConfigError, RetryLater, StageFailed


@pytest.fixture
def spec(tmp_path: Path) -> ContainerSpec:
    return container_spec(Settings.load(tmp_path), tmp_path / "job.json", job(tmp_path))


def job(root: Path, **change: Any) -> EmbedJob:
    content: dict[str, Any] = {
        "run_id": "r1",
        "shard": "000-of-001",
        "images_dir": root / "images",
        "model_dir": root / "models",
        "pack_id": "demo-0",
        "cache_dir": root / "faces",
        "report_dir": root / "report",
        "images": [],
        "started_at": "2026-01-31T12:00:00Z",
    }
    return EmbedJob.model_validate(content | change)


class Container:
    """One container of the daemon, in the state that a test gives it."""

    def __init__(self, labels: dict[str, str], status: str = "running", code: int = 0) -> None:
        self.name, self.labels = "sst-embed", labels
        self.attrs = {"State": {"Running": status == "running", "Status": status, "ExitCode": code}}
        self.removed = False
        self.killed = threading.Event()
        self.chunks: Callable[[], Iterator[bytes]] = lambda: iter(())

    def stop(self, timeout: int) -> None:
        pass

    def remove(self, force: bool) -> None:
        self.removed = True

    def kill(self) -> None:
        self.killed.set()

    def logs(self, stream: bool, follow: bool) -> Iterator[bytes]:
        return self.chunks()

    def wait(self) -> None:
        pass

    def reload(self) -> None:
        pass


class Client:
    def __init__(self, *containers: Container) -> None:
        self.containers = self
        self._all = containers

    def list(
        self, all: bool, filters: dict[str, list[str]], ignore_removed: bool
    ) -> list[Container]:
        wanted = [label.split("=", 1) for label in filters["label"]]
        return [c for c in self._all if all and {c.labels[k] == v for k, v in wanted} == {True}]


def test_the_running_container_of_the_very_job_is_followed(spec: ContainerSpec, caplog) -> None:
    other = Container(spec.labels | {spec.job_label[0]: "another job"})
    mine = Container(spec.labels)
    assert find_running(Client(other, mine), spec) is mine
    assert other.removed and not mine.removed
    assert "removing" in caplog.messages[0] and "re-attached" in caplog.messages[1]


@pytest.mark.parametrize(
    ("status", "code", "kept"), [("exited", 0, True), ("exited", 137, False), ("created", 0, False)]
)
def test_one_that_has_ended_counts_only_where_it_ended_well(
    spec: ContainerSpec, status: str, code: int, kept: bool
) -> None:
    container = Container(spec.labels, status, code)
    found = find_running(Client(container), spec)
    assert (found is container) is kept
    assert container.removed is not kept


def test_another_job_or_image_is_another_label(tmp_path: Path, spec: ContainerSpec) -> None:
    settings = Settings.load(tmp_path)
    changed = container_spec(settings, tmp_path / "job.json", job(tmp_path, images=["0" * 64]))
    newer = settings.model_copy(update={"embedder_image": "newer:1"})
    built = container_spec(newer, tmp_path / "job.json", job(tmp_path))
    labels = {one.job_label for one in (spec, changed, built)}
    assert len(labels) == 3
    again = container_spec(settings, tmp_path / "job.json", job(tmp_path))
    assert again.job_label == spec.job_label


def test_a_stopped_step_stops_the_container_of_its_own_run_only(spec: ContainerSpec) -> None:
    mine, other = Container(spec.labels), Container(spec.labels | {f"{LABEL}.run_id": "r2"})
    stop_run(Client(other, mine), spec)
    assert mine.removed and not other.removed


def test_lines_are_whole_whatever_the_chunks(caplog) -> None:
    container = Container({})
    container.chunks = lambda: iter([b"10 pic", b"tures\nha", b"lf\nrest"])
    assert follow(container, 60) == "half"
    assert caplog.messages == ["10 pictures", "half"]


def test_out_of_memory_names_the_setting() -> None:
    container = Container({})
    container.attrs["State"]["OOMKilled"] = True
    assert "TRAINER_EMBEDDER_MEMORY" in follow(container, 60)


@pytest.mark.parametrize("status", [137, 143, 255])
def test_a_container_that_somebody_else_ended_is_tried_again(status: int) -> None:
    container = Container({}, "exited", status)
    container.chunks = lambda: iter([b"stopped on request\n"])
    with pytest.raises(RetryLater, match=rf"exit status {status} .*stopped on request") as again:
        follow(container, 60)
    assert again.value.retry_after == RETRY_SECONDS


@pytest.mark.parametrize("status", [0, 1, 2])
def test_the_program_s_own_end_is_judged_by_its_report(status: int) -> None:
    container = Container({}, "exited", status)
    container.chunks = lambda: iter([b"error: no such model\n"])
    assert follow(container, 60) == "error: no such model"


def _answer(status: int) -> requests.Response:
    response = requests.Response()
    response.status_code = status
    return response


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (requests.ConnectionError("refused"), "see that Docker runs again"),
        (requests.exceptions.ChunkedEncodingError("cut"), "see that Docker runs again"),
        (ProtocolError("cut"), "see that Docker runs again"),
        (APIError("of the proxy", _answer(502)), "see that Docker runs again"),
        (NotFound("no such container"), "removed by somebody else"),
    ],
)
def test_a_daemon_that_goes_away_is_a_sentence_and_another_try(error: Exception, said: str) -> None:
    with pytest.raises(RetryLater, match=said) as again, daemon_stays("unix://docker.sock"):
        raise error
    assert again.value.retry_after == RETRY_SECONDS
    with pytest.raises(APIError), daemon_stays("unix://docker.sock"):
        raise APIError("no space left", _answer(500))


def test_a_container_that_says_nothing_is_killed() -> None:
    container = Container({})

    def hanging() -> Iterator[bytes]:
        yield b"loading\n"
        assert container.killed.wait(DEADLINE)

    container.chunks = hanging
    with pytest.raises(StageFailed, match=r"said nothing for 2 s.*loading.*EMBEDDER_SILENCE"):
        follow(container, 2)


def test_removing_what_somebody_else_removes_is_no_error(monkeypatch) -> None:
    response = requests.Response()
    response.status_code = 409
    for error in (NotFound("gone"), APIError("in progress", response)):
        container = Container({})

        def fail(force: bool, error: Exception = error) -> None:
            raise error

        monkeypatch.setattr(container, "remove", fail)
        remove(container)


@pytest.mark.parametrize(
    "explanation",
    [
        'could not select device driver "" with capabilities: [[gpu]]',
        "unknown or invalid runtime name: nvidia",
        "failed to discover GPU vendor from CDI: no known GPU vendor found",
    ],
)
def test_a_missing_nvidia_runtime_says_what_to_install(explanation: str) -> None:
    error = start_failure(explanation)
    assert isinstance(error, ConfigError) and "NVIDIA Container Toolkit" in str(error)
    assert isinstance(start_failure("no space left on device"), StageFailed)

"""Servers started, watched and stopped by the supervisor, without Airflow."""

import json
import os
import signal

import pytest

from demo.airflow_background import down, running
from tests.waiting import wait_for
from trainer.processes.groups import members
from trainer.processes.reviver import MOST, WITHIN, Reviver
from trainer.processes.supervisor import Service, ServiceError, Supervisor


def _supervisor(tmp_path):
    return Supervisor(environment=dict(os.environ), cwd=tmp_path, logs=tmp_path / "logs")


def test_a_server_that_ends_by_itself_is_told_with_the_end_of_its_log(tmp_path):
    supervisor = _supervisor(tmp_path)
    supervisor.start(Service("short", ("/bin/sh", "-c", "echo the reason; exit 7")))
    supervisor.running["short"].wait()
    with pytest.raises(ServiceError, match=r"short ended with code 7(?s:.)*the reason"):
        supervisor.check()


def test_a_group_that_ignores_the_signal_is_killed_with_its_children(tmp_path):
    supervisor = _supervisor(tmp_path)
    supervisor.stop_seconds = 0.5
    supervisor.start(Service("deaf", ("/bin/sh", "-c", "trap '' TERM; sleep 300 & sleep 300")))
    group = supervisor.running["deaf"].pid
    wait_for(lambda: len(members([group])) == 3)
    supervisor.stop()
    assert members([group]) == []


@pytest.fixture
def revived(tmp_path):
    """A reviver, and what it has said."""
    said: list[str] = []
    supervisor = _supervisor(tmp_path)
    supervisor.stop_seconds = 0.5
    yield Reviver(supervisor, said.append, clock=lambda: 0.0), said
    supervisor.stop()


def test_a_server_that_is_killed_is_started_again_without_what_it_had_started(revived):
    reviver, said = revived
    reviver.start(Service("killed", ("/bin/sh", "-c", "sleep 300 & sleep 300")))
    reviver.start(Service("other", ("/bin/sleep", "300")))
    first, other = (reviver.supervisor.running[name].pid for name in ("killed", "other"))
    wait_for(lambda: len(members([first])) == 3)
    os.kill(first, signal.SIGKILL)
    reviver.supervisor.running["killed"].wait()
    assert members([first])  # its child goes on, in its group
    reviver.check()
    again = reviver.supervisor.running["killed"]
    assert again.pid != first and again.poll() is None
    assert members([first]) == []
    assert said == ["killed ended with code -9; it is started again"]
    assert reviver.supervisor.running["other"].pid == other
    reviver.check()
    assert len(said) == 1


def test_a_server_that_ends_again_and_again_ends_it_all(revived):
    reviver, said = revived
    reviver.start(Service("short", ("/bin/sh", "-c", "echo the reason; exit 7")))

    def ended():
        reviver.supervisor.running["short"].wait()
        reviver.check()

    for _ in range(MOST):
        ended()
    with pytest.raises(ServiceError, match=r"short ended with code 7(?s:.)*the reason"):
        ended()
    assert len(said) == MOST
    reviver.clock = lambda: WITHIN + 1  # the last time was long ago
    ended()
    assert len(said) == MOST + 1


def test_who_was_not_started_through_it_is_not_started_again(revived):
    reviver, _ = revived
    reviver.supervisor.start(Service("short", ("/bin/sh", "-c", "exit 7")))
    reviver.supervisor.running["short"].wait()
    with pytest.raises(ServiceError, match="short ended with code 7"):
        reviver.check()


def test_a_failed_preparation_names_the_command_and_leaves_nothing(tmp_path):
    with pytest.raises(ServiceError, match=r"setup failed with code 3(?s:.)*no disk"):
        _supervisor(tmp_path).run(Service("setup", ("/bin/sh", "-c", "echo no disk; exit 3")), 10)


def test_down_spares_a_process_that_got_an_old_pid(tmp_path):
    supervisor = _supervisor(tmp_path)
    supervisor.start(Service("stranger", ("/bin/sleep", "60")))
    process = supervisor.running["stranger"]
    noted = {"scheduler": {"pid": process.pid, "started": "1"}}
    (tmp_path / "components.json").write_text(json.dumps({"url": "", "components": noted}))
    assert running(tmp_path) is None
    assert down(tmp_path) == []
    assert process.poll() is None
    supervisor.stop()

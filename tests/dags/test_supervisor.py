"""Servers started, watched and stopped by the supervisor, without Airflow."""

import json
import os

import pytest

from demo.airflow_background import down, running
from tests.waiting import wait_for
from trainer.processes.groups import members
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

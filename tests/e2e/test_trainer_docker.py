"""The all-in-one image, started by the unRAID template's own settings: as any user, on a root file
system that is read-only, behind one sign-in."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

import docker
import pytest
import requests

from tests.docker_image import docker_image
from tests.waiting import DEADLINE, wait_for
from trainer.config.settings import REPO_ROOT

pytestmark = [pytest.mark.docker, pytest.mark.timeout(1500)]
IMAGE = "stash-sense-trainer:test"
KEY = "canary-of-the-test"
START_SECONDS = 300


@pytest.fixture(scope="module")
def image() -> Iterator[str]:
    """The all-in-one image; skips with the reason where Docker cannot run here."""
    with docker_image("trainer", TRAINER_IMAGE=IMAGE):
        yield IMAGE


def _template() -> dict[str, dict[str, str]]:
    """What the template gives by kind: ports, paths and variables, with the values it fills in."""
    root = ElementTree.parse(REPO_ROOT / "unraid-template.xml").getroot()  # noqa: S314 - our own file
    found: dict[str, dict[str, str]] = {"Port": {}, "Path": {}, "Variable": {}}
    for config in root.iter("Config"):
        found[str(config.get("Type"))][str(config.get("Target"))] = config.text or ""
    return found


class Home:
    """A container as somebody at home runs it, and what can be asked of it."""

    def __init__(self, root: Path, uid: int, started: Any) -> None:
        self.root, self.uid, self.container = root, uid, started
        started.reload()
        (binding,) = started.attrs["NetworkSettings"]["Ports"]["8080/tcp"]
        self.url = f"http://127.0.0.1:{binding['HostPort']}"

    def logs(self) -> str:
        return self.container.logs().decode()

    def run(self, *argv: str, **environment: str) -> tuple[int, str]:
        done = self.container.exec_run(list(argv), environment=environment)
        return done.exit_code, done.output.decode()

    def password(self) -> str:
        found = re.search(r"Sign in as admin with the password (\S+)", self.logs())
        assert found, self.logs()[-3000:]
        return found[1]

    def healthy(self) -> bool:
        self.container.reload()
        assert self.container.status == "running", self.logs()[-4000:]
        return str(self.container.attrs["State"]["Health"]["Status"]) == "healthy"


def _start(image: str, root: Path, uid: int) -> Any:
    """99 as the template has it, by PUID and PGID; others by `--user`, without any capability."""
    given = _template()
    (port,) = given["Port"]
    folders = {target: root / target.strip("/") for target in given["Path"]}
    for folder in folders.values():
        folder.mkdir()
    options: dict[str, Any] = {}
    if uid != int(given["Variable"]["PUID"]):
        options = {"user": f"{uid}:{uid}", "cap_drop": ["ALL"]}
        for folder in folders.values():
            os.chown(folder, uid, uid)
    return docker.from_env(timeout=DEADLINE).containers.run(
        image,
        detach=True,
        name=f"stash-sense-trainer-test-{uid}",
        environment=given["Variable"] | {"STASHDB_API_KEY": KEY},
        volumes={str(folder): {"bind": target, "mode": "rw"} for target, folder in folders.items()},
        ports={f"{port}/tcp": ("127.0.0.1", None)},
        read_only=True,
        tmpfs={"/tmp": "mode=1777"},  # noqa: S108 - of the container
        security_opt=["no-new-privileges"],
        **options,
    )


@pytest.fixture(scope="module", params=[99, 1000])
def home(image: str, tmp_path_factory: pytest.TempPathFactory, request) -> Iterator[Home]:
    root = tmp_path_factory.mktemp(f"home{request.param}")
    for parent in (root, *root.parents[:2]):
        parent.chmod(0o755)  # pytest's directories are private to root, the container's user is not
    container = _start(image, root, request.param)
    try:
        found = Home(root, request.param, container)
        wait_for(found.healthy, START_SECONDS, every=1)
        yield found
    finally:
        container.remove(force=True, v=True)


def test_the_front_page_asks_for_a_sign_in_and_leads_to_both(home: Home) -> None:
    for path in ("/", "/airflow/", "/airflow/api/v2/dags"):
        assert requests.get(home.url + path, timeout=30).status_code == 401
    with requests.Session() as session:

        def signed_in() -> requests.Response | None:
            page = session.get(home.url, auth=("admin", home.password()), timeout=60)
            return page if page.ok else None  # until attempts are free again

        assert "<title>Streamlit</title>" in wait_for(signed_in, every=1).text
        session.auth = None
        airflow = session.get(f"{home.url}/airflow/", timeout=60)
        assert airflow.ok and '<base href="/airflow/"' in airflow.text
        sign_in = {"username": "admin", "password": "-"}
        token = session.post(f"{home.url}/airflow/auth/token", json=sign_in, timeout=60).json()
        bearer = {"Authorization": f"Bearer {token['access_token']}"}

        def components() -> bool:
            url = f"{home.url}/airflow/api/v2/monitor/health"
            health = session.get(url, headers=bearer, timeout=60).json()
            return {part["status"] for part in health.values()} == {"healthy"}

        wait_for(components, 120, every=1)
        url = f"{home.url}/airflow/api/v2/dags/build_performer_database"
        dag = wait_for(
            lambda: (got := session.get(url, headers=bearer, timeout=60)).ok and got, 120
        )
        assert dag.json()["is_paused"] is False  # there is a key


def test_a_build_that_is_started_there_runs_and_says_what_it_lacks(home: Home) -> None:
    with requests.Session() as session:
        session.get(home.url, auth=("admin", home.password()), timeout=60)
        session.auth = None
        sign_in = {"username": "admin", "password": "-"}
        token = session.post(f"{home.url}/airflow/auth/token", json=sign_in, timeout=60).json()
        session.headers["Authorization"] = f"Bearer {token['access_token']}"
        dag = f"{home.url}/airflow/api/v2/dags/build_performer_database/dagRuns"
        run = session.post(dag, json={"logical_date": None, "conf": {}}, timeout=60).json()
        plan = f"{dag}/{quote(run['dag_run_id'])}/taskInstances/plan"
        wait_for(
            lambda: session.get(plan, timeout=60).json()["state"] == "failed",
            START_SECONDS,
            every=1,
        )
        log = session.get(f"{plan}/logs/1", timeout=60).text
    assert "set TRAINER_CONTACT to a URL or an e-mail address" in log


def test_the_commands_are_on_the_path_and_run_as_the_user(home: Home) -> None:
    code, listed = home.run("trainer", "sources")
    assert code == 0 and re.search(r"^stashdb: .*: on$", listed, re.MULTILINE), listed
    assert "No module" not in listed
    code, said = home.run("/opt/trainer/container/entrypoint.sh", "sh", "-c", "id -u; whoami")
    assert (code, said.split()) == (0, [str(home.uid), "trainer"])


def test_a_gpu_asked_for_by_name_is_an_error_where_there_is_none(home: Home) -> None:
    wanted = {"TRAINER_DEVICE": "cuda", "TRAINER_CONTACT": "somebody@example.org"}

    def build() -> tuple[int, str] | None:
        """Once the last tasks of the build before have let go of DATA_DIR."""
        done = home.run("trainer", "build", **wanted)
        return None if "another build is running" in done[1] else done

    code, said = wait_for(build, START_SECONDS, every=2)
    assert code == 2 and "there is no NVIDIA GPU here; start the container with" in said, said


def test_everything_written_belongs_to_the_user(home: Home) -> None:
    written = [path for path in home.root.rglob("*") if path.parent != home.root]
    assert written and {path.stat().st_uid for path in written} == {home.uid}
    keys = home.root / "airflow" / "keys"
    assert {path.stat().st_mode & 0o777 for path in keys.iterdir()} == {0o600}
    code, _ = home.run("/opt/trainer/container/entrypoint.sh", "touch", "/opt/trainer/x")
    assert code != 0


def test_the_log_names_every_component_and_says_what_is_missing(home: Home) -> None:
    text = home.logs()
    named = {line.partition("|")[0].strip() for line in text.splitlines() if "| " in line}
    assert named >= {
        *("trainer", "api-server", "scheduler", "dag-processor", "triggerer", "reports"),
    }
    assert text.count("Sign in as admin with the password") == 1
    assert "run `trainer models fetch sidecar`" in text
    assert "TRAINER_CONTACT is not set" in text
    assert KEY not in text and "No source has its API key" not in text


def test_only_the_scheduler_knows_the_sources_key(home: Home) -> None:
    script = (
        "for p in /proc/[0-9]*; do tr '\\0' '\\n' <$p/environ | grep -q "
        f"{KEY} && tr '\\0' ' ' <$p/cmdline && echo; done; true"
    )
    _, said = home.run("/opt/trainer/container/entrypoint.sh", "sh", "-c", script)
    servers = ("api-server", "dag-processor", "triggerer", "streamlit", "nginx")
    assert "scheduler" in said
    for name in servers:
        lines = [line for line in said.splitlines() if name in line and "sh -c" not in line]
        assert not lines, lines


def test_a_killed_scheduler_is_started_again_and_the_others_go_on(home: Home) -> None:
    enter = "/opt/trainer/container/entrypoint.sh"
    script = (
        "(for p in /proc/[0-9]*; do tr '\\0' ' ' <$p/cmdline | "
        "grep -q 'airflow scheduler *$' && echo ${p#/proc/}; done) 2>/dev/null; true"
    )

    def oldest() -> int:
        """The scheduler itself: its workers are younger. Others may end while one looks."""
        return min(map(int, home.run(enter, "sh", "-c", script)[1].split()), default=0)

    first = wait_for(oldest, 60)
    home.container.reload()
    started = home.container.attrs["State"]["StartedAt"]
    code, said = home.run(enter, "sh", "-c", f"kill -9 {first}")
    assert code == 0, said
    wait_for(lambda: oldest() not in (0, first), 120, every=1)
    assert "scheduler ended with code -9; it is started again" in home.logs()
    assert home.healthy() and home.container.attrs["State"]["StartedAt"] == started


def test_it_stops_in_time(home: Home) -> None:
    home.container.stop(timeout=240)  # then it is killed, which is another exit status
    home.container.reload()
    assert home.container.attrs["State"]["ExitCode"] == 0, home.logs()[-2000:]

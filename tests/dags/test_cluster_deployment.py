"""Compose's profile `cluster`: a worker for each queue, and nobody else at Redis."""

from __future__ import annotations

import os
import platform
import re

import pytest

from tests.dags.test_deployment import COMPOSE, DOCKERFILE, SERVICES
from trainer.config.pipeline import STEPS
from trainer.config.sources import shipped_sources
from trainer.errors import ConfigError
from trainer.services.__main__ import main, service
from trainer.services.executor import CELERY, LOCAL
from trainer.services.surroundings import (
    CONNECTION,
    airflow_environment,
    scheduler_environment,
)
from trainer.services.workers import TASKS_AT_A_TIME, WORKERS, worker_check

KEYS = {s.api_key_env: "canary-key" for s in shipped_sources().values() if s.api_key_env}
SECRETS = {
    **KEYS,
    "FLARESOLVERR_URL": "http://canary-solver/",
    "TRAINER_BUDGETS": "redis://:canary-budgets@redis/1",
    "TRAINER_NOTIFY_URLS": "ntfy://canary-notify",
    "POSTGRES_PASSWORD": "canary-postgres",
    "TRAINER_ADMIN_PASSWORD": "canary-admin",
}


@pytest.fixture
def given(tmp_path, monkeypatch):
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("TRAINER_REDIS_HOST", "redis")
    monkeypatch.setenv("TRAINER_POSTGRES_HOST", "postgres")
    of_the_image = dict(re.findall(r"(AIRFLOW__\w+)=(\S+)", DOCKERFILE))
    assert of_the_image["AIRFLOW__CORE__EXECUTOR"] == LOCAL
    own = {"DATA_DIR": str(tmp_path), "AIRFLOW_HOME": str(tmp_path), "PATH": os.environ["PATH"]}
    return {**of_the_image, **own, **SECRETS}


def test_every_queue_has_its_worker_in_the_profile_and_nothing_else_is():
    in_it = {name for name, s in SERVICES.items() if s.get("profiles") == ["cluster"]}
    assert in_it == {"redis", *WORKERS}
    assert set(WORKERS.values()) == {step.queue for step in STEPS}
    for name in WORKERS:
        assert SERVICES[name]["command"][-2:] == ["run", name]
        assert SERVICES[name]["healthcheck"]["test"][-2:] == ["check", name]
        assert set(SERVICES[name]["depends_on"]) >= {"redis", "api-server"}


def test_redis_is_reached_by_those_that_hand_out_and_take_tasks_only():
    reaching = {name for name, s in SERVICES.items() if "queue" in s.get("networks", ())}
    assert reaching == {"redis", "scheduler", *WORKERS}
    assert SERVICES["redis"]["networks"] == ["queue"]
    assert "  queue:\n    internal: true\n" in COMPOSE


@pytest.mark.parametrize("name", WORKERS)
def test_a_worker_takes_its_queue_and_knows_the_secrets_of_its_tasks_only(given, name):
    made = service(name, given, "127.0.0.1")
    queue = WORKERS[name]
    named = ("--queues", queue, "--celery-hostname", f"{name}@%h")
    assert made.argv[-10:-4] == ("celery", "worker", *named)
    assert made.argv[-2:] == ("--concurrency", str(TASKS_AT_A_TIME[queue]))
    assert made.environment is not None
    known = {n for n, value in made.environment.items() if "canary" in value}
    crawls = {*KEYS, "FLARESOLVERR_URL", "TRAINER_BUDGETS"}
    wanted = {"crawl": crawls, "merge": {"TRAINER_NOTIFY_URLS"}, "gpu": set()}
    assert known == wanted[queue]
    assert CONNECTION not in made.environment
    assert made.environment["AIRFLOW__CORE__EXECUTOR"] == CELERY


def test_with_workers_the_scheduler_has_no_keys_and_without_redis_it_runs_tasks(given, monkeypatch):
    own = airflow_environment(given)
    assert own["AIRFLOW__OPERATORS__DEFAULT_QUEUE"] == "merge"
    assert own["AIRFLOW__CORE__EXECUTOR"] == CELERY
    of_an_operator = airflow_environment(given | {"AIRFLOW__CELERY__BROKER_URL": "redis://own/0"})
    assert of_an_operator["AIRFLOW__CELERY__BROKER_URL"] == "redis://own/0"
    assert own["AIRFLOW__CELERY__BROKER_URL"] == "redis://redis:6379/0"
    timeout = own["AIRFLOW__CELERY_BROKER_TRANSPORT_OPTIONS__VISIBILITY_TIMEOUT"]
    assert int(timeout) > 14 * 86_400  # longer than any crawl
    assert not set(KEYS) & set(scheduler_environment(given, own))
    monkeypatch.setenv("TRAINER_REDIS_HOST", "")
    alone = airflow_environment(given)
    assert alone["AIRFLOW__CORE__EXECUTOR"] == LOCAL
    assert not [name for name in alone if "CELERY" in name]
    assert set(KEYS) < set(scheduler_environment(given, alone))


def test_a_worker_without_redis_is_a_sentence(given, monkeypatch, capsys):
    monkeypatch.setenv("TRAINER_REDIS_HOST", "")
    monkeypatch.setenv("AIRFLOW_HOME", given["AIRFLOW_HOME"])
    assert main(["run", "crawl-worker"]) == 1
    assert "set it to redis in .env" in capsys.readouterr().err
    with pytest.raises(ConfigError):
        service("gpu-worker", given, "127.0.0.1")


def test_a_worker_is_asked_by_its_own_name(given):
    check = worker_check("merge-worker", given)
    asked = ("inspect", "ping", "--destination", f"merge-worker@{platform.node()}")
    assert check.argv[-4:] == asked


def test_the_executor_and_its_app_are_there():
    from airflow.providers.celery.executors.celery_executor import CeleryExecutor, app

    assert f"{CeleryExecutor.__module__}.{CeleryExecutor.__name__}" == CELERY
    assert app.main.startswith("airflow.")

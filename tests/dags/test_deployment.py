"""docker-compose.yml, Dockerfile, .env.example and the unRAID template say what the code reads."""

import re
import shutil
import subprocess
from xml.etree import ElementTree

import pytest
import yaml

from tests.dags.conftest import ROOT
from trainer.config.sources import load_sources, shipped_sources
from trainer.config.variables import variables
from trainer.errors import ConfigError
from trainer.services.__main__ import checked_environment, main

COMPOSE = (ROOT / "docker-compose.yml").read_text()
SERVICES = yaml.safe_load(COMPOSE)["services"]
TEMPLATE = ElementTree.parse(ROOT / "unraid-template.xml").getroot()  # noqa: S314 - our own file
OURS = {"TRAINER_ADMIN_PASSWORD"} | {variable.name for variable in variables()}
FETCHERS = {"FLARESOLVERR_URL", "CHROME_CDP_URL"}  # their addresses may hold a password


def _env_example():
    lines = (ROOT / ".env.example").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def _read_by_something(name, keys):
    if name in OURS or name in keys or name == "AIRFLOW_HOME":
        return True
    section, _, option = name.removeprefix("AIRFLOW__").lower().partition("__")
    from airflow.configuration import conf

    return name.startswith("AIRFLOW__") and option in conf.configuration_description[section][
        "options"
    ] | {"simple_auth_manager_users": 1, "simple_auth_manager_passwords_file": 1}


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    sources = load_sources(tmp_path_factory.mktemp("none")).values()
    return {source.api_key_env for source in sources if source.api_key_env}


def test_all_services_are_there():
    assert set(SERVICES) == {
        *("postgres", "airflow-init", "api-server", "scheduler"),
        *("dag-processor", "triggerer", "reports"),
    }
    checked = {name for name, service in SERVICES.items() if "healthcheck" in service}
    assert checked == set(SERVICES) - {"airflow-init"}


def test_every_variable_the_containers_get_is_read(keys):
    for name, service in SERVICES.items():
        if name != "postgres":
            unread = [v for v in service["environment"] if not _read_by_something(v, keys)]
            assert unread == [], name


def test_the_example_lists_every_variable_that_compose_uses_and_no_other():
    used = set(re.findall(r"\$\{([A-Z_]+)", COMPOSE))
    assert set(_env_example()) == used


def test_the_socket_and_the_keys_are_the_schedulers_alone(keys):
    socket = [n for n, s in SERVICES.items() if "docker.sock" in str(s.get("volumes"))]
    with_keys = [n for n, s in SERVICES.items() if keys & set(s["environment"])]
    assert socket == with_keys == ["scheduler"]
    assert keys | FETCHERS <= set(SERVICES["scheduler"]["environment"])
    assert [n for n, s in SERVICES.items() if FETCHERS & set(s["environment"])] == ["scheduler"]


def test_data_lies_under_one_path_everywhere():
    for name, service in SERVICES.items():
        if name != "postgres":
            assert service["volumes"][0].removesuffix(":ro") == "${DATA_DIR}:${DATA_DIR}"


@pytest.mark.skipif(not shutil.which("docker-compose"), reason="docker-compose is not here")
def test_compose_itself_reads_it(tmp_path):
    filled = "".join(f"{k}={v or 'filled'}\n" for k, v in _env_example().items())
    (tmp_path / "env").write_text(filled)
    command = ["docker-compose", "--env-file", str(tmp_path / "env"), "config", "-q"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_unraid_template_is_complete_and_masks_secrets(keys):
    assert TEMPLATE.tag == "Container"
    assert all(TEMPLATE.findtext(tag) for tag in ("Name", "Repository", "Overview", "WebUI"))
    configs = {c.get("Target"): c for c in TEMPLATE.iter("Config")}
    variables = {t for t, c in configs.items() if c.get("Type") == "Variable"}
    assert all(_read_by_something(name, keys) for name in variables)
    masked = {t for t, c in configs.items() if c.get("Mask") == "true"}
    assert masked == {"TRAINER_ADMIN_PASSWORD", "AIRFLOW__API_AUTH__JWT_SECRET"} | keys | FETCHERS
    assert {"8080", "8501", "/data", "/airflow"} <= set(configs)


def test_the_image_copies_every_room_that_runs_in_it():
    dockerfile = (ROOT / "Dockerfile").read_text()
    for room in ("trainer", "scrapy_project", "embedder", "reports", "plugins", "dags"):
        assert f"COPY {room} {room}\n" in dockerfile
    assert "--require-hashes" in dockerfile
    assert re.search(r"^USER 10001", dockerfile, re.MULTILINE)


def test_missing_secrets_are_named(capsys, monkeypatch):
    with pytest.raises(ConfigError, match="TRAINER_ADMIN_PASSWORD, AIRFLOW__API_AUTH__JWT_SECRET"):
        checked_environment({"AIRFLOW_HOME": "/airflow"})
    monkeypatch.delenv("TRAINER_ADMIN_PASSWORD", raising=False)
    assert main(["prepare"]) == 1
    assert "TRAINER_ADMIN_PASSWORD" in capsys.readouterr().err
    assert main(["start"]) == 2


def test_the_key_of_every_source_reaches_the_scheduler_and_only_it():
    variables = {s.api_key_env for s in shipped_sources().values() if s.api_key_env}
    assert variables
    for name, service in SERVICES.items():
        given = set(service.get("environment", {})) & variables
        assert given == (variables if name == "scheduler" else set()), name
    assert variables <= set(_env_example())
    masked = {c.get("Target") for c in TEMPLATE.iter("Config") if c.get("Mask") == "true"}
    assert variables <= masked

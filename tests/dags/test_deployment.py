"""docker-compose.yml, Dockerfile, .env.example and the unRAID template say what the code reads."""

import re
import shutil
import subprocess
from xml.etree import ElementTree

import pytest
import yaml

from tests.dags.conftest import ROOT
from trainer.config.compose_settings import with_settings
from trainer.config.env_example import COMPOSE as COMPOSES_OWN
from trainer.config.env_example import LEFT_OUT, env_example
from trainer.config.environment import is_secret
from trainer.config.sources import shipped_sources
from trainer.config.variables import variables
from trainer.services.__main__ import NAMES, main

COMPOSE = (ROOT / "docker-compose.yml").read_text()
SERVICES = yaml.safe_load(COMPOSE)["services"]
TEMPLATE = ElementTree.parse(ROOT / "unraid-template.xml").getroot()  # noqa: S314 - our own file
DOCKERFILE = (ROOT / "Dockerfile").read_text()
OURS = {variable.name: variable for variable in variables()}
KEYS = {s.api_key_env for s in shipped_sources().values() if s.api_key_env}
FETCHERS = {"FLARESOLVERR_URL", "CHROME_CDP_URL"}  # their addresses may hold a password
OTHERS = {"postgres", "redis", "flaresolverr", "chrome"}  # images of others
# A template for one container at home: not in it, each for its reason.
DEFAULTS_SUIT = (
    "Releases",
    "Embedder",
    "Notifications",
    "General",
    "Backups and upkeep",
)  # and others can be added
IN_THE_TEMPLATE_ALL_THE_SAME = {"TRAINER_DEVICE", "TRAINER_NOTIFY_URLS"}
NOT_IN_THE_TEMPLATE = (
    LEFT_OUT
    | {
        v.name: f"{v.group}: the defaults suit, and any variable can be added by hand"
        for v in variables()
        if v.group in DEFAULTS_SUIT and v.name not in IN_THE_TEMPLATE_ALL_THE_SAME
    }
    | {
        "TRAINER_ALLOW_PRIVATE_HOSTS": "for servers of one's own, which few have",
        "TRAINER_BUDGETS": "one container is one machine",
        "TRAINER_REDIS_HOST": "likewise",
        "TRAINER_PARALLEL_CRAWLS": "builds there are Airflow's, whose pool says it",
        "TRAINER_REPORTS_PICTURES": "a choice that is made with the documentation at hand",
        "TRAINER_TLS_CERTIFICATE": "TRAINER_HTTPS makes one; others mount theirs",
        "TRAINER_TLS_KEY": "likewise",
        "TRAINER_TIMEZONE": "unRAID sets TZ, which the schedule follows",
    }
)


def _env_example():
    lines = (ROOT / ".env.example").read_text().splitlines()
    return {m[1]: m[2] for line in lines if (m := re.fullmatch(r"#?([A-Z_]+)=(.*)", line))}


def _own(service):
    return service.get("environment") or {}


def test_the_example_is_up_to_date_and_has_every_setting_or_a_reason():
    assert (ROOT / ".env.example").read_text() == env_example(), "write it anew: make docs"
    assert set(_env_example()) == (set(OURS) - set(LEFT_OUT)) | {v.name for v in COMPOSES_OWN}
    assert set(LEFT_OUT) < set(OURS)


def test_the_settings_in_compose_are_up_to_date():
    assert with_settings(COMPOSE) == COMPOSE, "write them anew: make docs"


def test_compose_uses_every_line_of_the_example_and_no_other():
    used = set(re.findall(r"\$\{([A-Z_]+)", COMPOSE))
    assert used == set(_env_example())


def test_every_variable_the_containers_get_is_read_by_something():
    for name, service in SERVICES.items():
        if name not in OTHERS:
            assert set(_own(service)) <= set(OURS) | {"TZ"}, name


def test_every_service_is_kept_up_bounded_and_checked():
    assert set(NAMES) < set(SERVICES)
    once = {n for n, s in SERVICES.items() if s["restart"] == "no"}
    assert once == {"keys", "init", "embedder"}
    for name, service in SERVICES.items():
        assert "mem_limit" in service, name
        if name not in once:
            assert service["restart"] == "unless-stopped"
            assert service["logging"]["options"]["max-file"] == "3", name
        if name not in once | {"flaresolverr", "chrome"}:
            assert "healthcheck" in service, name
    assert SERVICES["flaresolverr"]["profiles"] == ["flaresolverr"]
    assert SERVICES["chrome"]["profiles"] == ["chrome"]


def test_one_port_is_published_and_browsers_reach_nothing_of_ours():
    assert [n for n, s in SERVICES.items() if "ports" in s] == ["front-page"]
    for browser in ("flaresolverr", "chrome"):
        assert SERVICES[browser]["networks"] == ["outside"]
    assert [n for n, s in SERVICES.items() if "outside" in s.get("networks", ())] == [
        *("scheduler", "crawl-worker", "merge-worker", "flaresolverr", "chrome")
    ]
    assert yaml.safe_load(COMPOSE)["networks"]["inside"] == {"internal": True}


def test_keys_are_the_schedulers_and_the_socket_is_the_proxys():
    socket = [n for n, s in SERVICES.items() if "docker.sock" in str(s.get("volumes"))]
    assert socket == ["docker-proxy"]
    with_keys = [n for n, s in SERVICES.items() if (KEYS | FETCHERS) & set(_own(s))]
    assert with_keys == ["init", "scheduler", "crawl-worker"]  # init looks whether there are any
    assert set(_own(SERVICES["scheduler"])) >= KEYS | FETCHERS
    proxy = SERVICES["docker-proxy"]
    assert _own(proxy) == {} and proxy["cap_drop"] == ["ALL"] and proxy["read_only"] is True
    reaching = [n for n, s in SERVICES.items() if "docker" in s.get("networks", ())]
    assert reaching == ["scheduler", "docker-proxy", "gpu-worker"]


def test_data_lies_under_one_path_everywhere():
    for name, service in SERVICES.items():
        if name not in OTHERS | {"docker-proxy", "embedder"}:
            assert service["volumes"][0] == "${DATA_DIR}:${DATA_DIR}", name


@pytest.mark.skipif(not shutil.which("docker-compose"), reason="docker-compose is not here")
def test_compose_itself_reads_it_with_the_example_as_it_is():
    command = ["docker-compose", "--env-file", ".env.example", "config", "-q"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_unraid_template_has_every_setting_or_a_reason():
    named = {c.get("Target") for c in TEMPLATE.iter("Config") if c.get("Type") == "Variable"}
    assert named - {"TZ"} == set(OURS) - set(NOT_IN_THE_TEMPLATE)
    assert set(NOT_IN_THE_TEMPLATE) < set(OURS)


def test_the_unraid_template_follows_the_conventions():
    assert TEMPLATE.tag == "Container"
    for tag in (
        *("Name", "Repository", "Registry", "Support", "Project", "Overview", "WebUI"),
        *("TemplateURL", "Icon", "License", "Category"),
    ):
        assert TEMPLATE.findtext(tag), tag
    configs = {str(c.get("Target")): c for c in TEMPLATE.iter("Config")}
    assert {t for t, c in configs.items() if c.get("Type") == "Port"} == {"8080"}
    assert {t for t, c in configs.items() if c.get("Type") == "Path"} == {"/data", "/airflow"}
    masked = {t for t, c in configs.items() if c.get("Mask") == "true"}
    assert masked == {t for t in configs if is_secret(t)} and masked >= KEYS | FETCHERS
    assert configs["STASHDB_API_KEY"].get("Required") == "true"
    assert configs["FLARESOLVERR_URL"].text == "http://localhost:8191"
    assert configs["CHROME_CDP_URL"].text == "http://localhost:9222"
    extra = TEMPLATE.findtext("ExtraParams") or ""
    assert "--gpus all" in extra and "--restart unless-stopped" in extra
    profile = ElementTree.parse(ROOT / "ca_profile.xml").getroot()  # noqa: S314 - our own file
    assert profile.tag == "CommunityApplications" and profile.findtext("Profile")


def test_the_templates_values_are_what_the_settings_are_by_default():
    for config in TEMPLATE.iter("Config"):
        given, name = config.text or "", config.get("Target") or ""
        assert given == (config.get("Default") or ""), name
        if name not in FETCHERS | {"PUID", "PGID", "TZ"} and name in OURS:
            assert given == OURS[name].default, name


def test_the_image_copies_every_room_that_runs_in_it():
    for room in ("trainer", "scrapy_project", "embedder", "reports", "plugins", "dags"):
        assert f"COPY {room} /{room}\n" in DOCKERFILE
    assert DOCKERFILE.count("RUN /build/python_packages.sh ") == 3 and "HEALTHCHECK" in DOCKERFILE
    packages = (ROOT / "container" / "python_packages.sh").read_text()
    assert packages.count("--require-hashes") == 2 == packages.count("--no-deps")
    assert re.search(r"^EXPOSE 8080$", DOCKERFILE, re.MULTILINE)
    # Without BuildKit, a target is built with all stages before it: the CPU's come first.
    stages = re.findall(r"^FROM \S+ AS (\w+)", DOCKERFILE, re.MULTILINE)
    assert stages == ["runtime", "code", "cpu", "cuda"]


def test_unknown_commands_are_explained_and_a_missing_home_is_a_sentence(capsys, monkeypatch):
    for arguments in (["start"], ["run", "nobody"], ["check", "reports"], []):
        assert main(arguments) == 2
    monkeypatch.delenv("AIRFLOW_HOME", raising=False)
    assert main(["keys"]) == 1
    assert "set AIRFLOW_HOME to a folder that is kept" in capsys.readouterr().err

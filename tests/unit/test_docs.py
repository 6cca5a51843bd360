"""What the documentation says is what the code does."""

from __future__ import annotations

import re
from fnmatch import fnmatch

import pytest

from trainer.cli import app
from trainer.cli.builds import EXIT_BY_STATUS
from trainer.config.params import BuildParams
from trainer.config.pipeline import STEPS
from trainer.config.settings import REPO_ROOT
from trainer.config.settings_page import settings_page
from trainer.config.variables import variables
from trainer.release.gate import GateLimits

OPERATIONS = (REPO_ROOT / "docs" / "operations.md").read_text()
ARCHITECTURE = (REPO_ROOT / "docs" / "architecture.md").read_text()
README = (REPO_ROOT / "README.md").read_text()
PAGES = (
    REPO_ROOT / "README.md",
    REPO_ROOT / "CONTRIBUTING.md",
    *sorted((REPO_ROOT / "docs").glob("*.md")),
)
FOLDERS = ("trainer", "embedder", "scrapy_project", "plugins", "dags", "reports", "demo", "tests")
AIRFLOWS_OWN = "airflow_local_settings.py"  # an operator's file, which Airflow looks for


def rows(text: str, heading: str) -> list[list[str]]:
    """Cells of the table below `## heading`."""
    section = text.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in section.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_the_page_of_the_settings_is_up_to_date():
    written = (REPO_ROOT / "docs" / "configuration.md").read_text()
    assert written == settings_page(), "write it anew: make docs"


def test_every_setting_says_what_it_is():
    assert [variable.name for variable in variables() if not variable.description] == []


def test_every_parameter_is_documented_with_its_default():
    documented = {row[0].strip("`"): row[1] for row in rows(OPERATIONS, "Parameters of a build")}
    assert list(documented) == list(BuildParams.model_fields)
    for name, field in BuildParams.model_fields.items():
        if name != "sources":
            assert documented[name] == str(field.default).lower()


def test_every_limit_of_the_gate_is_documented():
    cells = [row[0] for row in rows(OPERATIONS, "Candidates")]
    assert sorted(re.findall(r"`(\w+)`", " ".join(cells))) == sorted(GateLimits.model_fields)


def test_the_steps_are_those_of_the_pipeline():
    said = re.search(r"`(plan -> .*?)`", ARCHITECTURE.replace("\n", " "))
    assert said is not None
    named = [re.sub(r"\[.*", "", step.strip()) for step in said[1].split("->")]
    assert named == [step.name for step in STEPS]


def test_exit_codes_are_those_of_the_command():
    for status, code in EXIT_BY_STATUS.items():
        assert re.search(rf"^\| {status} \|.*\| {code} \|$", ARCHITECTURE, re.MULTILINE), status


@pytest.mark.parametrize("text", [README, OPERATIONS, ARCHITECTURE])
def test_commands_exist(text):
    makefile = (REPO_ROOT / "Makefile").read_text()
    for target in re.findall(r"`make ([a-z-]+)|^make ([a-z-]+)", text, re.MULTILINE):
        name = "".join(target)
        assert re.search(rf"^{name}:", makefile, re.MULTILINE), f"make {name}"
    known = {command.callback.__name__ for command in app.registered_commands if command.callback}
    known |= {str(group.name) for group in app.registered_groups}
    for command in re.findall(r"(?:`|bin/)trainer ([a-z]+)", text):
        assert command in known, f"trainer {command}"


def test_links_lead_somewhere():
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
            if not target.startswith("http"):
                assert (page.parent / target).exists(), f"{page.name}: {target}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_python_files_that_are_named_exist(page):
    files = [str(path) for folder in FOLDERS for path in (REPO_ROOT / folder).rglob("*.py")]
    for named in re.findall(r"`([^`\s]+\.py)`", page.read_text()):
        pattern = "*/" + re.sub(r"<\w+>", "*", named)
        assert named == AIRFLOWS_OWN or any(fnmatch(file, pattern) for file in files), named

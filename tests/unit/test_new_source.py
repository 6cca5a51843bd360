"""`make new-source` writes files that work as they are, and says what comes next."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from datetime import date

import pytest
import yaml
from jinja2 import FileSystemLoader

from demo.world import site as world_site
from demo.world.people import population
from demo.world.site import Appearance
from scrapy_project import new_source as tool
from scrapy_project.new_source import KINDS, CannotMake, main
from scrapy_project.parsing.profile import PageError
from tests.recorded import test_json_answers
from trainer.config.settings import REPO_ROOT
from trainer.config.sources import SourceConfig


def new_source(name, kind, root):
    return tool.new_source(name, kind, root, date(2026, 2, 1))


def load(path):
    spec = importlib.util.spec_from_file_location(f"made_{path.stem}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def made(root):
    """The spider of the source that was made."""
    return load(root / "scrapy_project/sources/house_of_reels/spider.py").HouseOfReelsSpider


def configuration(root):
    file = root / "scrapy_project/sources/house_of_reels/source.yaml"
    return SourceConfig.model_validate(yaml.safe_load(file.read_text()))


@pytest.mark.parametrize("kind", KINDS)
def test_the_configuration_is_valid_and_the_spider_of_its_kind(tmp_path, kind):
    written = new_source("house_of_reels", kind, tmp_path)
    config = configuration(tmp_path)
    assert (config.key, config.kind) == ("house_of_reels", kind)
    spider = made(tmp_path)
    assert (spider.name, spider.kind) == ("house_of_reels", kind)
    assert all(path.is_file() for path in written)
    files = {p for p in tmp_path.rglob("*") if p.is_file() and "__pycache__" not in p.parts}
    assert files <= set(written)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["ab", "house_of_reels", "a_b2_c3_d4_e5_abcdefghijklmnop"])
def test_the_files_pass_the_checks(tmp_path, kind, name):
    written = [p for p in new_source(name, kind, tmp_path) if p.suffix == ".py"]
    config = ["--config", str(REPO_ROOT / "pyproject.toml"), "--no-cache"]
    for command in (["check"], ["format", "--check"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, *config, *map(str, written)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout


@pytest.fixture(scope="module")
def copied(tmp_path_factory):
    """A copy of the repository with a new source of each kind, each with its agreed rate."""
    root = tmp_path_factory.mktemp("copy")
    for folder in ("trainer", "scrapy_project", "demo", "tests", "embedder", "docs", "plugins"):
        ignored = shutil.ignore_patterns("__pycache__", "export", "e2e", "browser", "faults")
        shutil.copytree(REPO_ROOT / folder, root / folder, ignore=ignored)
    shutil.copy(REPO_ROOT / "pyproject.toml", root)
    for kind in KINDS:
        new_source(f"made_{kind}", kind, root)
    policy = root / "tests" / "policy" / "test_sources.py"
    agreed = {f"made_{kind}": 20 if kind == "html_profile" else 60 for kind in KINDS}
    rates = "".join(f'    "{key}": {rate},\n' for key, rate in agreed.items())
    policy.write_text(policy.read_text().replace("RATES = {\n", f"RATES = {{\n{rates}"))
    for file in (".env.example", "docker-compose.yml", "unraid-template.xml"):
        keys = " ".join(f"MADE_{kind.upper()}_API_KEY" for kind in KINDS)
        (root / file).write_text((REPO_ROOT / file).read_text() + keys)
    return root


def test_a_new_sources_own_tests_pass(copied):
    files = ["tests/policy/test_sources.py", "tests/unit/test_link_forms.py"]
    files += [str(p.relative_to(copied)) for p in copied.glob("tests/recorded/test_*.py")]
    options = ["-k", "made_ or test_every_", "-n", "0", "-p", "no:cacheprovider", "-rf", "-o"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "addopts=", *files],
        cwd=copied,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:]
    passed = int(done.stdout.rpartition(" passed")[0].rpartition("\n")[2].split()[-1])
    assert passed > 100  # of each kind: the rules, and each field of five cases


@pytest.mark.parametrize("kind", ["stash_box", "rest"])
def test_the_recorded_answer_gives_what_stands_beside_it(tmp_path, monkeypatch, kind):
    new_source("house_of_reels", kind, tmp_path)
    answer = tmp_path / "tests/recorded/pages/house_of_reels/normal.json"
    monkeypatch.setitem(test_json_answers.SOURCES, "house_of_reels", configuration(tmp_path))
    expected, seen = test_json_answers.outcome(answer)
    assert len(seen["rows"]) == len(expected["rows"]) == 1
    for field in test_json_answers.COLUMNS:
        wanted = expected["rows"][0].get(field, test_json_answers.EMPTY[field])
        assert seen["rows"][0][field] == wanted, field
    for field in test_json_answers.PAGE_FIELDS:
        assert seen[field] == expected.get(field, []), field


def test_the_look_alike_shows_what_the_spider_reads(tmp_path, monkeypatch):
    new_source("house_of_reels", "html_profile", tmp_path)
    folder = tmp_path / "demo" / "world" / "sites"
    monkeypatch.setattr(world_site._JINJA, "loader", FileSystemLoader(folder))
    person = next(p for p in population(1) if p.key == "mira")
    appearance = Appearance(person, "mira", person.name, person.images[:3])
    site = load(folder / "house_of_reels.py").HouseOfReelsSite({"mira": appearance})
    parse = made(tmp_path).parse_page
    base = "http://127.0.0.1:9"
    profile = parse(site.page("/performers/mira").html.encode(), f"{base}/performers/mira")
    assert (profile.name, profile.aliases) == (person.name, person.aliases)
    assert (profile.birth_date, profile.country) == (person.birth_date, person.country)
    assert profile.links == tuple(link.url for link in person.links)
    shown = [site.image(image.url.removeprefix(base)).key for image in profile.images]
    assert shown == list(person.images[:3])
    missing = site.page("/performers/nobody")
    assert missing.status == 404
    with pytest.raises(PageError, match="nobody is there"):
        parse(missing.html.encode(), f"{base}/performers/nobody")


@pytest.mark.parametrize(
    "name",
    [
        "",
        "Upper",
        "9lives",
        "a-b",
        "../up",
        "x" * 31,
        "on",
        "null",
        "a__b",
        "a_",
        "a_b_c_d_e_f_g",
        "ab\n",
    ],
)
def test_a_bad_name_writes_nothing(tmp_path, name):
    with pytest.raises(CannotMake, match="NAME"):
        new_source(name, "html_profile", tmp_path)
    assert not list(tmp_path.rglob("*"))


def test_a_bad_kind_names_the_kinds(tmp_path):
    with pytest.raises(CannotMake, match="html_profile, stash_box, rest"):
        new_source("house_of_reels", "soap", tmp_path)


def test_nothing_that_is_there_is_overwritten(tmp_path):
    new_source("house_of_reels", "stash_box", tmp_path)
    spider = tmp_path / "scrapy_project" / "sources" / "house_of_reels" / "spider.py"
    spider.write_text("mine")
    with pytest.raises(CannotMake, match="is there already"):
        new_source("house_of_reels", "html_profile", tmp_path)
    assert spider.read_text() == "mine"
    assert not (tmp_path / "demo").exists()


def test_the_command_says_what_comes_next(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(tool, "REPO_ROOT", tmp_path)
    assert main(["house_of_reels", "html_profile"]) == 0
    out = capsys.readouterr().out
    assert "wrote scrapy_project/sources/house_of_reels/spider.py" in out
    assert "make docs && make test" in out
    assert "demo/world/sites/house_of_reels.html.j2" in out
    assert main(["house_of_reels", "html_profile"]) == 2
    assert "is there already" in capsys.readouterr().err

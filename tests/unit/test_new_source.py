"""`make new-source` writes files that work as they are, and says what comes next."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

import pytest
import yaml
from jinja2 import FileSystemLoader

from demo.world import site as world_site
from demo.world.people import population
from demo.world.site import Appearance
from scrapy_project import new_source as tool
from scrapy_project.new_source import FILES, CannotMake, main, new_source
from trainer.config.settings import REPO_ROOT
from trainer.config.sources import SourceConfig


def load(path):
    spec = importlib.util.spec_from_file_location(f"made_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("kind", sorted(FILES))
def test_the_configuration_is_valid_and_the_spider_of_its_kind(tmp_path, kind):
    written = new_source("house_of_reels", kind, tmp_path)
    folder = tmp_path / "scrapy_project" / "sources" / "house_of_reels"
    config = SourceConfig.model_validate(yaml.safe_load((folder / "source.yaml").read_text()))
    assert (config.key, config.kind) == ("house_of_reels", kind)
    spider = load(folder / "spider.py").HouseOfReelsSpider
    assert (spider.name, spider.kind) == ("house_of_reels", kind)
    assert all(path.is_file() for path in written)
    assert not [p for p in tmp_path.rglob("*") if p.is_file() and p not in written]


@pytest.mark.parametrize("kind", sorted(FILES))
def test_the_files_pass_the_checks(tmp_path, kind):
    written = [p for p in new_source("house_of_reels", kind, tmp_path) if p.suffix == ".py"]
    config = ["--config", str(REPO_ROOT / "pyproject.toml"), "--no-cache"]
    for command in (["check"], ["format", "--check"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, *config, *map(str, written)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout


def test_the_recorded_page_gives_what_stands_beside_it(tmp_path):
    new_source("house_of_reels", "html_profile", tmp_path)
    pages = tmp_path / "tests" / "recorded" / "pages" / "house_of_reels"
    expected = yaml.safe_load((pages / "normal.expected.yaml").read_text())
    spider = load(tmp_path / "scrapy_project" / "sources" / "house_of_reels" / "spider.py")
    seen = spider.parse_page((pages / "normal.html").read_bytes(), expected["url"])
    assert seen.model_dump(mode="json", exclude_defaults=True) == expected["profile"]


def test_the_look_alike_shows_what_the_spider_reads(tmp_path, monkeypatch):
    new_source("house_of_reels", "html_profile", tmp_path)
    folder = tmp_path / "demo" / "world" / "sites"
    monkeypatch.setattr(world_site._JINJA, "loader", FileSystemLoader(folder))
    person = next(p for p in population(1) if p.key == "mira")
    appearance = Appearance(person, "mira", person.name, person.pictures[:3])
    site = load(folder / "house_of_reels.py").HouseOfReelsSite({"mira": appearance})
    parse = load(
        tmp_path / "scrapy_project" / "sources" / "house_of_reels" / "spider.py"
    ).parse_page
    base = "http://127.0.0.1:9"
    profile = parse(site.page("/performers/mira").html.encode(), f"{base}/performers/mira")
    assert (profile.name, profile.aliases) == (person.name, person.aliases)
    assert (profile.birth_date, profile.country) == (person.birth_date, person.country)
    shown = [site.picture(shot.url.removeprefix(base)).key for shot in profile.shots]
    assert shown == list(person.pictures[:3])
    missing = site.page("/performers/nobody")
    assert missing.status == 404
    with pytest.raises(Exception, match="nobody of that name"):
        parse(missing.html.encode(), f"{base}/performers/nobody")


@pytest.mark.parametrize("name", ["", "Upper", "9lives", "a-b", "../up", "x" * 60])
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
    monkeypatch.setattr(new_source, "__defaults__", (tmp_path,))
    assert main(["house_of_reels", "html_profile"]) == 0
    out = capsys.readouterr().out
    assert "wrote scrapy_project/sources/house_of_reels/spider.py" in out
    assert "make docs && make test" in out
    assert main(["house_of_reels", "html_profile"]) == 2
    assert "is there already" in capsys.readouterr().err

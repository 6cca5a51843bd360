"""`make new-source NAME=... KIND=...`: the files that a new source starts from."""

from __future__ import annotations

import argparse
import re
import sys
from datetime import date
from pathlib import Path
from typing import Final

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from trainer.config.settings import REPO_ROOT
from trainer.staging.atomic import write_bytes
from trainer.staging.clock import now

TEMPLATES: Final = Path(__file__).with_name("templates")
SOURCES: Final = "scrapy_project/sources/{name}"
PAGES: Final = "tests/recorded/pages/{name}"
WORLD: Final = "demo/world/sites"
KINDS: Final = ("html_profile", "stash_box", "rest")
# Template -> where its file goes; every other template is a recorded case, named as it is.
PLACES: Final = {
    "source.yaml.j2": SOURCES + "/source.yaml",
    "spider.py.j2": SOURCES + "/spider.py",
    "site.py.j2": WORLD + "/{name}.py",
    "site.html.j2": WORLD + "/{name}.html.j2",
    "people.yaml.j2": WORLD + "/{name}.people.yaml",
}
NEXT: Final = """Next:
  1. fill in source.yaml (address, rate, whose the content is, which terms) and {code}
  2. give {pages} the structure of the real pages, with invented people; the five cases
     are there, and what is expected stands beside each
  3. add key and rate to RATES in tests/policy/test_sources.py: a rate that its operators can be
     expected to bear
  4. {world}
  5. make docs && make test"""
HINTS: Final = {
    True: {
        "code": "spider.py (patterns, labels)",
        "world": "give the look-alike, " + WORLD + "/{name}.html.j2, the same structure",
    },
    False: {
        "code": "spider.py, where it is unlike its kind",
        "world": "pass its key on in .env.example, docker-compose.yml, unraid-template.xml",
    },
}
NAME: Final = re.compile(r"(?=.{2,30}$)[a-z][a-z0-9]*(_[a-z0-9]+){0,5}")


class CannotMake(Exception):
    """The name or kind is no good, or files are there already."""


def new_source(name: str, kind: str, root: Path, today: date) -> list[Path]:
    """Write the files of source `name` below `root`, and return their paths.

    `today` is the date of the evidence in source.yaml. Raises `CannotMake` before any is written.
    """
    if not NAME.fullmatch(name) or yaml.safe_load(name) != name:
        raise CannotMake(
            f"NAME={name!r}: choose 2 to 30 lower-case letters and digits, up to 6 words joined "
            "by _, "
            "a letter first, and no word that YAML reads as something else (on, no, null)"
        )
    if kind not in KINDS:
        raise CannotMake(f"KIND={kind!r}: choose one of {', '.join(KINDS)}")
    targets = _targets(name, kind, root)
    targets["__init__"] = root / SOURCES.format(name=name) / "__init__.py"
    there = [str(path) for path in targets.values() if path.exists()]
    if there:
        raise CannotMake(
            f"source {name} is there already; choose another name ({', '.join(there)})"
        )
    templates, values = _templates(kind), _values(name, today)
    for template, path in targets.items():
        content = templates.get_template(template).render(values) if "." in template else ""
        write_bytes(path, content.encode())
    return sorted(targets.values())


def _targets(name: str, kind: str, root: Path) -> dict[str, Path]:
    """Template -> file, for each template of the kind."""
    found = sorted(path.name for path in (TEMPLATES / kind).glob("*.j2"))
    case = PAGES + "/{file}"
    return {
        template: root
        / PLACES.get(template, case).format(name=name, file=template.removesuffix(".j2"))
        for template in found
    }


def _templates(kind: str) -> Environment:
    return Environment(  # noqa: S701 - Python, YAML and templates, not pages
        loader=FileSystemLoader(TEMPLATES / kind),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        variable_start_string="<<",
        variable_end_string=">>",
        block_start_string="<%",
        block_end_string="%>",
        comment_start_string="<#",
        comment_end_string="#>",
    )


def _values(name: str, today: date) -> dict[str, str]:
    words = name.split("_")
    return {
        "name": name,
        "host": f"{'-'.join(words)}.example",
        "today": today.isoformat(),
        "Name": "".join(word.title() for word in words),
    }


def _what_next(name: str, kind: str) -> str:
    hints = HINTS[kind == "html_profile"]
    return NEXT.format(
        pages=PAGES.format(name=name), code=hints["code"], world=hints["world"].format(name=name)
    )


def main(argv: list[str] | None = None) -> int:
    """The command; returns its exit status: 2 where nothing was written."""
    parser = argparse.ArgumentParser(prog="make new-source", description=__doc__)
    parser.add_argument("name", help="source key: folder, spider and YAML key")
    parser.add_argument("kind", help=" | ".join(KINDS))
    options = parser.parse_args(argv)
    try:
        written = new_source(options.name, options.kind, REPO_ROOT, now().date())
    except CannotMake as error:
        sys.stderr.write(f"new-source: {error}\n")
        return 2
    for path in written:
        sys.stdout.write(f"wrote {path.relative_to(REPO_ROOT)}\n")
    sys.stdout.write(_what_next(options.name, options.kind) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

"""`make new-source NAME=... KIND=...`: the files that a new source starts from."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from trainer.config.settings import REPO_ROOT
from trainer.staging.atomic import write_bytes

TEMPLATES: Final = Path(__file__).with_name("templates")
SOURCES: Final = "scrapy_project/sources/{name}"
PAGES: Final = "tests/recorded/pages/{name}"
WORLD: Final = "demo/world/sites"
# Template -> where its file goes.
FILES: Final[dict[str, dict[str, str]]] = {
    "html_profile": {
        "source.yaml.j2": SOURCES + "/source.yaml",
        "spider.py.j2": SOURCES + "/spider.py",
        "site.py.j2": WORLD + "/{name}.py",
        "site.html.j2": WORLD + "/{name}.html.j2",
        "normal.html.j2": PAGES + "/normal.html",
        "normal.expected.yaml.j2": PAGES + "/normal.expected.yaml",
    },
    "stash_box": {
        "source.yaml.j2": SOURCES + "/source.yaml",
        "spider.py.j2": SOURCES + "/spider.py",
        "normal.json.j2": PAGES + "/normal.json",
        "normal.expected.yaml.j2": PAGES + "/normal.expected.yaml",
    },
    "rest": {
        "source.yaml.j2": SOURCES + "/source.yaml",
        "spider.py.j2": SOURCES + "/spider.py",
        "normal.json.j2": PAGES + "/normal.json",
        "normal.expected.yaml.j2": PAGES + "/normal.expected.yaml",
    },
}
NEXT: Final = """Next:
  1. fill in source.yaml (address, rate, whose the content is) and spider.py (selectors)
  2. record a page of the site's structure with invented people: {pages}
     (cases: normal, sparse, missing, moved, hostile), and write down what is expected of each
  3. add the rate that its operators can bear to HIGHEST_RATE in tests/policy/test_sources.py
  4. make docs && make test"""


class CannotMake(Exception):
    """The name or kind is no good, or files are there already."""


def new_source(name: str, kind: str, root: Path = REPO_ROOT) -> list[Path]:
    """Write the files of source `name` below `root`; raises `CannotMake` before any is written."""
    if not re.fullmatch(r"[a-z][a-z0-9_]{1,40}", name):
        raise CannotMake(f"NAME={name!r}: lower-case letters, digits and _, from a letter on")
    if kind not in FILES:
        raise CannotMake(f"KIND={kind!r}: one of {', '.join(FILES)}")
    targets = {t: root / where.format(name=name) for t, where in FILES[kind].items()}
    targets["__init__"] = root / SOURCES.format(name=name) / "__init__.py"
    there = [str(path) for path in targets.values() if path.exists()]
    if there:
        raise CannotMake(f"source {name} is there already: {', '.join(there)}")
    environment = Environment(  # noqa: S701 - Python, YAML and templates, not pages
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
    values = {"name": name, "Name": "".join(part.title() for part in name.split("_"))}
    for template, path in targets.items():
        content = environment.get_template(template).render(values) if "." in template else ""
        write_bytes(path, content.encode())
    return sorted(targets.values())


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="make new-source", description=__doc__)
    parser.add_argument("name", help="source key: folder, spider and YAML key")
    parser.add_argument("kind", help=" | ".join(FILES))
    options = parser.parse_args(argv)
    try:
        written = new_source(options.name, options.kind)
    except CannotMake as error:
        sys.stderr.write(f"new-source: {error}\n")
        return 2
    for path in written:
        sys.stdout.write(f"wrote {path.relative_to(REPO_ROOT)}\n")
    sys.stdout.write(NEXT.format(pages=PAGES.format(name=options.name)) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

"""`make audit`: what it says of weaknesses, and that it never calls unaudited packages good."""

from __future__ import annotations

import sys

import pytest

from tests.supply_chain import audit
from trainer.config.settings import REPO_ROOT

GOOD = {"name": "alpha", "version": "1.0", "vulns": []}
WEAK = {
    "name": "beta",
    "version": "2.0",
    "vulns": [{"id": "PYSEC-2026-1", "fix_versions": ["2.1"]}, {"id": "X-2", "fix_versions": []}],
}
SKIPPED = {"name": "gamma", "skip_reason": "not found"}


@pytest.fixture
def tool(tmp_path):
    """Stands in for pip-audit: `tool(of_pypi, of_osv)`; a text is an error instead of an answer."""

    def make(of_pypi, of_osv):
        answers = {"pypi": of_pypi, "osv": of_osv}
        script = tmp_path / "pip_audit.py"
        script.write_text(
            "import json, sys\n"
            f"answer = {answers!r}[sys.argv[sys.argv.index('--vulnerability-service') + 1]]\n"
            "assert '--require-hashes' in sys.argv\n"
            "if isinstance(answer, str):\n"
            "    sys.exit(answer)\n"
            "print(json.dumps({'dependencies': answer}))\n"
            "sys.exit(any(one.get('vulns') for one in answer))\n"
        )
        return (sys.executable, str(script))

    return make


def test_a_weakness_is_named_with_the_version_that_mends_it(tool, capsys):
    assert audit.main(["a.txt"], tool([GOOD, WEAK], [])) == 1
    said = capsys.readouterr().out
    assert "a.txt: 2 packages looked up, 2 weaknesses" in said
    assert "beta 2.0: PYSEC-2026-1, mended in 2.1" in said
    assert "beta 2.0: X-2, mended in no version yet" in said


def test_without_one_it_says_how_much_was_looked_at(tool, capsys):
    assert audit.main(["a.txt"], tool([GOOD, SKIPPED], [])) == 0
    said = capsys.readouterr().out
    assert "1 packages looked up, nothing known against them; 1 NOT FOUND there" in said
    assert "NOT AUDITED" not in said


def test_a_service_that_knows_nothing_is_no_good_news(tool, capsys):
    """pip-audit itself ends with 0 and "No known vulnerabilities found"."""
    assert audit.main(["a.txt"], tool([SKIPPED], "requests.exceptions.ConnectionError: no")) == 0
    said = capsys.readouterr().out
    assert "a.txt: SKIPPED, the service pypi knows none of its 1 packages; " in said
    assert "the service osv can't be asked (ConnectionError)" in said
    assert "NOT AUDITED" in said


def test_the_second_service_is_asked_where_the_first_has_nothing(tool):
    found = audit.audit("a.txt", tool("down", [WEAK]))
    assert found.looked_up == 1 and len(found.weaknesses) == 2


def test_every_lock_file_of_an_image_is_looked_at():
    named = {REPO_ROOT / lock for lock in audit.LOCKS}
    assert all(path.is_file() for path in named)
    every = {*REPO_ROOT.glob("*requirements*.txt"), *REPO_ROOT.glob("embedder/requirements*.txt")}
    assert every <= named

"""Every message that a person can meet is a sentence that says what to do next.

The messages are found in the code (`messages.py`) and rendered: a new one that says nothing of what
to do, that shows a Python object or the name of a class, fails here without being listed anywhere.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import numpy as np
import pytest
import yaml
from pydantic import BaseModel, ValidationError
from twisted.internet.error import ConnectionLost
from twisted.python.failure import Failure
from twisted.web.client import ResponseNeverReceived

from scrapy_project.check_advice import BY_CHECK
from tests.policy.messages import ROOT, VALUE, Message, messages, modules
from tests.release_world import embeddings
from trainer.config.params import BuildParams
from trainer.errors import ConfigError, StageFailed
from trainer.reasons import failure, in_words, kind_of, reason
from trainer.release.evaluate import evaluate_vectors
from trainer.release.gate import GateLimits, GateResult, gate
from trainer.release.verify import VerifyReport
from trainer.staging.error_advice import BY_KIND, DEFAULT, advice
from trainer.staging.error_groups import STEP_FAILED, StageError
from trainer.staging.manifest import Check

_VERBS = """
add ask build check choose compare copy correct create delete embed export fetch fill free get give
install keep leave lower look make mark mend name publish put raise read remove rename restart
restore run save say see set start stop switch take try unpack update use wait write
"""
VERBS = _VERBS.split()
_START = "|".join([*VERBS, *map(str.capitalize, VERBS), "nothing to do"])
# Where a clause begins: at the front (there `run X` is a noun), after a sign, in parentheses. A
# command in backticks is advice, too; `, or ...` is another way of the same advice.
SUGGESTION = re.compile(rf"(?:^(?!run {VALUE})|[;:.?] |\()(?:`|(?:{_START})\b)")
CLASS_NAME = re.compile(r"\b[A-Za-z]*[a-z](?:Error|Exception|Warning|Timeout)\b")
EVERY = list(messages())


def plain(text: str) -> bool:
    return not (set("{}") & set(text) or CLASS_NAME.search(text))


def named(found: Message) -> str:
    return f"{found.where}: {found.text}"


def test_the_search_finds_what_it_is_for():
    """Else the tests below would hold for a search that finds nothing."""
    assert len(EVERY) > 300
    rooms = {found.where.partition("/")[0] for found in EVERY}
    assert rooms == {"trainer", "plugins", "scrapy_project", "embedder", "reports", "demo"}
    kinds = {found.error for found in EVERY}
    assert {"ConfigError", "StageFailed", "Busy", "RetryLater", "CrawlStopped"} <= kinds
    texts = {found.text for found in EVERY}
    assert any(text.startswith(f"{VALUE} faces, the sidecar needs 100") for text in texts)
    assert any("TRAINER_CONTACT" in text for text in texts)


def test_every_message_is_without_python_and_class_names():
    bad = [named(found) for found in EVERY if not plain(found.text)]
    assert not bad, "\n".join(bad)


def test_every_message_says_what_to_do_once():
    """Those of a page get it by their kind, see below."""
    told = [found for found in EVERY if not found.of_a_page]
    bad = [named(f) for f in told if len(SUGGESTION.findall(f.text)) != 1]
    assert not bad, "\n".join(bad)


def test_what_others_exceptions_say_goes_through_reason():
    bad = [f"{named(found)} {found.raw_errors}" for found in EVERY if found.raw_errors]
    assert not bad, "\n".join(bad)


def test_no_text_anywhere_holds_the_name_of_an_exceptions_class():
    for module in modules():
        for node in ast.walk(module.tree):
            if isinstance(node, ast.FormattedValue) and "type(error)" in ast.unparse(node):
                raise AssertionError(f"{module.path}:{node.lineno}: {ast.unparse(node)}")


@pytest.mark.parametrize(
    "text",
    [
        "the disk is full",
        f"run {VALUE} has no plan",
        "no step; steps: plan, crawl",
        "it will be tried again",
    ],
)
def test_a_message_without_a_suggestion_is_noticed(text):
    assert not SUGGESTION.search(text)


# Errors of pages, records and pictures: by kind


def _constant(node: ast.expr) -> str | None:
    """The text of a constant, or of an f-string's beginning: `http_` of `http_{status}`."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
        return str(node.values[0].value) + "500"
    return None


def kinds() -> set[str]:
    """Every kind of error that the code gives, wherever it is made."""
    found: set[str] = set()
    for module in modules():
        if module.path.relative_to(ROOT).parts[0] not in ("scrapy_project", "embedder", "trainer"):
            continue
        for node in ast.walk(module.tree):
            if not isinstance(node, ast.Call):
                continue
            name = ast.unparse(node.func).split(".")[-1]
            given = {keyword.arg: keyword.value for keyword in node.keywords}
            first = node.args[0] if node.args else given.get("kind")
            if name in ("PageError", "AnswerError", "StageError", "_error", "error", "Unreadable"):
                kind = _constant(first) if first is not None else None
                if kind and re.fullmatch(r"[a-z_0-9]+", kind):
                    found.add(kind)
            if (
                name in ("_row", "answer_row") and len(node.args) > 2
            ):  # a picture's: `kind: what was wrong`
                text = _constant(node.args[2])
                if text:
                    found.add(f"picture_{text.partition(':')[0].removesuffix('500')}")
    return found


def test_every_kind_of_error_has_its_advice():
    found = kinds()
    assert {"http_500", "field_missing", "picture_challenge", "image_missing"} <= found
    without = sorted(kind for kind in found - {STEP_FAILED} if advice(kind) == DEFAULT)
    assert not without, f"say what to do about {without} in trainer/staging/error_advice.py"


@pytest.mark.parametrize("text", sorted({*BY_KIND.values(), *BY_CHECK.values(), DEFAULT}))
def test_advice_begins_with_what_to_do(text):
    assert SUGGESTION.match(text) and plain(text)


def test_an_error_of_a_page_reads_as_a_sentence():
    one = StageError(
        kind="field_missing",
        source="iafd",
        url="http://127.0.0.1/1",
        field="name",
        message="KeyError: {'name': None}",
        count=12,
    )
    assert one.sentence == (
        "12 x field_missing name of iafd: ('name': None) (e.g. http://127.0.0.1/1); "
        "look at the page: where its layout has moved, mend the source's spider"
    )


# Checks: of crawls, of releases, of the gate


def check_names() -> set[str]:
    """The names of a crawl's checks, by the calls that make them."""
    callers = {"check", "_check_share", "_check_most"}
    return {
        str(node.args[0].value)
        for module in modules()
        if "scrapy_project" in module.path.parts
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call)
        and ast.unparse(node.func).split(".")[-1] in callers
        and len(node.args) > 2
        and isinstance(node.args[0], ast.Constant)
    }


def test_every_check_of_a_crawl_has_its_advice():
    found = check_names()
    assert {"min_performers", "share_with_image", "pages_readable"} <= found
    assert not found - BY_CHECK.keys(), "say what to do in scrapy_project/check_advice.py"


def test_every_line_of_the_gate_says_where_to_look():
    limits = yaml.safe_load((ROOT / "trainer" / "release" / "gate.yaml").read_text())
    strict = GateLimits.model_validate(
        {name: (0 if name.startswith("max_") else 1) for name in limits["default"]}
        | {"min_performers": 10**6, "min_faces": 10**6}
    )
    vectors = embeddings([1, 1, 2, 2], salt=1).astype("f4")
    one = evaluate_vectors(vectors, vectors, np.array([0, 0, 1, 1]), seed=1, sample=4)
    made = gate(strict, one, one, removed=1)
    every = GateResult(
        passed=False, checks=[c.model_copy(update={"ok": False}) for c in made.checks]
    )
    assert len(every.failures()) == len(made.checks) >= 13
    for line in every.failures():
        assert plain(line) and len(SUGGESTION.findall(line)) == 1, line
        assert "evaluate.json)" not in line or "breakdowns" in line, line  # not the last resort


def test_a_failed_check_of_a_release_says_what_to_do():
    check = Check(name="enough faces", ok=False, expected="100", actual="60", advice="add sources")
    report = VerifyReport(ok=False, checks=[check])
    assert report.failures() == ["enough faces: expected 100, found 60; add sources"]
    source = (ROOT / "trainer" / "release" / "verify.py").read_text()
    assert len(re.findall(r"[^_]Check\(name=.*advice=|advice=advice|advice=REBUILD", source)) >= 2


# What exceptions of others become


class _Model(BaseModel):
    count: int
    name: str


def _broken(content: dict[str, object]) -> ValidationError:
    with pytest.raises(ValidationError) as failed:
        _Model.model_validate(content)
    return failed.value


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(28, "No space left on device", "/data/x"), "No space left on device (/data/x)"),
        (ConnectionResetError(), "connection reset"),
        (TimeoutError(), "timeout"),
        (KeyError("sources"), "no 'sources'"),
        (ResponseNeverReceived([Failure(ConnectionLost())]), "Connection to the other side was "
         "lost in a non-clean fashion."),
        (ValueError("bad {value} of\n  RecallError: few"), "bad (value) of few"),
        (ConfigError("set X"), "set X"),
        (_broken({"count": 2.5, "name": None}), "count: Input should be a valid integer, got a "
         "number with a fractional part (given: 2.5); name: Input should be a valid string "
         "(given: None)"),
    ],
)  # fmt: skip
def test_reasons_are_plain_lines(error, said):
    assert reason(error) == said
    assert plain(reason(error))


def test_a_value_that_may_hold_a_password_is_not_repeated():
    told = reason(_broken({"count": "http://user:secret@host/", "name": "x"}))
    assert "count" in told and "secret" not in told


def test_a_step_that_failed_for_a_reason_of_others_says_where_to_look():
    assert failure(StageFailed("no disk; free some")) == "no disk; free some"
    assert failure(MemoryError()) == "memory; see the log of this step"
    assert kind_of(ConnectionResetError()) == "connection reset"


def test_figures_are_words():
    counts = {"stashdb": {"single_face": 12, "no_face": 3}, "new_ids": 0, "note": None}
    assert in_words(counts) == "stashdb (single face 12, no face 3), new ids 0, note none"
    assert in_words({}) == "nothing"


def test_bad_parameters_read_as_a_sentence(tmp_path: Path):
    with pytest.raises(ConfigError) as refused:
        BuildParams.parse({"min_faces": {"a": 1}, "publish": 3}, [])
    assert plain(str(refused.value)) and SUGGESTION.search(str(refused.value))

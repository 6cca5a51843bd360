"""Finds every message that an exception of ours can carry, out of the code itself.

A message is rendered as far as it can be: f-strings, constants, conditions, and what functions of
ours return; the rest, a path or a number, becomes a sign. So a new message is found without being
listed anywhere.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TypeGuard

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("trainer", "plugins", "scrapy_project", "embedder", "reports", "demo")
VALUE = "\u25aa"  # stands for what is only known when the message is made
MOST = 64  # renderings of one message
# Errors of one page, record or picture: kind and text go into the run's record, which adds what to
# do by kind (trainer/staging/error_advice.py).
OF_A_PAGE = {"PageError", "AnswerError", "AddressRefused", "LedElsewhere", "FetcherError"}
ROOTS = {"TrainerError", "CrawlStopped", "HostHeld", "CannotMake", "UsageError"}
# Where else people are told something: how a crawl ended, what the trigger refuses.
TOLD = {"_end": 1, "_refuse": 2}
TEXT_AT = {"CrawlStopped": 1, "PageError": 1, "AnswerError": 1} | TOLD
PASSED_ON = ("str", "reason", "plain_line", "failure")


@dataclass(frozen=True)
class Message:
    """One way in which a message can read, and where it is made."""

    error: str
    text: str
    where: str
    raw_errors: tuple[str, ...] = ()  # put in as they are, class names, braces, line ends and all

    @property
    def of_a_page(self) -> bool:
        return self.error in descendants(frozenset(OF_A_PAGE))


@dataclass
class Module:
    path: Path
    tree: ast.Module
    constants: dict[str, ast.expr] = field(default_factory=dict)
    functions: dict[str, ast.FunctionDef] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> Module:
        found = cls(path, ast.parse(path.read_text(encoding="utf-8")))
        for node in found.tree.body:
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                found.constants[node.targets[0].id] = node.value
        for inner in ast.walk(found.tree):
            if isinstance(inner, ast.FunctionDef):
                found.functions[inner.name] = inner
        return found


@cache
def modules() -> tuple[Module, ...]:
    paths = (path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py")))
    return tuple(Module.read(path) for path in paths)


@cache
def descendants(roots: frozenset[str]) -> frozenset[str]:
    """Names of `roots` and of their subclasses, as deep as they go."""
    bases = {
        node.name: {ast.unparse(base).split(".")[-1] for base in node.bases}
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ClassDef)
    }
    found = set(roots)
    while new := {name for name, own in bases.items() if own & found} - found:
        found |= new
    return frozenset(found)


@cache
def error_classes() -> frozenset[str]:
    """Our exceptions that carry a message for people."""
    return descendants(frozenset(ROOTS | OF_A_PAGE))


@cache
def composed() -> frozenset[str]:
    """Those that make their message themselves, out of what they are given."""
    return frozenset(
        node.name
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ClassDef) and node.name in error_classes()
        for call in ast.walk(node)
        if _is_super_init(call) and isinstance(call.args[0], ast.JoinedStr)
    )


def _is_super_init(node: ast.AST) -> TypeGuard[ast.Call]:
    return (
        isinstance(node, ast.Call)
        and ast.unparse(node.func) == "super().__init__"
        and bool(node.args)
    )


def messages() -> Iterator[Message]:
    """Every message of every error, in every way in which it can be rendered."""
    for module in modules():
        yield from _Finder(module).messages()


class _Finder(ast.NodeVisitor):
    def __init__(self, module: Module) -> None:
        self._module = module
        self._found: list[Message] = []
        self._scopes: list[ast.FunctionDef] = []
        self._class = ""
        self._caught: list[tuple[str, bool]] = []  # name of a caught exception; is it one of ours

    def messages(self) -> list[Message]:
        self.visit(self._module.tree)
        return self._found

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._scopes.append(node)
        self.generic_visit(node)
        self._scopes.pop()

    visit_AsyncFunctionDef = visit_FunctionDef  # type: ignore[assignment]

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        types = {ast.unparse(t).split(".")[-1] for t in _types(node.type)}
        self._caught.append((node.name or "", types <= error_classes() and bool(types)))
        self.generic_visit(node)
        self._caught.pop()

    def visit_Call(self, node: ast.Call) -> None:
        name = ast.unparse(node.func).split(".")[-1]
        if _is_super_init(node) and self._class in composed():
            self._add(self._class, node, node.args[0])
        elif name in (error_classes() | TOLD.keys()) - composed():
            place = TEXT_AT.get(name, 0)
            if len(node.args) > place and not _is_passed_on(node.args[place]):
                self._add(name, node, node.args[place])
        self.generic_visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        outer, self._class = self._class, node.name
        self.generic_visit(node)
        self._class = outer

    def _add(self, error: str, node: ast.Call, text: ast.expr) -> None:
        where = f"{self._module.path.relative_to(ROOT)}:{node.lineno}"
        raw = tuple(self._raw_errors(text))
        ways = dict.fromkeys(self._render(text, 0))
        self._found += [Message(error, way, where, raw) for way in ways if way != "None"]

    def _raw_errors(self, node: ast.expr) -> Iterator[str]:
        """Exceptions of others in the text, without `reason`; and names of classes."""
        foreign = {name for name, ours in self._caught if name and not ours}
        for part in ast.walk(node):
            if isinstance(part, ast.FormattedValue):
                value = part.value
                if isinstance(value, ast.Name) and value.id in foreign:
                    yield value.id
                if ast.unparse(value).endswith("__name__"):
                    yield ast.unparse(value)

    # Rendering

    def _render(self, node: ast.expr, depth: int) -> list[str]:  # noqa: PLR0911 - one per kind of node
        if isinstance(node, ast.Constant):
            return [str(node.value)]
        if isinstance(node, ast.JoinedStr):
            parts = [self._piece(piece, depth) for piece in node.values]
            return ["".join(way) for way in itertools.islice(itertools.product(*parts), MOST)]
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            both = itertools.product(
                self._render(node.left, depth), self._render(node.right, depth)
            )
            return ["".join(way) for way in itertools.islice(both, MOST)]
        if isinstance(node, ast.IfExp):
            return self._render(node.body, depth) + self._render(node.orelse, depth)
        if isinstance(node, ast.BoolOp):
            return [text for value in node.values for text in self._render(value, depth)]
        if isinstance(node, ast.Name) and depth < 4:
            return self._name(node.id, depth)
        if isinstance(node, ast.Call) and depth < 4:
            return self._called(node, depth)
        return [VALUE]

    def _piece(self, node: ast.expr, depth: int) -> list[str]:
        if isinstance(node, ast.FormattedValue):
            return self._render(node.value, depth + 1)
        return self._render(node, depth)

    def _name(self, name: str, depth: int) -> list[str]:
        for scope in reversed(self._scopes):
            values = [
                node.value
                for node in ast.walk(scope)
                if isinstance(node, ast.Assign)
                and any(isinstance(t, ast.Name) and t.id == name for t in node.targets)
            ]
            if values:
                return [text for value in values for text in self._render(value, depth + 1)][:MOST]
            if name in {argument.arg for argument in scope.args.args}:
                return [VALUE]
        value = self._module.constants.get(name)
        if value is None:
            defined = [
                m.constants[name] for m in modules() if name in m.constants and name.isupper()
            ]
            value = defined[0] if defined else None
        return [VALUE] if value is None else self._render(value, depth + 1)

    def _called(self, node: ast.Call, depth: int) -> list[str]:
        """What a function of ours returns."""
        name = ast.unparse(node.func).split(".")[-1]
        if name == "join" and len(node.args) == 1:
            return self._elements(node.args[0], depth)
        if name in PASSED_ON or not name.isidentifier():
            return [VALUE]
        homes = [self._module, *modules()]
        home = next((m for m in homes if name in m.functions), None)
        if home is None:
            return [VALUE]
        inner, returned = _Finder(home), _returned(home.functions[name])
        inner._scopes = [home.functions[name]]
        return [text for value in returned for text in inner._render(value, depth + 1)] or [VALUE]

    def _elements(self, node: ast.expr, depth: int) -> list[str]:
        """What is joined, one at a time: each has to be a good end of the message."""
        if isinstance(node, ast.List | ast.Tuple):
            kept = [item for item in node.elts if not isinstance(item, ast.Starred)]
            return [text for item in kept for text in self._render(item, depth + 1)] or [VALUE]
        name = ast.unparse(node.func).split(".")[-1] if isinstance(node, ast.Call) else ""
        function = self._module.functions.get(name)
        if function is None or depth > 4:
            return [VALUE]
        inner = _Finder(self._module)
        inner._scopes = [function]
        return [
            text for value in _returned(function) for text in inner._elements(value, depth + 1)
        ] or [VALUE]


def _returned(function: ast.FunctionDef) -> list[ast.expr]:
    return [
        node.value
        for node in ast.walk(function)
        if isinstance(node, ast.Return) and node.value is not None
    ]


def _is_passed_on(node: ast.expr) -> bool:
    """The text of another error, which is looked at where it is made."""
    return isinstance(node, ast.Call) and ast.unparse(node.func) in PASSED_ON


def _types(node: ast.expr | None) -> list[ast.expr]:
    if node is None:
        return []
    return node.elts if isinstance(node, ast.Tuple) else [node]

"""Which keys our agents write into facts and events, read from their source: words must exist before one is sent."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TypeGuard

_KEY = re.compile(r"[a-z][a-z0-9_]*")
AGENT = Path(__file__).parents[3] / "agent"


def fact_keys() -> set[str]:
    """Keys of every dict that becomes `facts`: assigned, passed, or made in a function so named."""
    return {key for path in AGENT.rglob("*.py") for key in _keys(_tree(path), "facts")}


def event_keys() -> set[str]:
    """Keys of every dict that becomes an event's `data`, in the modules that make events."""
    found: set[str] = set()
    for path in AGENT.rglob("*.py"):
        tree = _tree(path)
        names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        if "Happening" in names or path.parts[-2:] == ("onvif", "doors.py"):
            found |= set(_keys(tree, "data"))
            found |= {key for call in _calls(tree, "Happening") for part in call.args[2:] for key in _of_dicts(part)}
    return found


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _keys(tree: ast.AST, word: str) -> Iterator[str]:
    scopes = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    for scope in [*scopes, tree]:
        if isinstance(scope, ast.FunctionDef) and word in scope.name:
            for statement in scope.body:
                yield from _of_dicts(statement)
        for node in ast.walk(scope):
            if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
                yield from _assigned(node, scope, word)
            elif isinstance(node, ast.keyword) and node.arg == word:
                yield from _told(node.value, scope)


def _assigned(node: ast.Assign | ast.AugAssign | ast.AnnAssign, scope: ast.AST, word: str) -> Iterator[str]:
    """Keys that one assignment brings into a variable named `word`."""
    for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
        if isinstance(target, ast.Subscript) and _named(target.value, word):
            yield from _constants([target.slice])
        elif _named(target, word) and node.value is not None:
            yield from _told(node.value, scope)
        elif _named(target, f"_{word.upper()}") and isinstance(node.value, ast.Tuple):  # ((key, where to find it), …)
            yield from _constants([pair.elts[0] for pair in node.value.elts if isinstance(pair, ast.Tuple)])


def _told(value: ast.expr, scope: ast.AST) -> Iterator[str]:
    """Keys of the dicts in an expression, and of those that the same function has put into a variable named in it."""
    yield from _of_dicts(value)
    if not isinstance(scope, ast.FunctionDef):
        return  # elsewhere a variable of that name is another
    copied = set(_copied(value))
    for other in ast.walk(scope):
        if isinstance(other, ast.Assign):
            for target in other.targets:
                if isinstance(target, ast.Name) and target.id in copied:
                    yield from _of_dicts(other.value)
                elif isinstance(target, ast.Subscript) and getattr(target.value, "id", "") in copied:
                    yield from _constants([target.slice])


def _copied(node: ast.expr) -> Iterator[str]:
    """Names of dicts that are copied, as a whole or item by item."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Dict):
            yield from (one.id for key, one in zip(inner.keys, inner.values, strict=True) if not key and _plain(one))
        call = inner.generators[0].iter if isinstance(inner, ast.DictComp) else None
        method = call.func if isinstance(call, ast.Call) else None
        if isinstance(method, ast.Attribute) and isinstance(method.value, ast.Name):
            yield method.value.id


def _plain(node: ast.expr) -> TypeGuard[ast.Name]:
    return isinstance(node, ast.Name)


def _named(node: ast.expr, word: str) -> bool:
    return isinstance(node, ast.Name) and node.id.endswith(word)


def _of_dicts(node: ast.AST) -> Iterator[str]:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Dict):
            yield from _constants([key for key in inner.keys if key is not None])


def _constants(nodes: list[ast.expr]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _KEY.fullmatch(node.value):
            yield node.value


def _calls(tree: ast.AST, name: str) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
            yield node

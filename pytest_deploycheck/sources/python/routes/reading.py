"""What the readers of all frameworks' routes share."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any, TypeAlias

from pytest_deploycheck.location import Location
from pytest_deploycheck.sources.python.calls import argument
from pytest_deploycheck.sources.python.evaluation import Evaluator
from pytest_deploycheck.sources.python.routes.table import Opening, Prefix, Route
from pytest_deploycheck.sources.python.scopes import Code, Scope
from pytest_deploycheck.sources.python.values import Constant, Instance, Items, Local, Value, Variable

Rows: TypeAlias = "Iterator[Route | Opening]"
GET = frozenset({"GET"})
# Routers in routers; deeper they only go in a circle.
MOST_DEPTH = 12


@lru_cache(maxsize=1)
def facts() -> Mapping[str, Any]:
    """The table of what may answer requests, and of what does not."""
    table = files("pytest_deploycheck.sources.python.routes").joinpath("facts.json").read_text(encoding="utf-8")
    read: Mapping[str, Any] = json.loads(table)
    return read


def text_of(value: Value) -> tuple[str, bool] | None:
    """A text, and whether it is certain; None where it is not known.

    A variable may have any value, and most often has its default.
    """
    if isinstance(value, Constant) and isinstance(value.value, str):
        return value.value, True
    if isinstance(value, Variable) and isinstance(value.default, Constant) and isinstance(value.default.value, str):
        return f"{value.before}{value.default.value}{value.after}", False
    return None


def methods_of(
    evaluator: Evaluator, call: ast.Call, scope: Scope, default: frozenset[str] | None
) -> frozenset[str] | None:
    """What ``methods=[...]`` says; None where that is not known."""
    given = argument(call, None, "methods")
    if given is None:
        return default
    listed = evaluator.only(given, scope)
    if listed == Constant(None):
        return default
    if not isinstance(listed, Items):
        return None
    names = [evaluator.only(each, listed.scope) for each in listed.node.elts]
    texts = [each.value for each in names if isinstance(each, Constant) and isinstance(each.value, str)]
    return frozenset(each.upper() for each in texts) if len(texts) == len(names) else None


def is_conditional(code: Code, node: ast.AST) -> bool:
    """Whether it may also not happen: in an ``if``, behind an exception."""
    return any(isinstance(each, (ast.If, ast.IfExp, ast.ExceptHandler, ast.While)) for each in code.ancestors(node))


def unknown_prefix(location: Location, of: str) -> Opening:
    """Where routes are below a prefix that is not known, they may be anywhere."""
    return Opening("", f"where {of} are is not known", location)


def prefix_of(text: tuple[str, bool], pattern: str) -> Prefix:
    """What :func:`text_of` gave, as a prefix."""
    return Prefix(text[0], pattern, text[1])


def is_local_function(value: Value) -> bool:
    """Whether it is a function of the repository."""
    return isinstance(value, Local) and isinstance(value.node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))


def instances(values: tuple[Value, ...], classes: list[str]) -> list[Instance] | None:
    """The objects of some classes, None where a value is something else."""
    found = [each for each in values if isinstance(each, Instance) and each.class_name in classes]
    return found if found and len(found) == len(values) else None

"""Texts and paths, put together as far as their parts are known."""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from pytest_deploycheck.sources.python.values import UNKNOWN, Constant, External, Items, Mapping, Value, Variable

if TYPE_CHECKING:
    from pytest_deploycheck.sources.python.evaluation import Evaluator
    from pytest_deploycheck.sources.python.scopes import Scope


def concatenated(parts: Sequence[Value]) -> Value:
    """Texts one behind the other; at most one of them may be a variable's."""
    before, variable = "", None
    for part in parts:
        if isinstance(part, Constant) and isinstance(part.value, (str, int, float)):
            before += str(part.value)
        elif isinstance(part, Variable) and variable is None:
            variable, before = (part, before), ""
        else:
            return UNKNOWN
    if variable is None:
        return Constant(before)
    of, first = variable
    return Variable(of.name, of.default, first + of.before, of.after + before)


def joined_path(parts: Sequence[Value]) -> Value:
    """Parts of a path behind each other."""
    texts = [each.value for each in parts if isinstance(each, Constant) and isinstance(each.value, str)]
    return Constant(posixpath.normpath(posixpath.join(*texts))) if texts and len(texts) == len(parts) else UNKNOWN


def parent_of(path: Value) -> Value:
    """The folder that a path is in."""
    if isinstance(path, Constant) and isinstance(path.value, str):
        return Constant(posixpath.dirname(path.value) or ".")
    return UNKNOWN


def subscript(evaluator: Evaluator, base: Value, node: ast.Subscript, scope: Scope) -> Iterable[Value]:
    """What stands at a place of a list or of a dictionary, or in the environment."""
    key = evaluator.only(node.slice, scope)
    if not isinstance(key, Constant):
        return (UNKNOWN,)
    if isinstance(base, External) and base.name == "os.environ" and isinstance(key.value, str):
        return (Variable(key.value),)
    if isinstance(base, Items) and isinstance(key.value, int):
        elements = base.node.elts
        if -len(elements) <= key.value < len(elements) and not any(isinstance(each, ast.Starred) for each in elements):
            return evaluator.values(elements[key.value], base.scope)
    if isinstance(base, Mapping):
        for name, value in zip(base.node.keys, base.node.values, strict=True):
            if name is not None and evaluator.only(name, base.scope) == key:
                return evaluator.values(value, base.scope)
    return (UNKNOWN,)

"""Lists that are put together in several steps: ``urlpatterns = [...]``, ``urlpatterns += [...]``, ``.append(...)``."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pytest_deploycheck.location import Location
from pytest_deploycheck.sources.python.evaluation import Evaluator
from pytest_deploycheck.sources.python.module import Module
from pytest_deploycheck.sources.python.scopes import Binding, Code, Scope
from pytest_deploycheck.sources.python.values import Items, Local

_ADDING = frozenset({"append", "extend", "insert"})
_MOST_DEPTH = 12


@dataclass(frozen=True)
class Element:
    """One element, or several that are not known.

    :param node: an expression
    :param is_whole: whether it is one element: else it is a list whose elements are not known
    """

    node: ast.expr
    scope: Scope
    is_whole: bool = True

    @property
    def location(self) -> Location:
        """Where it stands."""
        return self.scope.module.source.at(self.node)


Expansion = Callable[[ast.Call, Scope], "Iterator[Element] | None"]


class Lists:
    """Reads them.

    :param of_call: the elements of a list that a call gives; None where they are not known
    """

    def __init__(self, evaluator: Evaluator, of_call: Expansion = lambda call, scope: None) -> None:
        self._evaluator = evaluator
        self._of_call = of_call

    def of_name(self, module: Module, name: str, depth: int = 0) -> Iterator[Element] | None:
        """The elements of a list that a module has under a name; None where there is no such name."""
        code = self._evaluator.codebase.code(module)
        bindings = code.top.bindings.get(name, ())
        if bindings:
            return self._of_bindings(code, name, list(bindings), depth)
        for star in code.top.stars:
            origin = self._evaluator.codebase.module(star.imported or "")
            found = self.of_name(origin, name, depth + 1) if origin and depth < _MOST_DEPTH else None
            if found is not None:
                return found
        return None

    def _of_bindings(self, code: Code, name: str, bindings: list[Binding], depth: int) -> Iterator[Element]:
        for each in bindings:
            value = each.value if each.value is not None else getattr(each.node, "value", None)
            if each.imported is not None:
                origin = self._evaluator.codebase.module(each.imported)
                yield from (self.of_name(origin, each.attribute or "", depth + 1) if origin else None) or ()
            elif isinstance(value, ast.expr):
                yield from self.of_expression(value, code.top, depth + 1)
        for node in code.parents:
            if isinstance(node, ast.Call) and _adds_to(node, name):
                scope, given = code.scope_of(node), node.args[-1]
                is_one = isinstance(node.func, ast.Attribute) and node.func.attr != "extend"
                yield from [Element(given, scope)] if is_one else self.of_expression(given, scope, depth + 1)

    def of_expression(self, node: ast.expr, scope: Scope, depth: int = 0) -> Iterator[Element]:
        """The elements of a list that an expression is."""
        if depth > _MOST_DEPTH:
            yield Element(node, scope, is_whole=False)
        elif isinstance(node, (ast.List, ast.Tuple)):
            for each in node.elts:
                if isinstance(each, ast.Starred):
                    yield from self.of_expression(each.value, scope, depth + 1)
                else:
                    yield Element(each, scope)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            yield from self.of_expression(node.left, scope, depth + 1)
            yield from self.of_expression(node.right, scope, depth + 1)
        elif isinstance(node, ast.IfExp):
            yield from self.of_expression(node.body, scope, depth + 1)
            yield from self.of_expression(node.orelse, scope, depth + 1)
        else:
            yield from self._of_other(node, scope, depth)

    def _of_other(self, node: ast.expr, scope: Scope, depth: int) -> Iterator[Element]:
        if isinstance(node, ast.Call):
            found = self._of_call(node, scope)
            yield from [Element(node, scope, is_whole=False)] if found is None else found
            return
        if isinstance(node, ast.Name) and scope.top is scope:
            named = self.of_name(scope.module, node.id, depth + 1)
            yield from [Element(node, scope, is_whole=False)] if named is None else named
            return
        if isinstance(node, ast.Attribute):
            base = self._evaluator.only(node.value, scope)
            if isinstance(base, Local) and isinstance(base.node, ast.Module):
                named = self.of_name(base.scope.module, node.attr, depth + 1)
                yield from [Element(node, scope, is_whole=False)] if named is None else named
                return
        value = self._evaluator.only(node, scope)
        if isinstance(value, Items):
            yield from self.of_expression(value.node, value.scope, depth + 1)
        else:
            yield Element(node, scope, is_whole=False)


def _adds_to(call: ast.Call, name: str) -> bool:
    of = call.func
    is_adding = isinstance(of, ast.Attribute) and of.attr in _ADDING and bool(call.args)
    return is_adding and isinstance(of, ast.Attribute) and isinstance(of.value, ast.Name) and of.value.id == name

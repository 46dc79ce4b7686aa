"""Which functions a program certainly comes by when it is started."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from pytest_deploycheck.sources.python.evaluation import Evaluator
from pytest_deploycheck.sources.python.module import Module
from pytest_deploycheck.sources.python.scopes import Code, Scope
from pytest_deploycheck.sources.python.values import Local


class Running:
    """What runs when a module is run as a script.

    :param script: the module that is ``__main__``; None where a server imports all of them
    """

    def __init__(self, evaluator: Evaluator, script: Module | None) -> None:
        self._evaluator = evaluator
        self._script = script
        self._uses: dict[ast.AST, list[tuple[Code, ast.AST]]] | None = None

    def is_run(self, code: Code, node: ast.AST, seen: frozenset[ast.AST] = frozenset()) -> bool:
        """Whether a statement is one that the program may come by: no function that nobody calls, no other script."""
        if code.module is not self._script and _is_below_main(code, node):
            return False
        scope = code.scope_of(node)
        while isinstance(scope.node, ast.ClassDef):
            scope = scope.parent or scope.top
        if not scope.is_function:
            return True
        if scope.node in seen:
            return False
        return any(self.is_run(place, use, seen | {scope.node}) for place, use in self._uses_of(scope))

    def _uses_of(self, function: Scope) -> list[tuple[Code, ast.AST]]:
        """Where a function is called, or handed to something that may call it."""
        if self._uses is None:
            self._uses = {}
            for code in self._evaluator.modules:
                for node, expression in _called_or_handed(code):
                    for value in self._evaluator.values(expression, code.scope_of(node)):
                        if isinstance(value, Local):
                            self._uses.setdefault(value.node, []).append((code, node))
        return self._uses.get(function.node, [])


def _called_or_handed(code: Code) -> Iterator[tuple[ast.AST, ast.expr]]:
    for node in code.parents:
        if isinstance(node, ast.Call):
            yield node, node.func
            for given in (*node.args, *(each.value for each in node.keywords)):
                if isinstance(given, (ast.Name, ast.Attribute)):
                    yield node, given


def _is_below_main(code: Code, node: ast.AST) -> bool:
    child = node
    for parent in code.ancestors(node):
        if isinstance(parent, ast.If) and any(each is child for each in parent.body):
            test = parent.test
            if isinstance(test, ast.Compare) and getattr(test.left, "id", "") == "__name__":
                return True
        child = parent
    return False

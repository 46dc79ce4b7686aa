"""Which methods a view of Django answers."""

from __future__ import annotations

import ast

from pytest_deploycheck.sources.python.evaluation import Evaluator
from pytest_deploycheck.sources.python.routes.reading import GET
from pytest_deploycheck.sources.python.scopes import Scope
from pytest_deploycheck.sources.python.values import Constant, External, Instance, Items, Local, Value

_POST = frozenset({"POST"})
_OF_DECORATOR = {"require_POST": _POST, "require_GET": GET, "require_safe": GET}
_LISTING = frozenset({"require_http_methods", "api_view"})
# Classes that answer by the methods that are defined in them, and by no other.
_BY_METHOD = frozenset({"django.views.View", "django.views.generic.base.View", "rest_framework.views.APIView"})
_VERBS = frozenset({"get", "post", "put", "patch", "delete"})


def methods_of_view(evaluator: Evaluator, view: ast.expr, scope: Scope) -> frozenset[str] | None:
    """What a view answers; None where that is not known. One without any mark answers all, GET among them."""
    if isinstance(view, ast.Call) and isinstance(view.func, ast.Attribute) and view.func.attr == "as_view":
        return _of_class(evaluator.only(view.func.value, scope), evaluator)
    value = evaluator.only(view, scope)
    if isinstance(value, Local) and isinstance(value.node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return _of_function(evaluator, value.node, value.scope.parent or value.scope)
    if isinstance(value, Local) and isinstance(value.node, ast.Lambda):
        return GET
    return GET if isinstance(value, External) else None


def _of_class(value: Value, evaluator: Evaluator) -> frozenset[str] | None:
    if isinstance(value, External):
        return GET if value.name.startswith("django.views.generic.") else None
    if not isinstance(value, Local) or not isinstance(value.node, ast.ClassDef):
        return None
    defined = frozenset(name.upper() for name in value.scope.bindings if name in _VERBS)
    if "GET" in defined:
        return defined
    bases = [evaluator.only(each, value.scope.parent or value.scope) for each in value.node.bases]
    if any(isinstance(each, External) and _is_generic(each.name) for each in bases):
        return defined | GET
    is_plain = all(isinstance(each, External) and each.name in _BY_METHOD for each in bases)
    return defined if is_plain and defined else None


def _is_generic(name: str) -> bool:
    return name.startswith("django.views.generic.") and not name.endswith(".View")


def _of_function(
    evaluator: Evaluator, function: ast.FunctionDef | ast.AsyncFunctionDef, scope: Scope
) -> frozenset[str] | None:
    for decorator in function.decorator_list:
        value = evaluator.only(decorator, scope)
        name = (value.name if isinstance(value, External) else getattr(value, "class_name", "")).rpartition(".")[2]
        if name in _OF_DECORATOR:
            return _OF_DECORATOR[name]
        if name in _LISTING and isinstance(value, Instance):
            return _listed(evaluator, value)
    return GET


def _listed(evaluator: Evaluator, decorator: Instance) -> frozenset[str] | None:
    given = [*decorator.call.args, *(each.value for each in decorator.call.keywords)]
    listed = evaluator.only(given[0], decorator.scope) if given else None
    if not isinstance(listed, Items):
        return GET if listed is None else None
    names = [evaluator.only(each, listed.scope) for each in listed.node.elts]
    texts = [each.value for each in names if isinstance(each, Constant) and isinstance(each.value, str)]
    return frozenset(each.upper() for each in texts) if len(texts) == len(names) else None

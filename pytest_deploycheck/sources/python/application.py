"""The application that a server is told to serve, ``module:attribute``, and its table of routes."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from pytest_deploycheck.sources.python.codebase import Codebase
from pytest_deploycheck.sources.python.django import Project, modules_of, settings_name
from pytest_deploycheck.sources.python.evaluation import Evaluator, Values
from pytest_deploycheck.sources.python.module import Module
from pytest_deploycheck.sources.python.routes.django import django_table
from pytest_deploycheck.sources.python.routes.flask import flask_table, is_flask
from pytest_deploycheck.sources.python.routes.starlette import is_starlette, starlette_table
from pytest_deploycheck.sources.python.routes.table import Opening, RouteTable
from pytest_deploycheck.sources.python.values import External, Instance, Local, Value

_OF_DJANGO = frozenset({"django.core.wsgi.get_wsgi_application", "django.core.asgi.get_asgi_application"})
# What imports modules whose names are not written down.
_IMPORTING = frozenset(
    {"importlib.import_module", "builtins.__import__", "pkgutil.iter_modules", "pkgutil.walk_packages", "builtins.exec"}
)


def route_table(evaluator: Evaluator, served: Values, environment: Mapping[str, str | None]) -> RouteTable | None:
    """The routes of what is served; None where it is no application that is known here.

    :param served: what the attribute may be
    :param environment: the variables that are set
    """
    applications = [each for value in served for each in _called_if_function(evaluator, value)]
    if len(applications) != 1 or not isinstance(applications[0], Instance):
        return None
    application = applications[0]
    if application.class_name in _OF_DJANGO:
        return _of_django(evaluator.codebase, application.module, environment)
    if is_flask(application):
        return _with_imports(evaluator, flask_table(evaluator, application))
    return _with_imports(evaluator, starlette_table(evaluator, application)) if is_starlette(application) else None


def is_application(value: Value) -> bool:
    """Whether it is what a server can serve."""
    return is_flask(value) or is_starlette(value) or (isinstance(value, Instance) and value.class_name in _OF_DJANGO)


def applications_in(evaluator: Evaluator, module: Module) -> Iterator[str]:
    """The names of a module that hold an application, and of its functions, with parentheses, that return one."""
    for name, bindings in evaluator.codebase.code(module).top.bindings.items():
        if all(each.only_as_script for each in bindings):
            continue
        for value in evaluator.name(module, name):
            if is_application(value):
                yield name
            elif any(map(is_application, _called_if_function(evaluator, value))):
                yield f"{name}()"


def _called_if_function(evaluator: Evaluator, value: Value) -> Values:
    """Servers call a factory themselves."""
    if isinstance(value, Local) and isinstance(value.node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return tuple(dict.fromkeys(evaluator.returned(value.scope)))
    return (value,)


def django_project(
    codebase: Codebase, start: Module, environment: Mapping[str, str | None], checkout: str = ""
) -> Project | None:
    """The project that a ``manage.py``, ``wsgi.py`` or ``asgi.py`` starts; None where its settings are not known."""
    name = settings_name(codebase, start, environment)
    settings = codebase.module(name) if name else None
    if settings is None:
        return None
    return Project(Evaluator(codebase, modules_of(codebase, start, settings), checkout), settings)


def _of_django(codebase: Codebase, start: Module, environment: Mapping[str, str | None]) -> RouteTable | None:
    project = django_project(codebase, start, environment)
    return django_table(project) if project is not None else None


def _with_imports(evaluator: Evaluator, table: RouteTable) -> RouteTable:
    """With the routes that modules may bring in which are imported by names that are not written down."""
    found = [
        Opening("", f"which modules {called.name} imports is not known", scope.module.source.at(call))
        for call, scope in evaluator.all_calls()
        for called in evaluator.values(call.func, scope)
        if isinstance(called, External) and called.name in _IMPORTING
    ]
    return RouteTable(table.framework, table.routes, (*table.openings, *found), table.ignores_slash, table.adds_slash)

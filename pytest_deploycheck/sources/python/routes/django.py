"""The routes of Django: https://docs.djangoproject.com/en/stable/topics/http/urls/."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from pytest_deploycheck.location import Location
from pytest_deploycheck.sources.python.calls import argument
from pytest_deploycheck.sources.python.django import Project
from pytest_deploycheck.sources.python.evaluation import Evaluator
from pytest_deploycheck.sources.python.listed import Element, Lists
from pytest_deploycheck.sources.python.routes.patterns import of_django, of_django_regex
from pytest_deploycheck.sources.python.routes.reading import MOST_DEPTH, Rows, facts, is_conditional, text_of
from pytest_deploycheck.sources.python.routes.table import Opening, Prefix, Route, RouteTable, merged
from pytest_deploycheck.sources.python.routes.views import methods_of_view
from pytest_deploycheck.sources.python.scopes import Scope
from pytest_deploycheck.sources.python.values import Constant, External, Instance, Local, Value

_ROOT = Prefix("/", "/")
_PATHS = frozenset({"path", "re_path", "url"})
_NAMES = ("handler404", "handler400", "handler403")


def django_table(project: Project) -> RouteTable | None:
    """The routes of a project; None where its ROOT_URLCONF is not known."""
    root = project.setting("ROOT_URLCONF")
    if not isinstance(root, Constant) or not isinstance(root.value, str):
        return None
    module = project.evaluator.codebase.module(root.value)
    if module is None:
        return None
    reader = _Reader(project.evaluator)
    top = Location(module.path)
    rows = [*merged(reader.module(root.value, top), _ROOT), *_before_urls(project, module.name)]
    return RouteTable(
        "Django",
        tuple(each for each in rows if isinstance(each, Route)),
        tuple(each for each in rows if isinstance(each, Opening)),
        # https://docs.djangoproject.com/en/stable/ref/settings/#append-slash
        adds_slash=project.setting("APPEND_SLASH") in (None, Constant(True)),
    )


def _before_urls(project: Project, root: str) -> Iterator[Opening]:
    """What may answer before or after the table is looked at."""
    place = Location(project.settings.path)
    middleware = project.texts("MIDDLEWARE")
    known = facts()["django"]["middleware"]
    if middleware is None:
        yield Opening("", "which middleware there is is not known", place)
    for each in middleware or ():
        if not each.startswith("django.") and each not in known:
            yield Opening("", f"the middleware {each} may answer", place)
    for name in ("SECURE_SSL_REDIRECT", "FORCE_SCRIPT_NAME", "WHITENOISE_ROOT"):
        if project.setting(name) not in (None, Constant(False), Constant(None)):
            yield Opening("", f"{name} may answer", place)
    module = project.evaluator.codebase.module(root)
    bindings = project.evaluator.codebase.code(module).top.bindings if module is not None else {}
    if not set(_NAMES).isdisjoint(bindings):
        yield Opening(
            "", "what is answered where there is no route is not known", Location(module.path if module else "")
        )


class _Reader:
    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self._lists = Lists(evaluator, self._of_call)
        self._facts = facts()["django"]
        self._open: list[str] = []

    def module(self, name: str, location: Location) -> Rows:
        """The ``urlpatterns`` of a module."""
        module = self._evaluator.codebase.module(name)
        if module is None or name in self._open or len(self._open) > MOST_DEPTH:
            yield Opening("", f"which routes {name} has is not known", location)
            return
        self._open.append(name)
        elements = self._lists.of_name(module, "urlpatterns")
        if elements is None:
            yield Opening("", f"{name} has no urlpatterns that are known", Location(module.path))
        yield from self._elements(elements or iter(()))
        self._open.pop()

    def _elements(self, elements: Iterator[Element]) -> Rows:
        for each in elements:
            if each.is_whole:
                yield from self._element(each)
            else:
                yield Opening("", "which patterns there are is not known", each.location)

    def _of_call(self, call: ast.Call, scope: Scope) -> Iterator[Element] | None:
        """The patterns that a function gives, where that is known."""
        called = self._evaluator.only(call.func, scope)
        name = called.name if isinstance(called, External) else ""
        if name in self._facts["no_patterns"]:
            return iter(())  # What they serve is for development.
        if name.endswith(".format_suffix_patterns") and call.args:
            return self._lists.of_expression(call.args[0], scope)
        return None

    def _element(self, element: Element) -> Rows:
        made = self._evaluator.only(element.node, element.scope)
        kind = made.class_name.rpartition(".")[2] if isinstance(made, Instance) else ""
        if not isinstance(made, Instance) or kind not in _PATHS:
            yield Opening("", "which pattern that is is not known", element.location)
            return
        text = text_of(self._evaluator.only(argument(made.call, 0, "route"), made.scope))
        if text is None:
            yield Opening("", "where that pattern is is not known", made.location)
            return
        view = argument(made.call, 1, "view")
        target = self._evaluator.only(view, made.scope)
        included = isinstance(target, Instance) and target.class_name in (
            "django.urls.include",
            "django.conf.urls.include",
        )
        is_prefix = included or (isinstance(target, Instance) is False and _is_of_admin(target))
        pattern = of_django(text[0]) if kind == "path" else of_django_regex(text[0], is_prefix=is_prefix)
        if pattern is None:
            yield Opening("", "that regular expression is not known here", made.location)
            return
        code = self._evaluator.codebase.code(made.module)
        certain = text[1] and not is_conditional(code, made.call)
        place = Prefix(text[0].strip("^$"), pattern, certain)
        if included and isinstance(target, Instance):
            yield from merged(self._included(target, made.location), place)
        elif is_prefix:
            yield Opening(pattern, "what is answered there is not known", made.location)
        else:
            methods = methods_of_view(self._evaluator, view, made.scope) if view is not None else None
            yield Route(place.path, pattern, methods, made.location, certain)

    def _included(self, include: Instance, location: Location) -> Rows:
        given = argument(include.call, 0, "arg")
        target = self._evaluator.only(given, include.scope)
        if isinstance(target, Constant) and isinstance(target.value, str):
            yield from self.module(target.value, location)
        elif isinstance(target, Local) and isinstance(target.node, ast.Module):
            yield from self.module(target.scope.module.name, location)
        elif isinstance(given, ast.Tuple) and given.elts:
            # (patterns, app_name), or (module, app_name)
            inner = self._evaluator.only(given.elts[0], include.scope)
            if isinstance(inner, Constant) and isinstance(inner.value, str):
                yield from self.module(inner.value, location)
            else:
                yield from self._elements(self._lists.of_expression(given.elts[0], include.scope))
        elif given is not None and (router := self._router(given, include.scope)) is not None:
            yield from self._registered(router, location)
        elif given is not None:
            yield from self._elements(self._lists.of_expression(given, include.scope))

    def _router(self, node: ast.expr, scope: Scope) -> Instance | None:
        """``router.urls`` of Django REST framework."""
        if not (isinstance(node, ast.Attribute) and node.attr == "urls"):
            return None
        value = self._evaluator.only(node.value, scope)
        return value if isinstance(value, Instance) and value.class_name in self._facts["routers"] else None

    def _registered(self, router: Instance, location: Location) -> Rows:
        """Anything below the prefixes that are registered, and the list of them itself."""
        yield Opening("$", "a router may answer", location)
        for call, scope in self._evaluator.all_calls():
            function = call.func
            if isinstance(function, ast.Attribute) and function.attr in ("register", "extend") and call.args:
                if router not in self._evaluator.values(function.value, scope):
                    continue
                text = text_of(self._evaluator.only(call.args[0], scope)) if function.attr == "register" else None
                pattern = of_django_regex(text[0], is_prefix=True) if text is not None else ""
                yield Opening(pattern or "", "a router may answer", scope.module.source.at(call))


def _is_of_admin(value: Value) -> bool:
    """Whether it is a ``site.urls``, or something else that is no view."""
    return isinstance(value, External) and value.name.endswith(".urls")

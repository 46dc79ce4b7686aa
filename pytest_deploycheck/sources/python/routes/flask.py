"""The routes of Flask, and of Quart, which has the same: https://flask.palletsprojects.com/en/stable/api/#url-route-registrations."""

from __future__ import annotations

import ast
import re

from pytest_deploycheck.sources.python.calls import argument, has_unseen_arguments
from pytest_deploycheck.sources.python.evaluation import Evaluator
from pytest_deploycheck.sources.python.routes.patterns import of_werkzeug
from pytest_deploycheck.sources.python.routes.reading import (
    GET,
    MOST_DEPTH,
    Rows,
    facts,
    instances,
    is_conditional,
    is_local_function,
    methods_of,
    prefix_of,
    text_of,
    unknown_prefix,
)
from pytest_deploycheck.sources.python.routes.table import NO_PREFIX, Opening, Prefix, Route, RouteTable, merged
from pytest_deploycheck.sources.python.routes.uses import How, Use, Uses, uses_of
from pytest_deploycheck.sources.python.values import Constant, Instance, Local, Value

_VERBS = frozenset({"get", "post", "put", "patch", "delete"})
# Errors whose handlers may answer what no route does.
_OF_ANY_PATH = frozenset({"404", "405", "NotFound", "HTTPException", "Exception", "MethodNotAllowed"})


def flask_table(evaluator: Evaluator, application: Instance) -> RouteTable:
    """The routes of one application."""
    facts_ = facts()["flask"]
    uses = uses_of(evaluator, [*facts_["applications"], *facts_["groups"]])
    reader = _Reader(evaluator, uses)
    rows = [*reader.static(application), *reader.rows(application)]
    return RouteTable(
        "Flask",
        tuple(each for each in rows if isinstance(each, Route)),
        tuple(each for each in rows if isinstance(each, Opening)),
        adds_slash=True,
    )


class _Reader:
    def __init__(self, evaluator: Evaluator, uses: Uses) -> None:
        self._evaluator = evaluator
        self._uses = uses
        self._facts = facts()["flask"]

    def static(self, application: Instance) -> Rows:
        """Files are served below /static, unless the application is made without."""
        call, scope = application.call, application.scope
        folder = argument(call, None, "static_folder")
        if folder is not None and self._evaluator.only(folder, scope) == Constant(None):
            return
        given = argument(call, 1, "static_url_path")
        text = text_of(self._evaluator.only(given, scope)) if given is not None else ("/static", True)
        where = re.escape(text[0].rstrip("/")) if text is not None else ""
        yield Opening(f"{where}/", "static files may be there", application.location)
        if has_unseen_arguments(call):
            yield Opening("", "what the application is made with is not known", application.location)

    def rows(self, of: Instance, depth: int = 0) -> Rows:
        """The routes of an application or blueprint."""
        for use in self._uses.get(of, ()):
            yield from self._row(use, depth)

    def _row(self, use: Use, depth: int) -> Rows:
        if use.how is How.METHOD:
            yield from self._method(use, depth)
        elif use.how is How.GIVEN:
            if not self._is_harmless_receiver(use):
                yield Opening("", f"{ast.unparse(use.node)[:60]} may add routes", use.location)
        elif use.how is How.SET:
            if use.name == "wsgi_app" and not self._wraps_only(use):
                yield Opening("", "what app.wsgi_app is set to may answer", use.location)
        elif use.how is How.ESCAPES:
            yield Opening("", "what is done with the application there is not known", use.location)
        elif use.name in ("before_request", "before_app_request"):
            if _answers(use.code.parents.get(use.node)):
                yield Opening("", "a function before each request may answer", use.location)
        elif use.name not in self._facts["harmless"]:
            yield Opening("", f"what .{use.name} is used for is not known", use.location)

    def _is_harmless_receiver(self, use: Use) -> bool:
        return use.name in self._facts["receivers"] or use.name.rpartition(".init_app")[0] in self._facts["receivers"]

    def _wraps_only(self, use: Use) -> bool:
        value = use.node.value if isinstance(use.node, ast.Assign) else None
        made = self._evaluator.only(value, use.scope)
        return isinstance(made, Instance) and made.class_name in self._facts["wrappers"]

    def _method(self, use: Use, depth: int) -> Rows:
        if use.name == "route" or use.name in _VERBS:
            yield from self._route(use, GET if use.name == "route" else frozenset({use.name.upper()}))
        elif use.name == "add_url_rule":
            yield from self._route(use, self._of_view(use))
        elif use.name == "register_blueprint":
            yield from self._blueprint(use, depth)
        elif use.name in ("errorhandler", "register_error_handler", "app_errorhandler"):
            yield from self._error_handler(use)
        elif use.name in ("before_request", "before_app_request"):
            function = self._evaluator.only(use.call.args[0] if use.call.args else None, use.scope)
            if not isinstance(function, Local) or _answers(function.node):
                yield Opening("", "a function before each request may answer", use.location)
        elif use.name not in self._facts["harmless"]:
            yield Opening("", f"what .{use.name}() does is not known", use.location)

    def _route(self, use: Use, default: frozenset[str] | None) -> Rows:
        text = text_of(self._evaluator.only(argument(use.call, 0, "rule"), use.scope))
        if text is None:
            yield unknown_prefix(use.location, "the routes there")
            return
        methods = methods_of(self._evaluator, use.call, use.scope, default)
        unusual = {"subdomain", "host", "websocket"} & {each.arg for each in use.call.keywords}
        pattern = of_werkzeug(text[0])
        slashes = argument(use.call, None, "strict_slashes")
        if slashes is not None:
            pattern = f"{pattern.rstrip('/')}/?"
        certain = text[1] and not is_conditional(use.code, use.node)
        yield Route(text[0], pattern, None if unusual else methods, use.location, certain)

    def _of_view(self, use: Use) -> frozenset[str] | None:
        """What a view answers by itself: a class may say its methods."""
        view = argument(use.call, 2, "view_func")
        return GET if view is not None and is_local_function(self._evaluator.only(view, use.scope)) else None

    def _blueprint(self, use: Use, depth: int) -> Rows:
        given = argument(use.call, 0, "blueprint")
        prefix = argument(use.call, None, "url_prefix")
        blueprints = instances(self._evaluator.values(given, use.scope) if given else (), self._facts["groups"])
        own = self._prefix(self._evaluator.only(prefix, use.scope)) if prefix is not None else None
        if prefix is not None and own is None:
            yield unknown_prefix(use.location, "the routes of the blueprint")
        elif blueprints is None or depth > MOST_DEPTH:
            yield Opening(own.pattern if own else "", "which routes the blueprint has is not known", use.location)
        else:
            for blueprint in blueprints:
                yield from self._below(use, blueprint, own, depth)

    def _below(self, use: Use, blueprint: Instance, own: Prefix | None, depth: int) -> Rows:
        """The routes of a blueprint below the prefix that it is registered with, else below its own."""
        given = argument(blueprint.call, None, "url_prefix")
        prefix = own
        if prefix is None and given is not None:
            prefix = self._prefix(self._evaluator.only(given, blueprint.scope))
            if prefix is None:
                yield unknown_prefix(blueprint.location, "the routes of the blueprint")
                return
        certain = not is_conditional(use.code, use.node)
        place = prefix or NO_PREFIX
        yield from merged(
            self.rows(blueprint, depth + 1), Prefix(place.path, place.pattern, place.is_certain and certain)
        )
        if argument(blueprint.call, None, "static_folder") is not None:
            yield Opening(place.pattern, "static files may be there", blueprint.location)

    def _prefix(self, value: Value) -> Prefix | None:
        if value == Constant(None):
            return NO_PREFIX
        text = text_of(value)
        return prefix_of((text[0].rstrip("/"), text[1]), of_werkzeug(text[0].rstrip("/"))) if text else None

    def _error_handler(self, use: Use) -> Rows:
        """A handler of what is not found may be what serves a single-page application."""
        given = ast.unparse(use.call.args[0]).rpartition(".")[2] if use.call.args else ""
        decorated = next((each for each in use.code.ancestors(use.node) if isinstance(each, ast.stmt)), None)
        if given in _OF_ANY_PATH and not _returns_errors(decorated):
            yield Opening("", "what is answered where there is no route is not known", use.location)


def _answers(function: ast.AST | None) -> bool:
    """Whether a function that runs before each request may return an answer."""
    if not isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return True
    returned = [each.value for each in ast.walk(function) if isinstance(each, ast.Return)]
    return any(each is not None and not (isinstance(each, ast.Constant) and each.value is None) for each in returned)


def _returns_errors(function: ast.AST | None) -> bool:
    """Whether all that a function returns has a status of an error behind it: ``return {}, 404``."""
    if not isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return False
    returned = [each.value for each in ast.walk(function) if isinstance(each, ast.Return)]
    return bool(returned) and all(
        isinstance(each, ast.Tuple)
        and len(each.elts) > 1
        and isinstance(each.elts[1], ast.Constant)
        and isinstance(each.elts[1].value, int)
        and each.elts[1].value >= 400
        for each in returned
    )


def is_flask(value: Value) -> bool:
    """Whether it is an application of Flask."""
    return isinstance(value, Instance) and value.class_name in facts()["flask"]["applications"]

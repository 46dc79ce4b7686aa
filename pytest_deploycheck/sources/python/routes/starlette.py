"""The routes of Starlette and FastAPI: https://www.starlette.dev/routing/."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from pytest_deploycheck.location import Location
from pytest_deploycheck.sources.python.calls import argument, has_unseen_arguments
from pytest_deploycheck.sources.python.evaluation import Evaluator
from pytest_deploycheck.sources.python.routes.patterns import of_starlette
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
from pytest_deploycheck.sources.python.scopes import Scope
from pytest_deploycheck.sources.python.values import Constant, External, Instance, Items, Value

_VERBS = frozenset({"get", "post", "put", "patch", "delete", "options", "head", "trace"})
# What FastAPI answers by itself, by the argument that moves it.
_DOCUMENTATION = {"openapi_url": "/openapi.json", "docs_url": "/docs", "redoc_url": "/redoc"}
_OF_ANY_PATH = frozenset({"404", "405", "HTTPException", "StarletteHTTPException", "Exception"})


def is_starlette(value: Value) -> bool:
    """Whether it is an application of Starlette or FastAPI."""
    return isinstance(value, Instance) and value.class_name in facts()["starlette"]["applications"]


def starlette_table(evaluator: Evaluator, application: Instance) -> RouteTable:
    """The routes of one application."""
    table = facts()["starlette"]
    reader = _Reader(evaluator, uses_of(evaluator, [*table["applications"], *table["groups"]]))
    rows = list(reader.rows(application))
    slashes = argument(application.call, None, "redirect_slashes")
    return RouteTable(
        "FastAPI" if "fastapi" in application.class_name else "Starlette",
        tuple(each for each in rows if isinstance(each, Route)),
        tuple(each for each in rows if isinstance(each, Opening)),
        # Where it is not said to be off.
        ignores_slash=slashes is None or evaluator.only(slashes, application.scope) != Constant(False),
    )


class _Reader:
    def __init__(self, evaluator: Evaluator, uses: Uses) -> None:
        self._evaluator = evaluator
        self._uses = uses
        self._facts = facts()["starlette"]

    def rows(self, of: Instance, depth: int = 0) -> Rows:
        """The routes of an application or router."""
        if depth > MOST_DEPTH:
            yield Opening("", "the routers go in a circle", of.location)
            return
        own = list(self._made_with(of, depth))
        for use in self._uses.get(of, ()):
            own += self._row(use, depth)
        yield from own
        yield from self._below_root_path(of, own)

    def _below_root_path(self, of: Instance, own: Iterable[Route | Opening]) -> Rows:
        """With ``FastAPI(root_path="/api")`` the routes are answered with and without it."""
        given = argument(of.call, None, "root_path") if of.class_name.endswith("FastAPI") else None
        if given is not None:
            text = text_of(self._evaluator.only(given, of.scope))
            if text is None or not text[1]:
                yield unknown_prefix(of.location, "the routes")
            else:
                yield from merged(own, prefix_of(text, of_starlette(text[0].rstrip("/"))))

    # What the constructor is given.

    def _made_with(self, of: Instance, depth: int) -> Rows:
        call, scope = of.call, of.scope
        if has_unseen_arguments(call):
            yield Opening("", "what it is made with is not known", of.location)
        if of.class_name in self._facts["applications"]:
            yield from self._documentation(of)
            yield from self._own_middleware(of)
            if argument(call, None, "exception_handlers") is not None:
                yield Opening("", "what is answered where there is no route is not known", of.location)
        routes = argument(call, None if "fastapi" in of.class_name else 0, "routes")
        if of.class_name == "starlette.applications.Starlette":
            routes = argument(call, 1, "routes")
        if routes is not None:
            prefix = self._own_prefix(of) or NO_PREFIX
            yield from merged(self._listed(routes, scope, of.location, depth), prefix)

    def _documentation(self, of: Instance) -> Rows:
        if "fastapi" not in of.class_name:
            return
        for name, default in _DOCUMENTATION.items():
            given = argument(of.call, None, name)
            value = self._evaluator.only(given, of.scope) if given is not None else Constant(default)
            text = text_of(value)
            if text is not None:
                yield Route(text[0], of_starlette(text[0]), GET, of.location, text[1])
            if value != Constant(None) and (text is None or not text[1]):
                yield unknown_prefix(of.location, "its documents")

    def _own_middleware(self, of: Instance) -> Rows:
        given = argument(of.call, None, "middleware")
        listed = self._evaluator.only(given, of.scope) if given is not None else None
        elements = listed.node.elts if isinstance(listed, Items) else []
        known = isinstance(listed, Items) and all(self._is_known_middleware(each, listed.scope) for each in elements)
        if given is not None and not known:
            yield Opening("", "a middleware may answer", of.location)

    def _is_known_middleware(self, element: ast.expr, scope: Scope) -> bool:
        """``Middleware(CORSMiddleware, ...)``."""
        made = self._evaluator.only(element, scope)
        return isinstance(made, Instance) and bool(made.call.args) and self._is_harmless(made.call.args[0], made.scope)

    def _is_harmless(self, middleware: ast.expr, scope: Scope) -> bool:
        value = self._evaluator.only(middleware, scope)
        return isinstance(value, External) and value.name in self._facts["middleware"]

    def _listed(self, routes: ast.expr, scope: Scope, location: Location, depth: int) -> Rows:
        """``[Route("/", home), Mount("/static", ...)]``."""
        listed = self._evaluator.only(routes, scope)
        if not isinstance(listed, Items) or depth > MOST_DEPTH:
            yield Opening("", "which routes it is made with is not known", location)
            return
        for element in listed.node.elts:
            made = self._evaluator.only(element, listed.scope)
            yield from self._element(made, location, depth)

    def _element(self, made: Value, location: Location, depth: int) -> Rows:
        kind = made.class_name.rpartition(".")[2] if isinstance(made, Instance) else ""
        if not isinstance(made, Instance) or kind not in ("Route", "APIRoute", "Mount", "WebSocketRoute"):
            yield Opening("", "which routes it is made with is not known", location)
        elif kind == "Mount":
            yield from self._mounted(made.call, made.scope, made.location, depth)
        elif kind != "WebSocketRoute":
            endpoint = self._evaluator.only(argument(made.call, 1, "endpoint"), made.scope)
            default = GET if is_local_function(endpoint) else None
            yield from self._route(made.call, made.scope, made.location, default)

    # What is done with it later.

    def _row(self, use: Use, depth: int) -> Rows:
        if use.how is How.METHOD:
            yield from self._method(use, depth)
        elif use.how is How.GIVEN:
            if use.name not in self._facts["receivers"]:
                yield Opening("", f"{ast.unparse(use.node)[:60]} may add routes", use.location)
        elif use.how is How.ESCAPES:
            yield Opening("", "what is done with it there is not known", use.location)
        elif use.name not in self._facts["harmless"]:
            yield Opening("", f"what .{use.name} is used for is not known", use.location)

    def _method(self, use: Use, depth: int) -> Rows:
        call, scope = use.call, use.scope
        certain = not is_conditional(use.code, use.node)
        if use.name in _VERBS:
            yield from self._route(call, scope, use.location, frozenset({use.name.upper()}), use, certain=certain)
        elif use.name in ("api_route", "route", "add_api_route", "add_route"):
            yield from self._route(call, scope, use.location, GET, use, certain=certain)
        elif use.name == "include_router":
            yield from self._included(use, depth)
        elif use.name == "mount":
            prefix = self._own_prefix_of(use) or NO_PREFIX
            yield from merged(self._mounted(call, scope, use.location, depth), prefix)
        elif use.name == "add_middleware":
            if not call.args or not self._is_harmless(call.args[0], scope):
                yield Opening("", "a middleware may answer", use.location)
        elif use.name in ("exception_handler", "add_exception_handler"):
            given = ast.unparse(call.args[0]).rpartition(".")[2] if call.args else ""
            if given in _OF_ANY_PATH:
                yield Opening("", "what is answered where there is no route is not known", use.location)
        elif use.name not in self._facts["harmless"]:
            yield Opening("", f"what .{use.name}() does is not known", use.location)

    def _route(
        self,
        call: ast.Call,
        scope: Scope,
        location: Location,
        default: frozenset[str] | None,
        use: Use | None = None,
        *,
        certain: bool = True,
    ) -> Rows:
        text = text_of(self._evaluator.only(argument(call, 0, "path"), scope))
        prefix = self._own_prefix_of(use) if use is not None else NO_PREFIX
        if text is None or prefix is None:
            yield unknown_prefix(location, "the routes there")
            return
        methods = methods_of(self._evaluator, call, scope, default)
        yield Route(text[0], of_starlette(text[0]), methods, location, text[1] and certain).below(prefix)

    def _own_prefix_of(self, use: Use) -> Prefix | None:
        """The prefix of the router that something is done with; None where it is not known."""
        receiver = use.call.func.value if isinstance(use.call.func, ast.Attribute) else None
        routers = self._evaluator.values(receiver, use.scope) if receiver is not None else ()
        found = {self._own_prefix(each) for each in routers if isinstance(each, Instance)}
        return found.pop() if len(found) == 1 else None

    def _own_prefix(self, of: Instance) -> Prefix | None:
        given = argument(of.call, None, "prefix")
        if given is None or of.class_name not in self._facts["groups"]:
            return NO_PREFIX
        text = text_of(self._evaluator.only(given, of.scope))
        return prefix_of(text, of_starlette(text[0])) if text is not None else None

    def _included(self, use: Use, depth: int) -> Rows:
        given, prefix = argument(use.call, 0, "router"), argument(use.call, None, "prefix")
        text = text_of(self._evaluator.only(prefix, use.scope)) if prefix is not None else ("", True)
        own = self._own_prefix_of(use)
        if text is None or own is None:
            yield unknown_prefix(use.location, "the routes of the router")
            return
        certain = text[1] and own.is_certain and not is_conditional(use.code, use.node)
        place = Prefix(own.path + text[0], own.pattern + of_starlette(text[0]), certain)
        routers = instances(self._evaluator.values(given, use.scope) if given else (), self._facts["groups"])
        if routers is None:
            yield Opening(place.pattern, "which routes the router has is not known", use.location)
            return
        for router in routers:
            yield from merged(self.rows(router, depth + 1), place)
        if not text[1]:
            yield unknown_prefix(use.location, "the routes of the router")

    def _mounted(self, call: ast.Call, scope: Scope, location: Location, depth: int) -> Rows:
        text = text_of(self._evaluator.only(argument(call, 0, "path"), scope))
        if text is None:
            yield unknown_prefix(location, "the routes of what is mounted")
            return
        place = prefix_of((text[0].rstrip("/"), text[1]), of_starlette(text[0].rstrip("/")))
        mounted, routes = argument(call, 1, "app"), argument(call, None, "routes")
        known = [*self._facts["applications"], *self._facts["groups"]]
        inner = instances(self._evaluator.values(mounted, scope) if mounted else (), known)
        if mounted is None and routes is not None:
            yield from merged(self._listed(routes, scope, location, depth + 1), place)
        elif inner is None:
            yield Opening(place.pattern, "what is mounted there may answer", location)
        else:
            for each in inner:
                yield from merged(self.rows(each, depth + 1), place)

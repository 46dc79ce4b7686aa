"""Where code itself starts a server, and what that listens on."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

from pytest_deploycheck.location import Location
from pytest_deploycheck.sources.python.calls import argument, has_unseen_arguments
from pytest_deploycheck.sources.python.evaluation import Evaluator
from pytest_deploycheck.sources.python.running import Running
from pytest_deploycheck.sources.python.scopes import Code, Scope
from pytest_deploycheck.sources.python.values import UNKNOWN, Constant, External, Instance, Items, Value, Variable


@dataclass(frozen=True)
class ServerCall:
    """A call that listens on a port.

    :param called: ``uvicorn.run``, ``flask.Flask.run``
    :param host: what it listens on; :data:`~pytest_deploycheck.sources.python.values.UNKNOWN` where it is not known
    :param says_host: whether the call says it itself
    :param says_port: as for the host
    :param host_argument: the name of the argument that would say it
    :param is_address: whether it is given both together
    :param served: what it serves, as far as that is known
    """

    called: str
    location: Location
    host: Value
    port: Value
    says_host: bool = False
    says_port: bool = False
    host_argument: str = "host"
    port_argument: str = "port"
    served: tuple[Value, ...] = ()
    is_address: bool = False


def server_calls(evaluator: Evaluator, running: Running) -> Iterator[ServerCall]:
    """The calls of servers that the program comes by."""
    for code in evaluator.modules:
        for node in code.parents:
            if isinstance(node, ast.Call):
                for called, facts in _called(evaluator, code, node):
                    if running.is_run(code, node):
                        yield _server_call(evaluator, code, node, called, facts)


@lru_cache(maxsize=1)
def _facts() -> Mapping[str, Any]:
    table = files("pytest_deploycheck.sources.python").joinpath("servers.json").read_text(encoding="utf-8")
    facts: Mapping[str, Any] = json.loads(table)
    return facts


def _called(evaluator: Evaluator, code: Code, node: ast.Call) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """What is called, where it is one of the table."""
    scope = code.scope_of(node)
    last = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    for value in evaluator.values(node.func, scope):
        if isinstance(value, External) and value.name in _facts()["functions"]:
            yield value.name, _facts()["functions"][value.name]
    if isinstance(node.func, ast.Attribute):
        for value in evaluator.values(node.func.value, scope):
            name = f"{value.class_name}.{last}" if isinstance(value, Instance) else ""
            if name in _facts()["methods"]:
                yield name, _facts()["methods"][name]


def _server_call(evaluator: Evaluator, code: Code, node: ast.Call, called: str, facts: Mapping[str, Any]) -> ServerCall:
    scope = code.scope_of(node)
    location = code.module.source.at(node)
    if "address_position" in facts:
        host, port = _address(evaluator, argument(node, facts["address_position"], "server_address"), scope)
        return ServerCall(called, location, host, port, True, True, is_address=True)
    if has_unseen_arguments(node) or argument(node, None, facts.get("bind", "")) is not None:
        return ServerCall(called, location, UNKNOWN, UNKNOWN, True, True)
    host, says_host = _given(evaluator, node, scope, facts, "host")
    port, says_port = _given(evaluator, node, scope, facts, "port")
    served = _served(evaluator, node, scope)
    return ServerCall(called, location, host, port, says_host, says_port, facts["host"], facts["port"], served)


def _served(evaluator: Evaluator, node: ast.Call, scope: Scope) -> tuple[Value, ...]:
    """What ``app.run()``, ``uvicorn.run(app)`` or ``uvicorn.run("main:app")`` serves."""
    if isinstance(node.func, ast.Attribute):
        on = evaluator.values(node.func.value, scope)
        if any(isinstance(each, Instance) for each in on):
            return on
    given = argument(node, 0, "app")
    served = evaluator.values(given, scope) if given is not None else ()
    text = served[0].value if len(served) == 1 and isinstance(served[0], Constant) else None
    if not isinstance(text, str):
        return served
    name, _, attribute = text.partition(":")
    module = evaluator.codebase.module(name)
    return evaluator.name(module, attribute) if module is not None and attribute else ()


def _given(
    evaluator: Evaluator, node: ast.Call, scope: Scope, facts: Mapping[str, Any], which: str
) -> tuple[Value, bool]:
    """The host or the port, and whether the call says it."""
    given = argument(node, facts.get(f"{which}_position"), facts[which])
    value = evaluator.only(given, scope) if given is not None else Constant(None)
    if value != Constant(None):
        return value, True
    default = Constant(facts.get(f"default_{which}"))
    variable = facts.get(f"{which}_variable")
    return (Variable(variable, default) if variable else default if default.value else UNKNOWN), False


def _address(evaluator: Evaluator, given: ast.expr | None, scope: Scope) -> tuple[Value, Value]:
    address = evaluator.only(given, scope)
    if isinstance(address, Items) and len(address.node.elts) == 2:
        host, port = (evaluator.only(each, address.scope) for each in address.node.elts)
        return host, port
    return UNKNOWN, UNKNOWN

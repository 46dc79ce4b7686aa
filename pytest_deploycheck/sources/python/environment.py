"""Which environment variables code reads, and which of them have to be there."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from pytest_deploycheck.location import Location
from pytest_deploycheck.sources.python.calls import is_external
from pytest_deploycheck.sources.python.evaluation import Evaluator
from pytest_deploycheck.sources.python.scopes import Code
from pytest_deploycheck.sources.python.settings_classes import is_settings_class, settings_fields
from pytest_deploycheck.sources.python.values import Constant, Instance, Local, Value, Variable

# What an `except` has to catch so that a missing variable stops nothing; for decouple and environs, any of theirs.
_CAUGHT = frozenset({"KeyError", "LookupError", "Exception", "BaseException", "EnvError", "UndefinedValueError"})
_CAUGHT_TOO = frozenset({"ImproperlyConfigured", "ValidationError"})
_SETTING = frozenset({"setdefault", "update", "putenv"})


@dataclass(frozen=True)
class EnvironmentRead:
    """One place where a variable is read.

    :param names: what is asked for, one after the other; most often one
    :param is_required: whether it fails there where none of them is set
    :param text: what stands there
    """

    names: tuple[str, ...]
    is_required: bool
    location: Location
    text: str


def environment_reads(evaluator: Evaluator) -> Iterator[EnvironmentRead]:
    """The reads in all modules that are run, in their order."""
    for code in evaluator.modules:
        for node in code.parents:
            if isinstance(node, (ast.Subscript, ast.Call)) and isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
                yield from _read(evaluator, code, node)
            elif isinstance(node, ast.ClassDef):
                yield from _fields(evaluator, code, node)


def _read(evaluator: Evaluator, code: Code, node: ast.Subscript | ast.Call) -> Iterator[EnvironmentRead]:
    if not _may_read(node):
        return
    for value in evaluator.values(node, code.scope_of(node)):
        if isinstance(value, Variable) and _is_read_itself(evaluator, code, node, value):
            required = value.default is None and not _is_guarded(evaluator, code, node, value.name)
            text = ast.unparse(node)
            yield EnvironmentRead((value.name,), required, code.module.source.at(node), text)


def _may_read(node: ast.Subscript | ast.Call) -> bool:
    """Whether a name of a variable stands in it: most of all nodes have none."""
    if isinstance(node, ast.Subscript):
        return isinstance(node.value, (ast.Name, ast.Attribute))
    given = [*node.args[:1], *(each.value for each in node.keywords if each.arg in ("key", "var"))]
    return bool(given) and not isinstance(given[0], ast.Call)


def _is_read_itself(evaluator: Evaluator, code: Code, node: ast.Subscript | ast.Call, value: Variable) -> bool:
    """Whether it is this expression that reads the variable, and not one that it hands on: ``int(os.environ["X"])``."""
    if isinstance(node, ast.Subscript):
        return any(is_external(each, "os.environ") for each in evaluator.values(node.value, code.scope_of(node)))
    first = node.args[0] if node.args else node.keywords[0].value
    given = evaluator.only(first, code.scope_of(node))
    return isinstance(given, Constant) and given.value == value.name


def _is_guarded(evaluator: Evaluator, code: Code, node: ast.AST, name: str) -> bool:
    """Whether code is ready for the variable not to be there."""
    child = node
    for parent in code.ancestors(node):
        if isinstance(parent, ast.Try) and any(each is child for each in parent.body) and _catches(parent):
            return True
        if isinstance(parent, (ast.If, ast.IfExp)) and child is not parent.test and _asks_for(parent.test, name):
            return True
        if isinstance(parent, ast.BoolOp) and _asks_for(parent, name):
            return True
        child = parent
    return _is_set(evaluator, name)


def _catches(statement: ast.Try) -> bool:
    for handler in statement.handlers:
        caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
        names = {getattr(each, "attr", getattr(each, "id", "")) for each in caught if each is not None}
        if (handler.type is None or names & (_CAUGHT | _CAUGHT_TOO)) and not _raises(handler):
            return True
    return False


def _raises(handler: ast.ExceptHandler) -> bool:
    last = handler.body[-1]
    exits = isinstance(last, ast.Expr) and isinstance(last.value, ast.Call) and "exit" in ast.unparse(last.value.func)
    return isinstance(last, ast.Raise) or exits


def _asks_for(test: ast.expr, name: str) -> bool:
    """Whether a condition depends on the variable: ``"X" in os.environ``, ``os.getenv("X")``."""
    return any(isinstance(each, ast.Constant) and each.value == name for each in ast.walk(test))


def _is_set(evaluator: Evaluator, name: str) -> bool:
    """Whether code sets the variable itself, somewhere."""
    for code in evaluator.modules:
        for node in code.parents:
            is_target = isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store)
            is_call = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _SETTING
            if (is_target or is_call) and _asks_for(node, name):  # type: ignore[arg-type]
                return True
    return False


def _fields(evaluator: Evaluator, code: Code, node: ast.ClassDef) -> Iterator[EnvironmentRead]:
    scope = code.scopes[node]
    if not is_settings_class(evaluator, scope) or not _is_made(evaluator, node):
        return
    # The class that is made has its last word on a field.
    fields = {field.name: field for field in settings_fields(evaluator, scope)}
    for field in fields.values():
        if field.names:
            required = field.default is None
            yield EnvironmentRead(field.names, required, field.location, f"the field {field.name} of {node.name}")


def _is_made(evaluator: Evaluator, node: ast.ClassDef) -> bool:
    """Whether somebody makes an object of the class, without saying what its fields are."""
    return any(_makes(value, node) for value in _made(evaluator))


def _makes(value: Value, node: ast.ClassDef) -> bool:
    is_of_class = isinstance(value, Instance) and isinstance(value.of, Local) and value.of.node is node
    return is_of_class and isinstance(value, Instance) and not value.call.args and not value.call.keywords


def _made(evaluator: Evaluator) -> Iterator[Value]:
    for call, scope in evaluator.all_calls():
        if not call.args and not call.keywords:
            yield from evaluator.values(call, scope)

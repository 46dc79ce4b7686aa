"""What calls of well-known functions give: the environment's variables, paths, conversions."""

from __future__ import annotations

import ast
import posixpath
from typing import TYPE_CHECKING

from pytest_deploycheck.sources.python.texts import joined_path, parent_of
from pytest_deploycheck.sources.python.values import UNKNOWN, Constant, External, Instance, Value, Variable

if TYPE_CHECKING:
    from pytest_deploycheck.sources.python.evaluation import Evaluator
    from pytest_deploycheck.sources.python.scopes import Scope

# With what they give where they are asked for nothing else, the value of their first argument.
_SAME = frozenset(
    {
        *("builtins.int", "builtins.str", "builtins.float", "os.fspath", "os.path.abspath", "os.path.realpath"),
        *("os.path.normpath", "os.path.expanduser", "pathlib.Path", "pathlib.PurePath", "pathlib.PosixPath"),
        *("typing.cast", "builtins.repr", "pydantic.Field"),
    }
)
_SAME_METHODS = frozenset({"resolve", "absolute", "as_posix", "expanduser", "strip", "__str__"})
_ENVIRONMENT = frozenset({"os.environ.get", "os.getenv", "os.environ.setdefault", "decouple.config"})
# Objects that are asked for variables, and where their own call takes the default from: https://django-environ.readthedocs.io,
# https://github.com/sloria/environs, https://www.starlette.dev/config/.
_READERS = {
    "environ.Env": 2,
    "environs.Env": 1,
    "environ.FileAwareEnv": 2,
    "starlette.config.Config": 2,
    "decouple.Config": 1,
}
# Methods of them that read no variable.
_READING_NONE = frozenset({"read_env", "read_envfile", "prefixed", "seal", "dump", "add_parser", "parser_for"})


def argument(call: ast.Call, position: int | None, name: str) -> ast.expr | None:
    """What a call gives for a parameter; None where it does not say."""
    for keyword in call.keywords:
        if keyword.arg == name:
            return keyword.value
    if position is None or any(isinstance(each, ast.Starred) for each in call.args[: position + 1]):
        return None
    return call.args[position] if position < len(call.args) else None


def has_unseen_arguments(call: ast.Call) -> bool:
    """Whether it is given arguments by ``*`` or ``**``."""
    return any(isinstance(each, ast.Starred) for each in call.args) or any(each.arg is None for each in call.keywords)


def of_function(evaluator: Evaluator, name: str, call: ast.Call, scope: Scope) -> Value | None:
    """What a function of Python or of a package gives, None where it is not one of these.

    :param name: dotted
    """
    if name in _ENVIRONMENT:
        return variable(evaluator, call, scope, has_default=name != "decouple.config")
    if name == "dj_database_url.config":
        default = argument(call, 1, "default")
        return Variable("DATABASE_URL", evaluator.only(default, scope) if default is not None else Constant(None))
    if name in _SAME and call.args:
        several = [evaluator.only(each, scope) for each in call.args]
        return joined_path(several) if name.startswith("pathlib.") and len(several) > 1 else several[0]
    if name == "os.path.dirname" and call.args:
        return parent_of(evaluator.only(call.args[0], scope))
    if name == "os.path.join":
        return joined_path([evaluator.only(each, scope) for each in call.args])
    return None


def of_method(evaluator: Evaluator, base: Value, call: ast.Call, scope: Scope) -> Value | None:
    """What a method of a text, of a path or of a reader of variables gives, None where it is none of them."""
    assert isinstance(call.func, ast.Attribute)
    method = call.func.attr
    if isinstance(base, Instance) and base.class_name in _READERS and method not in _READING_NONE:
        return of_reader(evaluator, base, call, scope)
    if isinstance(base, (Constant, Variable)) and method in _SAME_METHODS:
        return base
    if isinstance(base, Constant) and isinstance(base.value, str):
        if method == "joinpath":
            return joined_path([base, *(evaluator.only(each, scope) for each in call.args)])
        if method in ("rstrip", "lstrip") and len(call.args) == 1:
            given = evaluator.only(call.args[0], scope)
            if isinstance(given, Constant) and isinstance(given.value, str):
                return Constant(getattr(base.value, method)(given.value))
        if method == "with_name" and len(call.args) == 1:
            return joined_path([Constant(posixpath.dirname(base.value)), evaluator.only(call.args[0], scope)])
    return None


def of_reader(evaluator: Evaluator, reader: Instance, call: ast.Call, scope: Scope) -> Value | None:
    """What ``env("X")`` or ``env.str("X")`` gives, None where it asks for no variable."""
    if reader.class_name not in _READERS:
        return None
    position = 1 if isinstance(call.func, ast.Attribute) else _READERS[reader.class_name]
    found = variable(evaluator, call, scope, position)
    if isinstance(found, Variable) and found.default is None:
        # environ.Env(DEBUG=(bool, False)): a type and a default.
        known = argument(reader.call, None, found.name)
        if isinstance(known, ast.Tuple) and len(known.elts) == 2:
            return Variable(found.name, evaluator.only(known.elts[1], reader.scope))
    return found


def variable(
    evaluator: Evaluator, call: ast.Call, scope: Scope, position: int = 1, *, has_default: bool = False
) -> Value:
    """The variable that a call reads.

    :param position: of the default
    :param has_default: whether it gives None where nobody says what else
    """
    name = evaluator.only(argument(call, 0, "key") or argument(call, 0, "var"), scope)
    if not isinstance(name, Constant) or not isinstance(name.value, str):
        return UNKNOWN
    default = argument(call, position, "default")
    if default is None:
        return Variable(name.value, Constant(None) if has_default or has_unseen_arguments(call) else None)
    return Variable(name.value, evaluator.only(default, scope))


def is_external(value: Value, name: str) -> bool:
    """Whether a value is something of a package, by its dotted name."""
    return isinstance(value, External) and value.name == name

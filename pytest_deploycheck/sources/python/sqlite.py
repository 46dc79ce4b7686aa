"""Where code keeps SQLite databases."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from pytest_deploycheck.location import Location
from pytest_deploycheck.sources.python.calls import argument
from pytest_deploycheck.sources.python.evaluation import Evaluator
from pytest_deploycheck.sources.python.scopes import Code
from pytest_deploycheck.sources.python.values import Constant, External, Value, Variable

_CONNECTING = frozenset({"sqlite3.connect", "aiosqlite.connect", "sqlite3.dbapi2.connect", "peewee.SqliteDatabase"})
# sqlite:///relative.db, sqlite:////absolute.db, sqlite+aiosqlite:///...
_URL = re.compile(r"sqlite(?:\+\w+)?:///(?P<path>[^?]*)")
_DJANGO = re.compile(r"django\.(?:contrib\.gis\.)?db\.backends\.(?:sqlite3|spatialite)")


@dataclass(frozen=True)
class SqliteFile:
    """A database in a file.

    :param path: as it is when the program runs, relative ones below where it runs; empty where it is not known
    :param variable: the environment variable that would name another one; empty where there is none
    :param is_setting: whether it is what a library is told to use, which other code may replace: a URL, a dictionary
    """

    path: str
    location: Location
    variable: str = ""
    is_setting: bool = False


def sqlite_files(evaluator: Evaluator) -> Iterator[SqliteFile]:
    """The files that the modules that are run open; one in memory is none."""
    for code in evaluator.modules:
        for node in code.parents:
            yield from _opened(evaluator, code, node)


def _opened(evaluator: Evaluator, code: Code, node: ast.AST) -> Iterator[SqliteFile]:
    if isinstance(node, ast.Call):
        yield from _connected(evaluator, code, node)
    elif isinstance(node, ast.Dict):
        yield from _configured(evaluator, code, node)
    elif isinstance(node, (ast.Constant, ast.JoinedStr, ast.BinOp)) and _is_whole(code, node):
        yield from _addressed(evaluator, code, node)


def _connected(evaluator: Evaluator, code: Code, node: ast.Call) -> Iterator[SqliteFile]:
    scope = code.scope_of(node)
    if any(isinstance(each, External) and each.name in _CONNECTING for each in evaluator.values(node.func, scope)):
        value = evaluator.only(argument(node, 0, "database"), scope)
        yield from _file(value, code.module.source.at(node))


def _configured(evaluator: Evaluator, code: Code, node: ast.Dict) -> Iterator[SqliteFile]:
    """Django: ``{"ENGINE": "django.db.backends.sqlite3", "NAME": BASE_DIR / "db.sqlite3"}``."""
    scope = code.scope_of(node)
    given = {
        key.value: value
        for key, value in zip(node.keys, node.values, strict=True)
        if isinstance(key, ast.Constant) and isinstance(key.value, str)
    }
    engine = evaluator.only(given.get("ENGINE"), scope)
    if isinstance(engine, Constant) and isinstance(engine.value, str) and _DJANGO.fullmatch(engine.value):
        for file in _file(evaluator.only(given.get("NAME"), scope), code.module.source.at(node)):
            yield replace(file, is_setting=True)


def _is_whole(code: Code, node: ast.AST) -> bool:
    """Whether it is no part of a longer text, and no documentation."""
    return not isinstance(code.parents.get(node), (ast.JoinedStr, ast.BinOp, ast.Expr, ast.FormattedValue, ast.Compare))


def _addressed(evaluator: Evaluator, code: Code, node: ast.expr) -> Iterator[SqliteFile]:
    """A URL, where it is what a name gets, or what something is given."""
    if isinstance(node, ast.Constant) and not (isinstance(node.value, str) and node.value.startswith("sqlite")):
        return
    value = evaluator.only(node, code.scope_of(node))
    if not isinstance(value, Constant) or not isinstance(value.value, str):
        return
    url = _URL.fullmatch(value.value)
    if url is not None and url["path"] not in ("", ":memory:"):
        yield SqliteFile(url["path"], code.module.source.at(node), _variable_before(evaluator, code, node), True)


def _variable_before(evaluator: Evaluator, code: Code, node: ast.expr) -> str:
    """The variable whose default the text is."""
    for parent in code.ancestors(node):
        if isinstance(parent, (ast.Call, ast.BoolOp, ast.IfExp)):
            for value in evaluator.values(parent, code.scope_of(parent)):
                if isinstance(value, Variable):
                    return value.name
        elif isinstance(parent, ast.stmt):
            return _field_before(evaluator, code, parent)
    return ""


def _field_before(evaluator: Evaluator, code: Code, statement: ast.stmt) -> str:
    from pytest_deploycheck.sources.python.settings_classes import field_variable

    owner = code.parents.get(statement)
    if (
        isinstance(statement, ast.AnnAssign)
        and isinstance(statement.target, ast.Name)
        and isinstance(owner, ast.ClassDef)
    ):
        variable = field_variable(evaluator, code.scopes[owner], statement.target.id)
        return variable.name if variable else ""
    return ""


def _file(value: Value, location: Location) -> Iterator[SqliteFile]:
    if isinstance(value, Variable) and isinstance(value.default, Constant) and isinstance(value.default.value, str):
        yield SqliteFile(f"{value.before}{value.default.value}{value.after}", location, value.name)
    elif isinstance(value, Constant) and isinstance(value.value, str) and value.value not in ("", ":memory:"):
        yield SqliteFile(value.value.removeprefix("file:").partition("?")[0], location)

"""A project of Django: its settings, and the modules that it imports by name."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping

from pytest_deploycheck.sources.python.calls import argument
from pytest_deploycheck.sources.python.codebase import Codebase
from pytest_deploycheck.sources.python.evaluation import Evaluator
from pytest_deploycheck.sources.python.listed import Lists
from pytest_deploycheck.sources.python.module import Module
from pytest_deploycheck.sources.python.scopes import Code
from pytest_deploycheck.sources.python.values import Constant, External, Value, Variable

VARIABLE = "DJANGO_SETTINGS_MODULE"


def settings_name(codebase: Codebase, start: Module, environment: Mapping[str, str | None]) -> str | None:
    """The module of the settings; None where it is not known, or there is none.

    :param start: ``manage.py``, ``wsgi.py``, ``asgi.py``, or what imports the module that sets the variable
    :param environment: the variables that are set; None for an unknown value
    """
    if VARIABLE in environment:
        return environment[VARIABLE]
    evaluator = Evaluator(codebase, codebase.reachable([start]), "")
    named = (code for code in evaluator.modules if any(VARIABLE in line for line in code.module.source.lines))
    names = {name for code in named for name in _set_by(evaluator, code)}
    return names.pop() if len(names) == 1 else None


def _set_by(evaluator: Evaluator, code: Code) -> Iterator[str]:
    """``os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")``, or an assignment of it."""
    for node in code.parents:
        value: ast.expr | None = None
        if isinstance(node, ast.Call):
            called = evaluator.only(node.func, code.scope_of(node))
            is_setting = isinstance(called, External) and called.name == "os.environ.setdefault"
            value = argument(node, 1, "value") if is_setting and _is_variable(node.args[:1]) else None
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript):
            value = node.value if _is_variable([node.targets[0].slice]) else None
        known = evaluator.only(value, code.scope_of(node)) if value is not None else None
        if isinstance(known, Constant) and isinstance(known.value, str):
            yield known.value


def _is_variable(given: Iterable[ast.expr]) -> bool:
    return any(isinstance(each, ast.Constant) and each.value == VARIABLE for each in given)


class Project:
    """A project.

    :param settings: its module of settings
    """

    def __init__(self, evaluator: Evaluator, settings: Module) -> None:
        self.evaluator = evaluator
        self.settings = settings

    def setting(self, name: str) -> Value | None:
        """A setting, None where no module of the settings has it and nothing else may bring it in."""
        found = self.evaluator.name(self.settings, name)
        known = [each for each in found if isinstance(each, (Constant, Variable))]
        if len(found) == 1 and known:
            return known[0]
        return None if not self._is_named(self.settings, name) else External("unknown")

    def _is_named(self, module: Module, name: str, seen: frozenset[str] = frozenset()) -> bool:
        top = self.evaluator.codebase.code(module).top
        if name in top.bindings or top.open_by is not None:
            return True
        for star in top.stars:
            origin = self.evaluator.codebase.module(star.imported or "")
            if origin is None or (origin.name not in seen and self._is_named(origin, name, seen | {module.name})):
                return True
        return False

    def texts(self, name: str) -> tuple[str, ...] | None:
        """The texts of a list among the settings; None where they are not all known."""
        elements = Lists(self.evaluator).of_name(self.settings, name)
        if elements is None:
            return ()
        values = [self.evaluator.only(each.node, each.scope) if each.is_whole else None for each in elements]
        texts = [each.value for each in values if isinstance(each, Constant) and isinstance(each.value, str)]
        return tuple(texts) if len(texts) == len(values) else None


def modules_of(codebase: Codebase, start: Module, settings: Module) -> tuple[Code, ...]:
    """What a project imports: its settings, and what those and the tables of URLs name in texts."""
    started = dict.fromkeys([start, settings])
    while True:
        modules = codebase.reachable(started)
        named = (module for code in modules for name in _named(code) if (module := codebase.module(name)) is not None)
        further = [each for each in named if each not in started and not any(each is code.module for code in modules)]
        if not further:
            return modules
        started.update(dict.fromkeys(further))


def _named(code: Code) -> Iterator[str]:
    """Texts that may name modules: those of ``include()`` and of the settings that name some."""
    for node in code.parents:
        if isinstance(node, ast.Call):
            function = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            yield from _texts(node.args) if function == "include" else ()
        elif isinstance(node, (ast.Assign, ast.AugAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = {getattr(each, "id", "") for each in targets}
            yield from _texts([node.value]) if names & _NAMING else ()


_NAMING = frozenset({"ROOT_URLCONF", "INSTALLED_APPS", "LOCAL_APPS", "MIDDLEWARE"})


def _texts(nodes: Iterable[ast.expr]) -> Iterator[str]:
    for node in nodes:
        for each in ast.walk(node):
            if isinstance(each, ast.Constant) and isinstance(each.value, str):
                yield each.value
                yield f"{each.value}.models"
                yield each.value.rpartition(".")[0]

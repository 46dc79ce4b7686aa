"""The implementations of this plugin's hooks, asked one by one, so that one that raises is known and harms no other."""

from __future__ import annotations

import inspect
import os
import traceback
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from pluggy import HookImpl

from pytest_deploycheck.findings import CannotCheck, Finding
from pytest_deploycheck.own.additions import Ignored
from pytest_deploycheck.render.blueprint import Service
from pytest_deploycheck.resolution.result import Resolution


class ExtensionFailed(CannotCheck):
    """Somebody's hook or check raised, or gave what it should not; the message names its file and line.

    :ivar name: of the hook or the check
    :ivar path: the file
    """

    def __init__(self, name: str, function: Callable[..., Any], root: Path, what: str) -> None:
        self.name = name
        self.path, self.line = _place(function)
        super().__init__(f"{shown_path(self.path, root)}:{self.line}: {name} {what}")

    @classmethod
    def by(cls, error: Exception, name: str, function: Callable[..., Any], root: Path) -> ExtensionFailed:
        """:param error: what was raised; the message shows the lines of the function's own file that led to it"""
        words = f"raised {type(error).__name__}{f': {error}' if str(error) else ''}"
        path, _ = _place(function)
        frames = [each for each in traceback.extract_tb(error.__traceback__) if Path(each.filename) == path]
        lines = [f"  {shown_path(path, root)}:{each.lineno}: {each.line}" for each in frames]
        return cls(name, function, root, "\n".join([words, *lines]))


class Extensions:
    """The hooks of one project.

    :param folder: the project's
    :param others: the folders of the other projects: what a ``conftest.py`` there adds is theirs
    :ivar known: the modules that were registered when the project was read
    """

    def __init__(self, config: pytest.Config, folder: Path, others: Iterable[Path] = ()) -> None:
        self._config = config
        self._folder = folder
        self._others = tuple(others)
        self.root = config.rootpath
        self.known = frozenset(each for each in config.pluginmanager.get_plugins() if isinstance(each, ModuleType))

    def modules(self) -> Iterator[ModuleType]:
        """The plugins that are modules, as every ``conftest.py`` is, in the order in which they were registered."""
        for _, plugin in self._config.pluginmanager.list_name_plugin():
            if isinstance(plugin, ModuleType) and self.holds_here(plugin):
                yield plugin

    def gather(self, hook: str, convert: Callable[[Any], Iterable[Any]], **arguments: Any) -> Gathered:
        """Ask each implementation for things to add.

        :param convert: checks one of them; raises an exception whose message says what was expected
        """
        gathered = Gathered([], [])
        for implementation in self._implementations(hook):
            try:
                for answer in self._answers(hook, implementation, **arguments):
                    # Some implementations are generators, which run only now.
                    gathered.things.extend([thing for given in answer for thing in convert(given)])
            except ExtensionFailed as failure:
                gathered.failures.append(failure)
            except Exception as error:
                gathered.failures.append(ExtensionFailed.by(error, hook, implementation.function, self.root))
        return gathered

    def adjusted(self, finding: Finding, nodeid: str) -> Finding | Ignored:
        """A finding as the hooks leave it.

        :raises ExtensionFailed: an implementation raised, or returned something else
        """
        hook = "pytest_deploycheck_finding"
        for implementation in self._implementations(hook):
            for answer in self._answers(hook, implementation, finding=finding, nodeid=nodeid):
                if isinstance(answer, Ignored):
                    return answer
                if not isinstance(answer, Finding):
                    what = f"returned {answer!r}: a Finding, Ignored(reason) or None was expected"
                    raise ExtensionFailed(hook, implementation.function, self.root, what)
                finding = answer
        return finding

    def show(self, resolution: Resolution, services: tuple[Service, ...]) -> None:
        """Let the hooks see a resolution.

        :raises ExtensionFailed: an implementation raised, after all have seen it
        """
        hook = "pytest_deploycheck_resolution"
        failures = []
        for implementation in self._implementations(hook):
            try:
                self._answers(hook, implementation, resolution=resolution, services=services)
            except ExtensionFailed as failure:
                failures.append(failure)
        if failures:
            raise failures[0]

    def _answers(self, hook: str, implementation: HookImpl, **arguments: Any) -> list[Any]:
        """What one implementation returns, None left out.

        :raises ExtensionFailed: it raised
        """
        manager = self._config.pluginmanager
        others = [each for each in manager.get_plugins() if each is not implementation.plugin]
        try:
            answers: list[Any] = manager.subset_hook_caller(hook, others)(**arguments, config=self._config)
        except Exception as error:
            raise ExtensionFailed.by(error, hook, implementation.function, self.root) from error
        return answers

    def _implementations(self, hook: str) -> Iterator[HookImpl]:
        """The one that was registered first first; wrappers are none, they come with each of these."""
        for each in getattr(self._config.pluginmanager.hook, hook).get_hookimpls():
            if not (each.wrapper or each.hookwrapper) and self.holds_here(each.plugin):
                yield each

    def holds_here(self, plugin: object) -> bool:
        """Whether a plugin is one for this project."""
        path = getattr(plugin, "__file__", None)
        if path is None or Path(path).name != "conftest.py" or not self._others:
            return True
        folders = [each for each in (self._folder, *self._others) if Path(path).resolve().is_relative_to(each)]
        return not folders or max(folders, key=lambda each: len(each.parts)) == self._folder


@dataclass(frozen=True)
class Gathered:
    """What the implementations of a hook add, and those that failed."""

    things: list[Any]
    failures: list[ExtensionFailed]


def shown_path(path: Path, root: Path) -> str:
    """A path as messages have it: relative where it lies below the root."""
    return Path(os.path.relpath(path, root)).as_posix() if path.is_relative_to(root) else str(path)


def _place(function: Callable[..., Any]) -> tuple[Path, int]:
    plain = inspect.unwrap(function)
    code = getattr(plain, "__code__", None) or getattr(getattr(plain, "__func__", None), "__code__", None)
    return (Path(code.co_filename), code.co_firstlineno) if code else (Path(plain.__module__), 1)

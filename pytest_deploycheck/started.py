"""What the services start: their commands, understood, and the code of the repository that these run."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from pytest_deploycheck.builds import Builds
from pytest_deploycheck.location import Location
from pytest_deploycheck.render.blueprint import Service
from pytest_deploycheck.render.document import Scalar
from pytest_deploycheck.render.platform import platform_facts
from pytest_deploycheck.sources.python.application import applications_in, django_project, route_table
from pytest_deploycheck.sources.python.attributes import has_attribute
from pytest_deploycheck.sources.python.codebase import Codebase, Found, Kind
from pytest_deploycheck.sources.python.django import VARIABLE as DJANGO_VARIABLE
from pytest_deploycheck.sources.python.environment import EnvironmentRead, environment_reads
from pytest_deploycheck.sources.python.evaluation import Evaluator
from pytest_deploycheck.sources.python.module import Module
from pytest_deploycheck.sources.python.routes.django import django_table
from pytest_deploycheck.sources.python.routes.table import RouteTable
from pytest_deploycheck.sources.python.running import Running
from pytest_deploycheck.sources.python.servers import ServerCall, server_calls
from pytest_deploycheck.sources.python.sqlite import SqliteFile, sqlite_files
from pytest_deploycheck.sources.python.values import Constant, Value
from pytest_deploycheck.sources.shell.command import Word
from pytest_deploycheck.sources.start.listening import Listening, bound_to
from pytest_deploycheck.sources.start.start import Start, read_start

_Answer = TypeVar("_Answer")

# Folders of what is installed.
_OTHERS = frozenset({"venv", "env", "node_modules", "__pycache__", "site-packages"})

# What Flask looks for, and where variables may be set for it.
_FLASK_FILES = ("wsgi.py", "app.py")
_DOTENV = (".flaskenv", ".env")
_FLASK_NAMES = ("app", "application", "create_app", "make_app")


@dataclass(frozen=True)
class Located:
    """The code that a command runs or serves, looked for in the repository.

    :param codebase: what can be imported there
    :param found: what stands under the name of the module; None for a file
    :param path: of the file, relative to the root; empty for a module
    :param is_there: whether the file or the module is there
    :param is_closed: whether all folders that are searched are known
    :param directory: where the command runs, relative to the root
    :param name: of the module, dotted
    :param is_run: whether it is run as a script: of a package that is its ``__main__``
    """

    codebase: Codebase
    found: Found | None
    path: str
    is_there: bool
    is_closed: bool
    directory: str
    name: str = ""
    is_run: bool = False

    @cached_property
    def module(self) -> Module | None:
        """What is imported or run first; None where it is not there, or cannot be read."""
        if not self.is_there:
            return None
        if self.path and self.name and (known := self.codebase.module(self.name)) is not None:
            found: Module | None = known
        elif self.path:
            found = self.codebase.script(self.codebase.root / self.path)
        elif self.is_run and self.found is not None and self.found.is_package:
            found = self.codebase.module(f"{self.name}.__main__")
        else:
            found = self.found.module if self.found is not None else None
        return None if found is None or found.source.mistake else found


class Started:
    """The start commands of the services of one repository; code that they share is read once.

    :param root: of the repository
    """

    def __init__(self, root: Path, builds: Builds) -> None:
        self._root = root
        self._builds = builds
        self._starts: dict[tuple[str, Location], tuple[Start, ...]] = {}
        self._codebases: dict[tuple[Path, ...], Codebase] = {}
        self._answers: dict[tuple[object, ...], object] = {}

    def commands(self, service: Service) -> tuple[Start, ...]:
        """The commands of a service's start command, in their order."""
        return self.of_line(service, service.start_command)

    def of_line(self, service: Service, line: Scalar | None) -> tuple[Start, ...]:
        """The commands of one of a service's command lines."""
        if line is None:
            return ()
        key = (service.name, line.location)
        if key not in self._starts:
            commands, values = self._builds.commands(service, line).commands, service.values
            starts = (read_start(each, values, platform_facts().checkout) for each in commands)
            self._starts[key] = tuple(starts if self.has_code(service) else map(_without_code, starts))
        return self._starts[key]

    def has_code(self, service: Service) -> bool:
        """Whether a service's code is in this repository, and not in another one that the blueprint names.

        A repository without any Python is one of blueprints alone.
        """
        return service.fields.scalar("repo") is None and self._has_python

    @cached_property
    def _has_python(self) -> bool:
        for _, folders, files in os.walk(self._root):
            folders[:] = [each for each in folders if each not in _OTHERS and not each.startswith(".")]
            if any(each.endswith(".py") for each in files):
                return True
        return False

    # Where its code is.

    def located(self, start: Start) -> Located | None:
        """The code that a command is given; None where it is given none, or it cannot be known where that is."""
        code, directory = start.code, start.directory
        if code is None and directory is not None and start.program is not None and start.program.serves == "flask":
            return self._found_by_flask(start, directory)
        if code is None or directory is None or "$" in code.name:
            return None
        if code.kind == "file":
            return self._file(start, directory, code.name)
        codebase = self._codebase((directory, *(start.path or ())))
        found = codebase.find(code.name)
        is_there, is_closed = found.kind is not Kind.MISSING, start.path is not None
        return Located(codebase, found, "", is_there, is_closed, directory, code.name, start.is_script)

    def _found_by_flask(self, start: Start, directory: str) -> Located | None:
        """https://flask.palletsprojects.com/en/stable/cli/#application-discovery."""
        assert start.program is not None
        variable = start.program.application_variable
        if variable in start.environment or start.options.has(start.program.application):
            return None
        if any(self.codebase(directory).has_file(self._root / directory / each) for each in _DOTENV):
            return None
        places = [self._file(start, directory, each) for each in _FLASK_FILES]
        return next((each for each in places if each is not None and each.is_there), places[-1])

    def _file(self, start: Start, directory: str, name: str) -> Located | None:
        checkout = platform_facts().checkout
        joined = posixpath.relpath(name, checkout) if name.startswith("/") else posixpath.join(directory, name)
        path = posixpath.normpath(joined)
        if path == ".." or path.startswith("../") or "://" in name:
            return None
        folder, module_name = posixpath.dirname(path) or ".", ""
        if start.program is not None and start.program.by_package:
            folder, module_name = self._by_package(path)
        codebase = self._codebase((folder, *(start.path or ())))
        is_there = codebase.has_file(self._root / path)
        return Located(codebase, None, path, is_there, start.path is not None, directory, module_name)

    def _by_package(self, path: str) -> tuple[str, str]:
        """The folder above the packages that a file is in, and the name that it has from there."""
        folder, parts = posixpath.dirname(path) or ".", [posixpath.basename(path).removesuffix(".py")]
        while folder != "." and (self._root / folder / "__init__.py").is_file():
            parts.insert(0, posixpath.basename(folder))
            folder = posixpath.dirname(folder) or "."
        return folder, ".".join(parts)

    def _codebase(self, folders: tuple[str, ...]) -> Codebase:
        paths = tuple(Path(posixpath.normpath(self._root / each)) for each in folders)
        if paths not in self._codebases:
            self._codebases[paths] = Codebase(self._root, paths)
        return self._codebases[paths]

    def codebase(self, folder: str) -> Codebase:
        """What can be imported from one folder, relative to the root."""
        return self._codebase((folder,))

    # What its code says. All of it is kept: services share code.

    def evaluator(self, start: Start) -> Evaluator | None:
        """The code that a command comes by; None where that cannot be read."""
        located = self.located(start)
        module = located.module if located is not None else None
        if located is None or module is None:
            return None
        environment = start.environment

        def evaluator() -> Evaluator:
            project = django_project(located.codebase, module, environment, platform_facts().checkout)
            if project is not None:
                return project.evaluator
            return Evaluator(located.codebase, located.codebase.reachable([module]), platform_facts().checkout)

        return self._kept("evaluator", start, module, evaluator)

    def _kept(self, what: str, start: Start, module: Module, answer: Callable[[], _Answer]) -> _Answer:
        code = start.code
        key = (
            *(what, module, start.is_script, code.attribute if code else ""),
            *(DJANGO_VARIABLE in start.environment, start.environment.get(DJANGO_VARIABLE)),
        )
        if key not in self._answers:
            self._answers[key] = answer()
        kept: _Answer = self._answers[key]  # type: ignore[assignment]
        return kept

    def routes(self, start: Start) -> RouteTable | None:
        """The table of routes of what a command serves; None where it serves nothing that is known here."""
        evaluator, located = self.evaluator(start), self.located(start)
        module = located.module if located is not None else None
        if evaluator is None or located is None or module is None:
            return None

        def table() -> RouteTable | None:
            if posixpath.basename(located.path) == "manage.py":
                project = django_project(located.codebase, module, start.environment, platform_facts().checkout)
                return django_table(project) if project is not None else None
            return route_table(evaluator, self._served(start, evaluator, module), start.environment)

        return self._kept("routes", start, module, table)

    def _served(self, start: Start, evaluator: Evaluator, module: Module) -> tuple[Value, ...]:
        """The application, by the attribute that is named, or by what the program or the code looks for."""
        if start.is_script:
            calls = self.servers(start)
            return calls[0].served if len(calls) == 1 else ()
        named = start.code.attribute if start.code is not None else ""
        if not named:
            bound = evaluator.codebase.code(module).top.bindings
            named = next((each for each in _FLASK_NAMES if each in bound), "")
        if not named or has_attribute(evaluator.codebase, module, named).is_no:
            return ()
        return evaluator.name(module, named)

    def applications(self, start: Start) -> tuple[str, ...]:
        """The names of the module that is served which hold an application, or make one."""
        located = self.located(start)
        module = located.module if located is not None else None
        return self.applications_of(located.codebase, module.name) if located is not None and module is not None else ()

    def applications_of(self, codebase: Codebase, name: str) -> tuple[str, ...]:
        """As :meth:`applications`, of a module by its name; functions have parentheses."""
        module = codebase.module(name)
        if module is None:
            return ()
        evaluator = Evaluator(codebase, codebase.reachable([module]), platform_facts().checkout)
        return tuple(applications_in(evaluator, module))

    def reads(self, start: Start) -> tuple[EnvironmentRead, ...]:
        """The environment variables that its code reads."""
        return self._of_code("reads", start, lambda evaluator, module: environment_reads(evaluator))

    def sqlite(self, start: Start) -> tuple[SqliteFile, ...]:
        """The SQLite files that its code opens."""
        return self._of_code("sqlite", start, lambda evaluator, module: sqlite_files(evaluator))

    def servers(self, start: Start) -> tuple[ServerCall, ...]:
        """The servers that its code starts by itself."""

        def calls(evaluator: Evaluator, module: Module) -> Iterator[ServerCall]:
            return server_calls(evaluator, Running(evaluator, module if start.is_script else None))

        return self._of_code("servers", start, calls)

    def _of_code(
        self, what: str, start: Start, answer: Callable[[Evaluator, Module], Iterator[_Answer]]
    ) -> tuple[_Answer, ...]:
        evaluator, located = self.evaluator(start), self.located(start)
        module = located.module if located is not None else None
        if evaluator is None or module is None:
            return ()
        return self._kept(what, start, module, lambda: tuple(answer(evaluator, module)))

    # Where it listens.

    def listening(self, start: Start) -> Listening | None:
        """Where a program of the table listens, by its files of configuration too; None where that is not known."""
        if start.program is None or start.listening is None or start.directory is None:
            return start.listening
        if start.program.toml and not start.listening.port.is_said:
            return _by_toml(self._root / start.directory / start.program.toml, start.listening)
        if start.program.arguments_variable in start.environment and not start.listening.host.is_said:
            return self._by_configuration(start, start.listening)
        return start.listening

    def _by_configuration(self, start: Start, otherwise: Listening) -> Listening | None:
        """``bind`` of gunicorn.conf.py, which counts where the variable that Render sets is set anew."""
        assert start.program is not None
        said = start.options.value(start.program.config)
        name = said.text.removeprefix("file:") if said is not None else start.program.default_config
        path = self._root / (start.directory or ".") / name
        codebase = self.codebase(start.directory or ".")
        if not codebase.has_file(path):
            return otherwise if said is None else None
        module = codebase.script(path)
        evaluator = Evaluator(codebase, codebase.reachable([module]), platform_facts().checkout)
        if "bind" not in codebase.code(module).top.bindings:
            return otherwise
        bind = evaluator.name(module, "bind")
        text = bind[0].value if len(bind) == 1 and isinstance(bind[0], Constant) else None
        place = codebase.code(module).top.bindings["bind"][-1].node
        return bound_to(Word(text, module.source.at(place))) if isinstance(text, str) else None


def _without_code(start: Start) -> Start:
    return replace(start, code=None, directory=None)


def _by_toml(path: Path, otherwise: Listening) -> Listening | None:
    """``[server]`` of Streamlit's config.toml; None where it says something about the port."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return otherwise
    except (OSError, UnicodeDecodeError):
        return None
    return None if "port" in text or "address" in text else otherwise

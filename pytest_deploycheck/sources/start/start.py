"""A command that starts something, understood."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pytest_deploycheck.sources.shell.command import Command, Word
from pytest_deploycheck.sources.start.code import Code, code_of, code_of_python
from pytest_deploycheck.sources.start.listening import Listening, listening_of, of_manage
from pytest_deploycheck.sources.start.options import Options, read_options
from pytest_deploycheck.sources.start.program import Program, program_facts


@dataclass(frozen=True)
class Start:
    """One command of a start command.

    :param program: None for one that is not in the table, and for Python itself
    :param options: its words, told apart
    :param environment: the variables that it gets, None for unknown values
    :param code: what it runs or serves; None where that is not known
    :param listening: None where it is not known, or where it does not listen
    :param directory: where it runs, relative to the root of the repository; None where unknown
    :param path: further directories that Python searches, relative to the root; None where unknown
    """

    command: Command
    program: Program | None
    options: Options
    environment: Mapping[str, str | None] = field(repr=False)
    code: Code | None
    listening: Listening | None
    directory: str | None
    path: tuple[str, ...] | None = ()

    @property
    def listens_never(self) -> bool:
        """Whether it certainly listens on no port."""
        if self.program is not None:
            return not self.program.listens
        if self.is_script and self.code is not None and posixpath.basename(self.code.name) == "manage.py":
            first = self.options.operands[0].text if self.options.operands else ""
            return first in program_facts().manage_no_servers
        return self.command.program in program_facts().no_servers

    @property
    def is_script(self) -> bool:
        """Whether it is Python itself that runs a file or a module."""
        return self.program is None and self.code is not None


def read_start(command: Command, environment: Mapping[str, str | None], checkout: str) -> Start:
    """Understand a command.

    :param environment: the variables of the service, None for unknown values
    :param checkout: where the repository lies when the command runs
    """
    given = {**environment, **(command.environment or {})}
    program = _program(command)
    if program is None:
        return _of_python(command, given, checkout)
    options = read_options(command.arguments, program.flags)
    if program.subcommand:
        options = replace(options, operands=options.operands[1:])
    place = _Place(command.directory, checkout)
    folder = options.value(program.chdir)
    directory = place.inside(folder) if folder is not None else command.directory
    path = _python_path(given, place, options.values(program.path))
    code = code_of(program, options, given, command)
    listening = listening_of(program, options, given) if program.listens else None
    return Start(command, program, options, given, code, listening, directory, path)


def _program(command: Command) -> Program | None:
    if command.words[0].is_known:
        words = {each.text for each in command.arguments if not each.text.startswith("-")}
        for row in program_facts().named(command.program):
            if not row.subcommand or row.subcommand in words:
                return row
    return None


@dataclass(frozen=True)
class _Place:
    """Where relative paths begin.

    :param directory: relative to the root, None where unknown
    """

    directory: str | None
    checkout: str

    def inside(self, word: Word) -> str | None:
        """A directory relative to the root; None where it is not known, or not in the repository."""
        return self.resolved(word.text) if word.is_known else None

    def resolved(self, path: str) -> str | None:
        """As :meth:`inside`, of a text."""
        if "$" in path or path.startswith("~"):
            return None
        if path.startswith("/"):
            path = posixpath.relpath(path, self.checkout)
        elif self.directory is None:
            return None
        else:
            path = posixpath.normpath(posixpath.join(self.directory, path))
        return None if path == ".." or path.startswith("../") else path


def _python_path(
    environment: Mapping[str, str | None], place: _Place, words: tuple[Word, ...]
) -> tuple[str, ...] | None:
    """What is searched beside the program's own directory; None where a part of it is not known."""
    given = environment.get("PYTHONPATH", "")
    if given is None:
        return None
    several = [*(part for word in words for part in word.text.split(",")), *filter(None, given.split(":"))]
    found = [place.resolved(each) for each in several]
    known = [each for each in found if each is not None]
    return tuple(known) if len(known) == len(found) else None


def _of_python(command: Command, environment: Mapping[str, str | None], checkout: str) -> Start:
    """``python x.py``, ``python -m package``, ``./x.py``, or a program that is not known."""
    path = _python_path(environment, _Place(command.directory, checkout), ())
    code, words = code_of_python(command)
    options = read_options(words, frozenset())
    listening = of_manage(options) if code is not None and posixpath.basename(code.name) == "manage.py" else None
    return Start(command, None, options, environment, code, listening, command.directory, path)

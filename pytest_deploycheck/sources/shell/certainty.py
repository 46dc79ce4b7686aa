"""Which commands run for certain, and find the repository as it was checked out."""

from __future__ import annotations

import re
from pathlib import Path

from pytest_deploycheck.location import Location
from pytest_deploycheck.sources.shell.command import Command, Commands

# They read, print, set and install, and make no file or folder that a later command would look for.
_MAKING_NOTHING = frozenset(
    {
        *("[", "alembic", "cat", "cd", "chmod", "command", "date", "declare", "diff", "dirname", "echo", "env", "exit"),
        *(
            "export",
            "false",
            "grep",
            "head",
            "hash",
            "id",
            "ls",
            "printf",
            "psql",
            "pwd",
            "set",
            "shopt",
            "sleep",
            "sort",
        ),
        *(
            "stat",
            "sudo",
            "tail",
            "test",
            "trap",
            "true",
            "type",
            "ulimit",
            "umask",
            "uname",
            "unset",
            "wc",
            "which",
            ":",
        ),
        *(
            "manage.py",
            "apt",
            "apt-get",
            "apk",
            "yum",
            "dnf",
            "brew",
            "conda",
            "mamba",
            "pdm",
            "pipenv",
            "hatch",
            "rye",
        ),
    }
)
_INSTALLING = frozenset({"install", "sync", "freeze", "list", "show", "check", "cache", "config", "uninstall", "venv"})
_PIP = re.compile(r"pip(?:\d+(?:\.\d+)?)?|uv|poetry")
_PYTHON = re.compile(r"python(?:\d+(?:\.\d+)?)?")


def certain_places(commands: Commands, root: Path) -> frozenset[Location]:
    """Where the words stand of commands that surely run, in folders of the repository, before anything is made in it.

    What is missing for one of these is missing for certain.
    """
    found: set[Location] = set()
    for command in commands.commands:
        is_sure = not (command.is_conditional or command.is_tolerated)
        if is_sure and command.directory is not None and (root / command.directory).is_dir():
            found.update(word.location for word in command.words)
        if not _makes_nothing(command):
            break
    return frozenset(found)


def _makes_nothing(command: Command) -> bool:
    if command.outputs or "xargs" in command.wrappers:
        return False
    arguments = [each.text for each in command.arguments]
    if _PIP.fullmatch(command.program):
        return not _INSTALLING.isdisjoint(arguments) or not arguments
    if _PYTHON.fullmatch(command.program):
        return not arguments or arguments[0] == "--version" or arguments[0].rpartition("/")[2] == "manage.py"
    return command.program in _MAKING_NOTHING

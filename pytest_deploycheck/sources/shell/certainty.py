"""Which commands run for certain, and find the repository as it was checked out."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from pytest_deploycheck.location import Location
from pytest_deploycheck.sources.shell.command import Command, Commands
from pytest_deploycheck.sources.shell.wrapping import PYTHON

_INSTALLING = frozenset({"install", "sync", "freeze", "list", "show", "check", "cache", "config", "uninstall", "venv"})
_PIP = re.compile(r"pip(?:\d+(?:\.\d+)?)?|uv|poetry")


@lru_cache(maxsize=1)
def _making_nothing() -> frozenset[str]:
    table = files("pytest_deploycheck.sources.shell").joinpath("making_nothing.json").read_text(encoding="utf-8")
    return frozenset(json.loads(table)["value"])


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
    if PYTHON.fullmatch(command.program):
        return not arguments or arguments[0] == "--version" or arguments[0].rpartition("/")[2] == "manage.py"
    return command.program in _making_nothing()

"""What a shell keeps from one command to the next."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pytest_deploycheck.sources.shell.parameters import Parameters

# What builds and installations make: a program in one of them is no file of the repository.
_MADE = frozenset({".venv", "venv", "env", "node_modules", ".local", ".cargo", ".poetry"})


@dataclass(frozen=True)
class Repository:
    """Where commands run.

    :param root: on this machine
    :param checkout: on the machine that runs them, absolute
    """

    root: Path
    checkout: str

    def inside(self, directory: str | None, path: str) -> str | None:
        """A path relative to the root, as a command in a directory names it; None where it lies elsewhere.

        :param directory: relative to the root, None where unknown
        """
        if path.startswith("/"):
            path = posixpath.relpath(path, self.checkout)
        elif directory is None:
            return None
        else:
            path = posixpath.join(directory, path)
        inside = posixpath.normpath(path)
        return None if inside == ".." or inside.startswith("../") else inside

    def absolute(self, directory: str | None) -> str | None:
        """A directory on the machine that runs the commands."""
        return None if directory is None else posixpath.normpath(posixpath.join(self.checkout, directory))

    @staticmethod
    def is_made(path: str) -> bool:
        """Whether a path is one of what a build makes."""
        return not _MADE.isdisjoint(path.split("/"))


@dataclass(frozen=True)
class State:
    """Directory and variables; commands make a new one.

    :param directory: relative to the root of the repository; None where unknown
    :param variables: all that are known to be there, None for an unknown value
    :param assigned: those of them that commands have set
    :param parameters: of the script or the function
    :param left: the directory that was left last, None where unknown
    :param stack: of ``pushd``, the last one behind; None where unknown
    """

    directory: str | None
    variables: Mapping[str, str | None]
    assigned: Mapping[str, str | None]
    parameters: Parameters = None
    left: str | None = None
    stack: tuple[str | None, ...] | None = ()

    def of_child(self, parameters: Parameters) -> State:
        """What a shell of its own begins with."""
        return replace(self, parameters=parameters, stack=())

    def changed_to(self, directory: str | None) -> State:
        """In another directory."""
        return replace(self, directory=directory, left=self.directory)

    def with_variable(self, name: str, value: str | None) -> State:
        """With a variable set."""
        return replace(self, variables={**self.variables, name: value}, assigned={**self.assigned, name: value})

    def without_variable(self, name: str) -> State:
        """With a variable unset."""
        variables, assigned = dict(self.variables), dict(self.assigned)
        variables.pop(name, None)
        assigned.pop(name, None)
        return replace(self, variables=variables, assigned=assigned)

    def or_else(self, other: State) -> State:
        """What is known where one of two states holds."""
        if self == other:
            return self
        return State(
            self.directory if self.directory == other.directory else None,
            _either(self.variables, other.variables),
            _either(self.assigned, other.assigned),
            self.parameters if self.parameters == other.parameters else None,
            self.left if self.left == other.left else None,
            self.stack if self.stack == other.stack else None,
        )


def _either(first: Mapping[str, str | None], second: Mapping[str, str | None]) -> Mapping[str, str | None]:
    if first == second:
        return first
    names = dict.fromkeys((*first, *second))
    return {name: first[name] if name in first and first[name] == second.get(name) else None for name in names}

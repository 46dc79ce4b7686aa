"""What an expression may be, as far as that can be known without running it."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TypeAlias

from pytest_deploycheck.location import Location
from pytest_deploycheck.sources.python.module import Module
from pytest_deploycheck.sources.python.scopes import Scope


@dataclass(frozen=True)
class Constant:
    """A value that is written down; paths are texts here."""

    value: str | bytes | int | float | bool | None


@dataclass(frozen=True)
class Variable:
    """The value of an environment variable.

    :param default: what it is without one; None where it then fails
    :param before: a text in front of it
    :param after: a text behind it
    """

    name: str
    default: Value | None = None
    before: str = ""
    after: str = ""


@dataclass(frozen=True)
class External:
    """Something of a package that is not in the repository, or of Python itself.

    :param name: dotted, ``flask.Flask``
    """

    name: str


@dataclass(frozen=True)
class Local:
    """A function, a class, or a module of the repository.

    :param scope: its own
    """

    scope: Scope

    @property
    def node(self) -> ast.AST:
        """Where it is defined."""
        return self.scope.node


@dataclass(frozen=True)
class Instance:
    """What calling something gives: one for each place of a call.

    :param of: what is called
    :param scope: where the call stands
    """

    of: External | Local
    call: ast.Call
    scope: Scope

    @property
    def module(self) -> Module:
        """Where it is made."""
        return self.scope.module

    @property
    def location(self) -> Location:
        """Where it is made."""
        return self.module.source.at(self.call)

    @property
    def class_name(self) -> str:
        """Of what is called, dotted; empty where it is of the repository."""
        return self.of.name if isinstance(self.of, External) else ""


@dataclass(frozen=True)
class Items:
    """A list, a tuple or a set that is written down.

    :param scope: where it stands
    """

    node: ast.List | ast.Tuple | ast.Set
    scope: Scope


@dataclass(frozen=True)
class Mapping:
    """A dictionary that is written down."""

    node: ast.Dict
    scope: Scope


@dataclass(frozen=True)
class Unknown:
    """Anything."""


Value: TypeAlias = "Constant | Variable | External | Local | Instance | Items | Mapping | Unknown"
UNKNOWN = Unknown()

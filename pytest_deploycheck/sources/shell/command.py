"""Simple commands, as a shell would run them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from pytest_deploycheck.location import Location
from pytest_deploycheck.urls import without_logins


@dataclass(frozen=True)
class Word:
    """A word as the shell hands it to the program.

    :param text: quotes undone, and variables put in as far as they are known, so it may hold secrets: not to be shown
    :param location: where it begins, in the blueprint or in the script that it was read from
    :param is_known: whether the text is all that the program gets; what is not known stands in it as it is written
    :param written: as it is written, to be shown
    """

    text: str = field(repr=False)
    location: Location
    is_known: bool = True
    written: str = ""

    def __str__(self) -> str:
        return without_logins(self.written or self.text)


@dataclass(frozen=True)
class Command:
    """One program with its arguments, in the place where it runs.

    :param words: the program and what it is given; never empty; without assignments, redirections and wrappers
    :param directory: where it runs, relative to the root of the repository, ``.`` for the root; None where unknown
    :param environment: the variables that the commands before it set, or that stand before it; None: not known
    :param wrappers: what stands before the program and runs it: ``poetry run``, ``python -m``, ``sudo``, ``exec``
    :param is_conditional: whether it may also not run: behind ``||``, in an ``if``, a loop or a ``case``
    :param is_tolerated: whether the line goes on where it fails: before ``||``
    :param outputs: the files that its output is written to, as written
    """

    words: tuple[Word, ...]
    directory: str | None
    environment: Mapping[str, str | None] = field(default_factory=dict, repr=False)
    wrappers: tuple[str, ...] = ()
    is_conditional: bool = False
    is_tolerated: bool = False
    outputs: tuple[str, ...] = ()

    @property
    def location(self) -> Location:
        """Where its program stands."""
        return self.words[0].location

    @property
    def program(self) -> str:
        """Its name without a folder: ``gunicorn``, also for ``.venv/bin/gunicorn`` and ``python -m gunicorn``."""
        return PurePosixPath(self.words[0].text).name or self.words[0].text

    @property
    def arguments(self) -> tuple[Word, ...]:
        """The words behind the program."""
        return self.words[1:]

    def __str__(self) -> str:
        return " ".join(map(str, self.words))


@dataclass(frozen=True)
class Script:
    """A file of the repository that a command runs.

    :param path: relative to the root of the repository
    :param location: where it is run
    :param is_there: whether there is such a file; one that a command before it may have made is none of these
    :param is_program: whether it is run as a program, so that it has to be executable: ``./build.sh``
    :param is_made_executable: whether a command before it does that: ``chmod +x build.sh``
    """

    path: str
    location: Location
    is_there: bool = True
    is_program: bool = False
    is_made_executable: bool = False


@dataclass(frozen=True)
class Remark:
    """Something about a place in a command: why it cannot be read, or is not followed.

    :param text: what stands there
    :param reason: one half of a sentence
    """

    location: Location
    text: str
    reason: str


@dataclass(frozen=True)
class Commands:
    """All that a command line runs.

    :param commands: in the order in which they run; those of scripts where the scripts are run
    :param scripts: the files of the repository that are run, also those that are no shell scripts or are missing
    :param not_followed: what runs further commands that are not known here
    :param mistakes: what is no command that a shell can read
    """

    commands: tuple[Command, ...] = ()
    scripts: tuple[Script, ...] = ()
    not_followed: tuple[Remark, ...] = ()
    mistakes: tuple[Remark, ...] = ()

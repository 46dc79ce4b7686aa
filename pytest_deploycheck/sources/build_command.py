"""What a build command installs, read from its text as a shell would split it.

Only what stands in the command itself is read: a script that it runs is named in :attr:`BuildCommand.not_followed`.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

# https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_03
_TOKEN = re.compile(
    r"""
    [ \t\r]+ | \\\n | \#[^\n]*
    | (?P<redirection>\d*(?:<<-?|>>|[<>])&?\|?)
    | (?P<separator>[;&|()\n]+)
    | (?P<word>(?:[^\s;&|()<>'"\\] | \\. | '[^']*' | "(?:[^"\\]|\\.)*")+)
    """,
    re.VERBOSE | re.DOTALL,
)
_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(.*)", re.DOTALL)
_PIP = re.compile(r"pip(?:3(?:\.\d+)?)?")
_PYTHON = re.compile(r"python(?:3(?:\.\d+)?)?")

# Options of `pip install` with a value in the next word: https://pip.pypa.io/en/stable/cli/pip_install/
_VALUED = frozenset(
    {
        *("-r", "--requirement", "-c", "--constraint", "-e", "--editable", "-t", "--target", "-i", "--index-url"),
        *("--extra-index-url", "-f", "--find-links", "--platform", "--python-version", "--implementation", "--abi"),
        *("--root", "--prefix", "--src", "--upgrade-strategy", "-C", "--config-settings", "--global-option"),
        *("--no-binary", "--only-binary", "--progress-bar", "--root-user-action", "--report", "--group"),
        *("--proxy", "--timeout", "--retries", "--exists-action", "--trusted-host", "--cert", "--client-cert"),
        *("--cache-dir", "--log", "--python", "--use-feature", "--use-deprecated", "--keyring-provider"),
    }
)
_REQUIREMENT = ("-r", "--requirement")

# Other programs that install a project's requirements, by the word that follows them.
_OTHER_INSTALLERS = {
    "uv": ("sync", "pip"),
    "poetry": ("install", "sync"),
    "pipenv": ("install", "sync"),
    "pdm": ("install", "sync"),
    "conda": ("install", "env", "create"),
    "mamba": ("install", "env", "create"),
}
_SHELLS = ("sh", "bash", "dash", "zsh", "source", ".", "make")


@dataclass(frozen=True)
class PipInstall:
    """One ``pip install``.

    :param offset: where it begins in the command, in characters
    :param words: what stands behind ``install``
    :param requirement_files: as ``-r`` names them, relative to where the command runs
    :param projects: the requirements, paths and URLs that it names itself
    """

    offset: int
    words: tuple[str, ...]
    requirement_files: tuple[str, ...] = ()
    projects: tuple[str, ...] = ()

    def has_flag(self, flag: str) -> bool:
        """Whether an option stands there, with a value or without."""
        return any(word == flag or word.startswith(f"{flag}=") for word in self.words)

    @property
    def only_upgrades_tools(self) -> bool:
        """Whether it installs pip and its like, and nothing of the project's."""
        tools = {"pip", "setuptools", "wheel"}
        return not self.requirement_files and bool(self.projects) and tools.issuperset(self.projects)


@dataclass(frozen=True)
class BuildCommand:
    """A build command, understood.

    :param installs: each ``pip install``, in order
    :param other_installers: further commands that install, such as ``poetry install``
    :param not_followed: scripts that it runs, which may install as well
    :param environment: the variables that it sets itself; a value may hold what a shell would still expand
    :param mistake: why it cannot be split into words, empty where it can
    """

    installs: tuple[PipInstall, ...] = ()
    other_installers: tuple[str, ...] = ()
    not_followed: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    mistake: str = ""


@dataclass(frozen=True)
class _Simple:
    """A simple command: a program and its words."""

    offset: int
    words: tuple[str, ...]


def read_build_command(text: str) -> BuildCommand:
    """Read a build command; what cannot be split into words installs nothing, and says why in ``mistake``."""
    try:
        commands = list(_simple_commands(text))
    except ValueError as error:
        return BuildCommand(mistake=str(error))
    environment: dict[str, str] = {}
    installs: list[PipInstall] = []
    others: list[str] = []
    scripts: list[str] = []
    for command in commands:
        words = _without_assignments(command.words, environment)
        if not words:
            continue
        install = _pip_install(words, command.offset)
        program = PurePosixPath(words[0]).name
        if install is not None:
            installs.append(install)
        elif program in _OTHER_INSTALLERS and words[1:2] and words[1] in _OTHER_INSTALLERS[program]:
            others.append(" ".join(words))
        elif "/" in words[0] or words[0] in _SHELLS:
            scripts.append(" ".join(words))
    return BuildCommand(tuple(installs), tuple(others), tuple(scripts), environment)


def _simple_commands(text: str) -> Iterator[_Simple]:
    """:raises ValueError: a quote is not closed"""
    words: list[str] = []
    start = position = 0
    redirected = False
    while position < len(text):
        token = _TOKEN.match(text, position)
        if token is None:
            raise ValueError(f"the quote at {text[position : position + 20]!r} is not closed")
        if token["word"]:
            start = start if words else position
            if not redirected:
                words.append("".join(shlex.split(token["word"])))
            redirected = False
        elif token["redirection"]:
            redirected = True
        elif token["separator"]:
            if words:
                yield _Simple(start, tuple(words))
            words = []
        position = token.end()
    if words:
        yield _Simple(start, tuple(words))


def _without_assignments(words: Sequence[str], environment: dict[str, str]) -> tuple[str, ...]:
    """The command behind ``A=b``, ``export A=b`` and ``env A=b``; what they set is noted."""
    rest = list(words)
    while rest:
        assignment = _ASSIGNMENT.fullmatch(rest[0])
        if assignment:
            environment[assignment[1]] = assignment[2]
        elif rest[0] not in ("export", "env"):
            break
        rest.pop(0)
    return tuple(rest)


def _pip_install(words: Sequence[str], offset: int) -> PipInstall | None:
    rest = _behind_pip(words)
    at = next((at for at, word in enumerate(rest) if not word.startswith("-")), None)
    if at is None or rest[at] != "install":
        return None
    arguments = (*rest[:at], *rest[at + 1 :])
    files: list[str] = []
    projects: list[str] = []
    remaining = iter(arguments)
    for word in remaining:
        option, equals, value = word.partition("=")
        if option in _REQUIREMENT:
            files.append(value if equals else next(remaining, ""))
        elif word.startswith("-r") and not word.startswith("--"):
            files.append(word[2:])
        elif word in ("-e", "--editable"):
            projects.append(next(remaining, ""))
        elif word in _VALUED:
            next(remaining, None)
        elif not word.startswith("-"):
            projects.append(word)
    return PipInstall(offset, arguments, tuple(filter(None, files)), tuple(projects))


def _behind_pip(words: Sequence[str]) -> Sequence[str]:
    """What follows ``pip``, ``pip3``, ``python -m pip`` or ``.venv/bin/pip``; nothing where it is another command."""
    program = PurePosixPath(words[0]).name
    if _PIP.fullmatch(program):
        return words[1:]
    if _PYTHON.fullmatch(program) and tuple(words[1:3]) == ("-m", "pip"):
        return words[3:]
    return ()

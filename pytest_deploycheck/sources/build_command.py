"""What a build command installs, read from its text as a shell would split it.

Only what stands in the command itself is read: a script that it runs is named in :attr:`BuildCommand.not_followed`.
"""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import PurePosixPath

# https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_03
_TOKEN = re.compile(
    r"""
    [ \t\r]+ | \\\n | \#[^\n]*
    | (?P<redirection>\d*(?:<<-?|>>|[<>])&?\|?)
    | (?P<separator>[()]|[;&|\n]+)
    | (?P<word>(?:[^\s;&|()<>'"\\] | \\. | '[^']*' | "(?:[^"\\]|\\.)*")+)
    """,
    re.VERBOSE | re.DOTALL,
)
_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(.*)", re.DOTALL)
_PIP = re.compile(r"pip(?:3(?:\.\d+)?)?")
_PYTHON = re.compile(r"python(?:3(?:\.\d+)?)?")
# What stands before a command without being one.
_BEFORE = frozenset(
    {"if", "then", "elif", "else", "while", "until", "do", "{", "!", "time", "exec", "command", "nohup"}
)

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

# Options that change what pip picks; each may also be an environment variable, PIP_PRE for --pre.
_CHANGING = (
    *("-c", "--constraint", "--pre", "--prefer-binary", "--no-binary", "--only-binary", "--all-releases"),
    *("-i", "--index-url", "--extra-index-url", "--no-index", "-f", "--find-links", "--require-hashes", "--group"),
)
CHANGING_VARIABLES = tuple(
    f"PIP_{option[2:].replace('-', '_').upper()}" for option in (*_CHANGING, "--requirement") if option.startswith("--")
)

# Other programs that install a project's requirements, by the word that follows them; none: by themselves.
_OTHER_INSTALLERS: dict[str, tuple[str, ...]] = {
    "uv": ("sync", "pip"),
    "poetry": ("install", "sync"),
    "pipenv": ("install", "sync"),
    "pdm": ("install", "sync"),
    "rye": ("sync",),
    "conda": ("install", "env", "create"),
    "mamba": ("install", "env", "create"),
    "pip-sync": (),
}
# Commands that are known to install nothing of Python's. What any other does is not known.
_INSTALLING_NOTHING = frozenset(
    {
        *(
            "cd",
            "echo",
            "printf",
            "true",
            ":",
            "test",
            "[",
            "[[",
            "ls",
            "pwd",
            "cat",
            "mkdir",
            "cp",
            "mv",
            "rm",
            "touch",
        ),
        *(
            "chmod",
            "set",
            "export",
            "unset",
            "exit",
            "fi",
            "done",
            "}",
            "esac",
            "for",
            "case",
            "sleep",
            "which",
            "date",
        ),
        *("npm", "npx", "yarn", "pnpm", "node", "bun", "git", "curl", "wget", "tar", "unzip", "sed", "grep", "pip"),
    }
)


@dataclass(frozen=True)
class PipInstall:
    """One ``pip install``.

    :param offset: where it begins in the command, in characters
    :param words: what stands behind ``install``
    :param directory: where it runs, relative to where the command begins; None where that is not known
    :param requirement_files: as ``-r`` names them, relative to that directory
    :param projects: the requirements, paths and URLs that it names itself
    :param made: those of the files that a command before it names too, and so may make
    """

    offset: int
    words: tuple[str, ...]
    directory: str | None = ""
    requirement_files: tuple[str, ...] = ()
    projects: tuple[str, ...] = ()
    made: frozenset[str] = frozenset()

    @property
    def paths(self) -> tuple[str, ...]:
        """The requirements files relative to where the command begins, as far as they can be known."""
        if self.directory is None:
            return ()
        return tuple(
            posixpath.normpath(posixpath.join(self.directory, name))
            for name in self.requirement_files
            if name not in self.made and not _is_elsewhere(name)
        )

    @property
    def unknown_files(self) -> tuple[str, ...]:
        """Those of which it cannot be known what they hold."""
        unknown = self.directory is None
        return tuple(each for each in self.requirement_files if unknown or each in self.made or _is_elsewhere(each))

    @property
    def changing_options(self) -> tuple[str, ...]:
        """Those of its options that change what pip picks."""
        return tuple(word for word in self.words if word.partition("=")[0] in _CHANGING)

    @property
    def own_projects(self) -> tuple[str, ...]:
        """The projects that it names itself, without pip and its like."""
        return tuple(each for each in self.projects if each.partition("=")[0].rstrip("<>~!") not in _TOOLS)

    def has_flag(self, flag: str) -> bool:
        """Whether an option stands there, with a value or without."""
        return any(word == flag or word.startswith(f"{flag}=") for word in self.words)

    @property
    def only_upgrades_tools(self) -> bool:
        """Whether it installs pip and its like, and nothing of the project's."""
        return not self.requirement_files and not self.own_projects


_TOOLS = frozenset({"pip", "setuptools", "wheel"})


def _is_elsewhere(name: str) -> bool:
    """Whether a requirements file is one that is not in the repository: a URL, a device, one named by a variable."""
    return "://" in name or name.startswith("/dev/") or "$" in name


@dataclass(frozen=True)
class BuildCommand:
    """A build command, understood.

    :param installs: each ``pip install``, in order
    :param other_installers: further commands that install, such as ``poetry install``
    :param not_followed: scripts and unknown programs that it runs, which may install as well
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
    """A simple command: a program and its words.

    :param directory: where it runs, relative to where the whole command begins; None where that is not known
    :param targets: the files that its output goes to
    """

    offset: int
    words: tuple[str, ...]
    directory: str | None
    targets: tuple[str, ...]


@lru_cache(maxsize=256)  # Several checks ask for it, and services often share one command.
def read_build_command(text: str) -> BuildCommand:
    """Read a build command; what cannot be split into words installs nothing, and says why in ``mistake``."""
    try:
        commands = list(_simple_commands(text))
    except ValueError as error:
        return BuildCommand(mistake=str(error))
    environment: dict[str, str] = {}
    installs: list[PipInstall] = []
    others: list[str] = []
    unknown: list[str] = []
    named: set[str] = set()
    for command in commands:
        words = _program(_without_assignments(command.words, environment))
        if not words:
            continue
        install = _pip_install(words, command, frozenset(named))
        subcommands = _OTHER_INSTALLERS.get(words[0])
        if install is not None:
            installs.append(install)
        elif subcommands is not None and (not subcommands or set(words[1:2]) & set(subcommands)):
            others.append(" ".join(words))
        elif words[0] not in _INSTALLING_NOTHING:
            unknown.append(" ".join(words))
        named.update(() if install else words[1:], command.targets)
    return BuildCommand(tuple(installs), tuple(others), tuple(unknown), environment)


def _simple_commands(text: str) -> Iterator[_Simple]:
    """:raises ValueError: a quote is not closed"""
    words: list[str] = []
    targets: list[str] = []
    directory: str | None = ""
    outside: list[str | None] = []
    start = 0
    redirected = False
    for position, token in _tokens(text):
        if token["word"]:
            word = "".join(shlex.split(token["word"]))
            start = start if words else position
            (targets if redirected else words).append(word)
            redirected = False
        elif token["redirection"]:
            redirected = True
        elif token["separator"]:
            if words:
                yield _Simple(start, tuple(words), directory, tuple(targets))
                directory = _changed(directory, words)
            words, targets = [], []
            if token["separator"] == "(":
                outside.append(directory)
            elif token["separator"] == ")" and outside:
                directory = outside.pop()
    if words:
        yield _Simple(start, tuple(words), directory, tuple(targets))


def _tokens(text: str) -> Iterator[tuple[int, re.Match[str]]]:
    """:raises ValueError: a quote is not closed"""
    position = 0
    while position < len(text):
        token = _TOKEN.match(text, position)
        if token is None:
            raise ValueError(f"the quote at {text[position : position + 20]!r} is not closed")
        yield position, token
        position = token.end()


def _changed(directory: str | None, words: Sequence[str]) -> str | None:
    """Where the next command runs."""
    words = [word for word in words if word not in _BEFORE]
    if words[:1] != ["cd"]:
        return directory
    where = words[-1] if len(words) > 1 else "~"
    if directory is None or where[0] in "~-$/" or "$" in where:
        return None
    return posixpath.normpath(posixpath.join(directory, where))


def _program(words: Sequence[str]) -> tuple[str, ...]:
    """The words of a command from its program on: without its folder, and the module's name for ``python -m``."""
    rest = list(words)
    while rest and rest[0] in _BEFORE:
        rest.pop(0)
    if not rest:
        return ()
    program = rest[0] if rest[0].startswith("./") else PurePosixPath(rest[0]).name
    if _PYTHON.fullmatch(program):
        options = next((at for at, word in enumerate(rest[1:], 1) if not word.startswith("-") or word == "-m"), 0)
        if options and rest[options] == "-m" and len(rest) > options + 1:
            return tuple(rest[options + 1 :])
    return ("pip" if _PIP.fullmatch(program) else program, *rest[1:])


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


def _pip_install(words: Sequence[str], command: _Simple, named: frozenset[str]) -> PipInstall | None:
    """
    :param words: from the program on
    :param named: what commands before it name
    """
    at = next((at for at, word in enumerate(words[1:], 1) if not word.startswith("-")), None)
    if words[0] != "pip" or at is None or words[at] != "install":
        return None
    arguments = (*words[1:at], *words[at + 1 :])
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
    named_files = tuple(filter(None, files))
    return PipInstall(
        command.offset, arguments, command.directory, named_files, tuple(projects), named & frozenset(named_files)
    )

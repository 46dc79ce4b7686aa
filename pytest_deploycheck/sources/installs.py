"""What commands install: each ``pip install``, ``uv pip install`` and the like, with all that it is told.

Which options there are, and what installs otherwise, is in ``installers.json``, with sources and dates.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.resources import files
from pathlib import PurePosixPath

from packaging.utils import canonicalize_name

from pytest_deploycheck.location import Location
from pytest_deploycheck.sources.pylock_names import NamedPylock, extras_of, lock_and_group, lock_of
from pytest_deploycheck.sources.shell.command import Command, Commands, Word
from pytest_deploycheck.sources.shell.wrapping import PYTHON

# What pip, uv and Poetry take for no in a variable that stands for a flag.
NO = frozenset({"", "n", "no", "f", "false", "off", "0"})

_PIP = re.compile(r"pip(?:\d+(?:\.\d+)?)?")
_REQUIREMENT = ("-r", "--requirement", "--requirements")
_CONSTRAINT = ("-c", "--constraint", "--constraints")
_EDITABLE = ("-e", "--editable")
# Options that may be written together with their value: `-rrequirements.txt`.
_SHORT = ("-r", "-c", "-e", "-i", "-f")
# And so may flags be that stand before it: `-Ur requirements.txt`.
_CLUSTER = re.compile(r"-[UqvI]+([rceif])(.*)", re.DOTALL)

# What pip installs for itself and its builds.
_TOOLS = frozenset({"pip", "setuptools", "wheel", "uv"})

# What pip and uv do beside installing.
_INSTALLING_NOTHING = frozenset(
    {
        *("freeze", "list", "show", "check", "config", "cache", "download", "wheel", "uninstall", "inspect", "index"),
        *("venv", "lock", "export", "python", "version", "self", "build", "publish", "tree", "compile"),
    }
)

# They name files, and make none.
_READERS = frozenset(
    {"cat", "ls", "echo", "printf", "head", "tail", "test", "[", "grep", "wc", "diff", "stat", "cd", "chmod"}
)


@dataclass(frozen=True)
class Option:
    """An option with its value.

    :param value: None where it has none
    """

    name: Word
    spelling: str
    value: Word | None = None


@dataclass(frozen=True)
class Install:
    """One ``pip install`` or ``uv pip install``.

    :param installer: ``pip`` or ``uv pip``
    :param arguments: all that stands behind it, options before ``install`` among it
    :param options: in their order, without those that name files or projects
    :param requirements: the files that ``-r`` names, as it names them
    :param pylocks: those among them that are locks, behind which there may be extras
    :param constraints: likewise ``-c``
    :param projects: the requirements, paths and URLs that it names itself
    :param editables: what ``-e`` names
    :param made: the files that a command before it makes, relative to the root
    """

    command: Command
    installer: str
    arguments: tuple[Word, ...]
    options: tuple[Option, ...] = ()
    requirements: tuple[Word, ...] = ()
    constraints: tuple[Word, ...] = ()
    projects: tuple[Word, ...] = ()
    editables: tuple[Word, ...] = ()
    made: frozenset[str] = frozenset()
    pylocks: tuple[Word, ...] = ()

    @property
    def location(self) -> Location:
        """Where its program stands."""
        return self.command.location

    def __str__(self) -> str:
        return " ".join((self.installer, "install", *map(str, self.arguments)))

    def path(self, named: Word) -> str | None:
        """A file that it names, relative to the root of the repository; None where that is not known here."""
        is_elsewhere = "://" in named.text or named.text.startswith(("/", "~"))
        if self.command.directory is None or not named.is_known or is_elsewhere:
            return None
        path = posixpath.normpath(posixpath.join(self.command.directory, named.text))
        above = (path, *(str(each) for each in PurePosixPath(path).parents if str(each) != "."))
        is_project = path.rpartition("/")[2] in ("pyproject.toml", "setup.py", "setup.cfg")
        return None if is_project or path.startswith("../") or not self.made.isdisjoint(above) else path

    @property
    def files(self) -> tuple[Word, ...]:
        """The files that it names, locks without their extras among them."""
        locks = (lock_of(each) for each in (*self.pylocks, *(lock for lock, _ in self._groups)))
        return (*self.requirements, *self.constraints, *filter(None, locks))

    @property
    def unknown(self) -> tuple[Word, ...]:
        """What it names and is not known here: files from elsewhere or made by the build, variables."""
        named = [each for each in self.files if self.path(each) is None]
        groups = [word for word, is_of_lock in self._group_words if not is_of_lock]
        return (*named, *(each for each in (*self.projects, *self.editables) if not each.is_known), *groups)

    @property
    def _group_words(self) -> Iterator[tuple[Word, bool]]:
        """What ``--group`` is given, and whether it is a group of a lock: for pip it then begins with its path."""
        for each in self.options:
            if each.spelling == "--group" and each.value is not None:
                is_of_uv = bool(self.pylocks) and self.installer == "uv pip" and ":" not in each.value.text
                yield each.value, each.value.is_known and (is_of_uv or lock_and_group(each.value) is not None)

    @property
    def _groups(self) -> Iterator[tuple[Word, str]]:
        """The locks behind ``--group``, each with its group."""
        for word, is_of_lock in self._group_words:
            if is_of_lock and (found := lock_and_group(word)) is not None:
                yield found

    @property
    def named_pylocks(self) -> tuple[NamedPylock, ...]:
        """The locks that are known here, each once, with all that is asked of it."""
        found: dict[str, NamedPylock] = {}
        of_uv = self.installer == "uv pip"
        extras, groups = (self._of_lock("--extra"), self._of_lock("--group")) if of_uv else (frozenset(), frozenset())
        for word, group in (*((each, None) for each in self.pylocks), *self._groups):
            lock = lock_of(word)
            if lock is None or (path := self.path(lock)) is None:
                continue
            known = found.get(path, NamedPylock(path, word.location, has_default_groups=False))
            found[path] = replace(
                known,
                extras=known.extras | extras_of(word) | extras,
                groups=known.groups | groups | ({canonicalize_name(group)} if group else set()),
                has_default_groups=known.has_default_groups or (group is None and not groups),
                has_all_extras=of_uv and self.has_flag("--all-extras"),
            )
        return tuple(found.values())

    def _of_lock(self, spelling: str) -> frozenset[str]:
        values = (each.value for each in self.options if each.spelling == spelling)
        return frozenset(canonicalize_name(each.text) for each in values if each is not None and ":" not in each.text)

    @property
    def only_upgrades_tools(self) -> bool:
        """Whether it installs pip and its like, and nothing of the project's."""
        named = (*self.requirements, *self.pylocks, *self.editables, *self.own_projects)
        return not named and not self.named_pylocks and not self.unknown

    @property
    def own_projects(self) -> tuple[Word, ...]:
        """What it names itself, without pip and its like."""
        return tuple(each for each in self.projects if re.split(r"[<>=!~\[;@ ]", each.text)[0] not in _TOOLS)

    def has_flag(self, flag: str) -> bool:
        """Whether an option stands there, with a value or without."""
        name, _, value = flag.partition("=")
        return any(
            each.spelling == name and (not value or (each.value is not None and each.value.text == value))
            for each in self.options
        )


@dataclass(frozen=True)
class ProjectInstall:
    """A command that installs what a project's files say, such as ``uv sync``.

    :param needs: the files that have to be there
    :param lock: the file that says which versions; empty where the program has none
    :param is_locked: whether it stops where that file is not there
    """

    command: Command
    needs: tuple[str, ...] = ()
    lock: str = ""
    is_locked: bool = False

    @property
    def location(self) -> Location:
        """Where its program stands."""
        return self.command.location

    def __str__(self) -> str:
        return str(self.command)


@dataclass(frozen=True)
class Installs:
    """What commands install.

    :param installs: in order
    :param from_projects: likewise
    :param unknown: commands of which it is not known whether they install
    :param impossible: commands that the build machine does not have
    """

    installs: tuple[Install, ...] = ()
    from_projects: tuple[ProjectInstall, ...] = ()
    unknown: tuple[Command, ...] = ()
    impossible: tuple[Command, ...] = ()


@dataclass(frozen=True)
class _Table:
    valued: Mapping[str, frozenset[str]]
    from_projects: tuple[Mapping[str, object], ...]
    install_nothing: frozenset[str]
    impossible: frozenset[str]


@lru_cache(maxsize=1)
def _table() -> _Table:
    table = json.loads(files("pytest_deploycheck.sources").joinpath("installers.json").read_text(encoding="utf-8"))
    return _Table(
        {name: frozenset(table[name]["valued"]) for name in ("pip", "uv pip")},
        tuple(table["from_projects"]["value"]),
        frozenset(table["install_nothing"]["value"]),
        frozenset(table["impossible"]["value"]),
    )


def read_installs(commands: Commands) -> Installs:
    """Which commands install something, and what."""
    table = _table()
    installs: list[Install] = []
    from_projects: list[ProjectInstall] = []
    unknown: list[Command] = []
    impossible: list[Command] = []
    made: set[str] = set()
    for command in commands.commands:
        if "sudo" in command.wrappers or command.program in table.impossible:
            impossible.append(command)
        install = _install(command)
        project = _from_project(command)
        if install is not None:
            installs.append(replace(install, made=frozenset(made)))
        elif project is not None:
            from_projects.append(project)
        elif not _is_harmless(command):
            unknown.append(command)
        made.update(_made(command, is_install=install is not None))
    return Installs(tuple(installs), tuple(from_projects), tuple(unknown), tuple(impossible))


def _is_harmless(command: Command) -> bool:
    """Whether a command is known to install nothing."""
    name, arguments = command.program, [each.text for each in command.arguments]
    if "xargs" in command.wrappers:
        return False
    if PYTHON.fullmatch(name):
        return not arguments or arguments[0].rpartition("/")[2] == "manage.py" or arguments[0] in ("-V", "--version")
    if _PIP.fullmatch(name) or name == "uv":
        named = [each for each in arguments if not each.startswith("-") and each != "pip"]
        return not named or named[0] in _INSTALLING_NOTHING
    return name in _table().install_nothing or name == "manage.py"


def _made(command: Command, *, is_install: bool) -> Iterator[str]:
    """The files that a command may make, relative to the root."""
    if command.directory is None:
        return
    arguments = () if is_install or command.program in _READERS else command.arguments
    for name in (*(each.text.rpartition("=")[2] for each in arguments), *command.outputs):
        if name and not name.startswith("-"):
            yield posixpath.normpath(posixpath.join(command.directory, name))


def _from_project(command: Command) -> ProjectInstall | None:
    words = (command.program, *(each.text for each in command.arguments))
    if command.program == "uv":
        at = _subcommand(command.arguments, _table().valued["uv pip"])
        words = (*words[:1], *words[1 + (at or 0) :], *words[1 : 1 + (at or 0)])
    for row in _table().from_projects:
        called = [str(each) for each in _texts(row["words"])]
        if list(words[: len(called)]) == called:
            locked_by = set(_texts(row.get("locked_by", ())))
            lock = str(row.get("lock", ""))
            return ProjectInstall(command, tuple(_texts(row.get("needs", ()))), lock, not locked_by.isdisjoint(words))
    return None


def _texts(value: object) -> Sequence[str]:
    return value if isinstance(value, (list, tuple)) else ()


def _install(command: Command) -> Install | None:
    installer, arguments = _installer(command)
    if not installer or "xargs" in command.wrappers:
        return None
    at = _subcommand(arguments, _table().valued[installer])
    names_files = installer == "uv pip" and at is not None and arguments[at].text == "sync"
    if at is None or (arguments[at].text != "install" and not names_files):
        return None
    behind = (*arguments[:at], *arguments[at + 1 :])
    options: list[Option] = []
    projects: list[Word] = []
    for each in _options(behind, _table().valued[installer]):
        if isinstance(each, Option):
            options.append(each)
        else:
            projects.append(each)
    named = (*_values(options, _REQUIREMENT), *(projects if names_files else ()))
    # Extras of a lock stand behind its name for pip alone.
    pylocks = [each for each in named if (lock := lock_of(each)) and (installer == "pip" or lock is each)]
    return Install(
        command,
        installer,
        behind,
        tuple(each for each in options if each.spelling not in (*_REQUIREMENT, *_CONSTRAINT, *_EDITABLE)),
        tuple(each for each in named if each not in pylocks),
        _values(options, _CONSTRAINT),
        () if names_files else tuple(projects),
        _values(options, _EDITABLE),
        pylocks=tuple(pylocks),
    )


def _installer(command: Command) -> tuple[str, tuple[Word, ...]]:
    if _PIP.fullmatch(command.program):
        return "pip", command.arguments
    if command.program == "uv":
        at = _subcommand(command.arguments, _table().valued["uv pip"])
        if at is not None and command.arguments[at].text == "pip":
            return "uv pip", (*command.arguments[:at], *command.arguments[at + 1 :])
    return "", ()


def _subcommand(words: Sequence[Word], valued: frozenset[str]) -> int | None:
    """Where the first word stands that is neither an option nor its value."""
    at = 0
    while at < len(words) and words[at].text.startswith("-"):
        at += 2 if words[at].text in valued else 1
    return at if at < len(words) else None


def _values(options: Iterable[Option], spellings: Sequence[str]) -> tuple[Word, ...]:
    return tuple(each.value for each in options if each.spelling in spellings and each.value is not None)


def _options(words: Sequence[Word], valued: frozenset[str]) -> Iterator[Option | Word]:
    remaining = iter(words)
    for word in remaining:
        spelling, equals, _ = word.text.partition("=")
        short = next((each for each in _SHORT if word.text.startswith(each) and not word.text.startswith("--")), "")
        if not word.text.startswith("-") or word.text == "-":
            yield word
        elif equals and spelling.startswith("--"):
            yield Option(word, spelling, _from(word, len(spelling) + 1))
        elif word.text in valued:
            yield Option(word, word.text, next(remaining, None))
        elif cluster := _CLUSTER.fullmatch(word.text):
            value = _from(word, cluster.start(2)) if cluster[2] else next(remaining, None)
            yield Option(word, f"-{cluster[1]}", value)
        elif short and word.text != short:
            yield Option(word, short, _from(word, len(short)))
        else:
            yield Option(word, word.text)


def _from(word: Word, offset: int) -> Word:
    """The rest of a word, where it stands."""
    place = word.location
    is_as_written = word.written[:offset] == word.text[:offset]
    if not is_as_written:
        return replace(word, text=word.text[offset:])
    moved = Location(place.path, place.line, place.column + offset)
    return replace(word, text=word.text[offset:], written=word.written[offset:], location=moved)

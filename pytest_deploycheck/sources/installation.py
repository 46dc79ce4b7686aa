"""An install command as pip takes it: its options, its variables, and the files that it names, together."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_deploycheck.location import Location
from pytest_deploycheck.sources.installs import NO, Install, Option
from pytest_deploycheck.sources.pylock_names import is_pylock
from pytest_deploycheck.sources.requirements import Given, RequirementsFile, read_given, unreadable
from pytest_deploycheck.sources.requirements_options import FLAGS, VALUED
from pytest_deploycheck.sources.shell.command import Word

if TYPE_CHECKING:
    from pytest_deploycheck.sources.locks.lock_file import LockFile

# What a requirements file has too; other options do not change what is picked.
_CHANGING = {spelling: sets for sets, spellings in VALUED.items() for spelling in spellings}
_CHANGING |= {spelling: sets for sets, spelling in FLAGS.items()}
# https://docs.astral.sh/uv/reference/cli/#uv-pip-install: uv's names for the same.
_UV_OPTIONS = {
    "--default-index": "--index-url",
    "--index": "--extra-index-url",
    "--allow-insecure-host": "--trusted-host",
}

# https://pip.pypa.io/en/stable/topics/configuration/#environment-variables
_VARIABLES = {
    f"PIP_{spelling[2:].upper().replace('-', '_')}": spelling
    for spelling in (*_CHANGING, "--requirement", "--constraint")
    if spelling.startswith("--") and spelling not in ("--hash", "--config-settings", "--editable")
}
# https://docs.astral.sh/uv/reference/environment/
_UV_VARIABLES = {
    **dict.fromkeys(("UV_DEFAULT_INDEX", "UV_INDEX_URL"), "--index-url"),
    **dict.fromkeys(("UV_INDEX", "UV_EXTRA_INDEX_URL"), "--extra-index-url"),
    "UV_FIND_LINKS": "--find-links",
    "UV_NO_INDEX": "--no-index",
    "UV_CONSTRAINT": "--constraint",
    "UV_REQUIRE_HASHES": "--require-hashes",
    "UV_INSECURE_HOST": "--trusted-host",
}
_REFERENCE = re.compile(r"\$\{?(\w+)\}?")


@dataclass(frozen=True)
class Variable:
    """An environment variable of the build.

    :param value: None where it is not known here
    """

    name: str
    value: str | None
    location: Location


@dataclass(frozen=True)
class Installation:
    """What an install command installs, read.

    :param file: all of it, as if it stood in one requirements file; None where it names nothing that is known here
    :param lock: the same where uv installs it from a ``pylock.toml``, as it is there
    :param unknown: what changes the outcome too and is not known here, as sentences would name it
    :param looked_up: the variables that decided on what was read, with their values
    """

    install: Install
    file: RequirementsFile | None
    unknown: tuple[str, ...] = ()
    looked_up: Mapping[str, str | None] = field(default_factory=dict)
    lock: LockFile | None = None


class _Noted(Mapping[str, str]):
    """Variables, and which of them were asked for."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values
        self.asked: dict[str, str | None] = {}

    def __getitem__(self, name: str) -> str:
        self.asked[name] = self._values.get(name)
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


def read_installation(
    install: Install, variables: Iterable[Variable], root: Path, environ: Mapping[str, str]
) -> Installation:
    """Read what a command installs.

    :param variables: of the service, and what commands set before it
    :param environ: of this machine: what a variable is there that the blueprint does not tell, such as a token
    """
    known = {each.name: each.value for each in variables if each.value is not None}
    noted = _Noted({**environ, **known})
    reader = _Reader(install, noted, known, root)
    given = [*reader.of_variables(variables), *reader.of_options()]
    # Of pip's options, an index replaces those that are said before it, and so goes first.
    given.sort(key=lambda each: not each.text.startswith(("--index-url", "-i ", "--pypi-url")))
    projects = [*reader.of_projects()]
    paths = [path for each in install.requirements if (path := install.path(each)) and (root / path).is_file()]
    given += [*reader.of_files(install.constraints, "-c"), *projects, *reader.of_files(install.requirements, "-r")]
    pylocks = [each for each in install.named_pylocks if (root / each.path).is_file()]
    if pylocks and install.installer == "uv pip":
        from pytest_deploycheck.sources.locks.pylock import uv_pip_lock  # Few projects have one.

        lock = uv_pip_lock(install, pylocks, root)
        return Installation(install, lock.file, tuple(reader.unknown), noted.asked, lock)
    file = None
    names_others = bool(projects) or any(each.text.startswith("--requirement") for each in given)
    if paths or pylocks or names_others:
        name = paths[0] if paths else install.location.path if names_others else pylocks[0].path
        folder = root / (install.command.directory or ".")
        file = _first_unreadable(paths, root) or read_given(name, given, root, noted, folder)
        file = replace(file, without_dependencies=reader.without_dependencies)
    if pylocks:
        from pytest_deploycheck.sources.locks.pylock import with_pylocks

        file = with_pylocks(file, pylocks, root)
    return Installation(install, file, tuple(reader.unknown), noted.asked)


def _first_unreadable(paths: Iterable[str], root: Path) -> RequirementsFile | None:
    """A file that is there and that the disk does not give: nothing can be known of what is installed with it."""
    for path in paths:
        try:
            (root / path).read_bytes()
        except OSError as error:
            return unreadable(path, error)
    return None


class _Reader:
    """What one command is given, in the words of requirements files."""

    def __init__(self, install: Install, environ: Mapping[str, str], known: Mapping[str, str], root: Path) -> None:
        self.environ = environ
        self.unknown = [_named(install, each) for each in install.unknown]
        self.without_dependencies = install.has_flag("--no-deps") or _is_set(known.get("PIP_NO_DEPS"), install)
        self._install = install
        self._known = known
        self._root = root

    def of_variables(self, variables: Iterable[Variable]) -> Iterator[Given]:
        names = _VARIABLES if self._install.installer == "pip" else _UV_VARIABLES
        for each in variables:
            spelling = names.get(each.name)
            if each.name == "UV_PRERELEASE" and each.value == "allow" and self._install.installer == "uv pip":
                yield Given(each.location, "--pre", each.name)
            elif spelling is not None and each.value is None:
                self.unknown.append(f"the variable {each.name}")
            elif spelling == "--requirement" and any(map(is_pylock, (each.value or "").split())):
                self.unknown.append(f"the lock in the variable {each.name}: name it in the command")
            elif spelling is None or each.value is None:
                continue
            elif spelling in FLAGS.values():
                if each.value.lower() not in NO:
                    yield Given(each.location, spelling, each.name)
            else:
                for value in each.value.split():
                    yield self._given(each.location, spelling, self._absolute(spelling, value), each.name)

    def of_options(self) -> Iterator[Given]:
        for each in self._install.options:
            spelling = _UV_OPTIONS.get(each.spelling, each.spelling)
            if each.spelling == "--prerelease" and each.value is not None and each.value.text == "allow":
                yield Given(each.name.location, "--pre", "--prerelease allow")
            elif spelling not in _CHANGING:
                continue
            elif each.value is None:
                yield Given(each.name.location, spelling, str(each.name))
            elif (value := self._value(each.value)) is None:
                self.unknown.append(f"the option {_shown(each)}")
            else:
                yield self._given(each.name.location, spelling, self._absolute(spelling, value), _shown(each))

    def of_projects(self) -> Iterator[Given]:
        for each in self._install.own_projects:
            if each.is_known:
                yield Given(each.location, each.text, str(each), self._secrets(each.text))
        for each in self._install.editables:
            if each.is_known:
                yield self._given(each.location, "-e", each.text, f"-e {each}")

    def of_files(self, named: Iterable[Word], spelling: str) -> Iterator[Given]:
        for each in named:
            path = self._install.path(each)
            if path is not None and (self._root / path).is_file():
                yield self._given(each.location, spelling, str(self._root / path), f"{spelling} {each}")

    def _given(self, location: Location, spelling: str, value: str, shown: str) -> Given:
        return Given(location, f"{spelling} {shlex.quote(value)}", shown, self._secrets(value))

    def _absolute(self, spelling: str, value: str) -> str:
        """Files and folders that options name start where pip is started."""
        is_path = spelling in ("-c", "--constraint", "-r", "--requirement", "-f", "--find-links") and "://" not in value
        folder = self._root / (self._install.command.directory or ".")
        return str(folder / value) if is_path and (folder / value).exists() else value

    def _value(self, word: Word) -> str | None:
        """A value, with what only this machine's environment knows, such as the token of an index."""
        if word.is_known:
            return word.text
        names = _REFERENCE.findall(word.text)
        if not names or any(name not in self.environ for name in names) or set("`(*?").intersection(word.text):
            return None
        return _REFERENCE.sub(lambda match: self.environ[match[1]], word.text)

    def _secrets(self, text: str) -> tuple[tuple[str, str], ...]:
        """Variables whose values may stand in a text."""
        return tuple((name, value) for name, value in self._known.items() if len(value) > 3 and value in text)


def _is_set(value: str | None, install: Install) -> bool:
    """Whether a variable stands for a flag of pip."""
    return install.installer == "pip" and value is not None and value.lower() not in NO


def _shown(option: Option) -> str:
    return str(option.name) if option.value is None or "=" in option.name.text else f"{option.name} {option.value}"


def _named(install: Install, word: Word) -> str:
    is_file = word in install.files
    return f"the {'file' if is_file else 'requirement'} {word}"

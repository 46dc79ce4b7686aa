"""Files that ask for a Python and do not decide which one a service gets."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from pytest_deploycheck.location import Location

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PYPROJECT = "pyproject.toml"
RUNTIME = "runtime.txt"
PIPFILE = "Pipfile"
VERSION_FILE = ".python-version"

_VERSION = re.compile(r"\s*(?:c?python-?)?(?P<version>3\.\d+(?:\.\d+)?)\s*", re.IGNORECASE)
# https://python-poetry.org/docs/dependency-specification/#version-constraints
_POETRY = re.compile(r"(?P<operator>[\^~])\s*(?P<version>\d+(?:\.\d+)*)")


@dataclass(frozen=True)
class PythonWish:
    """What a file asks for.

    :param asked: as it is written there
    :param specifier: the same, to compare with
    """

    file: str
    location: Location
    asked: str
    specifier: SpecifierSet

    @property
    def version(self) -> str | None:
        """The one version that it asks for; None where it leaves a choice."""
        only = list(self.specifier)
        return only[0].version.removesuffix(".*") if len(only) == 1 and only[0].operator == "==" else None


def find_python_wishes(root: Path, folder: str) -> Iterator[PythonWish]:
    """What the files of a service ask for, those that can be read and say it.

    :param folder: of the service, relative to the root, ``.`` for the root
    """
    for place in dict.fromkeys((".", folder)):
        yield from _of_version(root, place, RUNTIME)
    # At the root this file decides, and in another folder nobody reads it.
    yield from _of_version(root, folder, VERSION_FILE) if folder != "." else ()
    yield from _of_pyproject(root, folder)
    yield from _of_pipfile(root, folder)


def version_file_wish(root: Path) -> PythonWish | None:
    """What the file at the root asks for, where a variable decides in its place."""
    return next(_of_version(root, ".", VERSION_FILE), None)


def _of_version(root: Path, folder: str, name: str) -> Iterator[PythonWish]:
    path, text = _read(root, folder, name)
    for number, line in enumerate(text.splitlines(), start=1):
        if match := _VERSION.fullmatch(line):
            version = match["version"]
            exact = version if version.count(".") == 2 else f"{version}.*"
            location = Location(path, number, match.start("version") + 1)
            yield PythonWish(path, location, version, SpecifierSet(f"=={exact}"))
            return


def _of_pyproject(root: Path, folder: str) -> Iterator[PythonWish]:
    path, text = _read(root, folder, PYPROJECT)
    tables = _toml(text)
    asked = _at(tables, "project", "requires-python")
    key = r"requires-python"
    if not isinstance(asked, str):
        asked, key = _at(tables, "tool", "poetry", "dependencies", "python"), "python"
    if isinstance(asked, str):
        yield from _wish(path, text, key, asked, _poetry(asked) if key == "python" else asked)


def _of_pipfile(root: Path, folder: str) -> Iterator[PythonWish]:
    path, text = _read(root, folder, PIPFILE)
    tables = _toml(text)
    for key in ("python_full_version", "python_version"):
        asked = _at(tables, "requires", key)
        if isinstance(asked, str):
            yield from _wish(path, text, key, asked, f"=={asked}" + ("" if key == "python_full_version" else ".*"))
            return


def _wish(path: str, text: str, key: str, asked: str, specifier: str) -> Iterator[PythonWish]:
    match = re.search(rf"(?m)^[ \t]*[\"']?{key}[\"']?[ \t]*=[ \t]*", text)
    line = text.count("\n", 0, match.end()) + 1 if match else 1
    column = match.end() - text.rfind("\n", 0, match.end()) if match else 1
    try:
        yield PythonWish(path, Location(path, line, column), asked, SpecifierSet(specifier))
    except InvalidSpecifier:
        return  # Who uses the file says so.


def _poetry(asked: str) -> str:
    """Poetry's ``^3.11`` and ``~3.11`` as specifiers; other constraints are the same, and ``||`` is none."""
    return ",".join(_of_operator(part.strip()) for part in asked.split(","))


def _of_operator(part: str) -> str:
    match = _POETRY.fullmatch(part)
    if match is None:
        return "" if part == "*" else f"=={part}" if part[:1].isdigit() else part
    numbers = [int(each) for each in match["version"].split(".")]
    kept = 1 if match["operator"] == "^" else min(2, len(numbers))
    following = [*numbers[: kept - 1], numbers[kept - 1] + 1]
    return f">={match['version']},<{'.'.join(map(str, following))}"


def _read(root: Path, folder: str, name: str) -> tuple[str, str]:
    """The path of a file relative to the root, and its text; none where it cannot be read."""
    path = name if folder == "." else f"{folder}/{name}"
    try:
        return path, (root / path).read_text(encoding="utf-8-sig", errors="replace")
    except OSError:
        return path, ""


def _toml(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return {}


def _at(tables: Any, *keys: str) -> Any:
    for key in keys:
        tables = tables.get(key) if isinstance(tables, dict) else None
    return tables

"""What ``pipenv sync`` and ``pipenv install`` install from ``Pipfile.lock``: what they give to pip.

Pipenv 2026.10 (``routines/install.py``, ``utils/dependencies.py``), by tests/differential/test_locks_as_their_tools.py.
The lock has versions and hashes, but no files and nobody's requirements: for each index Pipenv lets pip install, with
``--no-deps``, what has hashes, and then the rest.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from packaging.utils import NormalizedName, canonicalize_name

from pytest_deploycheck.location import Location
from pytest_deploycheck.resolution.locked.lock import PIPENV
from pytest_deploycheck.sources.locks.declared import Declared
from pytest_deploycheck.sources.locks.json_text import JsonText
from pytest_deploycheck.sources.locks.lock_file import LockFile, Pinned, Wanted, broken
from pytest_deploycheck.sources.locks.pipfile import DEV_PACKAGES, PACKAGES, Pipfile, python_specifier
from pytest_deploycheck.sources.locks.tables import BadFile, typed
from pytest_deploycheck.sources.locks.toml_text import TomlText
from pytest_deploycheck.sources.requirements import Given, Problem, RequirementLine, RequirementsFile, read_given

# As the lock calls them.
_SECTIONS = {PACKAGES: "default", DEV_PACKAGES: "develop"}
_REPOSITORIES = ("git", "hg", "svn", "bzr")
# pip's configured index stands in for it.
_PYPI = re.compile(r"https?://(?:pypi\.org|pypi\.python\.org)/simple/?")
_REFERENCE = re.compile(r"\$\{?(\w+)\}?")


@dataclass(frozen=True)
class _Entry:
    """A package of the lock.

    :param declared: the line of the Pipfile for it; None where others require it
    """

    name: str
    table: dict[str, Any]
    place: Location
    declared: Declared | None

    @property
    def location(self) -> Location:
        return self.declared.location if self.declared else self.place

    @property
    def index(self) -> str:
        return typed(self.table, "index", str, self.place, "")

    def line(self) -> str:
        """As Pipenv writes it for pip.

        :raises BadFile: something in it has another type than it should
        """
        table, place = self.table, self.place
        extras = typed(table, "extras", list, place, [])
        named = f"{self.name}[{','.join(map(str, extras))}]" if extras else self.name
        marker = typed(table, "markers", str, place, "")
        condition = f" ; {marker}" if marker else ""
        kind = next((each for each in _REPOSITORIES if each in table), "")
        if kind:
            return self._repository(kind, named)
        path = table.get("path", table.get("file"))
        if path is not None:
            return f"{'-e ' if table.get('editable') is True else ''}{path}{condition}"
        version = typed(table, "version", str, place, "")
        hashes = "".join(f" --hash={each}" for each in typed(table, "hashes", list, place, []))
        return f"{named}{'' if version == '*' else version}{condition}{hashes}"

    def _repository(self, kind: str, named: str) -> str:
        """A commit of a repository; its markers pip is not told."""
        url, ref = typed(self.table, kind, str, self.place, ""), typed(self.table, "ref", str, self.place, "")
        folder = typed(self.table, "subdirectory", str, self.place, "")
        prefix = "" if f"{kind}+" in url else f"{kind}+"
        commit = f"@{ref}" if ref and f"@{ref}" not in url else ""
        return f"{named} @ {prefix}{url}{commit}{f'#subdirectory={folder}' if folder else ''}"


class PipenvSync:
    """One ``pipenv sync``, or ``pipenv install``.

    :param root: of the repository
    :param lock: the file
    """

    def __init__(self, wanted: Wanted, lock: JsonText, root: Path) -> None:
        self._wanted = wanted
        self._options = wanted.options
        self._lock = lock
        self._root = root
        self._folder = posixpath.dirname(lock.path) or "."
        self._path = posixpath.normpath(posixpath.join(self._folder, "Pipfile"))
        self._pipfile = self._read_pipfile()

    def _read_pipfile(self) -> Pipfile | None:
        """:raises BadFile: it is no TOML"""
        file = self._root / self._path
        return Pipfile(TomlText.read(self._path, file.read_bytes())) if file.is_file() else None

    def read(self) -> LockFile:
        """:raises BadFile: a file does not say what it should"""
        entries = list(self._entries())
        problems = [*self._refused(entries), *self._unknown(entries)]
        files = (self._lock.path, *((self._path,) if self._pipfile else ()))
        if problems:
            return broken(self._lock.path, PIPENV, problems, files)
        parts = tuple(self._parts(entries))
        places: dict[str, Location] = {
            canonicalize_name(each.name): each.declared.location for each in entries if each.declared
        }
        own = RequirementsFile(
            self._lock.path,
            tuple(line for part in parts for line in _items(part, entries)),
            problems=tuple(problem for part in parts for problem in part.problems),
            warnings=tuple(self._left_as_it_is()),
            files=files,
        )
        python, where = self._pipfile.python if self._pipfile and self._options.has("--deploy") else ("", None)
        pinned = Pinned(
            parts,
            {canonicalize_name(each.name): _extras(each) for each in entries},
            places,
            {canonicalize_name(each.name): each.place for each in entries},
            python_specifier(python) if python else None,
            python,
            where or Location(self._path),
        )
        return LockFile(own, None, PIPENV, pinned)

    # What is installed.

    @property
    def _is_sync(self) -> bool:
        return "install" not in self._options.positional

    def _categories(self) -> tuple[str, ...]:
        options = self._options
        every = self._pipfile.categories if self._pipfile and options.has("--all") else ()
        named = every or options.all("--categories")
        is_dev = options.has("--dev", "-d")
        if is_dev and (not named or not self._is_sync):
            return (PACKAGES, DEV_PACKAGES)
        return named or options.all("default-categories") or (PACKAGES,)

    def _entries(self) -> Iterator[_Entry]:
        for category in self._categories():
            section = _SECTIONS.get(category, category)
            place = self._lock.place_of((section,))
            asked = {each.name: each for each in self._pipfile.declared(category)} if self._pipfile else {}
            for name, said in typed(self._lock.tables, section, dict, place, {}).items():
                table = said if isinstance(said, dict) else {"version": f"=={said}" if said != "*" else said}
                yield _Entry(name, table, self._lock.place_of((section, name)), asked.get(canonicalize_name(name)))

    def _parts(self, entries: list[_Entry]) -> Iterator[RequirementsFile]:
        """What is given to pip at once: what is from one index, with hashes or without."""
        groups: dict[tuple[str, bool], list[_Entry]] = {}
        default = next(iter(self._sources), "")
        for each in entries:
            is_hashed = bool(each.table.get("hashes")) and not {"path", "file", *_REPOSITORIES} & each.table.keys()
            groups.setdefault((each.index or default, is_hashed), []).append(each)
        for (index, _), group in groups.items():
            lines = [self._given(each.location, each.line()) for each in group]
            given = [*self._options_of(index, group), *lines]
            folder = self._root / self._folder
            read = read_given(self._lock.path, given, self._root, {}, folder)
            yield replace(read, path=self._lock.path, without_dependencies=True)

    def _given(self, location: Location, text: str) -> Given:
        return Given(location, text, text)

    def _options_of(self, index: str, group: list[_Entry]) -> Iterator[Given]:
        place = self._lock.place_of(("_meta", "sources"))
        names = self._sources if self._searches_everywhere else [index]
        for position, name in enumerate(names):
            source = self._sources.get(name, {})
            url = self._url(source)
            if url and not _PYPI.fullmatch(url):
                shown = "-i" if not position else "--extra-index-url"
                yield Given(place, f"{shown} {url}", f"{shown} {name}")
            if url and source.get("verify_ssl") is False and (host := url.partition("://")[2].partition("/")[0]):
                yield Given(place, f"--trusted-host {host.rpartition('@')[2]}", f"--trusted-host of {name}")
        no_binary = [each.name for each in group if each.table.get("no_binary")]
        for option, values in (("--no-binary", no_binary), *self._formats()):
            for value in values:
                yield self._given(self._wanted.location, f"{option} {value}")

    def _formats(self) -> Iterator[tuple[str, Iterable[str]]]:
        yield from ((option, self._options.all(option)) for option in ("--no-binary", "--only-binary"))

    @property
    def _searches_everywhere(self) -> bool:
        return bool(self._pipfile and self._pipfile.settings.get("install_search_all_sources"))

    @property
    def _sources(self) -> Mapping[str, dict[str, Any]]:
        """The indexes by name: those of the lock, the default one first."""
        place = self._lock.place_of(("_meta",))
        meta = typed(self._lock.tables, "_meta", dict, place, {})
        listed = typed(meta, "sources", list, place, [])
        return {str(each.get("name", "")): each for each in listed if isinstance(each, dict)}

    def _url(self, source: Mapping[str, Any]) -> str:
        """The URL of an index, with the values of the variables in it, as far as they are known."""
        url = str(source.get("url", ""))
        return _REFERENCE.sub(lambda found: self._wanted.environ.get(found[1], found[0]), url)

    # What does not fit.

    def _refused(self, entries: list[_Entry]) -> Iterator[Problem]:
        """Where Pipenv stops."""
        for each in entries:
            if each.index and self._sources and each.index not in self._sources:
                yield Problem(each.place, "", f"there is no source {each.index!r} in _meta, so Pipenv stops")
        for category in self._options.all("--categories"):
            if category in _SECTIONS.values() and not self._is_sync:
                meant = next(name for name, section in _SECTIONS.items() if section == category)
                expected = f"Pipenv knows no category {category}: write {meant}"
                yield Problem(self._wanted.location, self._wanted.shown, expected)
        if self._options.has("--deploy") and self._pipfile is None:
            expected = f"there is no {self._path}, and --deploy asks for it: commit it"
            yield Problem(self._wanted.location, self._wanted.shown, expected)
        elif self._options.has("--deploy") and self._is_outdated:
            expected = f"{self._path} has changed since, and --deploy stops there: run pipenv lock, and commit it"
            yield Problem(self._lock.place_of(("_meta", "hash", "sha256")), "", expected)

    @property
    def _is_outdated(self) -> bool:
        """Whether the lock was made for another Pipfile, where Pipenv looks at that."""
        if self._is_sync or self._options.has("--ignore-pipfile") or self._pipfile is None:
            return False
        meta = typed(self._lock.tables, "_meta", dict, self._lock.place_of(("_meta",)), {})
        hashed = meta.get("hash")
        said = hashed.get("sha256") if isinstance(hashed, dict) else None
        return bool(self._pipfile.hashes) and said not in self._pipfile.hashes

    def _unknown(self, entries: list[_Entry]) -> Iterator[Problem]:
        """What is not known here."""
        options = self._options
        if self._is_outdated and not options.has("--deploy", "--system"):
            expected = f"{self._path} has changed since: Pipenv would lock anew before it installs: run pipenv lock"
            yield Problem(self._lock.place_of(("_meta", "hash", "sha256")), "", expected, refused=False)
        if self._pipfile and self._pipfile.settings.get("use_pylock"):
            place = self._pipfile.toml.place_of(("pipenv", "use_pylock"))
            yield Problem(place, "", "Pipenv installs from a pylock.toml then, which is not followed", refused=False)
        for package in () if self._is_sync else options.positional[1:]:
            expected = f"it locks {package} too before it installs, and what that brings is not known"
            yield Problem(self._wanted.location, self._wanted.shown, expected, refused=False)
        for each in entries:
            if each.table.get("pip_args"):
                yield Problem(each.place, "", f"pip_args of {each.name} are not followed", refused=False)
        used = {each.index for each in entries} | set(list(self._sources)[:1])
        for name, source in self._sources.items():
            for variable in _REFERENCE.findall(self._url(source)) if name in used else ():
                expected = f"the source {name} needs the variable {variable}: set it for this run too"
                yield Problem(self._lock.place_of(("_meta", "sources")), "", expected, refused=False)

    def _left_as_it_is(self) -> Iterator[Problem]:
        if self._is_outdated and self._options.has("--system"):
            expected = "with --system Pipenv installs the lock as it is: run pipenv lock, and commit it"
            what = f"{self._path} has changed since the lock was made"
            yield Problem(self._lock.place_of(("_meta", "hash", "sha256")), what, expected, refused=False)


def _items(part: RequirementsFile, entries: list[_Entry]) -> Iterator[RequirementLine]:
    """The lines of the Pipfile itself, as it has them."""
    declared = {each.location: each.declared for each in entries if each.declared}
    for line in part.lines:
        if (own := declared.get(line.location)) is not None:
            yield replace(line, text=own.text)


def _extras(entry: _Entry) -> frozenset[NormalizedName]:
    said = typed(entry.table, "extras", list, entry.place, [])
    return frozenset(canonicalize_name(str(each)) for each in said)


def read_pipenv_sync(path: str, wanted: Wanted, root: Path) -> LockFile:
    """What a ``pipenv sync`` or ``pipenv install`` installs.

    :raises BadFile: the lock, or the Pipfile, does not say what it should
    :raises OSError: one of them cannot be read
    """
    lock = JsonText.read(path, (root / path).read_bytes())
    meta = typed(lock.tables, "_meta", dict, lock.place_of(("_meta",)), {})
    spec = meta.get("pipfile-spec")
    if spec is None:
        raise BadFile(
            lock.place_of(("_meta",)), "a lock of Pipenv says its pipfile-spec in _meta, and this one does not"
        )
    if spec != 6:
        expected = f"its format is {spec}, and the one known here is 6: update pytest-deploycheck"
        place = lock.place_of(("_meta", "pipfile-spec"))
        return broken(path, PIPENV, [Problem(place, "", expected, refused=False)], [path])
    return PipenvSync(wanted, lock, root).read()

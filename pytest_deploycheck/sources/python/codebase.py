"""The modules that a program can import from the repository."""

from __future__ import annotations

import ast
import enum
import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pytest_deploycheck.sources.python.module import Module, read_source
from pytest_deploycheck.sources.python.scopes import Code, take_apart

_COMPILED = (".so", ".pyd", ".pyc")


class Kind(enum.Enum):
    """What stands under a dotted name."""

    MODULE = "module"
    NAMESPACE = "namespace"  # A folder without __init__.py, which may have further parts elsewhere.
    COMPILED = "compiled"
    MISSING = "missing"


@dataclass(frozen=True)
class Found:
    """What was found under a dotted name.

    :param module: where it is one that can be read
    :param missing: the part of the name that is not there, from its beginning
    :param folders: where that part was looked for
    :param near: what is there and differs in upper and lower case only
    """

    kind: Kind
    module: Module | None = None
    missing: str = ""
    folders: tuple[Path, ...] = ()
    near: str = ""

    @property
    def is_package(self) -> bool:
        """Whether it is a folder of modules."""
        return self.kind is Kind.NAMESPACE or (self.module is not None and self.module.is_package)

    @property
    def is_top_missing(self) -> bool:
        """Whether even the first part of the name is not there: it may be installed."""
        return self.kind is Kind.MISSING and "." not in self.missing


class Codebase:
    """What can be imported from some folders of a repository.

    :param root: of the repository
    :param folders: what Python searches, in its order
    """

    def __init__(self, root: Path, folders: Iterable[Path]) -> None:
        self.root = root
        self.folders = tuple(dict.fromkeys(folders))
        self._found: dict[str, Found] = {}
        self._codes: dict[Module, Code] = {}
        self._scripts: dict[Path, Module] = {}
        self._names: dict[Path, frozenset[str]] = {}

    def find(self, name: str) -> Found:
        """A module by its dotted name, as an import would find it."""
        if name not in self._found:
            self._found[name] = self._find(name)
        return self._found[name]

    def module(self, name: str) -> Module | None:
        """A module by its dotted name, None where it is not one of the repository that can be read."""
        return self.find(name).module

    def script(self, path: Path) -> Module:
        """A file as the program that Python runs."""
        if path not in self._scripts:
            found = self.module(path.stem)
            source = read_source(path, self.root)
            is_same = found is not None and found.source is source
            self._scripts[path] = found if is_same and found is not None else Module(path.stem, source)
        return self._scripts[path]

    def has_file(self, path: Path) -> bool:
        """Whether there is a file of exactly that name: some file systems find it under others too."""
        return path.name in self._listed(path.parent) and path.is_file()

    def near_file(self, path: Path) -> str:
        """What is there and differs in upper and lower case only; empty where nothing is."""
        return self._near(path.name, (path.parent,))

    def code(self, module: Module) -> Code:
        """A module, taken apart."""
        if module not in self._codes:
            self._codes[module] = take_apart(module)
        return self._codes[module]

    def reachable(self, start: Iterable[Module]) -> tuple[Code, ...]:
        """The modules of the repository that importing some of them may import, those first."""
        waiting = list(start)
        known = dict.fromkeys(waiting)
        for module in waiting:
            for imported in self._imported(self.code(module)):
                if imported not in known:
                    known[imported] = None
                    waiting.append(imported)
        return tuple(map(self.code, waiting))

    def _imported(self, code: Code) -> Iterator[Module]:
        for scope in code.scopes.values():
            for binding in (*scope.stars, *(each for several in scope.bindings.values() for each in several)):
                if binding.imported and not binding.only_for_types:
                    yield from self._with_packages(binding.imported)
                    if binding.attribute not in (None, "*"):
                        yield from self._with_packages(f"{binding.imported}.{binding.attribute}")
                    elif isinstance(binding.node, ast.Import):
                        for alias in binding.node.names:
                            yield from self._with_packages(alias.name)

    def _with_packages(self, name: str) -> Iterator[Module]:
        """A module and the packages that it is in: importing it runs them, too."""
        parts = name.split(".")
        for count in range(1, len(parts) + 1):
            module = self.module(".".join(parts[:count]))
            if module is not None:
                yield module

    def _find(self, name: str) -> Found:
        folders = self.folders
        found = Found(Kind.MISSING, missing=name, folders=folders)
        parts = name.split(".")
        for count, part in enumerate(parts, 1):
            found, folders = self._part(part, ".".join(parts[:count]), folders)
            if found.kind is Kind.MISSING or found.kind is Kind.COMPILED:
                break
        return found

    def _part(self, part: str, name: str, folders: tuple[Path, ...]) -> tuple[Found, tuple[Path, ...]]:
        """One part of a name, and the folders that the next one is looked for in.

        https://docs.python.org/3/library/importlib.html#importlib.machinery.PathFinder
        """
        portions = []
        for folder in folders:
            names = self._listed(folder)
            if part in names and "__init__.py" in self._listed(folder / part):
                source = read_source(folder / part / "__init__.py", self.root)
                return Found(Kind.MODULE, Module(name, source, is_package=True)), (folder / part,)
            if f"{part}.py" in names:
                return Found(Kind.MODULE, Module(name, read_source(folder / f"{part}.py", self.root))), ()
            if any(each.startswith(f"{part}.") and each.endswith(_COMPILED) for each in names):
                return Found(Kind.COMPILED), ()
            if part in names and (folder / part).is_dir():
                portions.append(folder / part)
        if portions:
            return Found(Kind.NAMESPACE, folders=tuple(portions)), tuple(portions)
        return Found(Kind.MISSING, missing=name, folders=folders, near=self._near(part, folders)), ()

    def _near(self, part: str, folders: tuple[Path, ...]) -> str:
        wanted = {part.lower(), f"{part.lower()}.py"}
        return next((each for folder in folders for each in sorted(self._listed(folder)) if each.lower() in wanted), "")

    def _listed(self, folder: Path) -> frozenset[str]:
        """The names in a folder as they are written, which not every file system tells apart as Linux does."""
        if folder not in self._names:
            try:
                self._names[folder] = frozenset(os.listdir(folder))
            except OSError:
                self._names[folder] = frozenset()
        return self._names[folder]


def is_of_python(name: str) -> bool:
    """Whether a module is of the standard library, by its dotted name."""
    return name.partition(".")[0] in sys.stdlib_module_names

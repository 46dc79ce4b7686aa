"""A Python file as a tree with positions."""

from __future__ import annotations

import ast
import os
import warnings
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

from pytest_deploycheck.location import Location
from pytest_deploycheck.refusal import reason_of

# A file beyond it is data: generated tables, not what anybody starts.
_MOST_BYTES = 2_000_000


@dataclass(frozen=True, eq=False)
class Source:
    """A file as it is, whatever name it is imported by.

    :param path: relative to the root of the repository, with forward slashes
    :param tree: empty where it cannot be read
    :param mistake: why it cannot be read, one half of a sentence; empty where it can
    """

    path: str
    tree: ast.Module
    lines: tuple[str, ...] = ()
    mistake: str = ""

    def at(self, node: ast.AST) -> Location:
        """Where a part of the tree begins."""
        if not hasattr(node, "lineno"):  # `x as y` in a `with`, and `for x in y` in brackets.
            node = next((each for each in ast.walk(node) if hasattr(each, "lineno")), node)
        line = getattr(node, "lineno", 1)
        return Location(self.path, line, self._column(line, getattr(node, "col_offset", 0)))

    def _column(self, line: int, offset: int) -> int:
        """In characters from 1; ``ast`` counts bytes of UTF-8 from 0."""
        text = self.lines[line - 1] if line <= len(self.lines) else ""
        return (offset if text.isascii() else len(text.encode()[:offset].decode(errors="replace"))) + 1


@dataclass(frozen=True, eq=False)
class Module:
    """A file under the name that it is imported by.

    :param name: dotted
    :param is_package: whether it is an ``__init__.py``
    """

    name: str
    source: Source
    is_package: bool = False

    @property
    def path(self) -> str:
        """Relative to the root of the repository."""
        return self.source.path

    @cached_property
    def package(self) -> tuple[str, ...]:
        """The parts of the name that relative imports begin at."""
        parts = tuple(self.name.split("."))
        return parts if self.is_package else parts[:-1]

    def absolute(self, name: str | None, level: int) -> str:
        """The module that ``from ..name import`` means; empty where the dots lead out of all packages."""
        if not level:
            return name or ""
        if level > len(self.package):
            return ""
        base = self.package[: len(self.package) - level + 1]
        return ".".join((*base, name) if name else base)


def read_source(path: Path, root: Path) -> Source:
    """A file, read once as long as it stays the same."""
    relative = Path(os.path.relpath(path, root)).as_posix()
    try:
        state = path.stat()
    except OSError as error:
        return _unreadable(relative, reason_of(error))
    return _read(path, relative, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=4096)
def _read(path: Path, relative: str, changed: int, size: int) -> Source:
    if size > _MOST_BYTES:
        return _unreadable(relative, f"it has {size} bytes")
    try:
        content = path.read_bytes()
        with warnings.catch_warnings():
            # Odd escapes in somebody's strings are not what is looked for.
            warnings.simplefilter("ignore")
            tree = ast.parse(content)
    except OSError as error:
        return _unreadable(relative, reason_of(error))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return _unreadable(relative, f"it is no Python that is known here ({getattr(error, 'msg', error)})")
    return Source(relative, tree, tuple(content.decode("utf-8", errors="replace").splitlines()))


def _unreadable(path: str, mistake: str) -> Source:
    return Source(path, ast.Module(body=[], type_ignores=[]), mistake=mistake)

"""Where something stands in a file of the repository."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Location:
    """A place in a file.

    :param path: the file, relative to the root of the repository, with forward slashes
    :param line: counted from 1
    :param column: counted from 1
    """

    path: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"

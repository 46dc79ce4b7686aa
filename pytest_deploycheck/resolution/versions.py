"""The versions of a project, newest first, each parsed only when its turn comes.

A page may hold a thousand versions, of which a resolution looks at one or two; parsing them all takes longer than
everything else that is done with the page. What is compared first in two versions is their release numbers (PEP 440),
and these can be read without the rest.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

from packaging.version import Version

Item = TypeVar("Item")

_RELEASE = re.compile(r"v?(\d+(?:\.\d+)*)", re.IGNORECASE)

Release = tuple[int, ...]
"""The numbers of a version, without zeros at their end: those do not count when versions are compared."""


class Versions:
    """Versions with the ways in which file names spell them; safe to use from several threads.

    :param texts: the spellings
    :param parse: gives the version, None where the text is none
    """

    def __init__(self, texts: Iterable[str], parse: Callable[[str], Version | None]) -> None:
        self._parse = parse
        self._texts: dict[Release, list[str]] = {}
        self._parsed: dict[Release, dict[Version, list[str]]] = {}
        texts = list(texts)
        # An epoch counts more than the numbers. Few projects have one, so then everything is one group.
        self._has_epochs = any("!" in text for text in texts)
        for text in texts:
            if (found := _RELEASE.match(text)) is not None:
                self._texts.setdefault(self._group_of(found[1]), []).append(text)

    def groups(self) -> Iterator[list[Version]]:
        """All of them, the newest first, in groups of those with the same release numbers."""
        for release in sorted(self._texts, reverse=True):
            yield list(self._group(release))

    def like(self, version: Version) -> list[Version]:
        """Those with the release numbers of a version, the newest first."""
        return list(self._group(() if self._has_epochs else _stripped(version.release)))

    def spellings(self, version: Version) -> list[str]:
        """How file names spell a version; nothing where they do not."""
        return self._group(() if self._has_epochs else _stripped(version.release)).get(version, [])

    def _group(self, release: Release) -> dict[Version, list[str]]:
        if release not in self._parsed:
            found: dict[Version, list[str]] = {}
            for text in self._texts.get(release, ()):
                if (version := self._parse(text)) is not None:
                    found.setdefault(version, []).append(text)
            self._parsed[release] = dict(sorted(found.items(), reverse=True))
        return self._parsed[release]

    def _group_of(self, release: str) -> Release:
        return () if self._has_epochs else _stripped(tuple(map(int, release.split("."))))


def release_of(version: Version) -> Release:
    """The numbers by which a version is found among others; empty where they do not suffice for it."""
    return () if version.epoch else _stripped(version.release)


def _stripped(release: Release) -> Release:
    end = len(release)
    while end and not release[end - 1]:
        end -= 1
    return release[:end]


class Remembered(Generic[Item]):
    """What an iterator gives, for any number of readers in several threads; each item is asked for once."""

    def __init__(self, items: Iterator[Item]) -> None:
        self._items = items
        self._given: list[Item] = []
        self._lock = threading.RLock()

    def __iter__(self) -> Iterator[Item]:
        position = 0
        while position < len(self._given) or self._has_more(position):
            yield self._given[position]
            position += 1

    def _has_more(self, position: int) -> bool:
        with self._lock:
            while position >= len(self._given):
                try:
                    self._given.append(next(self._items))
                except StopIteration:
                    return False
            return True

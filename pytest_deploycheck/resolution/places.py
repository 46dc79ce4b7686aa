"""Where pip would search for one source: indexes and find-links, as they may be shown and stored."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pytest_deploycheck.urls import path_of

# Looking at so many pages takes some ten milliseconds.
_MOST_PROJECTS = 2_000


@dataclass(frozen=True)
class Places:
    """Without credentials, and without what pip passes over.

    :param urls: of the simple API, in pip's order: ``--index-url``, then each ``--extra-index-url``
    :param find_links: URLs of pages and files, and local folders, pages and files
    :param ignored: what pip passes over, and why, a sentence each
    """

    urls: tuple[str, ...]
    find_links: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()

    @property
    def are_local(self) -> bool:
        """Whether any of them lies on this machine."""
        return not all(map(is_remote, (*self.urls, *self.find_links)))

    def local_state(self) -> list[tuple[str, int, int]] | None:
        """What lies on this machine: path, time of change in ns and size of each file that counts.

        :returns: None where that is too much to look at each time: an index of very many projects
        """
        found: list[tuple[str, int, int]] = []
        for url in self.urls:
            if not is_remote(url):
                projects = _entries(local_path(url))
                if len(projects) > _MOST_PROJECTS:
                    return None
                found += (state for project in projects for state in _states(Path(project, "index.html")))
        for link in self.find_links:
            if not is_remote(link):
                found += (state for each in _entries(local_path(link)) for state in _states(each))
        return found


def is_remote(link: str) -> bool:
    """Whether a link leads to a server."""
    return link.startswith(("http://", "https://"))


def local_path(link: str) -> Path:
    """The place on this machine that a ``file:`` URL or a path names."""
    return path_of(link) if link.startswith("file:") else Path(link)


def _entries(path: Path) -> list[Path]:
    """What a folder holds; a file itself, and one that is not there, which pip passes over."""
    try:
        return sorted(path.iterdir()) if path.is_dir() else [path]
    except OSError:
        return []


def _states(path: Path) -> Iterator[tuple[str, int, int]]:
    with contextlib.suppress(OSError):
        status = path.stat()
        yield str(path), status.st_mtime_ns, status.st_size

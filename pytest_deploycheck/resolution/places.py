"""Where pip would search for one source: indexes and find-links, as they may be shown and stored."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit


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

    def local_state(self) -> list[tuple[str, int, int]] | None:
        """What lies on this machine: path, time of change in ns and size of each file that counts.

        :returns: None where that cannot be told at a glance: an index that is a folder
        """
        folders = (local_path(url) for url in self.urls if not is_remote(url))
        if any(folder.exists() for folder in folders):
            return None
        return [state for link in self.find_links if not is_remote(link) for state in _states(local_path(link))]


def is_remote(link: str) -> bool:
    """Whether a link leads to a server."""
    return link.startswith(("http://", "https://"))


def local_path(link: str) -> Path:
    """The place on this machine that a ``file:`` URL or a path names."""
    if not link.startswith("file:"):
        return Path(link)
    from urllib.request import url2pathname  # It imports ssl and http, for a rare kind of link.

    return Path(url2pathname(urlsplit(link).path))


def _states(path: Path) -> Iterator[tuple[str, int, int]]:
    try:
        entries = sorted(os.scandir(path), key=lambda entry: entry.name) if path.is_dir() else [path]
        for entry in entries:
            status = entry.stat()
            yield os.fspath(entry), status.st_mtime_ns, status.st_size
    except OSError:
        return  # It is passed over.

"""The cache on disk that all runs and all xdist workers share.

Every entry is one file, written beside its place and moved there, so a reader sees all of it or nothing, whatever
is killed when; what there is much of in little, metadata and parts of pages, is in journals. An entry that cannot be
read, or does not have the checksum it was written with, is an entry that is not there.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import time
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_cache_path

from pytest_deploycheck.resolution.journal import Journal
from pytest_deploycheck.resolution.whole import TEMPORARY, write_whole

# Part of every path: entries of another format are never read.
_FORMAT = "v5"

# What makes a folder known as this cache's, so that no other is ever removed; backups leave out what has it.
# https://bford.info/cachedir/
_TAG = "CACHEDIR.TAG"
_TAG_TEXT = "Signature: 8a477f597d28d172789f06886806bc55\n# A cache of pytest-deploycheck: it may be removed.\n"

_SWEPT = "swept"
_LOCK = ".lock"

_DAY = 86_400.0
# Entries that nobody has read for so long are removed, and what a killed process or a run left behind.
_UNREAD = 90 * _DAY
_LEFT_BEHIND = _DAY
_SWEEPS_APART = 7 * _DAY


def cache_directory(environ: Mapping[str, str], configured: Path | None = None) -> Path:
    """``PYTEST_DEPLOYCHECK_CACHE``, else what is configured, else the user's cache directory for this tool."""
    moved = environ.get("PYTEST_DEPLOYCHECK_CACHE")
    return Path(moved) if moved else configured or user_cache_path("pytest-deploycheck", appauthor=False)


@dataclass(frozen=True)
class Removed:
    """What was removed.

    :param entries: how many
    :param size: in bytes, what else lay there included
    :param left: how many files could not be removed
    """

    entries: int
    size: int
    left: int


class Cache:
    """Bytes by kind and key.

    :param directory: made when first written to; a directory that cannot be written to means no cache, not a failure
    """

    # Good for the processes of one run, and then no more.
    RUN = "run"

    def __init__(self, directory: Path) -> None:
        self.directory = directory / _FORMAT
        # Of files that have a hash, so that it is good for ever.
        self.metadata = Journal(self.directory / "metadata.lines")
        # What pages hold of one release each, which is all that is looked at of most.
        self.parts = Journal(self.directory / "parts.lines")

    @property
    def obstacle(self) -> str:
        """Why nothing can be stored, as far as that can be told without trying; empty where nothing is in the way."""
        folder = self.directory
        while not os.path.lexists(folder):
            folder = folder.parent
        if not folder.is_dir():
            return f"{folder} is no folder"
        return "" if os.access(folder, os.W_OK | os.X_OK) else f"{folder} cannot be written to"

    def read(self, kind: str, key: str) -> bytes | None:
        """The entry, or None."""
        path = self._path(kind, key)
        try:
            with open(path, "rb", buffering=0) as stream:
                content = stream.read()
                age = time.time() - os.fstat(stream.fileno()).st_mtime
        except OSError:
            return None
        checksum, content = content[:4], content[4:]
        if checksum != _checksum(content):
            return None
        if age > _DAY:
            # The time of the file says when it was last read, to the day.
            with contextlib.suppress(OSError):
                os.utime(path)
        return content

    def write(self, kind: str, key: str, content: bytes) -> None:
        """Store an entry, replacing an older one."""
        path = self._path(kind, key)
        with contextlib.suppress(OSError):
            self._make_folder(path.parent)
            write_whole(path, _checksum(content) + content)

    def keep(self) -> None:
        """Store what was written to the journals, too."""
        for journal in (self.metadata, self.parts):
            with contextlib.suppress(OSError):
                self._make_folder(self.directory)
                journal.keep()

    def lock_path(self, kind: str, key: str) -> Path:
        """A file to lock while an entry is computed; its folder is there if it can be."""
        path = self._path(kind, key).with_suffix(_LOCK)
        with contextlib.suppress(OSError):
            self._make_folder(path.parent)
        return path

    def clear(self) -> Removed:
        """Remove everything that any version of this plugin has stored; processes that use it now miss it only."""
        entries = size = left = 0
        for folder in self._of_all_versions():
            for path, status in _files(folder):
                try:
                    path.unlink(missing_ok=True)
                except OSError:
                    left += 1
                else:
                    size += status.st_size
                    entries += _is_entry(path)
            shutil.rmtree(folder, ignore_errors=True)
        return Removed(entries, size, left)

    def sweep(self) -> None:
        """Remove what nobody has read for long and what killed processes have left; it looks once a week.

        What another version of this plugin has stored goes as a whole, once it has swept no more for as long.
        """
        marker = self.directory / _SWEPT
        now = time.time()
        with contextlib.suppress(OSError):
            try:
                if now - marker.stat().st_mtime < _SWEEPS_APART:
                    return
            except FileNotFoundError:
                marker.touch()  # A new cache: there is nothing in it that is old.
                return
            # Marked first: of several processes one does it, and one that is killed does not leave it to the next.
            marker.touch()
            for path, status in _files(self.directory):
                if now - status.st_mtime > self._kept_for(path):
                    path.unlink(missing_ok=True)
            for folder in self._of_all_versions():
                with contextlib.suppress(FileNotFoundError):
                    if now - (folder / _SWEPT).stat().st_mtime > _UNREAD:
                        shutil.rmtree(folder, ignore_errors=True)

    def _of_all_versions(self) -> Iterator[Path]:
        """Where this and other versions of this plugin have stored what they did."""
        return (folder for folder in self.directory.parent.glob("v[0-9]*") if (folder / _TAG).is_file())

    def _kept_for(self, path: Path) -> float:
        if path.parent == self.directory and path.suffix != TEMPORARY:
            return float("inf")
        is_passing = not _is_entry(path) or path.is_relative_to(self.directory / self.RUN)
        return _LEFT_BEHIND if is_passing else _UNREAD

    def _make_folder(self, folder: Path) -> None:
        # The directory itself may be there without its tag, where others store while it is cleared.
        if folder.is_dir() and folder != self.directory:
            return
        self.directory.mkdir(parents=True, exist_ok=True)
        tag = self.directory / _TAG
        if not tag.exists():
            tag.write_text(_TAG_TEXT, encoding="ascii")
        folder.mkdir(exist_ok=True)

    def _path(self, kind: str, key: str) -> Path:
        return self.directory / kind / hashlib.sha256(key.encode()).hexdigest()


def _checksum(content: bytes) -> bytes:
    return zlib.crc32(content).to_bytes(4, "big")


def _is_entry(path: Path) -> bool:
    return path.suffix not in (TEMPORARY, _LOCK) and path.name not in (_TAG, _SWEPT)


def _files(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """All files below, as far as they are still there when it is their turn."""
    for parent, _, names in os.walk(folder):
        for name in names:
            path = Path(parent, name)
            with contextlib.suppress(OSError):
                yield path, path.stat()

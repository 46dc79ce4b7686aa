"""The cache on disk that all runs and all xdist workers share.

Every entry is one file, written beside its place and moved there, so a reader sees all of it or nothing, whatever
is killed when. An entry that cannot be read is an entry that is not there.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from platformdirs import user_cache_path

# Part of every path: entries of another format are never read.
_FORMAT = "v1"


def cache_directory(environ: Mapping[str, str], configured: Path | None = None) -> Path:
    """``PYTEST_DEPLOYCHECK_CACHE``, else what is configured, else the user's cache directory for this tool."""
    moved = environ.get("PYTEST_DEPLOYCHECK_CACHE")
    return Path(moved) if moved else configured or user_cache_path("pytest-deploycheck", appauthor=False)


class Cache:
    """Bytes by kind and key.

    :param directory: made when first written to; a directory that cannot be written to means no cache, not a failure
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory / _FORMAT

    def read(self, kind: str, key: str) -> bytes | None:
        """The entry, or None."""
        try:
            return self._path(kind, key).read_bytes()
        except OSError:
            return None

    def write(self, kind: str, key: str, content: bytes) -> None:
        """Store an entry, replacing an older one."""
        path = self._path(kind, key)
        with contextlib.suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor, temporary = tempfile.mkstemp(dir=path.parent)
            try:
                with os.fdopen(descriptor, "wb") as stream:
                    stream.write(content)
                os.replace(temporary, path)
            except BaseException:
                with contextlib.suppress(OSError):
                    os.unlink(temporary)
                raise

    def lock_path(self, kind: str, key: str) -> Path:
        """A file to lock while an entry is computed; its folder is there if it can be."""
        path = self._path(kind, key).with_suffix(".lock")
        with contextlib.suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def clear(self) -> None:
        """Remove everything that any version of this plugin has stored."""
        for directory in self.directory.parent.glob("v[0-9]*"):
            shutil.rmtree(directory, ignore_errors=True)

    def _path(self, kind: str, key: str) -> Path:
        digest = hashlib.sha256(key.encode()).hexdigest()
        return self.directory / kind / digest[:2] / digest[2:]

"""Many small entries in one file of the cache: each run appends what is new to it, and nobody changes what is there.

A resolution that backtracks reads the metadata of thousands of files; to make a file of each would take longer than all
that the resolver does with them. An entry is a line: its checksum, its key, its content. What is appended while another
process appends, or cut off because one is killed, is at worst a line without its checksum: an entry that is not there.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

# A larger file is not appended to, but begun anew with what the run has used.
_LARGEST = 32_000_000  # bytes

_DAY = 86_400.0


class Journal:
    """Lines by key; safe to use from several threads.

    :param path: of the file, whose folder is there if it can be
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._stored: dict[bytes, bytes] | None = None
        self._used: dict[bytes, bytes] = {}
        self._new: dict[bytes, bytes] = {}

    def read(self, key: str) -> bytes | None:
        """The entry that was written last, or None."""
        name = key.encode()
        with self._lock:
            if self._stored is None:
                self._stored = dict(_lines(self._content()))
            line = self._new.get(name) or self._stored.get(name)
            if line is None or not _is_whole(line):
                return None
            self._used[name] = line
        return line.split(b"\t", 2)[2]

    def write(self, key: str, content: bytes) -> None:
        """Remember an entry for the next time that this is kept.

        :param content: of one line
        """
        name = key.encode()
        rest = b"%b\t%b" % (name, content)
        with self._lock:
            self._new[name] = b"%08x\t%b" % (zlib.crc32(rest), rest)

    def keep(self) -> None:
        """Append what was written since; what other processes have appended meanwhile is read from then on.

        :raises OSError: it cannot be written
        """
        with self._lock:
            new, self._new, self._stored = self._new, {}, None
            self._used |= new
            if not new:
                return
            begins_anew = self._size() > _LARGEST
            lines = self._used.values() if begins_anew else new.values()
            # The first line end closes a line that a killed process has left open.
            content = b"\n".join((b"", *lines, b""))
            if begins_anew:
                self._path.unlink(missing_ok=True)
            with open(self._path, "ab", buffering=0) as stream:
                stream.write(content)

    def _content(self) -> bytes:
        try:
            content = self._path.read_bytes()
            if time.time() - self._path.stat().st_mtime > _DAY:
                os.utime(self._path)  # The time of the file says when it was last read, to the day.
        except OSError:
            return b""
        return content

    def _size(self) -> int:
        with contextlib.suppress(OSError):
            return self._path.stat().st_size
        return 0


def _lines(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Keys and lines, the checksums not looked at yet."""
    for line in content.split(b"\n"):
        parts = line.split(b"\t", 2)
        if len(parts) == 3:
            yield parts[1], line


def _is_whole(line: bytes) -> bool:
    checksum, _, rest = line.partition(b"\t")
    return checksum == b"%08x" % zlib.crc32(rest)

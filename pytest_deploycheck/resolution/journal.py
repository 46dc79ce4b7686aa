"""Many small entries in one file of the cache: each run appends what is new to it, and nobody changes what is there.

A resolution reads the pages of hundreds of projects, and one that backtracks the metadata of thousands of files; to
make a file of each would take longer than all that the resolver does with them. An entry is a line: its checksum, its
key, its content. What is appended while another process appends, or cut off because one is killed, is at worst a line
without its checksum: an entry that is not there.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from pytest_deploycheck.resolution.whole import write_whole

# A larger file is not appended to, but written anew with the last line of each entry; where these are more than half of
# it, and it would soon be too large again, with what the run has used.
_LARGEST = 32_000_000  # bytes

_DAY = 86_400.0


class Journal:
    """Entries by key; safe to use from several threads.

    :param path: of the file, whose folder is there if it can be
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        # Lines by key: those that are in the file, as far as it has been read, those that were asked for, and new ones.
        self._stored: dict[bytes, bytes] = {}
        self._used: dict[bytes, bytes] = {}
        self._new: dict[bytes, bytes] = {}
        # Which file was read, and up to which of its bytes.
        self._file, self._end = 0, 0

    def read(self, key: str) -> bytes | None:
        """The entry that was written last, or None."""
        name = key.encode()
        with self._lock:
            line = self._new.get(name) or self._in_file(name)
            if line is None or not _is_whole(line):
                return None
            self._used[name] = line
        return _unescaped(line.split(b"\t", 2)[2])

    def write(self, key: str, content: bytes) -> None:
        """Remember an entry for the next time that this is kept."""
        name = key.encode()
        rest = b"%b\t%b" % (name, _escaped(content))
        with self._lock:
            self._new[name] = b"%08x\t%b" % (zlib.crc32(rest), rest)

    def keep(self) -> None:
        """Append what was written since.

        :raises OSError: it cannot be written
        """
        with self._lock:
            new, self._new = self._new, {}
            self._used |= new
            if not new:
                return
            if self._size() > _LARGEST:
                self._begin_anew(new)
                return
            with open(self._path, "ab", buffering=0) as stream:
                # The first line end closes a line that a killed process has left open.
                stream.write(_joined(new.values()))

    def _begin_anew(self, new: dict[bytes, bytes]) -> None:
        self._catch_up()
        lines = self._stored | new
        if sum(map(len, lines.values())) > _LARGEST // 2:
            lines = self._used
        write_whole(self._path, _joined(lines.values()))

    def _in_file(self, name: bytes) -> bytes | None:
        with contextlib.suppress(OSError):
            self._catch_up()
        return self._stored.get(name)

    def _catch_up(self) -> None:
        """Read what was appended since, by whomever."""
        status = os.stat(self._path)
        if status.st_ino != self._file or status.st_size < self._end:
            self._file, self._end = status.st_ino, 0
            self._stored.clear()
        if status.st_size == self._end:
            return
        with open(self._path, "rb") as stream:
            stream.seek(self._end)
            content = stream.read()
        # What is being appended at this moment may be there in part.
        lines, line_end, _ = content.rpartition(b"\n")
        self._end += len(lines + line_end)
        self._stored.update(_by_key(lines))
        if time.time() - status.st_mtime > _DAY:
            os.utime(self._path)  # The time of the file says when it was last read, to the day.

    def _size(self) -> int:
        with contextlib.suppress(OSError):
            return self._path.stat().st_size
        return 0


def _joined(lines: Iterable[bytes]) -> bytes:
    return b"\n".join((b"", *lines, b""))


def _by_key(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Keys and lines, the checksums not looked at yet."""
    for line in content.split(b"\n"):
        parts = line.split(b"\t", 2)
        if len(parts) == 3:
            yield parts[1], line


def _is_whole(line: bytes) -> bool:
    checksum, _, rest = line.partition(b"\t")
    return checksum == b"%08x" % zlib.crc32(rest)


def _escaped(content: bytes) -> bytes:
    """Without line ends."""
    return content.replace(b"%", b"%25").replace(b"\n", b"%0A")


def _unescaped(content: bytes) -> bytes:
    return content.replace(b"%0A", b"\n").replace(b"%25", b"%")

"""METADATA out of a wheel, without reading every entry of its directory.

A directory has an entry for each file, which :mod:`zipfile` reads one by one: for a wheel of a thousand files that
takes longer than to fetch it. Whatever looks unusual here is left to :mod:`zipfile`.

https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, sections 4.3.7, 4.3.12 and 4.3.16
"""

from __future__ import annotations

import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Generator, Iterable
from typing import IO, BinaryIO, Protocol

from packaging.utils import canonicalize_name

_FOLDER, _METADATA = b".dist-info/", b"METADATA"
# Size and place of the directory, from the record at the very end, which a comment of this length may follow.
_END, _END_FIELDS, _END_SIZE, _LONGEST_COMMENT = b"PK\x05\x06", struct.Struct("<12xII"), 22, 65_535
# Flags, method, CRC, compressed size, length of the name, place of the member.
_ENTRY, _ENTRY_FIELDS, _ENTRY_SIZE = b"PK\x01\x02", struct.Struct("<8xHH4xII4xH12xI"), 46
# Lengths of the name and of the extra field.
_LOCAL, _LOCAL_FIELDS, _LOCAL_SIZE = b"PK\x03\x04", struct.Struct("<26xHH"), 30
# Bytes of an extra field that is not unusual: a time, an owner, a size.
_EXTRA = 64

_STORED, _DEFLATED = 0, 8
_ENCRYPTED = 1
# What stands where a number is too large for its field (ZIP64).
_ELSEWHERE = 0xFFFFFFFF


# The longest METADATA are descriptions of some hundred kB.
_LARGEST = 16_000_000  # bytes


class Archive(Protocol):
    """Bytes that can be read in parts."""

    @property
    def length(self) -> int:
        """Of the whole."""

    @property
    def tail(self) -> bytes:
        """The last bytes, as far as they are at hand."""

    def between(self, start: int, end: int) -> bytes:
        """The bytes from ``start`` up to but not including ``end``."""


class Whole:
    """An archive that is all at hand."""

    def __init__(self, content: bytes) -> None:
        self.tail = content
        self.length = len(content)

    def between(self, start: int, end: int) -> bytes:
        """See :class:`Archive`."""
        return self.tail[start:end]


class OnDisk:
    """An archive that is a file of this machine, read where it is needed."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.length = stream.seek(0, io.SEEK_END)
        self.tail = self.between(max(0, self.length - _END_SIZE - _LONGEST_COMMENT), self.length)

    def between(self, start: int, end: int) -> bytes:
        """See :class:`Archive`."""
        self._stream.seek(start)
        return self._stream.read(end - start)


Parts = Generator[tuple[int, int], bytes, bytes | None]
"""Yields the parts of an archive that it needs, as their two ends, is sent their bytes, and returns a content."""


def wheel_metadata(archive: Archive, project: str) -> bytes | None:
    """The content of the project's ``METADATA``.

    :param project: the normalised name
    :returns: None where there is none, or anything is unusual
    """
    parts = metadata_parts(archive.length, archive.tail, project)
    try:
        part = next(parts)
        while True:
            part = parts.send(archive.between(*part))
    except StopIteration as end:
        content: bytes | None = end.value
        return content


def metadata_parts(length: int, tail: bytes, project: str) -> Parts:
    """The same for who has to wait for parts.

    :param length: of the whole archive
    :param tail: the last bytes, as far as they are at hand
    """
    try:
        end = tail.rindex(_END, -_END_SIZE - _LONGEST_COMMENT)
        size, place = _END_FIELDS.unpack_from(tail, end)
        if _ELSEWHERE in (size, place) or place + size > length:
            return None
        directory = yield place, place + size
        entry = _entry(directory, project)
        return None if entry is None else (yield from _member(length, directory, entry))
    except (ValueError, struct.error, zlib.error):
        return None


def _entry(directory: bytes, project: str) -> int | None:
    """Where the entry of the project's METADATA begins, if there is no other project's ``.dist-info`` beside it."""
    folders = set()
    sought = None
    found = directory.find(_FOLDER)
    while found != -1:
        entry = directory.rindex(_ENTRY, 0, found)
        length = _ENTRY_FIELDS.unpack_from(directory, entry)[4]
        stem, folder, member = directory[entry + _ENTRY_SIZE : entry + _ENTRY_SIZE + length].partition(_FOLDER)
        if folder and b"/" not in stem:
            folders.add(stem)
            sought = entry if member == _METADATA else sought
        found = directory.find(_FOLDER, found + 1)
    if len(folders) != 1 or canonicalize_name(folders.pop().partition(b"-")[0].decode()) != project:
        return None
    return sought


def _member(length: int, directory: bytes, entry: int) -> Parts:
    flags, method, checksum, size, name, place = _ENTRY_FIELDS.unpack_from(directory, entry)
    if _ELSEWHERE in (size, place) or flags & _ENCRYPTED or method not in (_STORED, _DEFLATED):
        return None
    if place + _LOCAL_SIZE + size > length:
        return None
    # All of it at once, since each part of a remote file is a round trip.
    member = yield place, min(place + _LOCAL_SIZE + name + _EXTRA + size, length)
    if not member.startswith(_LOCAL):
        return None
    data = _LOCAL_SIZE + sum(_LOCAL_FIELDS.unpack_from(member))
    if place + data + size > length:
        return None
    packed = member[data : data + size]
    if len(packed) < size:
        packed = yield place + data, place + data + size
    content = zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, _LARGEST) if method == _DEFLATED else packed
    return content if zlib.crc32(content) == checksum else None


def unzipped_metadata(stream: IO[bytes], project: str) -> bytes:
    """The same with :mod:`zipfile`, for wheels that are unusual.

    :raises ValueError: it is no wheel of this project
    """
    try:
        with zipfile.ZipFile(stream) as archive:
            return _limited(archive, f"{_folder(archive.namelist(), project)}/METADATA")
    except KeyError:
        pass
    except (zipfile.BadZipFile, RuntimeError, EOFError, zlib.error, lzma.LZMAError, struct.error) as error:
        # RuntimeError: it is encrypted, or compressed in a way that zipfile does not know.
        raise ValueError(str(error)) from error
    raise ValueError("no METADATA in it")


def _folder(names: Iterable[str], project: str) -> str:
    """The one that pip takes (``wheel_dist_info_dir``)."""
    folders = sorted({top for top in (name.partition("/")[0] for name in names) if top.endswith(".dist-info")})
    if len(folders) > 1:
        raise ValueError(f"more than one .dist-info in it: {', '.join(folders)}")
    if not folders or not canonicalize_name(folders[0]).startswith(project):
        raise ValueError(f"no .dist-info of {project} in it")
    return folders[0]


def _limited(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as member:
        content = member.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        raise ValueError(f"its METADATA is larger than {_LARGEST // 1_000_000} MB")
    return content

"""The files of a source distribution, read out of its archive in bounded memory."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import re
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

# A source distribution's own files are small; what is larger is not one of them.
_LARGEST = 2_000_000  # bytes
# Beyond these it is not read any further, though pip would try: PyPI has no source distribution near them.
_MOST_MEMBERS = 100_000
_MOST_UNPACKED = 2_000_000_000  # bytes
# No header of a tar archive is as long as this, though it may claim to be.
_LARGEST_HEADER = 16_000_000  # bytes

_DIRECTORY_ENTRY = b"PK\x01\x02"

_NOT_SOURCES = frozenset({"node_modules", "__pycache__", "build", "dist", "venv"})

# What zipfile, tarfile and the decompressors raise. RuntimeError: encrypted, or a compression that zipfile lacks.
_DAMAGE = (
    tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error,
    EOFError, OSError, RuntimeError, ValueError, OverflowError,
)  # fmt: skip


class TooLarge(Exception):
    """An archive of which more would have to be unpacked than is unpacked here."""


@dataclass(frozen=True)
class SourceTree:
    """An unpacked source distribution: every path below its one folder, and the small files that describe it.

    :param folder: where it lies on this machine, if it does: there its other files can be read too
    """

    paths: tuple[str, ...]
    texts: Mapping[str, str]
    folder: Path | None = None

    def text(self, path: str) -> str | None:
        """What stands in a file; None where there is none, or it is not at hand any more."""
        if path in self.texts or self.folder is None or path not in self.paths:
            return self.texts.get(path)
        with (self.folder / path).open("rb") as stream:
            return stream.read(_LARGEST).decode("utf-8", errors="replace")

    @classmethod
    def of_folder(cls, folder: Path) -> SourceTree:
        """A folder of this machine, which is read and never run; what git and tools keep in it is left out."""
        paths = []
        for parent, folders, names in os.walk(folder):
            folders[:] = [name for name in folders if _is_of_sources(name)]
            paths += [Path(parent, name).relative_to(folder).as_posix() for name in names]
        texts = {path: (folder / path).read_text("utf-8", errors="replace") for path in paths if _describes(path)}
        return cls(tuple(sorted(paths)), texts, folder)


def _is_of_sources(folder: str) -> bool:
    # What setuptools wrote when the project was last built here, the next build writes anew.
    return not folder.startswith(".") and folder not in _NOT_SOURCES and not folder.endswith(".egg-info")


def unpack(filename: str, content: bytes, subdirectory: str = "") -> SourceTree:
    """Read an archive.

    :param subdirectory: where in it the project is
    :raises ValueError: it cannot be unpacked
    :raises TooLarge: it can, but not here
    """
    is_zip = filename.lower().endswith(".zip")
    inner = f"{subdirectory}/" if subdirectory else ""
    paths, texts = [], {}
    try:
        for path, read in _zip_members(content) if is_zip else _tar_members(filename, content):
            paths.append(path)
            if len(paths) > _MOST_MEMBERS:
                raise TooLarge
            # Whether there is one folder around it all shows at the end.
            below = (each.removeprefix(inner) for each in (path, path.partition("/")[2]) if each.startswith(inner))
            if any(map(_describes, below)):
                texts[path] = read().decode("utf-8", errors="replace")
    except _DAMAGE as error:
        raise ValueError(f"it cannot be unpacked: {error}") from error
    return _below(f"{_around(paths)}{inner}", paths, texts)


def _around(paths: Sequence[str]) -> str:
    """The folder that all the others lie in, with its slash, which pip takes off; empty where there is none."""
    first, slash, _ = paths[0].partition("/") if paths else ("", "", "")
    return first + slash if slash and all(path.startswith(first + slash) for path in paths) else ""


def _below(folder: str, paths: Iterable[str], texts: Mapping[str, str]) -> SourceTree:
    found = {path.removeprefix(folder): text for path, text in texts.items() if path.startswith(folder)}
    return SourceTree(tuple(path.removeprefix(folder) for path in paths if path.startswith(folder)), found)


def _describes(path: str) -> bool:
    if path in ("PKG-INFO", "pyproject.toml", "setup.cfg", "setup.py", "build.py"):
        return True
    return re.fullmatch(r"(?:[^/]+/)?[^/]+\.egg-info/(?:requires\.txt|SOURCES\.txt)", path) is not None


class _Bounded(io.RawIOBase):
    """An unpacked stream of which only so much is read, and not all at once."""

    def __init__(self, stream: IO[bytes]) -> None:
        super().__init__()
        self._stream = stream

    def read(self, size: int = -1) -> bytes:
        """See :class:`io.RawIOBase`."""
        if not 0 <= size <= _LARGEST_HEADER or self._stream.tell() + size > _MOST_UNPACKED:
            raise TooLarge
        return self._stream.read(size)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """See :class:`io.RawIOBase`."""
        if offset > _MOST_UNPACKED:
            raise TooLarge
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        """See :class:`io.RawIOBase`."""
        return self._stream.tell()


def _tar_members(filename: str, content: bytes) -> Iterator[tuple[str, Callable[[], bytes]]]:
    with _Bounded(_decompressed(filename, content)) as stream, tarfile.open(fileobj=stream, mode="r:") as archive:
        while (member := archive.next()) is not None:
            archive.members = []  # type: ignore[attr-defined]  # It would keep them all.
            if member.isfile():
                yield member.name.removeprefix("./"), lambda member=member: _read(archive, member)  # type: ignore[misc]


def _decompressed(filename: str, content: bytes) -> IO[bytes]:
    """As pip: by the file name alone, where it tells."""
    stream, name = io.BytesIO(content), filename.lower()
    if name.endswith(".tar"):
        return stream
    if name.endswith((".gz", ".tgz")) or content.startswith(b"\x1f\x8b"):
        return cast(IO[bytes], gzip.GzipFile(fileobj=stream))
    if name.endswith((".tar.bz2", ".tbz")) or content.startswith(b"BZh"):
        return bz2.BZ2File(stream)
    if name.endswith((".tar.xz", ".txz", ".tlz", ".tar.lz", ".tar.lzma")) or content.startswith(b"\xfd7zXZ"):
        return lzma.LZMAFile(stream)
    return stream


def _read(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    stream = archive.extractfile(member)
    assert stream is not None  # It is a file.
    return stream.read(_LARGEST)


def _zip_members(content: bytes) -> Iterator[tuple[str, Callable[[], bytes]]]:
    if content.count(_DIRECTORY_ENTRY) > _MOST_MEMBERS:  # zipfile would make an object of each first.
        raise TooLarge
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for info in archive.infolist():
            if not info.is_dir():
                yield info.filename, lambda info=info: _unzipped(archive, info)  # type: ignore[misc]


def _unzipped(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    with archive.open(info) as member:
        return member.read(_LARGEST)

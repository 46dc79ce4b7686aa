"""The core metadata of a wheel, wherever it lies: on this disk, in parts on an index, or all at hand."""

from __future__ import annotations

from typing import Any

from packaging.utils import canonicalize_name

from pytest_deploycheck.refusal import reason_of
from pytest_deploycheck.resolution.fetching import Steps, Wanted
from pytest_deploycheck.resolution.file import File
from pytest_deploycheck.resolution.http.answer import Unreachable
from pytest_deploycheck.resolution.http.ranged import RangedFile
from pytest_deploycheck.resolution.integrity import BrokenDistribution, verify
from pytest_deploycheck.resolution.metadata import Metadata, parse_metadata
from pytest_deploycheck.resolution.wheel_metadata import (
    Archive,
    OnDisk,
    metadata_parts,
    unzipped_metadata,
    wheel_metadata,
)
from pytest_deploycheck.urls import path_of


def metadata_on_disk(file: File) -> Metadata:
    """Of a wheel of this machine, which may be larger than is good to have in memory.

    :raises BrokenDistribution: it is no wheel, or another than its index describes
    :raises Unreachable: it cannot be read
    """
    try:
        with path_of(file.url).open("rb") as stream:
            verify(file, stream, file.hashes, "its hash")
            return metadata_in_wheel(OnDisk(stream), stream, file)
    except OSError as error:
        raise Unreachable(f"{file.url}: {reason_of(error)}") from error


def metadata_in_parts(ranged: RangedFile, file: File) -> Steps[bytes | None]:
    """The content of its ``METADATA``, of a wheel on an index that serves ranges; None where anything is unusual.

    :raises NotRanged: the server does so no longer
    """
    parts = metadata_parts(ranged.length, ranged.tail, _project_of(file))
    try:
        start, end = next(parts)
        while True:
            content = ranged.at_hand(start, end)
            if content is None:
                answer = yield Wanted(file.url, "the file", ranged.asking_for(start, end))
                content = ranged.fetched(start, end, answer)
            start, end = parts.send(content)
    except StopIteration as found:
        metadata: bytes | None = found.value
        return metadata


def metadata_in_wheel(archive: Archive, stream: Any, file: File) -> Metadata:
    """Of a wheel whose parts are all at hand, or fetched when they are read.

    :param stream: the same as a file, for :mod:`zipfile`
    :raises BrokenDistribution: it is no wheel
    """
    content = wheel_metadata(archive, _project_of(file))
    return unzipped(stream, file) if content is None else of_wheel(file, content)


def unzipped(stream: Any, file: File) -> Metadata:
    """The same where it is unusual.

    :raises BrokenDistribution: it is no wheel
    """
    try:
        content = unzipped_metadata(stream, _project_of(file))
    except ValueError as error:
        raise BrokenDistribution(file, f"no wheel: {error}") from error
    return of_wheel(file, content)


def of_wheel(file: File, content: bytes) -> Metadata:
    """What a wheel's ``METADATA`` says.

    :raises BrokenDistribution: it is none
    """
    try:
        metadata = parse_metadata(content.decode())
    except UnicodeDecodeError as error:
        raise BrokenDistribution(file, "its metadata is not UTF-8") from error
    if not metadata.name:
        # A login page, most likely; pip stops with `BadMetadata`.
        raise BrokenDistribution(file, "its metadata says no name")
    return metadata


def _project_of(file: File) -> str:
    # PEP 427: the folder is named after the project and the version, but not always in the spelling of the file name.
    return canonicalize_name(file.filename.partition("-")[0])

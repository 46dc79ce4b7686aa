"""Whether a file is what its index describes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import BinaryIO

from pytest_deploycheck.resolution.file import HASH_ALGORITHMS, File
from pytest_deploycheck.resolution.http.credentials import redacted

# Bytes of a file of this machine that are in memory at a time.
_PART = 1 << 20


class BrokenDistribution(Exception):
    """A file that cannot be read as what its name says, or is another than its index describes: pip stops at it.

    :param is_other: it does not have the hash that the index gives
    """

    def __init__(self, file: File, reason: str, *, is_other: bool = False) -> None:
        self.is_other = is_other
        super().__init__(f"{redacted(file.url)}: {reason}")


def verify(file: File, content: bytes | BinaryIO, hashes: Iterable[str], what: str) -> None:
    """As pip: of several hashes, any one suffices.

    :raises BrokenDistribution: none of those given is the content's
    """
    given = [(name, digest.lower()) for name, _, digest in (each.partition("=") for each in hashes) if digest]
    known = [(name, digest) for name, digest in given if name in HASH_ALGORITHMS]
    if known and not any(_digest(name, content) == digest for name, digest in known):
        names = ", ".join(name for name, _ in known)
        raise BrokenDistribution(file, f"{what} ({names}) is not the one that the index gives", is_other=True)


def _digest(algorithm: str, content: bytes | BinaryIO) -> str:
    if isinstance(content, bytes):
        return hashlib.new(algorithm, content).hexdigest()
    state = hashlib.new(algorithm)
    content.seek(0)
    while part := content.read(_PART):
        state.update(part)
    return state.hexdigest()

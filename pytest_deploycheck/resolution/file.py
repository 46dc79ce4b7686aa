"""One file that an index offers, or that a requirement names."""

from __future__ import annotations

from typing import NamedTuple

# Those that pip knows, what it prefers first.
HASH_ALGORITHMS = ("sha512", "sha384", "sha256", "sha224", "sha1", "md5")


class File(NamedTuple):
    """One distribution that an index offers.

    A tuple, since a page may hold 20,000 of them.

    :param position: its place on the page, which settles ties as pip settles them
    :param hashes: ``sha256=...`` and the like, as the index gives them; empty where it gives none
    :param yanked: the reason, perhaps empty; None where the file is not yanked (PEP 592)
    :param metadata: None: no separate metadata file (PEP 658); else its hash as ``sha256=...``, or ``""`` without one
    :param size: in bytes, None where the index does not say
    :param subdirectory: where in it the project is, if not at the top: only who names the file can say so
    """

    position: int
    filename: str
    url: str
    hashes: tuple[str, ...]
    requires_python: str | None
    yanked: str | None
    metadata: str | None
    size: int | None
    subdirectory: str = ""

    @property
    def is_wheel(self) -> bool:
        """By its name; what it holds is another matter."""
        return self.filename.endswith(".whl")

    @property
    def sha256(self) -> str | None:
        """The hex digest, where the index gives it."""
        return next((each[7:] for each in self.hashes if each.startswith("sha256=")), None)

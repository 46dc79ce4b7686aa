"""Core metadata of a distribution, as far as a resolution reads it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


@dataclass(frozen=True)
class Metadata:
    """What a ``METADATA`` or ``PKG-INFO`` file says.

    https://packaging.python.org/en/latest/specifications/core-metadata/

    :param requires_dist: the requirement strings, as they stand there
    :param provides_extra: normalised names
    :param dynamic: the field names, in lower case, that a built wheel may still change (PEP 643)
    """

    metadata_version: str
    name: str
    version: str
    requires_python: str | None
    requires_dist: tuple[str, ...]
    provides_extra: tuple[str, ...]
    dynamic: tuple[str, ...] = ()

    def dump(self) -> bytes:
        """The metadata for the cache."""
        return json.dumps(vars(self), separators=(",", ":")).encode()

    @classmethod
    def load(cls, dumped: bytes) -> Metadata:
        """Read back what :meth:`dump` gave.

        :raises ValueError: it is something else
        """
        try:
            fields = json.loads(dumped)
            lists = {name: tuple(fields[name]) for name in ("requires_dist", "provides_extra", "dynamic")}
            return cls(**{**fields, **lists})
        except (TypeError, KeyError) as error:
            raise ValueError(str(error)) from error


def parse_metadata(text: str) -> Metadata:
    """Read a ``METADATA`` or ``PKG-INFO`` file. What is missing is empty: it is the reader who knows what it needs."""
    headers: dict[str, list[str]] = {}
    for name, value in _headers(text):
        headers.setdefault(name.lower(), []).append(value)

    def one(name: str) -> str:
        return headers.get(name, [""])[0]

    return Metadata(
        metadata_version=one("metadata-version"),
        name=one("name"),
        version=one("version"),
        requires_python=one("requires-python") or None,
        requires_dist=tuple(headers.get("requires-dist", ())),
        provides_extra=tuple(canonicalize_name(extra) for extra in headers.get("provides-extra", ())),
        dynamic=tuple(field.lower() for field in headers.get("dynamic", ())),
    )


_END = re.compile(r"\n\r?\n|\r\r")
# As email.feedparser, with which pip reads it: the first line that is none of these ends the headers, and what follows
# it is lost. That is a licence that was not indented, or a byte order mark before it all.
_HEADER = re.compile(r"From |[!-9;-~]*:|[ \t]")


def _headers(text: str) -> Iterator[tuple[str, str]]:
    """The header fields before the first line that is none, folded ones with their line ends: pip joins no lines.

    ``email.parser`` would read the description behind them too, which is most of the file.
    """
    name, value = "", ""
    end = _END.search(text)
    # Not splitlines(): it would also split at a form feed, which licence texts contain. A line of blanks is not the
    # end either, but an empty line within a folded licence.
    for line in re.split("\r\n|\r|\n", text[: end.start()] if end else text):
        if not _HEADER.match(line):
            break
        if line[0] in " \t":
            value += f"\n{line}"
            continue
        if name:
            yield name, value.strip()
        name, _, value = ("", "", "") if line.startswith("From ") else line.partition(":")
    if name:
        yield name, value.strip()


@cache
def requirement(text: str) -> Requirement:
    """A requirement string, parsed once.

    :raises packaging.requirements.InvalidRequirement: pip would refuse it too
    """
    return Requirement(text)

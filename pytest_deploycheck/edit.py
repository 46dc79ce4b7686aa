"""A change of a file's text, so small that nothing else in it moves."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_deploycheck.location import Location


@dataclass(frozen=True)
class Edit:
    """Text in place of what stands between two places of one file.

    :param start: the first character that is replaced; lines and columns count characters of the decoded file, from 1
    :param end: the first one that stays, in the same file; ``start`` itself where something is only put in
    :param text: what then stands there; its line breaks are ``\\n``, and are written as the file has them
    """

    start: Location
    end: Location
    text: str

"""What pip is asked for: the lines, and what its options say on each project."""

from __future__ import annotations

from dataclasses import dataclass

from packaging.markers import Marker
from packaging.requirements import Requirement

from pytest_deploycheck.location import Location

BINARY = "binary"
SOURCE = "source"


@dataclass(frozen=True)
class Preferences:
    """What options of pip say on one project.

    :param formats: ``BINARY``, ``SOURCE`` or both: ``--only-binary`` and ``--no-binary``
    :param prereleases: ``--pre``; None leaves it to the specifiers
    :param prefer_binary: wheels of older versions before newer sdists
    """

    formats: frozenset[str] = frozenset({BINARY, SOURCE})
    prereleases: bool | None = None
    prefer_binary: bool = False


@dataclass(frozen=True)
class Asked:
    """One line that asks for a distribution, or constrains one.

    :param requirement: None where the line is only a link, which then has to tell the name
    :param line: None where nobody wrote it: a trial
    :param link: the URL of a file, a folder or a repository; empty where an index is to be searched
    :param marker: of a link without a name
    :param extras: likewise
    :param hashes: ``sha256=...``: those that the line allows
    """

    requirement: Requirement | None
    line: Location | None = None
    constraint: bool = False
    link: str = ""
    marker: Marker | None = None
    extras: tuple[str, ...] = ()
    hashes: tuple[str, ...] = ()

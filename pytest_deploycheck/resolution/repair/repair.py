"""What a search for a repair comes to: the changed lines with their proof, or why there are none."""

from __future__ import annotations

from dataclasses import dataclass

from packaging.requirements import Requirement
from packaging.version import Version

from pytest_deploycheck.location import Location
from pytest_deploycheck.resolution.repair.shape import Clauses
from pytest_deploycheck.resolution.result import Resolution


@dataclass(frozen=True)
class Change:
    """One line that changes.

    :param line: None for a line that is new
    :param before: None for a line that is new
    :param after: with its marker and extras
    :param clauses: what becomes of each clause of its specifier
    :param version: what pip picks then
    :param is_downgrade: whether that is older than any version that the line allows now
    :param hashes: ``sha256=...``, of all files of the version; empty where the line has none
    """

    line: Location | None
    before: Requirement | None
    after: Requirement
    clauses: Clauses
    version: Version
    is_downgrade: bool = False
    hashes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Repair:
    """A change of lines after which everything resolves, and nothing is built that could be had as a wheel.

    :param changes: in the order of the lines; the new ones last
    :param proof: what pip then picks, for each target
    :param is_fewest: whether it is certain that no change of fewer lines does it
    :param left: what stays to be built, and why: one line each
    """

    changes: tuple[Change, ...]
    proof: tuple[Resolution, ...]
    is_fewest: bool
    left: tuple[str, ...] = ()


@dataclass(frozen=True)
class NoRepair:
    """No change of lines was found.

    :param reasons: one line each
    :param is_certain: whether there is none; otherwise none was found within the bound
    """

    reasons: tuple[str, ...]
    is_certain: bool

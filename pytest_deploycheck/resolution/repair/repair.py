"""What a search for a repair comes to: the changed lines with their proof, or why there are none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from pytest_deploycheck.location import Location
from pytest_deploycheck.resolution.repair.shape import Clauses
from pytest_deploycheck.resolution.result import Resolution


class Reason(NamedTuple):
    """Why something stays to be built, or what could stand in for it.

    :param project: empty where it is about several
    """

    project: str
    text: str


@dataclass(frozen=True)
class Change:
    """One line that changes.

    :param line: None for a line that is new
    :param before: the requirement; empty for a line that is new
    :param after: the same with other versions
    :param clauses: what becomes of each clause of its specifier
    :param version: what pip picks then
    :param is_downgrade: whether that is older than any version that the line allows now
    :param hashes: ``sha256=...``, of all files of the version; empty where the line has none
    """

    line: Location | None
    before: str
    after: str
    clauses: Clauses
    version: str
    is_downgrade: bool = False
    hashes: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.shown()

    def shown(self, path: str = "") -> str:
        """The new line, and where it goes.

        :param path: of the file that is spoken of anyway; empty where none is
        """
        place = f"a new line, which picks {self.version}"
        if self.line is not None:
            place = f"line {self.line.line}" if path in ("", self.line.path) else str(self.line)
        return f"{self.after} ({place}{', a downgrade' if self.is_downgrade else ''})"


@dataclass(frozen=True)
class Repair:
    """A change of lines after which everything resolves, and nothing is built that could be had as a wheel.

    :param changes: in the order of the lines; the new ones last
    :param proof: what pip then picks, for each target
    :param is_fewest: whether it is certain that no change of fewer lines does it
    :param left: what stays to be built, and why
    :param alternatives: what could stand in for that
    """

    changes: tuple[Change, ...]
    proof: tuple[Resolution, ...]
    is_fewest: bool
    left: tuple[Reason, ...] = ()
    alternatives: tuple[Reason, ...] = ()


@dataclass(frozen=True)
class NoRepair:
    """No change of lines was found.

    :param reasons
    :param is_certain: whether there is none; otherwise none was found within the bound
    :param alternatives: what could stand in for projects without wheels
    """

    reasons: tuple[Reason, ...]
    is_certain: bool
    alternatives: tuple[Reason, ...] = ()

"""What a check has to say."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from pytest_deploycheck.edit import Edit
from pytest_deploycheck.location import Location


class Severity(enum.Enum):
    """``ERROR`` fails its item; ``ADVICE`` is a pytest warning."""

    ERROR = "error"
    ADVICE = "advice"


@dataclass(frozen=True)
class Finding:
    """One thing that does not hold.

    :param check: the check's name, as in the node id
    :param location: the line to look at
    :param message: what is wrong, one sentence, without the location and without a full stop
    :param evidence: why, one line each: the chain, what exists, what rules it out
    :param fix: what to do, one line each, most useful first; each line was computed, never guessed
    :param edits: the change that the first line of ``fix`` describes; empty where only a person can make it
    """

    check: str
    location: Location
    message: str
    evidence: tuple[str, ...] = ()
    fix: tuple[str, ...] = ()
    severity: Severity = Severity.ERROR
    edits: tuple[Edit, ...] = ()

    def __str__(self) -> str:
        """The finding as a terminal shows it: headline, evidence, fix; no trailing newline."""
        blocks = [f"{self.location}: {self.message}"]
        if self.evidence:
            blocks.append("\n".join(f"  {line}" for line in self.evidence))
        if self.fix:
            first, *others = self.fix
            blocks.append("\n".join([f"  fix: {first}", *(f"  or: {line}" for line in others)]))
        return "\n\n".join(blocks)


class CannotCheck(Exception):
    """A check could not be made (the index cannot be reached, a file cannot be read): an ERROR, never a pass."""


class NothingToDecide(Exception):
    """A check has nothing to decide, for the reason given: its item is SKIPPED with it."""

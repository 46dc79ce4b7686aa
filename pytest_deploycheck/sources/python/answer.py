"""An answer that may also be that nobody knows."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from pytest_deploycheck.location import Location


class Certainty(enum.Enum):
    """``NO`` is as certain as ``YES``: what only was not found is ``UNKNOWN``."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Answer:
    """Yes, no or not known.

    :param why: one half of a sentence, where it is not yes
    :param location: what it was read from
    """

    certainty: Certainty
    why: str = ""
    location: Location | None = None

    @property
    def is_yes(self) -> bool:
        """Whether it is certain."""
        return self.certainty is Certainty.YES

    @property
    def is_no(self) -> bool:
        """Whether the contrary is certain."""
        return self.certainty is Certainty.NO


def yes(location: Location | None = None) -> Answer:
    """It is so, as can be seen at a place."""
    return Answer(Certainty.YES, location=location)


def no(why: str, location: Location | None = None) -> Answer:
    """It is certainly not so."""
    return Answer(Certainty.NO, why, location)


def unknown(why: str, location: Location | None = None) -> Answer:
    """It may be either."""
    return Answer(Certainty.UNKNOWN, why, location)

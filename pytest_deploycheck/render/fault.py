"""What is wrong with a blueprint."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_deploycheck.edit import Edit
from pytest_deploycheck.location import Location


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong, or in doubt.

    :param message: one sentence, without the location
    :param fix: what to write, one line each
    :param evidence: why, one line each
    :param is_certain: whether Render refuses it; otherwise it may be right, or is only better written otherwise
    :param field: the field that it is about, below those that hold it: ``disk.mountPath``
    :param edits: the change that the first line of ``fix`` describes; empty where only a person can make it
    """

    location: Location
    message: str
    fix: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    is_certain: bool = True
    field: str = ""
    edits: tuple[Edit, ...] = ()

"""What the hooks can add, and answer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from pytest_deploycheck.resolution.target import checked_platform

_NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True)
class Platform:
    """A platform that things are deployed to, by a name of its own.

    :param name: lower-case letters, digits and underscores
    :param tag: the newest wheel platform that its build machines accept: ``manylinux_2_34_x86_64``
    :param python: what is installed there, where neither a target is asked for nor a service pins its own
    :raises ValueError: one of them is not what is expected
    """

    name: str
    tag: str
    python: str = ""

    def __post_init__(self) -> None:
        if _NAME.fullmatch(self.name) is None:
            raise ValueError(f"{self.name!r} is no name of a platform: expected lower-case letters, digits and _")
        checked_platform(self.tag)


@dataclass(frozen=True)
class RequirementsText:
    """Requirements that stand in a file of another format.

    :param path: that file; relative to the project's folder, or absolute
    :param text: the same in the format of a requirements file, each requirement in the line in which the file has it
    """

    path: str | Path
    text: str


@dataclass(frozen=True)
class Ignored:
    """A finding that does not count.

    :param reason: why
    :raises ValueError: there is none
    """

    reason: str

    def __post_init__(self) -> None:
        if not self.reason.strip():
            raise ValueError("a finding is ignored for a reason: say why")

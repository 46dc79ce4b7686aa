"""What Render's platform is like: dated facts, read from ``platform.json``."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from importlib.resources import files
from pathlib import PurePosixPath


@dataclass(frozen=True)
class PythonDefault:
    """The Python that services of one period get.

    :param created_from: the first day, None: from the beginning
    :param created_before: the first day after, None: until now
    """

    created_from: date | None
    created_before: date | None
    version: str

    def holds_for(self, created: date) -> bool:
        """Whether a service created on a day has this default."""
        after = self.created_from is None or self.created_from <= created
        return after and (self.created_before is None or created < self.created_before)


@dataclass(frozen=True)
class PlatformFacts:
    """Facts with the source and the day that ``platform.json`` gives for each.

    :param platform_tag: of the native runtime
    :param python_defaults: the newest first
    :param python_minimum: the oldest version that can be asked for
    :param python_date: when the list of Python releases was made
    :param latest_patches: by minor version, ``{"3.13": "3.13.18"}``, the oldest first
    :param checkout: where the repository is checked out, absolute
    :param writable_folders: absolute; what lies below them can be written during a build
    """

    platform_tag: str
    python_defaults: tuple[PythonDefault, ...]
    python_minimum: str
    python_date: date
    latest_patches: dict[str, str]
    checkout: str
    writable_folders: tuple[str, ...]

    @property
    def newest_default(self) -> str:
        """The Python that a service created today gets."""
        return self.python_defaults[0].version

    @property
    def released_minors(self) -> tuple[str, ...]:
        """``3.13`` and the like, the oldest first."""
        return tuple(self.latest_patches)

    def default_python(self, created: date) -> str | None:
        """The default of a service created on a day; None for the days that no document covers."""
        return next((each.version for each in self.python_defaults if each.holds_for(created)), None)

    def latest_patch(self, minor: str) -> str | None:
        """The newest release of ``3.13``, None where none is known."""
        return self.latest_patches.get(minor)

    def is_writable(self, folder: str) -> bool:
        """Whether a build can write to a folder; a relative one lies below the checkout, which can be written."""
        path = PurePosixPath(folder)
        return not path.is_absolute() or any(path.is_relative_to(each) for each in self.writable_folders)


@lru_cache(maxsize=1)
def platform_facts() -> PlatformFacts:
    """The facts."""
    facts = json.loads(files("pytest_deploycheck.render").joinpath("platform.json").read_text(encoding="utf-8"))
    return PlatformFacts(
        platform_tag=facts["platform_tag"]["value"],
        python_defaults=tuple(
            PythonDefault(_day(each["created_from"]), _day(each["created_before"]), each["version"])
            for each in facts["python_defaults"]["value"]
        ),
        python_minimum=facts["python_minimum"]["value"],
        python_date=date.fromisoformat(facts["python_releases"]["date"]),
        latest_patches=facts["python_releases"]["latest_patch"],
        checkout=facts["checkout"]["value"],
        writable_folders=tuple(facts["writable_folders"]["value"]),
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None

"""What Render's platform is like: dated facts, read from ``platform.json``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from importlib.resources import files
from pathlib import PurePosixPath
from typing import Any

from packaging.version import Version


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
class FreePlan:
    """What comes without payment, and what does not.

    :param kinds: the kinds of services that have it; a database has it too
    :param lacks: fields that a service on it cannot have, and what they ask for
    :param database_days: after so many days a database expires; after ``grace_days`` more it is deleted
    """

    kinds: tuple[str, ...]
    lacks: Mapping[str, str]
    most_instances: int
    database_days: int
    grace_days: int


@dataclass(frozen=True)
class MountPaths:
    """Where a disk can be mounted.

    :param forbidden: absolute; what lies below them is allowed
    :param virtual_environment: where Python's packages are installed
    """

    forbidden: tuple[str, ...]
    virtual_environment: str


@dataclass(frozen=True)
class PlatformFacts:
    """Facts with the source and the day that ``platform.json`` gives for each.

    :param platform_tag: of the native runtime
    :param python_defaults: the newest first
    :param python_minimum: the oldest version that can be asked for
    :param python_date: when the list of Python releases was made
    :param latest_patches: by minor version, ``{"3.13": "3.13.18"}``, the oldest first
    :param checkout: where the repository is checked out, absolute
    :param default_port: PORT of a web service that does not set it
    :param reserved_ports: those that no service can listen on
    :param set_variables: the names of environment variables that are there without being set
    :param writable_folders: absolute; what lies below them can be written during a build
    :param last_with_old_pip: by minor version, the last release whose pip knows no wheels such as ``manylinux_2_28``
    :param last_without_pylock: likewise ``pylock.toml``
    """

    platform_tag: str
    python_defaults: tuple[PythonDefault, ...]
    python_minimum: str
    python_date: date
    latest_patches: dict[str, str]
    checkout: str
    default_port: int
    reserved_ports: tuple[int, ...]
    set_variables: frozenset[str]
    writable_folders: tuple[str, ...]
    last_with_old_pip: dict[str, str]
    last_without_pylock: dict[str, str]
    free_plan: FreePlan
    mount_paths: MountPaths

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

    def has_old_pip(self, python: str) -> bool:
        """Whether the pip that a Python brings passes over the wheels of today."""
        return _is_up_to(self.last_with_old_pip, python)

    def knows_no_pylock(self, python: str) -> bool:
        """Whether the pip that a Python brings takes a ``pylock.toml`` for a list of requirements."""
        return _is_up_to(self.last_without_pylock, python)

    def is_writable(self, folder: str) -> bool:
        """Whether a build can write to a folder; a relative one lies below the checkout, which can be written."""
        path = PurePosixPath(folder)
        return not path.is_absolute() or any(path.is_relative_to(each) for each in self.writable_folders)


def _is_up_to(last_by_minor: Mapping[str, str], python: str) -> bool:
    version = Version(python)
    last = last_by_minor.get(f"{version.major}.{version.minor}")
    return last is not None and version <= Version(last)


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
        default_port=facts["default_port"]["value"],
        reserved_ports=tuple(facts["reserved_ports"]["value"]),
        set_variables=frozenset(facts["set_variables"]["value"]),
        writable_folders=tuple(facts["writable_folders"]["value"]),
        last_with_old_pip=facts["pip_without_glibc_tags"]["value"],
        last_without_pylock=facts["pip_without_pylock"]["value"],
        free_plan=_free_plan(facts["free_plan"]),
        mount_paths=_mount_paths(facts["mount_paths"]),
    )


def _free_plan(row: Mapping[str, Any]) -> FreePlan:
    return FreePlan(tuple(row["kinds"]), row["lacks"], row["most_instances"], row["database_days"], row["grace_days"])


def _mount_paths(row: Mapping[str, Any]) -> MountPaths:
    return MountPaths(tuple(row["forbidden"]), row["virtual_environment"])


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None

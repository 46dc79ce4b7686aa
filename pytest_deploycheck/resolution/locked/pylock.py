"""``pylock.toml``: what pip selects from it on a target.

https://packaging.python.org/en/latest/specifications/pylock-toml/#installation and pip 26.3 (``utils/pylock.py``). pip
takes the selection from packaging, and so does this: the tags and the environment are those of the target. What is
selected pip then asks for like lines of a requirements file, each with one file and its hashes: it resolves them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from packaging.pylock import PackageSdist, PackageWheel, PylockSelectError
from packaging.pylock import Pylock as LockedPackages
from packaging.requirements import Requirement
from packaging.utils import NormalizedName

from pytest_deploycheck.location import Location
from pytest_deploycheck.resolution.asked import BINARY, SOURCE, Asked, Preferences
from pytest_deploycheck.resolution.explanation import wheel_evidence
from pytest_deploycheck.resolution.file import File
from pytest_deploycheck.resolution.locked.lock import Lock, Package
from pytest_deploycheck.resolution.target import Target

if TYPE_CHECKING:
    from packaging.markers import Environment

# How packaging names the package that it stops at.
_POSITION = re.compile(r" at packages\[(\d+)\]")


class NotSelected(Exception):
    """pip stops at a lock; the message says why.

    :ivar asked: what the lock asks for there
    :ivar location: where it stands
    :ivar evidence: what else there is to know, a line each
    """

    def __init__(self, reason: str, asked: str, location: Location, evidence: Iterable[str] = ()) -> None:
        super().__init__(reason)
        self.asked = asked
        self.location = location
        self.evidence = tuple(evidence)


@dataclass(frozen=True)
class Pylock:
    """A ``pylock.toml``, and what a command asks of it.

    :param read: as packaging has it, which found it valid
    :param lock: the same packages, in the same order, with their places
    :param extras: those asked for
    :param groups: likewise; the default ones are among them, where these are asked for
    :param digest: of its text
    """

    read: LockedPackages
    lock: Lock
    extras: frozenset[str]
    groups: frozenset[str]
    digest: str

    @property
    def key(self) -> tuple[object, ...]:
        """What decides on what is selected, beside the target."""
        return self.lock.path, self.digest, sorted(self.extras), sorted(self.groups)

    def __hash__(self) -> int:
        return hash(self.digest)


@dataclass(frozen=True)
class Selection:
    """What several locks have for a target.

    :param asked: like the lines of a requirements file
    :param files: the one file of each project; pip looks for no others
    """

    asked: tuple[Asked, ...]
    files: Mapping[NormalizedName, File]


def select(
    pylocks: Iterable[Pylock], target: Target, preferences: Callable[[NormalizedName], Preferences]
) -> Selection:
    """What pip selects.

    :raises NotSelected: pip stops
    """
    asked: list[Asked] = []
    files: dict[NormalizedName, File] = {}
    for each in pylocks:
        for package, file in _selected(each, target, preferences):
            asked.append(_asked(package, file))
            if file is not None and package.name in files:
                reason = f"pip stops: {package.name} is selected from two locks"
                raise NotSelected(reason, _pinned(package), package.location)
            if file is not None:
                files[package.name] = file
    return Selection(tuple(asked), files)


def _asked(package: Package, file: File | None) -> Asked:
    if file is None:
        hashes = package.files[0].hashes if package.files else ()
        return Asked(Requirement(package.name), package.location, link=package.link, hashes=hashes)
    return Asked(Requirement(f"{package.name}=={package.version}"), package.location, hashes=file.hashes)


def _selected(
    pylock: Pylock, target: Target, preferences: Callable[[NormalizedName], Preferences]
) -> Iterator[tuple[Package, File | None]]:
    """Each package, with its file where it is one of an index.

    :raises NotSelected: pip stops
    """
    lock = pylock.lock
    python = pylock.read.requires_python
    if python is not None and not python.contains(target.python):
        reason = f"the target's Python is {target.python}, and {lock.path} was made for {python}"
        raise NotSelected(reason, f"Python {python}", lock.python_location or Location(lock.path))
    allowed = {each.name: preferences(each.name).formats for each in lock.packages}
    read = _as_asked(pylock, allowed)
    packages = {id(theirs): ours for theirs, ours in zip(read.packages, lock.packages, strict=True)}
    try:
        chosen = list(
            read.select(
                environment=cast("Environment", target.environment),
                tags=target.tags,
                extras=pylock.extras,
                dependency_groups=pylock.groups,
            )
        )
    except PylockSelectError as error:
        raise _stopped(error, pylock, target) from error
    for theirs, file in chosen:
        package = packages[id(theirs)]
        yield package, _file(package, file, allowed[package.name])


def _as_asked(pylock: Pylock, allowed: Mapping[NormalizedName, frozenset[str]]) -> LockedPackages:
    """As pip 26.3 selects from it, whichever packaging is installed here.

    That pip passes over extras and groups that the lock does not declare; packaging refuses them from 26.4 on, and
    knows only from 26.3 on how a source distribution is asked for.
    """
    read = pylock.read
    packages = [
        replace(each, wheels=None) if each.sdist is not None and allowed[each.name] == {SOURCE} else each
        for each in read.packages
    ]
    extras = [*(read.extras or ()), *map(NormalizedName, pylock.extras)]
    groups = [*(read.dependency_groups or ()), *pylock.groups]
    return replace(read, packages=packages, extras=extras, dependency_groups=groups)


def _file(package: Package, chosen: Any, allowed: frozenset[str]) -> File | None:
    if not isinstance(chosen, (PackageWheel, PackageSdist)):
        return None
    file = next(each for each in package.files if each.filename == chosen.filename)
    if (BINARY if file.is_wheel else SOURCE) not in allowed:
        left_out = "wheels" if file.is_wheel else "source distributions"
        reason = f"pip stops: of {package} it selects {file.filename}, and options leave out {left_out}"
        raise NotSelected(reason, _pinned(package), package.location)
    return file


def _stopped(error: PylockSelectError, pylock: Pylock, target: Target) -> NotSelected:
    lock = pylock.lock
    found = _POSITION.search(str(error))
    if found is None:
        reason = f"pip stops: none of the environments that {lock.path} was made for is the target"
        said = " or ".join(lock.environments)
        return NotSelected(reason, said, lock.environments_location or Location(lock.path))
    package = lock.packages[int(found[1])]
    asked, place = _pinned(package), package.location
    if "No wheel found" in str(error):
        reason = f"pip finds no distribution of {package} in {lock.path}"
        return NotSelected(reason, asked, place, wheel_evidence([each.filename for each in package.files], target))
    if package.python is not None and "does not satisfy" in str(error):
        reason = f"{package} is locked for Python {package.python}, and the target's is {target.python}"
        return NotSelected(f"pip stops: {reason}", asked, place)
    return NotSelected(f"pip stops: {_POSITION.sub('', str(error))}", asked, place)


def _pinned(package: Package) -> str:
    return f"{package.name}=={package.version}" if package.version else package.name

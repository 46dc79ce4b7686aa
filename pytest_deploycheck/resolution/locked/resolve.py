"""From a lock to the files that are installed on a target, each with who requires it and the line to blame."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from packaging.utils import NormalizedName

from pytest_deploycheck.resolution.asked import BINARY
from pytest_deploycheck.resolution.direct import direct_file
from pytest_deploycheck.resolution.explanation import wheel_evidence
from pytest_deploycheck.resolution.file import File
from pytest_deploycheck.resolution.graph import path_to_line
from pytest_deploycheck.resolution.locked.choosing import chosen
from pytest_deploycheck.resolution.locked.lock import Locked, NotKnown, Package, is_within
from pytest_deploycheck.resolution.locked.markers import Markers
from pytest_deploycheck.resolution.locked.reach import Reached, reached
from pytest_deploycheck.resolution.result import Cause, Distribution, Kind, Outcome, Resolution
from pytest_deploycheck.resolution.sdist import UNKNOWN, Sdist
from pytest_deploycheck.resolution.target import Target


class Stops(Exception):
    """The tool stops at a file, whatever else is in the lock; the message says why.

    :ivar package: whose file it is
    """

    def __init__(self, package: Package, reason: str) -> None:
        super().__init__(reason)
        self.package = package


@dataclass(frozen=True)
class Facts:
    """What is known of a source.

    :param unread: why nothing is, where it could not be had; empty otherwise
    """

    sdist: Sdist
    unread: str = ""


Wanted = Mapping[NormalizedName, tuple[Package, File]]
"""Source distributions, by project."""

Reader = Callable[[Wanted], Mapping[str, Facts]]
"""Tells what they say of themselves; it may raise :class:`Stops`."""


def _nothing(wanted: Wanted) -> Mapping[str, Facts]:
    return dict.fromkeys(wanted, Facts(UNKNOWN))


# It needs no compiler, and nothing is to be read of it.
_WHEEL = Facts(replace(UNKNOWN, native=False))


@dataclass(frozen=True)
class _Picked:
    """A package, and the file of it."""

    package: Package
    file: File


def resolve_locked(locked: Locked, target: Target, read: Reader = _nothing) -> Resolution:
    """What a command installs from a lock on a target.

    :param read: asked only for what has no wheel: where all are wheels, nothing is fetched; by default nobody is
    """
    lock = locked.lock
    if lock.python is not None and not is_within(target.python_version, lock.python):
        return _other_python(locked, target)
    try:
        if not _is_for(locked, target):
            return _other_environment(locked, target)
        found = reached(locked, target)
    except NotKnown as reason:
        message = f"what is installed from {lock.path} is not known: {reason}"
        return Resolution(lock.path, target, Outcome.UNREACHABLE, message)
    others = [each for each in found.packages.values() if each.python is not None and target.python not in each.python]
    if others:
        return _other_python_of(others, found, locked, target)
    files = {name: _file(package, locked, target) for name, package in found.packages.items()}
    picked = {name: _Picked(found.packages[name], file) for name, file in files.items() if file is not None}
    lacking = [package for name, package in found.packages.items() if name not in picked]
    if lacking:
        return _without_files(lacking, found, locked, target)
    try:
        to_build = {name: (each.package, each.file) for name, each in picked.items() if not each.file.is_wheel}
        facts = read(to_build) if to_build else {}
    except Stops as stop:
        causes = (_cause(stop.package, found),)
        return Resolution(lock.path, target, Outcome.NO_MATCH, f"{lock.tool} stops: {stop}", causes=causes)
    return Resolution(lock.path, target, Outcome.OK, distributions=tuple(_distributions(picked, found, facts)))


def _other_python(locked: Locked, target: Target) -> Resolution:
    lock = locked.lock
    message = f"the target's Python is {target.python}, and {lock.path} was made for {lock.python_text}"
    causes = (Cause(f"Python {lock.python_text}", "", lock.python_location),)
    return Resolution(lock.path, target, Outcome.NO_MATCH, message, causes=causes)


def _is_for(locked: Locked, target: Target) -> bool:
    """Whether it was made for such an environment.

    :raises NotKnown: a marker is not understood
    """
    environments = locked.lock.environments
    return not environments or any(Markers(target).hold(each) for each in environments)


def _other_environment(locked: Locked, target: Target) -> Resolution:
    lock = locked.lock
    message = f"{lock.tool} stops: none of the environments that {lock.path} was made for is the target"
    causes = tuple(Cause(each, "", lock.environments_location) for each in lock.environments)
    return Resolution(lock.path, target, Outcome.NO_MATCH, message, causes=causes)


def _other_python_of(others: list[Package], found: Reached, locked: Locked, target: Target) -> Resolution:
    first = others[0]
    reason = f"{first} is locked for Python {first.python}, and the target's is {target.python}"
    message = f"{locked.lock.tool} stops: {reason}"
    causes = tuple(_cause(each, found) for each in others)
    return Resolution(locked.lock.path, target, Outcome.NO_MATCH, message, causes=causes)


def _file(package: Package, locked: Locked, target: Target) -> File | None:
    if not package.link:
        return chosen(package, locked, target)
    file = package.files[0] if package.files else direct_file(package.link)
    if not file.filename.endswith(".whl"):
        return file
    return chosen(package, locked, target)


def _without_files(lacking: list[Package], found: Reached, locked: Locked, target: Target) -> Resolution:
    lock = locked.lock
    named = ", ".join(map(str, lacking))
    message = f"{lock.tool} finds no distribution of {named} in {lock.path}"
    return Resolution(
        lock.path,
        target,
        Outcome.NO_MATCH,
        message,
        causes=tuple(_cause(each, found) for each in lacking),
        evidence=tuple(line for each in lacking for line in _why(each, locked, target)),
    )


def _cause(package: Package, found: Reached) -> Cause:
    chain = path_to_line(package.name, found.parents, found.lines)
    line = found.lines[chain[0]] if chain else package.location
    parent = str(found.packages[NormalizedName(chain[-2])]) if len(chain) > 1 else ""
    return Cause(f"{package.name}=={package.version}", parent, line)


def _why(package: Package, locked: Locked, target: Target) -> Iterator[str]:
    names = [each.filename for each in package.files]
    allowed = locked.formats.of(package.name)
    yield f"{package.location}: {package} has {_counted(names)} there"
    if len(allowed) < 2 and names:
        left_out = "wheels" if BINARY not in allowed else "source distributions"
        yield f"settings of {locked.lock.tool} leave out {left_out}"
    yield from (f"{package.name}: {line}" for line in wheel_evidence(names, target))


def _counted(names: list[str]) -> str:
    wheels = sum(name.endswith(".whl") for name in names)
    counts = ((wheels, "wheel"), (len(names) - wheels, "source distribution"))
    return " and ".join(f"{count or 'no'} {word}{'' if count == 1 else 's'}" for count, word in counts)


def _distributions(
    picked: Mapping[NormalizedName, _Picked], found: Reached, facts: Mapping[str, Facts]
) -> Iterator[Distribution]:
    for name, each in sorted(picked.items()):
        chain = [NormalizedName(step) for step in path_to_line(name, found.parents, found.lines)]
        known = _WHEEL if each.file.is_wheel else facts[name]
        yield Distribution(
            name=name,
            version=each.package.version or "unknown",
            file=each.file,
            kind=Kind.DIRECT if each.package.link else Kind.WHEEL if each.file.is_wheel else Kind.SDIST,
            native=known.sdist.native,
            needs=known.sdist.needs,
            backend=known.sdist.backend,
            dependencies_known=True,  # The lock says them.
            required_by=tuple(sorted(found.parents.get(name, ()))),
            chain=tuple((step, picked[step].package.version or "unknown") for step in chain),
            line=found.lines[chain[0]] if chain else each.package.location,
            unread=known.unread,
        )

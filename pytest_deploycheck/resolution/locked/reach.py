"""Which packages of a lock a command installs on a target, and who requires them there."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from packaging.utils import NormalizedName
from packaging.version import Version

from pytest_deploycheck.location import Location
from pytest_deploycheck.resolution.locked.lock import UV, Dependency, Lock, Locked, NotKnown, Package, is_within
from pytest_deploycheck.resolution.locked.markers import Markers
from pytest_deploycheck.resolution.target import Target


@dataclass
class Reached:
    """What is installed.

    :param parents: for each package the installed ones that require it
    :param lines: the line for each package that is asked for itself
    """

    packages: dict[NormalizedName, Package] = field(default_factory=dict)
    parents: dict[str, list[str]] = field(default_factory=dict)
    lines: dict[str, Location | None] = field(default_factory=dict)


@dataclass(frozen=True)
class _Asked:
    """Somebody's requirement.

    :param parent: the package whose it is; None for one of the project
    :param line: of the project
    :param extras: with which that package is asked for
    """

    dependency: Dependency
    parent: NormalizedName | None
    line: Location | None
    extras: frozenset[str]


def reached(locked: Locked, target: Target) -> Reached:
    """What is installed on a target.

    :raises NotKnown: the lock cannot be followed
    """
    walk = _Walk(locked, target)
    found = walk.run()
    # Where extras or groups exclude each other, uv's markers name those that were asked for on the way.
    if walk.asked_extras and any("extra" in marker for marker in _markers(locked.lock)):
        found = _Walk(locked, target, walk.asked_extras).run()
    return found


def _markers(lock: Lock) -> Iterator[str]:
    if lock.tool == UV:
        for package in lock.packages:
            for dependencies in (package.dependencies, *package.extras.values()):
                yield from (each.marker for each in dependencies)


class _Walk:
    def __init__(self, locked: Locked, target: Target, further: frozenset[str] = frozenset()) -> None:
        self._locked = locked
        self._markers = Markers(target)
        self._extras = locked.extras | further
        self._found = Reached()
        self._seen: set[tuple[object, ...]] = set()
        self._queue: deque[_Asked] = deque()
        # Which extras of which packages are asked for, as uv's markers spell them.
        self.asked_extras: frozenset[str] = frozenset()

    def run(self) -> Reached:
        for root in self._locked.roots:
            self._queue.append(_Asked(root.dependency, None, root.line, frozenset()))
        while self._queue:
            self._take(self._queue.popleft())
        for package in self._locked.lock.packages:
            if package.conditions is not None and self._is_there(package) and self._locked.installs(package):
                self._add(package)
        return self._found

    def _take(self, asked: _Asked) -> None:
        wish = asked.dependency
        # uv spells in its markers whose extra it is; Poetry's are those of the package that the marker stands in.
        is_own = asked.parent is None or self._locked.lock.tool == UV
        if not self._markers.hold(wish.marker, self._extras if is_own else asked.extras):
            return
        package = self._package(wish)
        if package is None:
            return
        self.asked_extras |= {f"extra-{len(package.name)}-{package.name}-{extra}" for extra in wish.extras}
        parent, line = asked.parent, asked.line
        if self._locked.installs(package):
            self._add(package)
            if parent is None:
                self._found.lines.setdefault(package.name, line)
            elif parent != package.name and parent not in self._found.parents.setdefault(package.name, []):
                self._found.parents[package.name].append(parent)
            parent, line = package.name, None
        # What is not installed itself passes on who asked for it.
        for extra in ("", *sorted(wish.extras)):
            if (key := (package.name, package.version, extra, parent, line)) not in self._seen:
                self._seen.add(key)
                self._follow(package, extra, parent, line)

    def _follow(self, package: Package, extra: str, parent: NormalizedName | None, line: Location | None) -> None:
        dependencies = package.extras.get(extra, ()) if extra else package.dependencies
        extras = frozenset({extra} if extra else ())
        if extra and not package.extras:
            dependencies = package.dependencies
        self._queue.extend(_Asked(each, parent, line, extras) for each in dependencies)

    def _add(self, package: Package) -> None:
        known = self._found.packages.setdefault(package.name, package)
        if known is not package:
            raise NotKnown(f"both {known} and {package} are installed, by {known.location} and {package.location}")

    def _package(self, wish: Dependency) -> Package | None:
        """What a requirement means; None where the lock has it not for this target."""
        named = self._locked.lock.by_name.get(wish.name, ())
        if not named:
            raise NotKnown(f"{wish.name} is required, and {self._locked.lock.path} does not have it")
        there = [each for each in named if self._is_there(each)]
        if wish.version:
            there = [each for each in there if each.version == wish.version]
        elif len(there) > 1 and wish.ranges:
            there = [each for each in there if is_within(Version(each.version), wish.ranges)]
        if len(there) > 1:
            raise NotKnown(f"which of {', '.join(map(str, there))} is meant cannot be told")
        return there[0] if there else None

    def _is_there(self, package: Package) -> bool:
        """Whether a group that is asked for has it here, where packages say so themselves."""
        if package.conditions is None:
            return True
        conditions = [marker for group, marker in package.conditions.items() if group in self._locked.groups]
        return any(self._markers.hold(each, self._locked.extras) for each in conditions)

"""Another Python on which a source would resolve to wheels only: often the smallest change that mends it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from packaging.utils import NormalizedName
from packaging.version import Version

from pytest_deploycheck.asking import asked_of
from pytest_deploycheck.render.platform import platform_facts
from pytest_deploycheck.resolution.http.transport import Unreachable
from pytest_deploycheck.resolution.result import Distribution, Resolution
from pytest_deploycheck.resolution.target import Target
from pytest_deploycheck.resolutions import Resolutions
from pytest_deploycheck.subjects import Source

# Seconds for the search: what is looked for is one line of a message.
_MOST_SECONDS = 10.0


class OtherPython(NamedTuple):
    """A Python on which a source resolves to wheels only.

    :param distributions: how many
    """

    target: Target
    distributions: int


class OtherPythons:
    """Finds them."""

    def __init__(self, resolutions: Resolutions) -> None:
        self._resolutions = resolutions

    def nearest(self, source: Source, target: Target) -> OtherPython | None:
        """The nearest one: older ones first, then newer ones.

        :returns: None where none was found in the time that a message is worth
        """
        if source.locked is not None:
            found, _ = self._found(source, target)  # It takes no longer than to look it up.
        else:
            found = self._resolutions.kept("python", source, (target,), "", lambda: self._found(source, target))
        if not found:
            return None
        return OtherPython(Target(found["python"], target.platform, target.free_threaded), found["count"])

    def foresee(self, source: Source, target: Target) -> None:
        """Start to fetch what :meth:`nearest` will look at, while something else is looked for."""
        from pytest_deploycheck.resolution.resolver import foresee
        from pytest_deploycheck.resolution.view import Refused

        with contextlib.suppress(Refused, Unreachable):  # Whoever asks for the resolution meets it.
            other = next(self._worth_a_look(source, target), None)
            if other is not None:
                foresee(asked_of(source), self._resolutions.view(source, other))

    def _found(self, source: Source, target: Target) -> tuple[dict[str, Any], bool]:
        """What is found, and whether it may be kept."""
        until = time.monotonic() + _MOST_SECONDS
        has_all_files = source.locked is not None or bool(source.file.pylocks)
        for other in _nearby(target) if has_all_files else self._worth_a_look(source, target):
            if time.monotonic() > until:
                return {}, False
            found = self._resolved(source, other)
            if found.has_wheels_only:
                return {"python": other.python, "count": len(found.distributions)}, True
        return {}, True

    def _resolved(self, source: Source, target: Target) -> Resolution:
        if source.locked is None:
            return self._resolutions.get(source, target)
        from pytest_deploycheck.resolution.locked.resolve import resolve_locked

        return resolve_locked(source.locked, target)

    def _worth_a_look(self, source: Source, target: Target) -> Iterator[Target]:
        """The targets for which what would be built here has wheels."""
        to_build = self._resolutions.get(source, target).to_build
        return (other for other in _nearby(target) if self._may_have_wheels(source, other, to_build))

    def _may_have_wheels(self, source: Source, target: Target, to_build: Iterable[Distribution]) -> bool:
        """Whether what has to be built elsewhere has a wheel there, in the same version."""

        def has_wheel(built: Distribution) -> bool:
            view = self._resolutions.view_of(source, target, built.name)
            files = view.candidates(NormalizedName(built.name)).compatible(Version(built.version))
            return any(each.file.is_wheel for each in files)

        return all(not built.is_direct and has_wheel(built) for built in to_build)


def _nearby(target: Target) -> Iterator[Target]:
    facts = platform_facts()
    own = Version(target.minor.rstrip("t"))
    released = sorted(map(Version, facts.released_minors))
    older = [minor for minor in reversed(released) if minor < own]
    newer = [minor for minor in released if minor > own]
    for minor in (*older, *newer):
        python = facts.latest_patch(str(minor))
        if python is not None:
            yield Target(python, target.platform, target.free_threaded)

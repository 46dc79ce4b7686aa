"""``--deploycheck-matrix``: on which Pythons each source would deploy as it is, without anything being built."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from packaging.version import Version

from pytest_deploycheck.deployment import Deployment
from pytest_deploycheck.render.platform import platform_facts
from pytest_deploycheck.resolution.result import Outcome, Resolution
from pytest_deploycheck.resolution.target import Target
from pytest_deploycheck.subjects import Source

_OLDEST = Version("3.9")

# The first with a build without the global interpreter lock: https://peps.python.org/pep-0703/
_FIRST_FREE_THREADED = Version("3.13")

_MOST_NAMED = 4

_WORDS = {
    Outcome.CONFLICT: "conflict",
    Outcome.NO_MATCH: "no match",
    Outcome.INVALID: "refused",
    Outcome.UNREACHABLE: "not known",
}


@dataclass(frozen=True)
class Cell:
    """A source on one Python and platform.

    :param services: those that get just that
    """

    source: Source
    target: Target
    resolution: Resolution
    services: tuple[str, ...]

    @property
    def to_build(self) -> tuple[str, ...]:
        """The projects of which pip would pick no wheel."""
        return tuple(each.name for each in self.resolution.to_build)

    @property
    def verdict(self) -> str:
        """One or two words."""
        if self.resolution.outcome is Outcome.OK:
            return "sdists" if self.to_build else "wheels"
        return _WORDS[self.resolution.outcome]

    @property
    def reason(self) -> str:
        """The rest, in a few words."""
        found = self.resolution
        if found.outcome is Outcome.OK:
            return (
                f"{len(self.to_build)} of {len(found.distributions)}: {_named(self.to_build)}"
                if self.to_build
                else (f"all {len(found.distributions)}")
            )
        if not found.causes or found.outcome in (Outcome.INVALID, Outcome.UNREACHABLE):
            return found.message.partition("\n")[0]
        if found.outcome is Outcome.NO_MATCH:
            return "; ".join(dict.fromkeys(map(str, found.causes)))
        sides = [str(each) if each.parent or each.is_constraint else each.requirement for each in found.causes]
        return "; ".join(sides[: _MOST_NAMED - 1])


def _named(names: Sequence[str]) -> str:
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def matrix(deployment: Deployment, progress: Callable[[str], None] = lambda words: None) -> Iterator[Cell]:
    """Each source on each Python from 3.9 on, free-threaded ones and further platforms where a target asks for them."""
    for source in deployment.sources:
        deployed = {place.target: place.services for place in deployment.targets_of(source)}
        for target in _targets(list(deployed), deployment.platform):
            progress(f"{source.name} on {target.name}")
            services = tuple(name for each, names in deployed.items() if each.name == target.name for name in names)
            yield Cell(source, target, deployment.resolutions.get(source, target), services)
    progress("")


def _targets(deployed: Sequence[Target], platform: str) -> Iterator[Target]:
    facts = platform_facts()
    exact = {target.name: target for target in deployed}
    for tag in dict.fromkeys([*(target.platform for target in deployed)] or [platform]):
        for minor in facts.released_minors:
            if Version(minor) < _OLDEST:
                continue
            kinds = [False]
            if any(target.free_threaded for target in deployed) and Version(minor) >= _FIRST_FREE_THREADED:
                kinds.append(True)
            for is_free_threaded in kinds:
                target = Target(facts.latest_patches[minor], tag, is_free_threaded)
                # What is deployed is asked for with its own patch version.
                yield exact.get(target.name, target)


def table(cells: Sequence[Cell]) -> Iterator[str]:
    """The lines of a terminal: a block for each source and platform."""
    before = None
    for cell in cells:
        block = (cell.source.name, cell.target.platform)
        if block != before:
            yield f"{block[0]} on {block[1]}"
            before = block
        mark = f"  <- {', '.join(cell.services)}" if cell.services else ""
        yield f"  {cell.target.minor:6} {cell.verdict:10} {cell.reason}{mark}"


def matrix_entry(cell: Cell) -> dict[str, Any]:
    """A cell as the JSON report has it."""
    return {
        "source": cell.source.path,
        "target": cell.target.name,
        "python": cell.target.python,
        "services": list(cell.services),
        "outcome": cell.resolution.outcome.value,
        "message": cell.reason,
        "distributions": len(cell.resolution.distributions),
        "sdists": list(cell.to_build),
    }

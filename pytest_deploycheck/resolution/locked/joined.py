"""Several resolutions as one: what a tool gives to pip in parts, each with ``--no-deps``.

Nobody follows requirements there, since the lock holds all that is to be installed. Who requires whom is then read from
the metadata of what is picked, to find the line of the project that is to blame.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import InvalidVersion, Version

from pytest_deploycheck.location import Location
from pytest_deploycheck.resolution.graph import path_to_line
from pytest_deploycheck.resolution.http.transport import Unreachable
from pytest_deploycheck.resolution.result import Distribution, Outcome, Resolution
from pytest_deploycheck.resolution.target import Target
from pytest_deploycheck.resolution.view import TargetView
from pytest_deploycheck.resolution.wishes import DistributionCandidate, SpecifierWish, Wish

Extras = Mapping[str, frozenset[NormalizedName]]
"""Those that a lock has of each project."""


@dataclass(frozen=True)
class Part:
    """What is given to pip at once.

    :param view: as pip sees the indexes for it
    """

    resolution: Resolution
    view: TargetView


def joined(
    source: str, target: Target, parts: Sequence[Part], extras: Extras, declared: Mapping[str, Location]
) -> Resolution:
    """One resolution of all parts: the first that fails, else what they pick together.

    :param source: the path of the lock
    :param declared: the line of the project for what it asks for itself
    """
    failed = next((each.resolution for each in parts if each.resolution.outcome is not Outcome.OK), None)
    if failed is not None:
        return replace(failed, source=source)
    views = {each.name: part.view for part in parts for each in part.resolution.distributions}
    picked = {each.name: each for part in parts for each in part.resolution.distributions}
    parents = _parents(picked, views, extras)
    lines = {name: place for name, place in declared.items() if name in picked}
    found = (_blamed(each, picked, parents, lines) for _, each in sorted(picked.items()))
    return Resolution(source, target, Outcome.OK, distributions=tuple(found))


def _parents(
    picked: Mapping[str, Distribution], views: Mapping[str, TargetView], extras: Extras
) -> dict[str, tuple[str, ...]]:
    """Who requires each of what is picked, with the extras that the lock, or another, asks for."""
    asked = {name: set(extras.get(name, ())) for name in picked}
    parents: dict[str, dict[str, None]] = {}
    queue = list(picked)
    while queue:
        each = picked[queue.pop()]
        for wish in _required(each, views[each.name], frozenset(asked[each.name])):
            if wish.project not in picked or wish.project == each.name:
                continue
            parents.setdefault(wish.project, {})[each.name] = None
            further = wish.extras if isinstance(wish, SpecifierWish) else frozenset()
            if not further <= asked[wish.project]:
                asked[wish.project] |= further
                queue.append(wish.project)
    return {name: tuple(names) for name, names in parents.items()}


def _required(distribution: Distribution, view: TargetView, extras: frozenset[NormalizedName]) -> Iterable[Wish]:
    try:
        version = Version(distribution.version)
    except InvalidVersion:
        version = Version("0")
    candidate = DistributionCandidate(canonicalize_name(distribution.name), version, distribution.file)
    try:
        return view.required(candidate, extras)
    except Unreachable:
        return ()


def _blamed(
    each: Distribution,
    picked: Mapping[str, Distribution],
    parents: Mapping[str, Sequence[str]],
    lines: Mapping[str, Location],
) -> Distribution:
    chain = path_to_line(each.name, parents, lines)
    return replace(
        each,
        dependencies_known=True,  # The lock says them.
        required_by=tuple(sorted(parents.get(each.name, ()))),
        chain=tuple((name, picked[name].version) for name in chain) or each.chain,
        line=lines[chain[0]] if chain else each.line,
    )

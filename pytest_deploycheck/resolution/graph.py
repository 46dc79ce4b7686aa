"""From the resolver's result to distributions, each with who requires it and the line that is to blame."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from packaging.utils import canonicalize_name
from packaging.version import Version

from pytest_deploycheck.location import Location
from pytest_deploycheck.resolution.file import File
from pytest_deploycheck.resolution.result import Distribution, Kind
from pytest_deploycheck.resolution.sdist import Sdist
from pytest_deploycheck.resolution.wishes import ANY_VERSION, PYTHON, Candidate, DistributionCandidate, Wish

if TYPE_CHECKING:
    from resolvelib.resolvers import Result

Parents = Mapping[str, Sequence[str]]


class Picked(NamedTuple):
    """What was found for all that is wished.

    :param candidates: by identifier
    :param parents: by identifier: those of the candidates that wish it
    """

    candidates: Mapping[str, Candidate]
    parents: Mapping[str, Iterable[str]]

    @classmethod
    def of(cls, result: Result[Wish, Candidate, str]) -> Picked:
        """The resolver's result; what the user wishes has None for a parent there."""
        found = {each: list(filter(None, result.graph.iter_parents(each))) for each in result.mapping}
        return cls(result.mapping, found)


def distributions(
    found: Picked, lines: Mapping[str, Location | None], sdist: Callable[[File], Sdist]
) -> tuple[Distribution, ...]:
    """The files picked, by name.

    :param lines: the user's line for each project that has one
    :param sdist: what a source distribution says of itself
    """
    picked = {c.project: c for c in found.candidates.values() if isinstance(c, DistributionCandidate)}
    parents = _parents(found)

    def described(name: str, candidate: DistributionCandidate) -> Distribution:
        chain = path_to_line(name, parents, lines)
        facts = None if candidate.file.is_wheel else sdist(candidate.file)
        kind = Kind.DIRECT if candidate.direct else Kind.SDIST if facts else Kind.WHEEL
        return Distribution(
            name=name,
            version=shown(candidate.version),
            file=candidate.file,
            kind=kind,
            native=facts.native if facts else False,
            needs=facts.needs if facts else (),
            backend=facts.backend if facts else "",
            dependencies_known=facts.dependencies_known if facts else True,
            required_by=tuple(parents.get(name, ())),
            chain=tuple((each, shown(picked[canonicalize_name(each)].version)) for each in chain),
            line=lines.get(chain[0]) if chain else None,
        )

    return tuple(described(name, candidate) for name, candidate in sorted(picked.items()))


def path_to_line(name: str, parents: Parents, lines: Mapping[str, Location | None]) -> tuple[str, ...]:
    """The shortest way down to a project from one that the user has a line for; of several, from the first line.

    :returns: the projects on the way, the line's first and ``name`` last; empty where no line leads to it
    """
    level: list[tuple[str, ...]] = [(name,)]
    seen = {name}
    while level:
        ends = [path for path in level if path[0] in lines]
        if ends:
            return min(ends, key=lambda path: lines[path[0]] or Location("", 0))
        following: list[tuple[str, ...]] = []
        for path in level:
            for parent in parents.get(path[0], ()):
                if parent not in seen:
                    seen.add(parent)
                    following.append((parent, *path))
        level = following
    return ()


def shown(version: Version) -> str:
    """A version for reports."""
    return "unknown" if version is ANY_VERSION else str(version)


def project_of(identifier: str) -> str:
    """``uvicorn`` of ``uvicorn[standard]``."""
    return identifier.partition("[")[0]


def _parents(found: Picked) -> dict[str, list[str]]:
    parents: dict[str, set[str]] = {}
    for identifier, those in found.parents.items():
        name = project_of(identifier)
        for parent in those:
            if parent != PYTHON and project_of(parent) != name:
                parents.setdefault(name, set()).add(project_of(parent))
    return {name: sorted(names) for name, names in parents.items()}

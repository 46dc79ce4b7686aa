"""pip's hash-checking mode: every distribution has to be pinned, and to have a hash that the file names.

https://pip.pypa.io/en/stable/topics/secure-installs/#hash-checking-mode
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName

from pytest_deploycheck.resolution.candidates import is_pinned
from pytest_deploycheck.resolution.result import Distribution, Kind, Outcome


@dataclass(frozen=True)
class HashFault:
    """Why pip would stop: which outcome that is, and a line for each distribution."""

    outcome: Outcome
    message: str
    evidence: tuple[str, ...]


def hash_fault(
    distributions: Sequence[Distribution],
    allowed: Mapping[str, frozenset[str]],
    specifiers: Mapping[NormalizedName, SpecifierSet],
) -> HashFault | None:
    """The first kind of fault that there is.

    :param allowed: by project, what its lines allow, ``sha256=...``
    :param specifiers: by project, what its lines say of versions
    """
    from_index = [each for each in distributions if each.kind is not Kind.DIRECT]
    unpinned = [each for each in from_index if not is_pinned(specifiers.get(NormalizedName(each.name), SpecifierSet()))]
    if unpinned:
        return HashFault(
            Outcome.INVALID,
            "in hash-checking mode every distribution has to be pinned with ==, and some are not",
            tuple(f"not pinned: {_with_chain(each)}" for each in unpinned),
        )
    missing = [each for each in from_index if not allowed.get(each.name)]
    if missing:
        return HashFault(
            Outcome.INVALID,
            "in hash-checking mode every distribution needs a --hash, and some have none",
            tuple(f"without a hash: {_with_chain(each)}" for each in missing),
        )
    differing = [each for each in from_index if each.file.hashes and allowed[each.name].isdisjoint(each.file.hashes)]
    if differing:
        return HashFault(
            Outcome.NO_MATCH,
            "the index has other files than those whose hashes are given",
            tuple(f"{each.file.filename} has {', '.join(each.file.hashes)}" for each in differing),
        )
    return None


def _with_chain(distribution: Distribution) -> str:
    return " -> ".join(f"{name} {version}" for name, version in distribution.chain)

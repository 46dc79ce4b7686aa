"""Hashes that requirement lines allow, and pip's hash-checking mode, in which every distribution needs one.

https://pip.pypa.io/en/stable/topics/secure-installs/#hash-checking-mode
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeAlias

from packaging.specifiers import SpecifierSet

from pytest_deploycheck.resolution.direct import is_repository, local_folder
from pytest_deploycheck.resolution.file import File
from pytest_deploycheck.resolution.result import Distribution, Kind, Outcome

Hashes: TypeAlias = Mapping[str, frozenset[str]]
"""The digests allowed, by algorithm. Empty: nothing is said. An algorithm without a digest allows nothing."""

NO_HASHES: Hashes = {}


def allowed_hashes(options: Iterable[str]) -> Hashes:
    """Of ``sha256=...`` and the like: any one of them suffices."""
    allowed: dict[str, set[str]] = {}
    for option in options:
        algorithm, _, digest = option.partition("=")
        allowed.setdefault(algorithm, set()).add(digest)
    return {algorithm: frozenset(digests) for algorithm, digests in allowed.items()}


def allowed_by_both(one: Hashes, other: Hashes) -> Hashes:
    """What two lines for one project allow, as pip has it: who says nothing allows everything."""
    if not one or not other:
        return one or other
    return {algorithm: digests & one[algorithm] for algorithm, digests in other.items() if algorithm in one}


def as_options(hashes: Hashes) -> frozenset[str]:
    """``sha256=...`` and the like."""
    return frozenset(f"{algorithm}={digest}" for algorithm, digests in hashes.items() for digest in digests)


class Lack(enum.Enum):
    """What a distribution lacks in hash-checking mode, with the outcome, and what a message says of it."""

    UNPINNED = (
        Outcome.INVALID,
        "in hash-checking mode every distribution has to be pinned with ==, and some are not",
        "not pinned",
    )
    UNHASHED = (
        Outcome.INVALID,
        "in hash-checking mode every distribution needs a --hash, and some have none",
        "without a hash",
    )
    UNHASHABLE = (
        Outcome.INVALID,
        "in hash-checking mode there can be no repositories and no folders: they have no hash",
        "no archive",
    )
    DIFFERENT = (
        Outcome.NO_MATCH,
        "the index has other files than those whose hashes are given",
        "not the hash given",
    )


class HashFault(Exception):
    """pip stops at a file."""

    def __init__(self, lack: Lack, file: File) -> None:
        self.lack = lack
        self.file = file
        outcome, message, words = lack.value
        self.outcome: Outcome = outcome
        hashes = f" has {', '.join(file.hashes)}" if file.hashes else ""
        self.evidence = f"{words}: {file.filename}{hashes}"
        super().__init__(message)


class HashChecking:
    """Checks each file that pip would fetch, at the moment when pip would, and once.

    :param digest: of a file's content, by algorithm: asked for only where the index does not give that algorithm's
    """

    def __init__(self, digest: Callable[[File, str], str]) -> None:
        self._digest = digest
        self._checked: set[str] = set()

    def apart(self) -> HashChecking:
        """One that has checked the same files so far, and from now on counts only what it checks itself."""
        found = HashChecking(self._digest)
        found._checked |= self._checked
        return found

    def check(self, file: File, hashes: Hashes, *, pinned: bool = True) -> None:
        """Check a file against what the first line that asks for it says.

        :param pinned: whether that line names one version; a line with hashes need not
        :raises HashFault: pip would stop here
        :raises Unreachable: the file had to be fetched, and could not be
        """
        if file.url in self._checked:
            return
        if is_repository(file.url) or local_folder(file) is not None:
            raise HashFault(Lack.UNHASHABLE, file)
        if not hashes:
            raise HashFault(Lack.UNHASHED if pinned else Lack.UNPINNED, file)
        if not self._matches(file, hashes):
            raise HashFault(Lack.DIFFERENT, file)
        self._checked.add(file.url)

    def _matches(self, file: File, hashes: Hashes) -> bool:
        given = dict(each.split("=", 1) for each in file.hashes)
        if any(given.get(algorithm) in digests for algorithm, digests in hashes.items()):
            return True
        unknown = (algorithm for algorithm in hashes if algorithm not in given)
        return any(self._digest(file, algorithm) in hashes[algorithm] for algorithm in unknown)


def names_one_version(specifier: SpecifierSet) -> bool:
    """What hash-checking mode takes for pinned (``InstallRequirement.is_pinned``): one clause, of equality."""
    return [each.operator for each in specifier] in (["=="], ["==="])


def lacking(distributions: Sequence[Distribution], fault: HashFault, hashed: frozenset[str]) -> tuple[str, ...]:
    """A line of evidence for each distribution, where pip would stop at the first: the others have to follow.

    :param distributions: of the resolution without hash checking
    :param hashed: the projects whose lines have hashes
    """
    if fault.lack not in (Lack.UNPINNED, Lack.UNHASHED):
        return (fault.evidence,)
    without = [each for each in distributions if each.name not in hashed and each.kind is not Kind.DIRECT]
    words = Lack.UNHASHED.value[2]
    chains = (" -> ".join(f"{name} {version}" for name, version in each.chain) for each in without)
    return tuple(f"{words}: {chain}" for chain in chains) or (fault.evidence,)

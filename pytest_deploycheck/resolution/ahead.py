"""Fetching ahead: the closure is walked by threads, while the resolver decides.

What is fetched is what the resolver will ask for if nothing backtracks: for each requirement the page of its
project, the metadata of the file that pip would take first, and so on with what that one requires. Where versions of a
project are rejected one after the other, the next ones are fetched before their turn comes.
"""

from __future__ import annotations

import contextlib
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import CancelledError, Future
from itertools import islice
from typing import Any

from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName
from packaging.version import Version

from pytest_deploycheck.resolution.candidates import ProjectCandidates, is_pinned
from pytest_deploycheck.resolution.file import File
from pytest_deploycheck.resolution.http.answer import Unreachable
from pytest_deploycheck.resolution.index import NotCached
from pytest_deploycheck.resolution.page import ProjectPage
from pytest_deploycheck.resolution.wishes import DistributionCandidate, SpecifierWish, Wish, identifier

# The most versions of a project that are fetched before their turn comes.
_FURTHEST = 16


class Ahead:
    """Walks the closure of requirements. Faults are left to the resolver, which meets them itself if they matter.

    :param known: what the user's lines say of a project, so that not the newest version is fetched but the likely one
    """

    def __init__(
        self,
        page: Callable[[NormalizedName], Future[ProjectPage]],
        candidates: Callable[[NormalizedName], ProjectCandidates],
        facts: Callable[[File], Future[Any]],
        dependencies: Callable[[DistributionCandidate, frozenset[NormalizedName]], list[Wish]],
        known: Mapping[NormalizedName, SpecifierSet],
    ) -> None:
        self._page = page
        self._candidates = candidates
        self._facts = facts
        self._dependencies = dependencies
        self._known = known
        # Of these it is the same file for all who require one.
        self._pinned = frozenset(project for project, specifier in known.items() if is_pinned(specifier))
        self._seen: set[tuple[str, str]] = set()
        self._tried: defaultdict[str, set[Version]] = defaultdict(set)
        # The versions gone through so far, each with its place in their order, and where the next ones come from.
        self._given: defaultdict[str, dict[Version, int]] = defaultdict(dict)
        self._coming: dict[str, Iterator[tuple[Version, list[File]]]] = {}
        self._lock = threading.Lock()
        self._stopped = False
        # What an offline run will lack, as far as it can be foreseen.
        self.missing: dict[str, None] = {}

    def fetch(self, wishes: Iterable[Wish]) -> None:
        """Start to fetch what these will need; returns at once."""
        for wish in wishes:
            if isinstance(wish, SpecifierWish) and self._is_new(wish):
                self._page(wish.project).add_done_callback(self._then(self._choose, wish))

    def follow(self, tried: DistributionCandidate, extras: frozenset[NormalizedName]) -> None:
        """Start to fetch the versions after one that the resolver tries: the more, the more it has tried before."""
        name = identifier(tried.project, extras)
        before = len(self._tried[name])
        self._tried[name].add(tried.version)
        if before in (0, len(self._tried[name])):
            return
        given, coming = self._given[name], self._in_turn(tried.project, name)
        while tried.version not in given:
            passed = next(coming, None)
            if passed is None:
                return
            given[passed[0]] = len(given)
        are_ahead = len(given) - 1 - given[tried.version]
        for version, (file, *_) in islice(coming, max(0, min(2**before, _FURTHEST) - are_ahead)):
            given[version] = len(given)
            # A source distribution is fetched as a whole: too much for a guess.
            if file.is_wheel:
                self._facts(file).add_done_callback(self._then(self._descend, tried.project, extras, version, file))

    def _in_turn(self, project: NormalizedName, name: str) -> Iterator[tuple[Version, list[File]]]:
        """The versions that were not given yet: a project may have thousands, so none is looked at twice."""
        if name not in self._coming:
            self._coming[name] = self._candidates(project).select(self._known.get(project, SpecifierSet()))
        return self._coming[name]

    def stop(self) -> None:
        """Walk no further."""
        self._stopped = True

    def _is_new(self, wish: SpecifierWish) -> bool:
        key = (wish.name, "" if wish.project in self._pinned else str(wish.specifier))
        with self._lock:
            if self._stopped or key in self._seen:
                return False
            self._seen.add(key)
            return True

    def _then(self, step: Callable[..., None], *arguments: object) -> Callable[[Future[Any]], None]:
        def run(future: Future[Any]) -> None:
            if self._stopped or future.cancelled():
                return
            fault = future.exception()
            if fault is None:
                # Cancelled: the run is over, and whatever this would lead to is asked for no more.
                with contextlib.suppress(Unreachable, CancelledError):
                    step(*arguments)
            elif isinstance(fault, NotCached):
                self.missing.update(dict.fromkeys(fault.missing))

        return run

    def _choose(self, wish: SpecifierWish) -> None:
        specifier = wish.specifier & self._known.get(wish.project, SpecifierSet())
        for version, files in self._candidates(wish.project).select(specifier):
            self._facts(files[0]).add_done_callback(
                self._then(self._descend, wish.project, wish.extras, version, files[0])
            )
            return

    def _descend(
        self, project: NormalizedName, extras: frozenset[NormalizedName], version: Version, file: File
    ) -> None:
        self.fetch(self._dependencies(DistributionCandidate(project, version, file), extras))

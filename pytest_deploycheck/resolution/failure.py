"""How pip reports that lines do not resolve: what of a failure it names, and with which words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING

from packaging.utils import NormalizedName
from resolvelib import BaseReporter

from pytest_deploycheck.resolution.bound import Bound
from pytest_deploycheck.resolution.explanation import absence, causes_of, conflict_message, python_message
from pytest_deploycheck.resolution.result import Outcome, Resolution
from pytest_deploycheck.resolution.user_lines import UserLines
from pytest_deploycheck.resolution.view import TargetView
from pytest_deploycheck.resolution.wishes import Candidate, PythonWish, Wish

if TYPE_CHECKING:
    from resolvelib.structs import RequirementInformation


class Trail(BaseReporter[Wish, Candidate, str]):
    """Who asked for what, for the explanation of a conflict: the resolver itself then keeps only the last two sides."""

    def __init__(self, bound: Bound) -> None:
        self.parents: defaultdict[str, list[str]] = defaultdict(list)
        self._bound = bound

    def starting_round(self, index: int) -> None:
        """See :class:`resolvelib.BaseReporter`, and so the others."""
        self._bound.check()

    def pinning(self, candidate: Candidate) -> None:
        """A version is tried."""
        self._bound.tried(candidate.project)

    def adding_requirement(self, requirement: Wish, parent: Candidate | None) -> None:
        """A candidate that was picked requires something."""
        if parent is not None and parent.project not in self.parents[requirement.project]:
            self.parents[requirement.project].append(parent.project)


def explained(
    source: str,
    sides: list[RequirementInformation[Wish, Candidate]],
    trail: Trail,
    user: UserLines,
    view: TargetView,
) -> Resolution:
    """As pip reports it: Requires-Python first, then a single requirement without a match, else a conflict."""
    refusing = [each for each in sides if _refuses(each.requirement, view)]
    causes = causes_of(refusing or sides, trail.parents, user.lines, user.constraining)
    if refusing:
        return Resolution(source, view.target, Outcome.NO_MATCH, python_message(refusing, view.target), causes=causes)
    wish = sides[0].requirement
    if len(sides) == 1 and wish.name not in user.constraints:
        evidence = (
            *absence(view.candidates(wish.project), view.target, view.indexes.places),
            *_passed_over(wish.project, view),
        )
        whose = f", which {causes[0].parent} requires" if causes[0].parent else ""
        message = f"pip finds no distribution for {causes[0].requirement}{whose}"
        return Resolution(source, view.target, Outcome.NO_MATCH, message, causes=causes, evidence=evidence)
    return Resolution(source, view.target, Outcome.CONFLICT, conflict_message(causes), causes=causes)


def _refuses(wish: Wish, view: TargetView) -> bool:
    return isinstance(wish, PythonWish) and not wish.specifier.contains(view.target.python_version, prereleases=True)


def _passed_over(project: NormalizedName, view: TargetView) -> Iterator[str]:
    """Evidence on files of a project that pip does not take for what their names say."""
    page = view.candidates(project).page
    for version in page.versions:
        yield from (str(view.unusable[file.url]) for file in page.files(version) if file.url in view.unusable)

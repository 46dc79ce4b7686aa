"""From the lines of a requirements file to what pip would pick for them on a target."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from packaging.utils import NormalizedName, canonicalize_name
from resolvelib import ResolutionImpossible, ResolutionTooDeep, Resolver

from pytest_deploycheck.resolution.ahead import Ahead
from pytest_deploycheck.resolution.asked import Asked
from pytest_deploycheck.resolution.bound import Bound, TooMuchWork
from pytest_deploycheck.resolution.candidates import ProjectCandidates
from pytest_deploycheck.resolution.explanation import built_before
from pytest_deploycheck.resolution.failure import Trail, explained
from pytest_deploycheck.resolution.graph import Picked, distributions
from pytest_deploycheck.resolution.hash_checking import HashChecking, HashFault, lacking
from pytest_deploycheck.resolution.http.transport import Unreachable
from pytest_deploycheck.resolution.index import NotCached
from pytest_deploycheck.resolution.pinned import picked_as_pinned
from pytest_deploycheck.resolution.provider import Provider
from pytest_deploycheck.resolution.result import Outcome, Resolution
from pytest_deploycheck.resolution.user_lines import UserLines, applicable, check_link, understood
from pytest_deploycheck.resolution.view import Refused, TargetView
from pytest_deploycheck.resolution.wishes import Candidate, DistributionCandidate, ExactWish, Unusable, Wish


def resolve(
    source: str,
    asked: Sequence[Asked],
    view: TargetView,
    *,
    hash_checking: bool = False,
    is_trial: bool = False,
    bound: Bound | None = None,
) -> Resolution:
    """What pip would pick for these lines; an index out of reach is an outcome, not an exception.

    :param hash_checking: pip's mode, in which every distribution needs a hash
    :param is_trial: nobody reads why it fails, so no more is fetched to be sure that pip fails in the same way
    """
    applying: list[Asked] = []
    try:
        applying += applicable(asked, view)
        return _resolve(source, applying, view, bound or Bound(), hash_checking=hash_checking, is_trial=is_trial)
    except HashFault as fault:
        return Resolution(
            source, view.target, fault.outcome, str(fault), evidence=_lacking(source, applying, view, fault)
        )
    except (Unreachable, TooMuchWork) as error:
        return Resolution(source, view.target, Outcome.UNREACHABLE, str(error))
    except Refused as error:
        return Resolution(source, view.target, error.outcome, str(error))


def foresee(asked: Sequence[Asked], view: TargetView) -> None:
    """Start to fetch what a resolution of these lines will need; returns at once.

    :raises Refused: pip stops at one of the lines
    :raises Unreachable: what a line names itself could not be fetched
    """
    user = understood(applicable(asked, view), view, None)
    _ahead(user, view).fetch(user.roots)


def _ahead(user: UserLines, view: TargetView) -> Ahead:
    return Ahead(
        lambda project: view.page(project, user.release(project)),
        _candidates(user, view),
        view.facts,
        view.foreseen,
        user.known,
    )


def _candidates(user: UserLines, view: TargetView) -> Callable[[NormalizedName], ProjectCandidates]:
    """Those that the lines leave."""
    return lambda project: view.candidates(project, user.release(project))


def _lacking(source: str, asked: Sequence[Asked], view: TargetView, fault: HashFault) -> tuple[str, ...]:
    """Evidence for all that lacks something, as far as a resolution that checks no hashes can tell."""
    unchecked = resolve(source, asked, view)
    hashed = frozenset(canonicalize_name(each.requirement.name) for each in asked if each.requirement and each.hashes)
    return lacking(unchecked.distributions, fault, hashed)


def _resolve(
    source: str,
    asked: Sequence[Asked],
    view: TargetView,
    bound: Bound,
    *,
    hash_checking: bool,
    is_trial: bool,
) -> Resolution:
    """Once more with each file left out that turns out to be another than its name says: pip would have known."""
    while True:
        checking = HashChecking(view.client.digest) if hash_checking else None
        try:
            return _attempt(source, understood(asked, view, checking), view, checking, bound, is_trial=is_trial)
        except Unusable as found:
            view.unusable[found.file.url] = found


def _attempt(
    source: str,
    user: UserLines,
    view: TargetView,
    checking: HashChecking | None,
    bound: Bound,
    *,
    is_trial: bool,
) -> Resolution:
    """:raises Unusable: a file that was to be picked is another than its name says"""
    ahead = _ahead(user, view)
    ahead.fetch(user.roots)
    if view.client.offline:
        view.client.settle()
    try:
        provider = _provider(user, view, ahead, checking and checking.apart())
        found = picked_as_pinned(user, provider, bound)
        if found is None:
            provider = _provider(user, view, ahead, checking)
            trail = Trail(bound)
            resolver: Resolver[Wish, Candidate, str] = Resolver(provider, trail)
            found = Picked.of(resolver.resolve(user.roots, max_rounds=bound.rounds))
    except ResolutionImpossible as impossible:
        if not is_trial:
            _look_into(provider.offered.values(), view)
        failed = explained(source, list(impossible.causes), trail, user, view)
        return replace(failed, evidence=(*failed.evidence, *built_before(list(provider.built))))
    except ResolutionTooDeep:
        raise bound.reached() from None
    except RecursionError:
        raise bound.without_end() from None
    except NotCached as first:
        # Sorted, since it is chance in which order threads come upon it.
        raise NotCached(*sorted({*first.missing, *ahead.missing})) from None
    finally:
        ahead.stop()
    picked = distributions(found, user.lines, view.sdist)
    to_build = {each.file.filename: NormalizedName(each.name) for each in picked if not each.file.is_wheel}
    for project in () if is_trial else to_build.values():
        view.page(project)  # Whoever tells of it names its other versions, too.
    in_passing = tuple(each for each in provider.built if each not in to_build)
    return Resolution(source, view.target, Outcome.OK, distributions=picked, built_in_passing=in_passing)


def _provider(user: UserLines, view: TargetView, ahead: Ahead, checking: HashChecking | None) -> Provider:
    def dependencies(base: DistributionCandidate, extras: frozenset[NormalizedName]) -> Iterator[Wish]:
        ahead.fetch(view.foreseen(base, extras))
        ahead.follow(base, extras)
        for wish in view.dependencies(base, extras):
            if checking and isinstance(wish, ExactWish):
                check_link(checking, wish)
            yield wish

    return Provider(
        view.target.python_version,
        _candidates(user, view),
        dependencies,
        view.direct,
        user.order,
        user.constraints,
        view.unusable,
        checking,
    )


def _look_into(offered: Iterable[DistributionCandidate], view: TargetView) -> None:
    """Make sure that a failure is pip's: it looks into files at once that are looked into here when they are tried.

    :raises Unusable: pip would not have counted one of them as a candidate
    """
    for base in offered:
        view.check(base)

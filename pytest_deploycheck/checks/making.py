"""A check is made: what its function gives, as findings; what somebody else's function does wrong, as its error."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from pytest_deploycheck.checks.registry import Check
from pytest_deploycheck.deployment import Deployment
from pytest_deploycheck.findings import CannotCheck, Finding, NothingToDecide
from pytest_deploycheck.location import Location
from pytest_deploycheck.own.extensions import ExtensionFailed
from pytest_deploycheck.resolution.result import DoesNotResolve, Outcome


def applies(check: Check, subject: Any, deployment: Deployment) -> bool:
    """Whether there is an item; also where that cannot be said, since the item then says so itself."""
    try:
        return check.applies(subject, deployment)
    except Exception:
        if check.is_built_in:
            raise
        return True


def findings_of(check: Check, subject: Any, deployment: Deployment, location: Location) -> tuple[Finding, ...]:
    """What a check has to say of a subject.

    :param location: of the subject: where what is only a text is said to stand
    :raises CannotCheck: it could not be made
    :raises NothingToDecide: there is nothing to decide
    """
    try:
        given = check.run(subject, deployment)
        return tuple(_as_shown(each, deployment) for each in _findings(check, given, deployment, location))
    except ExtensionFailed:
        raise
    except (CannotCheck, NothingToDecide) as error:
        raise type(error)("\n".join(_shown(each, deployment) for each in str(error).split("\n"))) from error
    except DoesNotResolve as error:
        if error.outcome is Outcome.UNREACHABLE:
            raise CannotCheck(str(error)) from error
        raise NothingToDecide(str(error)) from error
    except Exception as error:
        if check.is_built_in:
            raise
        raise ExtensionFailed.by(error, f"the check {check.name}", check.run, deployment.root) from error


def _shown(text: str, deployment: Deployment) -> str:
    """Without the values of variables that may be secret, and without characters that a terminal or a log obeys."""
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in deployment.without_secrets(text))


def _as_shown(finding: Finding, deployment: Deployment) -> Finding:
    """A finding as all may see it: a command may give a secret to a program, and a file may hold any character."""
    return replace(
        finding,
        message=_shown(finding.message, deployment),
        evidence=tuple(_shown(each, deployment) for each in finding.evidence),
        fix=tuple(_shown(each, deployment) for each in finding.fix),
    )


def _findings(
    check: Check, given: Iterable[object] | Finding | None, deployment: Deployment, location: Location
) -> Iterator[Finding]:
    for each in (given,) if isinstance(given, (str, Finding)) else given or ():
        if isinstance(each, Finding):
            yield each
        elif isinstance(each, str):
            yield Finding(check.name, location, each)
        else:
            what = f"gave {each!r}: a Finding or a text was expected"
            raise ExtensionFailed(f"the check {check.name}", check.run, deployment.root, what)

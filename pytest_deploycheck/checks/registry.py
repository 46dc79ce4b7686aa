"""The table of checks: one stable name and one sentence for each."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_deploycheck.findings import Finding

if TYPE_CHECKING:
    from pytest_deploycheck.deployment import Deployment


class Subject(enum.Enum):
    """What a check is about, and so what its function is given first."""

    BLUEPRINT = "blueprint"
    SERVICE = "service"
    RESOLUTION = "resolution"
    REQUIREMENT = "requirement"


CheckFunction = Callable[[Any, "Deployment"], Iterable[Finding]]


@dataclass(frozen=True)
class Check:
    """One assertion about one kind of subject.

    :param name: stable; the last part of the node id, and what ``deploycheck_ignore`` names
    :param summary: what it asserts, one sentence
    :param subject: the kind of subject
    :param run: given the subject and the deployment, yields a finding for each thing that does not hold;
        raises :class:`~pytest_deploycheck.findings.CannotCheck` or
        :class:`~pytest_deploycheck.findings.NothingToDecide`
    :param applies: given the subject and the deployment, whether there is an item at all, from local files alone
    :param sources: the documents that say why, ``<URL>, <YYYY-MM-DD>`` each; ``docs/checks.md`` shows them
    """

    name: str
    summary: str
    subject: Subject
    run: CheckFunction
    applies: Callable[[Any, Deployment], bool]
    sources: tuple[str, ...] = ()


_CHECKS: dict[str, Check] = {}


def check(
    name: str,
    subject: Subject,
    applies: Callable[[Any, Deployment], bool] = lambda subject, deployment: True,
    sources: tuple[str, ...] = (),
) -> Callable[[CheckFunction], CheckFunction]:
    """Register the decorated function as a check.

    The first line of its docstring is the summary. Of this package's own checks, the rest says why, and a last part
    that begins with ``To satisfy it`` says how, with an example: ``docs/checks.md`` is made of them.
    """

    def register(function: CheckFunction) -> CheckFunction:
        if name in _CHECKS:
            raise ValueError(f"there is a check {name!r} already")
        summary = (function.__doc__ or "").strip().partition("\n")[0]
        _CHECKS[name] = Check(name, summary, subject, function, applies, sources)
        return function

    return register


def checks(subject: Subject) -> Iterator[Check]:
    """The registered checks for a kind of subject, in the order of registration."""
    return (each for each in _CHECKS.values() if each.subject is subject)


def all_checks() -> tuple[Check, ...]:
    """Every registered check, in the order of registration."""
    return tuple(_CHECKS.values())

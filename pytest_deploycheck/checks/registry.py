"""What a check is, and the table of those of a run: one stable name and one sentence for each."""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar

from pytest_deploycheck.findings import Finding
from pytest_deploycheck.named import UnknownName, unknown

if TYPE_CHECKING:
    from pytest_deploycheck.deployment import Deployment


class Subject(enum.Enum):
    """What a check is about, and so what its function is given first."""

    BLUEPRINT = "blueprint"
    SERVICE = "service"
    RESOLUTION = "resolution"
    REQUIREMENT = "requirement"


SubjectName: TypeAlias = Literal["blueprint", "service", "resolution", "requirement"]
CheckFunction: TypeAlias = "Callable[[Any, Deployment], Iterable[Finding | str] | Finding | str | None]"
Function = TypeVar("Function", bound=CheckFunction)

# On decorated functions: the checks that they are. Nothing is kept here, since each run has checks of its own.
_CHECKS = "deploycheck_checks"

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True)
class Check:
    """One assertion about one kind of subject.

    :param name: stable; the last part of the node id, and what ``deploycheck_ignore`` names
    :param summary: what it asserts, one sentence
    :param subject: the kind of subject
    :param run: given the subject and the deployment, yields a finding for each thing that does not hold, or just what
        is wrong as a text; raises :class:`~pytest_deploycheck.findings.CannotCheck` or
        :class:`~pytest_deploycheck.findings.NothingToDecide`
    :param applies: given the subject and the deployment, whether there is an item at all, from local files alone
    :param sources: the documents that say why, ``<URL>, <YYYY-MM-DD>`` each; ``docs/checks.md`` shows them
    :param of_a_lock: what it asserts of a source that is a lock, where that is another thing; ``{tool}`` installs it
    """

    name: str
    summary: str
    subject: Subject
    run: CheckFunction
    applies: Callable[[Any, Deployment], bool]
    sources: tuple[str, ...] = ()
    of_a_lock: str = ""

    @property
    def is_built_in(self) -> bool:
        """Whether it comes with this plugin."""
        return self.run.__module__.startswith("pytest_deploycheck.")


def check(
    name: str,
    subject: Subject | SubjectName,
    applies: Callable[[Any, Deployment], bool] = lambda subject, deployment: True,
    sources: tuple[str, ...] = (),
    of_a_lock: str = "",
) -> Callable[[Function], Function]:
    """Make a check of the decorated function.

    The first line of its docstring is the summary. Of this package's own checks, the rest says why, and a last part
    that begins with ``To satisfy it`` says how, with an example: ``docs/checks.md`` is made of them.

    In a ``conftest.py``, or in the module of a plugin, that is all there is to do.

    :param name: lower-case letters, digits and dashes
    :param subject: ``blueprint``, ``service``, ``resolution`` or ``requirement``
    :param of_a_lock: the summary where the subject is a lock, with ``{tool}`` for what installs it
    :raises ValueError: the name or the subject is none, or the function says nowhere what it asserts
    """
    if _NAME.fullmatch(name) is None:
        raise ValueError(f"{name!r} is no name of a check: expected lower-case letters, digits and dashes")
    kind = subject if isinstance(subject, Subject) else next((each for each in Subject if each.value == subject), None)
    if kind is None:
        raise ValueError(
            f"the check {name!r}: {unknown('subject', str(subject), tuple(each.value for each in Subject))}"
        )

    def decorated(function: Function) -> Function:
        summary = (function.__doc__ or "").strip().partition("\n")[0]
        if not summary:
            raise ValueError(f"the check {name!r} needs a docstring: its first line is what the check asserts")
        made = Check(name, summary, kind, function, applies, sources, of_a_lock)
        setattr(function, _CHECKS, (*getattr(function, _CHECKS, ()), made))
        return function

    return decorated


def checks_of(function: object) -> tuple[Check, ...]:
    """What a function was decorated to be; the check itself where that is given; empty for anything else."""
    if isinstance(function, Check):
        return (function,)
    found = getattr(function, _CHECKS, ()) if callable(function) else ()
    return found if isinstance(found, tuple) else ()


def checks_in(module: ModuleType) -> Iterator[Check]:
    """The decorated functions of a module, those that it imports too, in their order."""
    for value in list(vars(module).values()):
        if not isinstance(value, (type, ModuleType)):
            yield from checks_of(value)


class Registry:
    """The checks of a project, in the order in which their items are collected.

    :raises ValueError: two of them have one name
    """

    def __init__(self, checks: Iterable[Check]) -> None:
        self._checks: dict[str, Check] = {}
        for each in checks:
            known = self._checks.setdefault(each.name, each)
            if known.run is not each.run:
                raise ValueError(
                    f"two checks are called {each.name}: that of {place_of(known.run)} and that of {place_of(each.run)}"
                )

    def of(self, subject: Subject) -> Iterator[Check]:
        """Those for a kind of subject."""
        return (each for each in self._checks.values() if each.subject is subject)

    def __iter__(self) -> Iterator[Check]:
        return iter(self._checks.values())

    def __getitem__(self, name: str) -> Check:
        """:raises KeyError: there is no such check"""
        __tracebackhide__ = True
        if name not in self._checks:
            raise UnknownName(unknown("check", name, tuple(self._checks)))
        return self._checks[name]


def place_of(function: Callable[..., Any]) -> str:
    """The module of a function, and its line."""
    code = getattr(function, "__code__", None)
    return f"{function.__module__}:{code.co_firstlineno}" if code else function.__module__

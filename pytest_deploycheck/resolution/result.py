"""What a resolution found."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from packaging.utils import canonicalize_name

from pytest_deploycheck.location import Location
from pytest_deploycheck.named import Named
from pytest_deploycheck.resolution.file import File
from pytest_deploycheck.resolution.target import Target


class Outcome(enum.Enum):
    """``OK``: pip finds a distribution for every project. The others say why it does not."""

    OK = "ok"
    CONFLICT = "conflict"  # pip: ResolutionImpossible
    NO_MATCH = "no-match"  # pip: No matching distribution found
    INVALID = "invalid"  # pip refuses the file
    UNREACHABLE = "unreachable"  # an index, a file or a repository could not be read: nothing is known


class Kind(enum.Enum):
    """``DIRECT`` is a URL, a path or a repository that a requirement names itself."""

    WHEEL = "wheel"
    SDIST = "sdist"
    DIRECT = "direct"


class DoesNotResolve(LookupError):
    """There are no distributions to ask about; the message says why.

    :ivar outcome: of the resolution
    """

    def __init__(self, message: str, outcome: Outcome) -> None:
        super().__init__(message)
        self.outcome = outcome


@dataclass(frozen=True, repr=False)
class Distribution:
    """One file that pip would pick.

    :param name: the normalised name of the project
    :param native: whether building it needs a compiler: None where that cannot be known; False for wheels
    :param needs: what building it needs: ``Rust``, ``C``, ...
    :param backend: the build backend of a source distribution
    :param dependencies_known: whether what it requires is said anywhere without building it
    :param required_by: the projects of the resolution that require it
    :param chain: from the requirement line's project to this one, each with its version
    :param line: the requirement line that is to blame: the nearest one above it
    :param unread: why nothing could be read of it, although it is no wheel; empty where that was not needed or worked
    """

    name: str
    version: str
    file: File
    kind: Kind
    native: bool | None
    needs: tuple[str, ...]
    backend: str
    dependencies_known: bool
    required_by: tuple[str, ...]
    chain: tuple[tuple[str, str], ...]
    line: Location | None
    unread: str = ""

    @property
    def is_direct(self) -> bool:
        """Whether a requirement names this very file, folder or repository."""
        return self.kind is Kind.DIRECT

    @property
    def is_to_build(self) -> bool:
        """Whether building it has to be thought of: it is no wheel.

        What a line names itself, such as a repository, is meant to be built, unless that may need a compiler.
        """
        return not self.file.is_wheel and (not self.is_direct or self.native is not False)

    def __str__(self) -> str:
        return f"{self.name} {self.version}"

    def __repr__(self) -> str:
        return f"<{self.file.filename or self}{f', {self.line}' if self.line else ''}>"


class Distributions(Named[Distribution]):
    """Distributions in the order of their names, which may be asked for in any spelling: ``wheels["PyYAML"]``."""

    kind = "distribution"

    def get(self, name: str) -> Distribution | None:
        """The one of a project, None where there is none."""
        return super().get(canonicalize_name(name))


class Chain(Distributions):
    """Distributions of which each requires the next: ``pydantic 2.5.3 -> pydantic-core 2.14.6``."""

    def __str__(self) -> str:
        return " -> ".join(map(str, self))

    def __repr__(self) -> str:
        return f"<{self}>"


@dataclass(frozen=True)
class Cause:
    """One side of a conflict: somebody's requirement.

    :param requirement: ``aiohttp<3.11,>=3.9.0``
    :param parent: ``aiogram 3.13.1``; empty where the requirement is the user's own line
    :param line: that line, or the one which brings the parent in
    :param is_constraint: whether that line only constrains: ``-c``
    """

    requirement: str
    parent: str
    line: Location | None
    is_constraint: bool = False

    def __str__(self) -> str:
        if self.is_constraint:
            return f"the user requested (constraint) {self.requirement}"
        return f"{self.parent} requires {self.requirement}" if self.parent else f"{self.requirement} is asked for"


@dataclass(frozen=True, repr=False)
class Resolution:
    """What pip would pick for one source on one target, or why it would fail.

    What would be installed is asked for by name, ``resolution["pydantic-core"]``, and through :attr:`picked`,
    :attr:`sdists`, :attr:`wheels`, :meth:`chain` and :meth:`tree`; they raise :class:`DoesNotResolve` where the outcome
    is not OK, since then there is nothing of which "no source distribution" could be true.

    :param source: the requirements file, relative to the root
    :param message: one sentence where the outcome is not OK
    :param distributions: what was picked, none where the outcome is not OK
    :param causes: the requirements that cannot hold together
    :param evidence: further lines: which versions exist, why none fits
    :param built_in_passing: source distributions that are not picked, and that pip builds to learn what they require
    """

    source: str
    target: Target
    outcome: Outcome
    message: str = ""
    distributions: tuple[Distribution, ...] = ()
    causes: tuple[Cause, ...] = ()
    evidence: tuple[str, ...] = ()
    built_in_passing: tuple[str, ...] = ()

    @property
    def has_wheels_only(self) -> bool:
        """Whether it holds, and nothing in it has to be built."""
        return self.outcome is Outcome.OK and not self.to_build

    @property
    def to_build(self) -> tuple[Distribution, ...]:
        """What is no wheel."""
        return tuple(each for each in self.distributions if not each.file.is_wheel)

    @property
    def picked(self) -> Distributions:
        """Everything that would be installed.

        :raises DoesNotResolve: the outcome is not OK
        """
        __tracebackhide__ = True
        if self.outcome is not Outcome.OK:
            what = "cannot be resolved" if self.outcome is Outcome.UNREACHABLE else "does not resolve"
            raise DoesNotResolve(f"{self.source} {what} on {self.target.name}: {self.message}", self.outcome)
        return Distributions(self.distributions)

    @property
    def sdists(self) -> Distributions:
        """What would be built on the target: :attr:`Distribution.is_to_build`.

        :raises DoesNotResolve: the outcome is not OK
        """
        __tracebackhide__ = True
        return Distributions(each for each in self.picked if each.is_to_build)

    @property
    def wheels(self) -> Distributions:
        """What needs no build.

        :raises DoesNotResolve: the outcome is not OK
        """
        __tracebackhide__ = True
        return Distributions(each for each in self.picked if each.file.is_wheel)

    def __getitem__(self, name: str) -> Distribution:
        """:raises KeyError: nothing of that name would be installed"""
        __tracebackhide__ = True
        return self.picked[name]

    def __contains__(self, name: str) -> bool:
        __tracebackhide__ = True
        return self.picked.get(name) is not None

    def chain(self, name: str) -> Chain:
        """What brings a project in: from that of the requirement line which is to blame down to the one asked for.

        :raises KeyError: nothing of that name would be installed
        :raises DoesNotResolve: the outcome is not OK
        """
        __tracebackhide__ = True
        found = self[name]
        return Chain(self[each] for each, _ in found.chain) or Chain((found,))

    def tree(self) -> str:
        """What brings in what, one line for each, by the lines of the source.

        :raises DoesNotResolve: the outcome is not OK
        """
        from pytest_deploycheck.resolution.tree import drawn

        return drawn(self.picked)

    def __repr__(self) -> str:
        what = f"{len(self.distributions)} distributions" if self.outcome is Outcome.OK else self.message
        return f"<{self.source} on {self.target.name}: {what}>"

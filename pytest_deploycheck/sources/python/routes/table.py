"""A table of routes, and what it says of a path."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from pytest_deploycheck.location import Location


@dataclass(frozen=True)
class Route:
    """One row.

    :param path: as it is written, with all prefixes
    :param pattern: a regular expression of the paths that it answers
    :param methods: those that it answers; None where they are not known
    :param is_certain: whether it is there: not where its prefix depends on the environment
    """

    path: str
    pattern: str
    methods: frozenset[str] | None
    location: Location
    is_certain: bool = True

    def below(self, prefix: Prefix) -> Route:
        """The same behind a prefix."""
        path = f"{prefix.path}{self.path}"
        certain = self.is_certain and prefix.is_certain
        return replace(self, path=path, pattern=f"{prefix.pattern}{self.pattern}", is_certain=certain)

    @property
    def is_plain(self) -> bool:
        """Whether it answers one path only."""
        return re.escape(self.path) == self.pattern


@dataclass(frozen=True)
class Prefix:
    """What stands before the paths of several routes.

    :param pattern: as a regular expression
    """

    path: str
    pattern: str
    is_certain: bool = True


NO_PREFIX = Prefix("", "")


@dataclass(frozen=True)
class Opening:
    """Where the table is not known: anything that begins with the prefix may be answered.

    :param pattern: of the prefix, a regular expression
    :param why: one half of a sentence
    """

    pattern: str
    why: str
    location: Location

    def below(self, prefix: Prefix) -> Opening:
        """The same behind a prefix."""
        return replace(self, pattern=f"{prefix.pattern}{self.pattern}" if prefix.is_certain else "")


class Reply(enum.Enum):
    """What is known of the answer to a GET."""

    ANSWERED = "answered"
    OTHER_METHODS = "other methods"
    NOTHING = "nothing"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Replied:
    """What a table says of a path.

    :param route: that answers it, by GET or by other methods
    :param why: where it is not known
    """

    reply: Reply
    route: Route | None = None
    why: str = ""


@dataclass(frozen=True)
class RouteTable:
    """The routes of an application.

    :param framework: as people call it
    :param openings: where it may answer more
    :param ignores_slash: whether a path with a slash too much or too few at its end is redirected to the other one
    :param adds_slash: whether one without it is redirected
    """

    framework: str
    routes: tuple[Route, ...]
    openings: tuple[Opening, ...] = ()
    ignores_slash: bool = False
    adds_slash: bool = False

    @property
    def is_complete(self) -> bool:
        """Whether it is known everywhere."""
        return not self.openings

    def reply(self, path: str) -> Replied:
        """What a GET of a path is answered by."""
        asked = path.partition("?")[0].partition("#")[0] or "/"
        matching = [each for way in self._ways(asked) for each in self.routes if re.fullmatch(each.pattern, way)]
        known = next((each for each in matching if each.methods is not None and "GET" in each.methods), None)
        if known is not None and known.is_certain:
            return Replied(Reply.ANSWERED, known)
        unsure = next((each for each in matching if each.methods is None or "GET" in each.methods), None)
        if unsure is not None:
            return Replied(Reply.UNKNOWN, unsure, f"{unsure.location}: which methods it answers is not known")
        opening = next((each for each in self.openings if re.match(each.pattern, asked)), None)
        if opening is not None:
            return Replied(Reply.UNKNOWN, why=f"{opening.location}: {opening.why}")
        return Replied(Reply.OTHER_METHODS if matching else Reply.NOTHING, next(iter(matching), None))

    def _ways(self, path: str) -> Iterator[str]:
        """The path, and the one that it is redirected to: a redirect is healthy."""
        yield path
        if path.endswith("/"):
            if self.ignores_slash and path != "/":
                yield path.rstrip("/")
        elif self.ignores_slash or self.adds_slash:
            yield f"{path}/"

    def certain_gets(self) -> Iterator[Route]:
        """The routes of one path each that certainly answer a GET."""
        return (
            each
            for each in self.routes
            if each.is_certain and each.is_plain and each.methods is not None and "GET" in each.methods
        )


def merged(routes: Iterable[Route | Opening], prefix: Prefix) -> Iterator[Route | Opening]:
    """Rows of another table behind a prefix."""
    return (each.below(prefix) for each in routes)

"""Things with names, in an order of their own."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import ClassVar, Protocol, SupportsIndex, TypeVar, overload


class HasName(Protocol):
    """What can be asked for by its name."""

    @property
    def name(self) -> str:
        """Unique among its like."""


T = TypeVar("T", bound=HasName)


class UnknownName(KeyError):
    """Nothing has that name; the message says what was asked for and which names there are."""

    def __str__(self) -> str:
        return str(self.args[0])


class Named(tuple[T, ...]):
    """A tuple that also takes names: ``services["api"]``, ``"api" in services``, ``services.get("api")``.

    :cvar kind: what each of them is, as messages have it
    """

    kind: ClassVar[str] = "thing"

    @property
    def names(self) -> tuple[str, ...]:
        """All names, in the order."""
        return tuple(each.name for each in self)

    def get(self, name: str) -> T | None:
        """What has a name, None where nothing has."""
        return next((each for each in self if each.name == name), None)

    @overload
    def __getitem__(self, key: SupportsIndex, /) -> T: ...
    @overload
    def __getitem__(self, key: slice, /) -> tuple[T, ...]: ...
    @overload
    def __getitem__(self, key: str, /) -> T: ...
    def __getitem__(self, key: SupportsIndex | slice | str, /) -> T | tuple[T, ...]:
        __tracebackhide__ = True
        if not isinstance(key, str):
            return super().__getitem__(key)
        found = self.get(key)
        if found is None:
            raise UnknownName(unknown(self.kind, key, self.names))
        return found

    def __contains__(self, key: object, /) -> bool:
        return self.get(key) is not None if isinstance(key, str) else super().__contains__(key)


def unknown(kind: str, written: str, known: tuple[str, ...]) -> str:
    """One sentence: there is no such thing, and what may have been meant."""
    return f"there is no {kind} {written!r}: {''.join(_meant(written, known))}"


def _meant(written: str, known: tuple[str, ...]) -> Iterator[str]:
    near = difflib.get_close_matches(written, known, n=1)
    if near:
        yield f"did you mean {near[0]}? "
    yield f"there are {', '.join(known)}" if known else "there is none"

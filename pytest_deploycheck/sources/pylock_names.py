"""How commands name a ``pylock.toml``, and what they ask of it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from packaging.utils import canonicalize_name

from pytest_deploycheck.location import Location
from pytest_deploycheck.sources.shell.command import Word

# https://packaging.python.org/en/latest/specifications/pylock-toml/#file-name, and pip's extras behind it.
_PYLOCK = re.compile(r"(?P<path>(?:[^\[]*/)?pylock(?:\.[^./\[]+)?\.toml)(?P<extras>\[[^\]]+\])?")


@dataclass(frozen=True)
class NamedPylock:
    """A ``pylock.toml``, and what is asked of it.

    :param path: relative to the root
    :param location: where it is named
    :param has_default_groups: whether those groups are asked for that the lock itself takes for the default
    """

    path: str
    location: Location
    extras: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    has_default_groups: bool = True
    has_all_extras: bool = False


def is_pylock(text: str) -> bool:
    """Whether it is the name of a ``pylock.toml``, perhaps with extras behind it."""
    return _PYLOCK.fullmatch(text) is not None


def lock_of(word: Word) -> Word | None:
    """The lock that a word names, without the extras behind it; None where it names none."""
    found = _PYLOCK.fullmatch(word.text)
    if found is None:
        return None
    return replace(word, text=found["path"]) if found["extras"] else word


def extras_of(word: Word) -> frozenset[str]:
    """Those that stand behind the name of a lock."""
    found = _PYLOCK.fullmatch(word.text)
    listed = (found["extras"] or "").strip("[]").split(",") if found else ()
    return frozenset(canonicalize_name(each.strip()) for each in listed if each.strip())


def lock_and_group(word: Word) -> tuple[Word, str] | None:
    """``pylock.toml:docs``: the lock and its group."""
    path, _, group = word.text.rpartition(":")
    lock = replace(word, text=path)
    return (lock, group) if lock_of(lock) is not None else None

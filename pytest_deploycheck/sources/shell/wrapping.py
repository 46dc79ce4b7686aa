"""Programs that run another program, such as ``poetry run``: what stands behind them is what counts."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import PurePosixPath

from pytest_deploycheck.sources.shell.command import Word

ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)\+?=(.*)", re.DOTALL)
PYTHON = re.compile(r"python(?:\d+(?:\.\d+)?)?")


@dataclass(frozen=True)
class Wrapper:
    """One of them.

    :param words: how it is called
    :param valued: its options with a value in the next word
    :param operands: how many words without a dash it takes before the program
    """

    words: tuple[str, ...]
    valued: frozenset[str]
    operands: int


@dataclass(frozen=True)
class Wrapped:
    """A command without what wraps it.

    :param environment: what ``env A=b`` sets
    """

    words: tuple[Word, ...]
    wrappers: tuple[str, ...] = ()
    environment: tuple[tuple[str, str | None], ...] = ()


@lru_cache(maxsize=1)
def _wrappers() -> dict[str, tuple[Wrapper, ...]]:
    table = json.loads(files("pytest_deploycheck.sources.shell").joinpath("wrappers.json").read_text(encoding="utf-8"))
    found: dict[str, tuple[Wrapper, ...]] = {}
    for row in table["wrappers"]:
        wrapper = Wrapper(tuple(row["words"]), frozenset(row.get("valued", ())), row.get("operands", 0))
        found[wrapper.words[0]] = (*found.get(wrapper.words[0], ()), wrapper)
    return found


def unwrapped(words: Sequence[Word]) -> Wrapped:
    """The program that is run in the end; a wrapper with nothing behind it is the program itself."""
    rest = tuple(words)
    names: list[str] = []
    environment: list[tuple[str, str | None]] = []
    while rest:
        wrapper = next((each for each in _wrappers().get(_name(rest[0]), ()) if _calls(rest, each)), None)
        behind = _behind(rest, wrapper) if wrapper else ()
        if wrapper is None or not behind:
            break
        names.append(" ".join(wrapper.words))
        while behind and wrapper.words == ("env",) and (match := ASSIGNMENT.fullmatch(behind[0].text)):
            environment.append((match[1], match[2] if behind[0].is_known else None))
            behind = behind[1:]
        if not behind:
            break
        rest = behind
    return Wrapped(rest, tuple(names), tuple(environment))


def _name(word: Word) -> str:
    name = PurePosixPath(word.text).name
    return "python" if PYTHON.fullmatch(name) else name


def _calls(words: Sequence[Word], wrapper: Wrapper) -> bool:
    if wrapper.words == ("python", "-m"):
        return _module_at(words) is not None
    if wrapper.words == ("command",) and len(words) > 1 and words[1].text in ("-v", "-V"):
        return False  # It only asks where the program is.
    return tuple(each.text for each in words[1 : len(wrapper.words)]) == wrapper.words[1:]


def _behind(words: Sequence[Word], wrapper: Wrapper) -> tuple[Word, ...]:
    if wrapper.words == ("python", "-m"):
        return tuple(words[(_module_at(words) or 0) :])
    at, operands = len(wrapper.words), wrapper.operands
    while at < len(words):
        text = words[at].text
        if text == "--":
            return tuple(words[at + 1 :])
        if text in wrapper.valued:
            at += 2
        elif text.startswith("-"):
            at += 1
        elif operands:
            operands -= 1
            at += 1
        else:
            break
    return tuple(words[at:])


def _module_at(words: Sequence[Word]) -> int | None:
    """Where the module of ``python -m MODULE`` stands."""
    at = 1
    while at < len(words) and words[at].text.startswith("-"):
        if re.fullmatch("-[A-Za-z]*m", words[at].text):
            return at + 1 if at + 1 < len(words) else None
        at += 2 if words[at].text in ("-W", "-X") else 1
    return None

"""The options of a command that installs from a lock, with the variables that stand for some of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files

from pytest_deploycheck.location import Location
from pytest_deploycheck.sources.installs import NO
from pytest_deploycheck.sources.shell.command import Word


@dataclass(frozen=True)
class Tool:
    """What a program's commands take, as ``commands.json`` has it.

    :param lock: the name of its lock file
    :param command: what installs from it, with no options
    :param folders: options that name the project's folder, those first that are gone to before others are looked at
    :param formats: the versions of it that are known
    :param valued: options with a value; all others are flags
    :param listed: of these the ones that may hold several values at once
    :param stops_at: the file of a folder above which no lock is looked for; empty where all are
    :param not_followed: what installs something else than the lock says, or nothing
    :param not_followed_unless_frozen: what does so only where the lock may be made anew
    :param variables: the options that variables stand for
    """

    name: str
    lock: str
    command: str
    folders: tuple[str, ...]
    formats: tuple[str, ...]
    stops_at: str
    valued: frozenset[str]
    listed: frozenset[str]
    not_followed: frozenset[str]
    not_followed_unless_frozen: frozenset[str]
    variables: Mapping[str, str]


@dataclass(frozen=True)
class Options:
    """What a command is told.

    :param values: by option, in their order; a flag has an empty one
    :param positional: the words that are no options: the subcommand, and what it is given
    :param unknown: what is told and not known here, as sentences would name it
    """

    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()
    positional: tuple[str, ...] = ()

    def has(self, *spellings: str) -> bool:
        """Whether one of them stands there."""
        return any(each in self.values for each in spellings)

    def all(self, *spellings: str) -> tuple[str, ...]:
        """The values of all of them."""
        return tuple(value for each in spellings for value in self.values.get(each, ()) if value)


@lru_cache(maxsize=1)
def tools() -> Mapping[str, Tool]:
    """The programs whose locks are read, by name."""
    table = json.loads(files("pytest_deploycheck.sources.locks").joinpath("commands.json").read_text(encoding="utf-8"))
    return {
        name: Tool(
            name,
            row["lock"],
            row["command"],
            tuple(row["folders"]),
            tuple(row["formats"]),
            row["stops_at"],
            frozenset(row["valued"]),
            frozenset(row["listed"]),
            frozenset(row["not_followed"]),
            frozenset(row["not_followed_unless_frozen"]),
            row["variables"],
        )
        for name, row in table.items()
    }


def tool_of(filename: str) -> Tool | None:
    """Whose lock a file is, by its name."""
    return next((each for each in tools().values() if each.lock == filename), None)


def read_options(
    tool: Tool, words: Sequence[Word], variables: Iterable[tuple[str, str | None, Location]] = ()
) -> Options:
    """Read what a command is told.

    :param words: all of them behind the program, its subcommand among them
    :param variables: names, values or None where they are not known here, and places
    """
    found: dict[str, tuple[str, ...]] = {}
    unknown: list[str] = []
    for name, value, _ in variables:
        spelling = tool.variables.get(name)
        if spelling is None:
            continue
        if value is None:
            unknown.append(f"the variable {name}")
        elif spelling in tool.valued or spelling in tool.listed:
            found[spelling] = (*found.get(spelling, ()), *re.split(r"[\s,]+", value.strip()))
        elif value.strip().lower() not in NO:
            found.setdefault(spelling, ("",))
    positional = []
    for spelling, text, word in _pairs(tool, words):
        if not word.is_known:
            unknown.append(f"the option {word}")
        if not spelling:
            positional.append(word.text)
            continue
        split = re.split(r"[\s,]+", text.strip()) if spelling in tool.listed else [text]
        found[spelling] = (*found.get(spelling, ()), *split)
    changing = tool.not_followed | (frozenset() if "--frozen" in found else tool.not_followed_unless_frozen)
    unknown += [
        f"the {'option' if spelling.startswith('-') else 'variable'} {spelling}"
        for spelling in found
        if spelling in changing
    ]
    return Options(found, tuple(dict.fromkeys(unknown)), tuple(positional))


def _pairs(tool: Tool, words: Sequence[Word]) -> Iterator[tuple[str, str, Word]]:
    """Each option with its value, and the word that has it; what is no option has an empty spelling."""
    remaining = iter(words)
    for word in remaining:
        spelling, equals, value = word.text.partition("=")
        short = word.text[:2]
        if not word.text.startswith("-"):
            yield "", "", word
        elif equals and spelling.startswith("--"):
            yield spelling, value, word
        elif word.text in tool.valued:
            following = next(remaining, None)
            if following is not None:
                yield word.text, following.text, following
        elif short in tool.valued and not word.text.startswith("--"):
            yield short, word.text[2:].removeprefix("="), word
        else:
            yield word.text, "", word

"""The words of a command, told apart as the program tells them: options with values, flags, operands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pytest_deploycheck.location import Location
from pytest_deploycheck.sources.shell.command import Word


@dataclass(frozen=True)
class Option:
    """An option with its value.

    :param name: ``--port``
    :param value: None for a flag
    """

    name: str
    value: Word | None
    location: Location


@dataclass(frozen=True)
class Options:
    """The words behind a program.

    :param operands: those that belong to no option
    """

    options: tuple[Option, ...]
    operands: tuple[Word, ...]

    def has(self, names: Sequence[str]) -> bool:
        """Whether one of some options is there."""
        return any(each.name in names for each in self.options)

    def values(self, names: Sequence[str]) -> tuple[Word, ...]:
        """The values of an option that has several names."""
        return tuple(each.value for each in self.options if each.name in names and each.value is not None)

    def value(self, names: Sequence[str]) -> Word | None:
        """The value that counts: the last one."""
        return next(reversed(self.values(names)), None)


def read_options(words: Sequence[Word], flags: frozenset[str]) -> Options:
    """Tell words apart.

    :param flags: the options without a value; every other one is taken to have one
    """
    options: list[Option] = []
    operands: list[Word] = []
    waiting = list(words)
    while waiting:
        word = waiting.pop(0)
        if word.text == "--":
            operands += waiting
            break
        if not word.text.startswith("-") or word.text == "-":
            operands.append(word)
        elif "=" in word.text:
            name = word.text.partition("=")[0]
            options.append(Option(name, part_of(word, len(name) + 1), word.location))
        elif word.text in flags:
            options.append(Option(word.text, None, word.location))
        elif _is_joined(word, flags):
            options.append(Option(word.text[:2], part_of(word, 2), word.location))
        else:
            has_value = bool(waiting) and not (waiting[0].text.startswith("-") and len(waiting[0].text) > 1)
            options.append(Option(word.text, waiting.pop(0) if has_value else None, word.location))
    return Options(tuple(options), tuple(operands))


def _is_joined(word: Word, flags: frozenset[str]) -> bool:
    """``-w4``, ``-b0.0.0.0:80``."""
    text = word.text
    return len(text) > 2 and text[1] != "-" and text[:2] not in flags and not text[1:].isalpha()


def part_of(word: Word, offset: int) -> Word:
    """What stands behind the first characters of a word; its place is right where these are written as they are."""
    location, written = word.location, word.written
    quote = 1 if written[:1] in ("'", '"') else 0
    if not written or written[quote:].startswith(word.text[:offset]):
        location = replace(location, column=location.column + offset + (quote if offset else 0))
        written = written[offset + quote :].rstrip(written[:quote])
    return Word(word.text[offset:], location, word.is_known, written)

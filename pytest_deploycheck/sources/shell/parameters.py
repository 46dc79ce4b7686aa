"""Positional parameters: what a script or a function was called with, and what ``set`` and ``shift`` make of it.

None stands for parameters that are not known. https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_05
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from pytest_deploycheck.location import Location
from pytest_deploycheck.sources.shell.command import Word

Parameters = tuple[Word, ...] | None

ALL = frozenset({"$@", "$*", "${@}", "${*}"})


def parameter(parameters: Parameters, name: str) -> str | None:
    """The value of ``$1`` or ``$#``; None where it is not known."""
    if parameters is None:
        return None
    if name == "#":
        return None if any(map(_may_be_several, parameters)) else str(len(parameters))
    before = parameters[: int(name)]
    if any(map(_may_be_several, before)):
        return None
    if len(before) < int(name):
        return ""
    return before[-1].text if before[-1].is_known else None


def all_parameters(parameters: tuple[Word, ...], written: str, location: Location) -> Iterator[Word]:
    """What becomes of ``"$@"``, ``"$*"`` and ``$@``."""
    if not written.startswith('"'):
        for each in parameters:
            texts = each.text.split() if each.is_known else [each.text]
            yield from (replace(each, text=text) for text in texts)
    elif "*" in written:
        text, is_known = " ".join(each.text for each in parameters), all(each.is_known for each in parameters)
        yield Word(text, location, is_known, written)
    else:
        yield from parameters


def after_shift(parameters: Parameters, arguments: Sequence[Word]) -> Parameters:
    """
    :param arguments: of ``shift``
    """
    number = "1" if not arguments else arguments[0].text if arguments[0].is_known else ""
    if parameters is None or not number.isdecimal() or int(number) > len(parameters):
        return None
    gone = parameters[: int(number)]
    return None if any(map(_may_be_several, gone)) else parameters[int(number) :]


def after_set(parameters: Parameters, arguments: Sequence[Word]) -> Parameters:
    """
    :param arguments: of ``set``: options, and new parameters where there are some or a ``--``
    """
    words = list(arguments)
    while words and words[0].text.startswith(("-", "+")):
        option = words.pop(0).text
        if option == "--":
            return tuple(words)
        if option in ("-", "+"):
            return None
        if option.endswith("o"):
            del words[:1]
    if not words:
        return parameters
    return tuple(words) if words[0].is_known else None


def _may_be_several(word: Word) -> bool:
    """Whether it may be several words, or none: a variable that is not known, without quotes."""
    is_quoted = word.written[:1] == '"' == word.written[-1:] and word.written.count('"') == 2
    return not word.is_known and not is_quoted

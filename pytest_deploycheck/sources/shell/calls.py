"""What the words of a call say: of a shell, of make, of a script."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from pytest_deploycheck.location import Location
from pytest_deploycheck.sources.shell.command import Command, Word
from pytest_deploycheck.sources.shell.text import Text, text_at, text_below
from pytest_deploycheck.sources.shell.wrapping import ASSIGNMENT

_IGNORING = re.compile("-[A-Za-z]*i[A-Za-z]*|--ignore-errors")
SHELLS = frozenset({"sh", "bash", "dash", "zsh", "ash", "ksh"})


@dataclass(frozen=True)
class ShellCall:
    """``bash script arguments`` or ``bash -c 'commands' arguments``.

    :param first: the script or the commands; None where it reads its input
    :param is_inline: whether it is commands
    """

    first: Word | None
    arguments: tuple[Word, ...] = ()
    is_inline: bool = False

    @classmethod
    def of(cls, command: Command) -> ShellCall:
        """https://pubs.opengroup.org/onlinepubs/9799919799/utilities/sh.html"""
        is_inline = False
        words = list(command.arguments)
        while words and words[0].text.startswith(("-", "+")):
            option = words.pop(0).text
            is_inline = is_inline or (not option.startswith("--") and "c" in option)
            if option.endswith("o") and words:
                words.pop(0)
        return cls(words[0], tuple(words[1:]), is_inline) if words else cls(None)


def inline_text(word: Word, variables: Mapping[str, str | None]) -> Text | None:
    """The commands that a word holds; None where they are known only when they are run.

    :param variables: whose values may have been put into it
    """
    if not word.is_known and word.text.startswith(("$", "`")):
        return None
    start = word.location
    stands_as_it_is = word.written[:1] in ("'", '"') and word.written[1:-1] == word.text and "\n" not in word.text
    if stands_as_it_is:
        return text_at(Location(start.path, start.line, start.column + 1), word.text)
    return text_below(start, word.text, variables)


@dataclass(frozen=True)
class MakeCall:
    """``make -C directory -f file NAME=value targets``.

    :param tolerates: whether it goes on where something fails: ``-i``
    """

    targets: tuple[str, ...] = ()
    variables: Mapping[str, str | None] = field(default_factory=dict)
    directory: str = ""
    file: str = ""
    tolerates: bool = False

    @classmethod
    def of(cls, command: Command) -> MakeCall:
        """https://www.gnu.org/software/make/manual/html_node/Options-Summary.html"""
        targets: list[str] = []
        variables: dict[str, str | None] = {}
        valued = {"-C": "", "-f": ""}
        tolerates = False
        words = iter(command.arguments)
        for word in words:
            if word.text in ("-C", "--directory", "-f", "--file", "--makefile"):
                following = next(words, None)
                valued["-C" if word.text in ("-C", "--directory") else "-f"] = following.text if following else ""
            elif match := ASSIGNMENT.fullmatch(word.text):
                variables[match[1]] = match[2] if word.is_known else None
            elif not word.text.startswith("-"):
                targets.append(word.text)
            else:
                tolerates = tolerates or bool(_IGNORING.fullmatch(word.text))
        return cls(tuple(targets), variables, valued["-C"], valued["-f"], tolerates)


def is_shell_script(content: str) -> bool:
    """Whether a file that is run as a program is a shell's: by its first line; without one, any text is."""
    first = content.partition("\n")[0]
    if first.startswith("#!"):
        return any(word.rpartition("/")[2] in SHELLS for word in first[2:].split())
    return "\0" not in content

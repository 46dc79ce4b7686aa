"""Words, with what the shell puts in for variables, quotes and escapes.

https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_06
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from tree_sitter import Node

from pytest_deploycheck.sources.shell.command import Word
from pytest_deploycheck.sources.shell.parameters import ALL, Parameters, all_parameters, parameter
from pytest_deploycheck.sources.shell.syntax import Syntax
from pytest_deploycheck.sources.shell.text import Text

_ESCAPE = re.compile(r"\\(\n|.)", re.DOTALL)
# In double quotes a backslash is one before these only.
_QUOTED_ESCAPE = re.compile(r'\\([$`"\\]|\n)')
_DEFAULTING = (":-", "-", ":=", "=")

# How scripts say where they are: `$(cd "$(dirname "$0")" && pwd)` and the like, without quotes and blanks.
_OF_SCRIPT = re.compile(
    r"\$\(dirname(?:--)?\$\{?(?:0|BASH_SOURCE(?:\[0\])?)\}?\)|\$\{(?:0|BASH_SOURCE(?:\[0\])?)%/\*\}"
)
_OF_SCRIPT_ABSOLUTE = re.compile(r"\$\(cd(?:--)?<script>(?:>/dev/null(?:2>&1)?)?(?:&&|;)pwd(?:-P)?\)")
_HERE = ("$(pwd)", "`pwd`")
_ROOT = "$(gitrev-parse--show-toplevel)"


@dataclass(frozen=True)
class Places:
    """Absolute folders, None where unknown.

    :param script: where the script lies that is read
    :param here: where its commands run
    :param root: of the repository
    """

    script: str | None
    here: str | None
    root: str


@dataclass(frozen=True)
class _Piece:
    """A part of a word.

    :param splits: whether blanks in it end a word
    """

    text: str
    is_known: bool = True
    splits: bool = False


class Expansion:
    """Expands the words of one text.

    :param variables: their values, None for those that are set to something unknown
    """

    def __init__(
        self,
        text: Text,
        syntax: Syntax,
        variables: Mapping[str, str | None],
        places: Places,
        parameters: Parameters = None,
    ) -> None:
        self._text = text
        self._syntax = syntax
        self._variables = variables
        self._places = places
        self._parameters = parameters

    def words(self, node: Node) -> Iterator[Word]:
        """What becomes of a word: mostly one, and none or several where it is a variable without quotes."""
        written = self._syntax.written(node)
        location = self._text.at(self._syntax.offset(node))
        if written.strip('"') in ALL and self._parameters is not None:
            yield from all_parameters(self._parameters, written, location)
            return
        pieces = list(self._pieces(node))
        for text, is_known in _split(pieces):
            yield Word(text, location, is_known, self._text.shown(written))

    def value(self, node: Node) -> str | None:
        """What a variable is set to; None where that is not known."""
        pieces = list(self._pieces(node))
        return "".join(each.text for each in pieces) if all(each.is_known for each in pieces) else None

    def _pieces(self, node: Node) -> Iterator[_Piece]:
        written = self._syntax.written(node)
        if node.type in ("word", "number"):
            # What a pattern stands for depends on the files that are there.
            is_known = not written.startswith("~") and not re.search(r"(?<!\\)[*?]", written)
            yield _Piece(_ESCAPE.sub(lambda match: match[1].strip("\n"), written), is_known)
        elif node.type == "raw_string":
            yield _Piece(written[1:-1])
        elif node.type == "ansi_c_string":
            yield _Piece(written[2:-1], "\\" not in written)
        elif node.type in ("string", "translated_string"):
            yield from self._quoted(node)
        elif node.type in ("concatenation", "command_name"):
            # `{a,b}` is several words, which are not told apart here.
            is_braced = re.search(r"\{[^}]*(,|\.\.)[^}]*\}", re.sub(r"\$\{[^}]*\}|'[^']*'|\"[^\"]*\"", "", written))
            for child in node.children:
                for piece in self._pieces(child):
                    yield replace(piece, is_known=False) if is_braced else piece
        elif node.type in ("simple_expansion", "expansion", "command_substitution"):
            yield self._expanded(node)
        else:
            yield _Piece(written, not node.type.endswith(("expansion", "substitution")))

    def _quoted(self, node: Node) -> Iterator[_Piece]:
        """In the tree, blanks between expansions belong to no node."""
        at = node.start_byte + (2 if node.type == "translated_string" else 1)
        for child in node.children:
            if child.type in ("simple_expansion", "expansion", "command_substitution", "arithmetic_expansion"):
                yield _Piece(_unquoted(self._syntax.between(at, child.start_byte)))
                piece = self._expanded(child)
                yield _Piece(piece.text, piece.is_known)
                at = child.end_byte
        yield _Piece(_unquoted(self._syntax.between(at, node.end_byte - 1)))

    def _expanded(self, node: Node) -> _Piece:
        written = self._syntax.written(node)
        place = self._place(written)
        if place is not None:
            return _Piece(place)
        names = [each for each in node.children if each.type in ("variable_name", "special_variable_name")]
        name = self._syntax.written(names[0]) if len(names) == 1 else ""
        unknown = _Piece(written, is_known=False)
        if not name:
            return unknown
        value = self._value(name)
        operator = next((each.type for each in node.children[2:] if each.type != "}"), "")
        if value == "" and operator in (":-", ":=", ":?"):
            return unknown
        if value is not None and (not operator or operator in (*_DEFAULTING, ":?", "?")):
            return _Piece(value, splits=True)
        return unknown

    def _value(self, name: str) -> str | None:
        if name == "#" or (name.isdecimal() and name != "0"):
            return parameter(self._parameters, name)
        return self._places.here if name == "PWD" else self._variables.get(name)

    def _place(self, written: str) -> str | None:
        """The folder that an idiom stands for."""
        bare = re.sub(r"[\"\s]", "", written)
        if bare in _HERE:
            return self._places.here
        if bare == _ROOT:
            return self._places.root
        bare = _OF_SCRIPT.sub("<script>", bare)
        return self._places.script if bare == "<script>" or _OF_SCRIPT_ABSOLUTE.fullmatch(bare) else None


def _unquoted(text: str) -> str:
    return _QUOTED_ESCAPE.sub(lambda match: match[1].strip("\n"), text)


def _split(pieces: list[_Piece]) -> Iterator[tuple[str, bool]]:
    """The words that pieces make."""
    text, is_known, is_word = "", True, False
    for piece in pieces:
        parts = re.split(r"([ \t\n]+)", piece.text) if piece.splits else [piece.text]
        for number, part in enumerate(parts):
            if number % 2:
                if is_word:
                    yield text, is_known
                text, is_known, is_word = "", True, False
            elif part or not piece.splits:
                text, is_known, is_word = text + part, is_known and piece.is_known, True
    if is_word:
        yield text, is_known

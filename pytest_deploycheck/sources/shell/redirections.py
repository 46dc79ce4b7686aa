"""Redirections, taken out of a text before its commands are read.

They may stand anywhere in a command, and what stands behind one belongs to the command. The grammar takes it for
further files of the redirection, or cannot read it: so each redirection becomes blanks of the same length, and the rest
is read anew, with every word in its place. https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_07
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tree_sitter import Node

from pytest_deploycheck.sources.shell.here_documents import here_documents

# In most texts all are taken out at once; some need a second look, and here-documents on one line a look each.
_MOST_ROUNDS = 40

_OUTPUTS = frozenset({">", ">>", "&>", "&>>", ">|", ">&"})
REDIRECTIONS = frozenset({"file_redirect", "herestring_redirect"})
_STATEMENTS = frozenset({"redirected_statement", "command", "function_definition"})
_ASSIGNING = frozenset({"command", "declaration_command", "variable_assignments"})
_OWNERS = frozenset(
    {
        *("command", "declaration_command", "unset_command", "test_command", "compound_statement", "subshell"),
        *("if_statement", "while_statement", "for_statement", "c_style_for_statement", "case_statement"),
        *("variable_assignment", "variable_assignments"),
    }
)


@dataclass(frozen=True)
class Redirection:
    """One of them.

    :param start: where it stands, in bytes
    :param word: the file that it leads to, or the text that is read; None where there is none
    :param is_output: whether that is a file which is written
    """

    start: int
    word: Node | None
    is_output: bool


class Redirected:
    """A text without its redirections.

    :raises RecursionError: they stand in each other so deep that they are not all taken out
    :ivar text: blanks stand where they stood
    :ivar root: of the tree of what is left
    """

    def __init__(self, text: bytes, parse: Callable[[bytes], Node]) -> None:
        self.text = text
        self.root = parse(text)
        taken: list[Redirection] = []
        for _ in range(_MOST_ROUNDS):
            parts = list(here_documents(self.text, self.root))
            found = [] if parts else list(_outermost(self.root))
            if not parts and not found:
                break
            taken += map(_redirection, found)
            self.text = _blanked(self.text, [*parts, *map(_part, found)])
            self.root = parse(self.text)
        else:
            raise RecursionError("redirections in redirections")
        self._of: dict[int, list[Redirection]] = {}
        for each in sorted(taken, key=lambda each: each.start):
            owner = self._owner(each.start)
            if owner is not None:
                self._of.setdefault(owner.id, []).append(each)

    def of(self, node: Node) -> list[Redirection]:
        """What is redirected for a command, or for what holds commands."""
        return self._of.get(node.id, [])

    def _owner(self, start: int) -> Node | None:
        """Whose a redirection is: of what ends before it on its line; where nothing does, of what follows."""
        before = start - 1
        while before >= 0 and (step := self._blank_at(before, -1)):
            before -= step
        leaf = self.root.descendant_for_byte_range(before, before + 1) if before >= 0 else None
        if leaf is not None and self.text[before : before + 1] != b"\n" and not _opens(leaf):
            return _holder(leaf)
        after = start
        while after < len(self.text) and (step := self._blank_at(after, 1)):
            after += step
        return _holder(self.root.descendant_for_byte_range(after, after + 1))

    def _blank_at(self, at: int, direction: int) -> int:
        """How many bytes there are blank: one, two for a line that goes on, none."""
        if self.text[at : at + 1] in (b" ", b"\t"):
            return 1
        first = min(at, at + direction)
        return 2 if self.text[first : first + 2] == b"\\\n" else 0


def _opens(leaf: Node) -> bool:
    """Whether it is a sign or a word of the grammar that something follows: ``;``, ``(``, ``then``."""
    return not leaf.is_named and leaf.parent is not None and leaf.parent.end_byte > leaf.end_byte


def _holder(leaf: Node | None) -> Node | None:
    """The command that a leaf is in, or ends."""
    while leaf is not None and leaf.parent is not None:
        is_part = leaf.type.startswith("variable_assignment") and leaf.parent.type in _ASSIGNING
        if leaf.type in _OWNERS and not is_part:
            return leaf
        leaf = leaf.parent
    return None


def _outermost(node: Node) -> Iterator[Node]:
    """Redirections of statements, without those inside of others and those behind what could not be read."""
    is_statement = node.type in _STATEMENTS and not _is_bare(node)
    is_read = True
    for child in node.children:
        if child.type not in REDIRECTIONS:
            is_read = is_read and child.type != "ERROR"
            yield from _outermost(child)
        elif is_statement and is_read:
            yield child


def _is_bare(node: Node) -> bool:
    """``> file`` without a command, which only makes the file: of blanks alone the grammar would make nothing."""
    return all(each.type == "file_redirect" and len(_words(each)) < 2 for each in node.children)


def _words(redirection: Node) -> list[Node]:
    """Where it leads, and the words behind that."""
    return [each for each in redirection.children if each.is_named and each.type not in ("file_descriptor", "ERROR")]


def _operator(redirection: Node) -> Node:
    return next(each for each in redirection.children if not each.is_named)


def _part(redirection: Node) -> tuple[int, int]:
    """What belongs to a redirection and not to its command, in bytes."""
    last, words = _operator(redirection), _words(redirection)
    if words and not last.type.endswith("-"):  # `>&-` closes, and leads to no file.
        last = words[0]
    return redirection.start_byte, last.end_byte


def _blanked(text: bytes, parts: list[tuple[int, int]]) -> bytes:
    blanked = bytearray(text)
    for start, end in parts:
        blanked[start:end] = bytes(10 if each == 10 else 32 for each in text[start:end])
    return bytes(blanked)


def _redirection(node: Node) -> Redirection:
    words = _words(node)
    operator = _operator(node).type if node.type == "file_redirect" else ""
    is_output = operator in _OUTPUTS and bool(words) and words[0].type != "number"
    return Redirection(node.start_byte, None if operator.endswith("-") or not words else words[0], is_output)


def bare_redirections(node: Node) -> list[Redirection]:
    """Those of a statement without a command, which makes files."""
    return [_redirection(each) for each in node.children if each.type == "file_redirect"]

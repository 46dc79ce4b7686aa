"""The grammar of shells, by tree-sitter: https://github.com/tree-sitter/tree-sitter-bash."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from functools import lru_cache

from tree_sitter import Language, Node, Parser
from tree_sitter_bash import language

from pytest_deploycheck.sources.shell.command import Remark
from pytest_deploycheck.sources.shell.redirections import Redirected, Redirection, bare_redirections
from pytest_deploycheck.sources.shell.text import Text
from pytest_deploycheck.urls import without_logins


@lru_cache(maxsize=1)
def _parser() -> Parser:
    return Parser(Language(language()))


class Syntax:
    """A text, parsed.

    :ivar root: of the tree, which has no redirections; where the text is wrong, what can be read of it
    """

    def __init__(self, text: Text) -> None:
        self._text = text
        self._bytes = text.text.encode(errors="surrogatepass")
        self._is_ascii = len(self._bytes) == len(text.text)
        self._redirected = Redirected(self._bytes, lambda text: _parser().parse(text).root_node)
        self.root = self._redirected.root

    def offset(self, node: Node) -> int:
        """Where a node begins, in characters."""
        start = node.start_byte
        return start if self._is_ascii else len(self._bytes[:start].decode(errors="surrogatepass"))

    def between(self, start: int, end: int) -> str:
        """What stands between two places, in bytes."""
        return self._bytes[start:end].decode(errors="surrogatepass")

    def written(self, node: Node) -> str:
        """A node's text."""
        return self.between(node.start_byte, node.end_byte)

    def redirections(self, node: Node) -> list[Redirection]:
        """What is redirected for a command, or for what holds commands."""
        return bare_redirections(node) if node.type == "redirected_statement" else self._redirected.of(node)

    def mistakes(self) -> Iterator[Remark]:
        """What no shell can read: a quote or a bracket that is not closed."""
        fault = _first_fault(self.root) if self.root.has_error else None
        if fault is None:
            return
        offset = self.offset(fault)
        opened = _opening(fault)
        if opened is not None:
            offset = self.offset(opened)
            yield Remark(self._text.at(offset), self._line(offset), f"the {self.written(opened)} here is not closed")
        elif _has_open_quote(self._redirected.text.decode(errors="surrogatepass")):
            rest = self._text.text[offset:]
            offset += min((rest.index(quote) for quote in "'\"" if quote in rest), default=0)
            yield Remark(self._text.at(offset), self._line(offset), "the quote here is not closed")

    def doubts(self) -> Iterator[Remark]:
        """What cannot be read here, though a shell may be able to."""
        if self.root.has_error and not any(self.mistakes()):
            fault = _first_fault(self.root) or self.root
            offset = self.offset(fault)
            yield Remark(self._text.at(offset), self._line(offset), "it cannot be read here")

    def _line(self, offset: int) -> str:
        return without_logins(self._text.shown(self._text.text[offset:].partition("\n")[0]))[:60]


def _first_fault(node: Node) -> Node | None:
    if node.is_missing or node.type == "ERROR":
        return node
    return next((found for child in node.children if child.has_error and (found := _first_fault(child))), None)


def _opening(fault: Node) -> Node | None:
    """What a missing bracket would close."""
    if not fault.is_missing or fault.type not in (")", "}") or fault.parent is None:
        return None
    return fault.parent.children[0]


def _has_open_quote(text: str) -> bool:
    try:
        shlex.split(text, comments=True)
    except ValueError as error:
        return "quotation" in str(error)
    return False

"""Here-documents: what stands below a command for it to read, and is no command.

https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_07_04
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

_QUOTED = ("string", "string_content", "raw_string", "ansi_c_string")


def here_documents(text: bytes, root: Node) -> Iterator[tuple[int, int]]:
    """Where they stand in a text, in bytes: their operators with the delimiters, and they themselves.

    Of those that begin on one line the first: the grammar mistakes where the others end, so that it is asked again.
    """
    end = 0
    for delimiter in _delimiters(root):
        operator = delimiter.prev_sibling
        document = _document(text, root, delimiter) if delimiter.start_byte >= end else None
        if document is not None and operator is not None:
            yield _start(operator), delimiter.end_byte
            yield document
            end = document[1]


def _delimiters(node: Node) -> Iterator[Node]:
    if node.type == "heredoc_start":
        yield node
    else:
        for child in node.children:
            yield from _delimiters(child)


def _start(operator: Node) -> int:
    before = operator.prev_sibling
    return before.start_byte if before is not None and before.type == "file_descriptor" else operator.start_byte


def _document(text: bytes, root: Node, delimiter: Node) -> tuple[int, int] | None:
    """From the line below to the one that is the delimiter; None where there is none."""
    start = text.find(b"\n", delimiter.end_byte)
    while start > 0 and _goes_on(text, root, start):
        start = text.find(b"\n", start + 1)
    if start < 0:
        return None
    word = re.sub(rb"[\\'\"]", b"", text[delimiter.start_byte : delimiter.end_byte])
    indent = rb"\t*" if delimiter.prev_sibling is not None and delimiter.prev_sibling.type == "<<-" else b""
    end = re.compile(rb"^" + indent + re.escape(word) + rb"$", re.MULTILINE).search(text, start + 1)
    return None if end is None else (start + 1, end.end())


def _goes_on(text: bytes, root: Node, end: int) -> bool:
    """Whether a line goes on behind its end: in quotes, or behind a backslash."""
    leaf = root.descendant_for_byte_range(end, end + 1)
    return text[end - 1 : end] == b"\\" or (leaf is not None and leaf.type in _QUOTED)

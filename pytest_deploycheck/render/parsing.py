"""From the text of a YAML file to typed values with positions.

Scalars are read by the core schema of YAML 1.2, as Render reads them: ``off`` is a text, ``3.10`` is a number. PyYAML
knows 1.1 only, so it parses and composes here, and what a scalar means is decided here.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable

import yaml

from pytest_deploycheck.garbage import not_collected
from pytest_deploycheck.location import Location
from pytest_deploycheck.render.document import DocumentError, Entry, Node, Scalar, Sequence, Table
from pytest_deploycheck.render.folding import BLOCK_STYLES

# https://yaml.org/spec/1.2.2/#103-core-schema
_NULL = re.compile(r"null|Null|NULL|~|")
_BOOLEAN = re.compile(r"(true|True|TRUE)|false|False|FALSE")
_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")

# The one in C is there wherever PyYAML has a wheel; both compose the same.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# https://yaml.org/spec/1.2.2/#rule-c-ns-properties
_PROPERTIES = re.compile(r"(?:[&!]\S*\s+)+")

# With what a scalar begins that may be something else than a text.
_NOT_A_TEXT = frozenset("nN~tTfF+-.0123456789")


def parse_document(content: bytes, path: str) -> Table:
    """Read a YAML file that holds one mapping.

    :param path: as locations have it
    :raises DocumentError: it is no YAML, or something else than one mapping
    """
    with not_collected():
        return _parsed(content, path)


def _parsed(content: bytes, path: str) -> Table:
    try:
        composed: Iterable[yaml.Node | None] = yaml.compose_all(content, Loader=_LOADER)
        nodes = [node for node in composed if node is not None]
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        location = Location(path, mark.line + 1, mark.column + 1) if mark else Location(path)
        raise DocumentError(location, f"this is no YAML: {_sentence(error, content)}") from error
    except yaml.reader.ReaderError as error:
        raise _unreadable(error, content, path) from error
    if not nodes:
        raise DocumentError(Location(path), "it is empty: a mapping with services was expected")
    if len(nodes) > 1:
        raise DocumentError(_location(nodes[1], path), "a second document begins here: only one was expected")
    document = _converted(nodes[0], _Lines(path, content), {})
    if not isinstance(document, Table):
        raise DocumentError(document.location, "a mapping such as `services:` was expected here")
    return document


def _sentence(error: yaml.MarkedYAMLError, content: bytes) -> str:
    if error.problem and error.problem_mark and "cannot start any token" in error.problem:
        mark = error.problem_mark
        line = _decoded(content).splitlines()[mark.line]
        if line[mark.column] == "\t":
            return "a tab stands here: indent with blanks"
        return f"nothing can begin with {line[mark.column]}: put it into quotes"
    context = f" ({error.context})" if error.context else ""
    return f"{error.problem or error.context}{context if error.problem else ''}"


def _unreadable(error: yaml.reader.ReaderError, content: bytes, path: str) -> DocumentError:
    position = error.position if isinstance(error.position, int) else 0
    if error.encoding == "unicode":
        before = content.decode("utf-8", errors="replace")[:position]
        what = f"the character #x{error.character:04x}" if isinstance(error.character, int) else "a character"
    else:
        before = content[: _first_wrong_byte(content, position)].decode("utf-8", errors="replace")
        what = "a byte"
    lines = before.split("\n")
    location = Location(path, len(lines), len(lines[-1]) + 1)
    return DocumentError(location, f"{what} here does not belong into a YAML file ({error.reason}): save it as UTF-8")


def _first_wrong_byte(content: bytes, position: int) -> int:
    """Where a character begins that is none; libyaml tells the byte in it with which that became clear.

    :param position: what it tells
    """
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start
    return position


class _Lines:
    """A file's lines, taken apart when something is to be looked up in them."""

    def __init__(self, path: str, content: bytes) -> None:
        self.path = path
        self._content = content
        self._lines: list[str] = []

    def start(self, node: yaml.ScalarNode) -> Location:
        """Where a scalar begins, behind its anchor and its tag: to PyYAML they are a part of it."""
        line, column = node.start_mark.line, node.start_mark.column
        self._lines = self._lines or _decoded(self._content).split("\n")
        rest = self._lines[line][column:] if line < len(self._lines) else ""
        if rest[:1] in ("&", "!") and node.style not in BLOCK_STYLES and (properties := _PROPERTIES.match(rest)):
            column += properties.end()
        return Location(self.path, line + 1, column + 1)

    def written(self, node: yaml.ScalarNode, start: Location) -> str:
        """A scalar as it stands in the file, empty where that is its text, in quotes or without."""
        line, column, end = start.line - 1, start.column - 1, node.end_mark
        is_bare = column == node.start_mark.column  # Others refer to an anchor, so what stands there is not only here.
        is_one_line = node.style not in BLOCK_STYLES and line == end.line and is_bare
        if is_one_line and end.column - column == len(node.value) + (2 if node.style else 0):
            return ""
        lines = self._lines[line : end.line + 1]
        if end.line < len(self._lines):
            lines[-1] = lines[-1][: end.column]
        lines[0] = lines[0][column:]
        return "\n".join(lines)


def _decoded(content: bytes) -> str:
    encoding = "utf-16" if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    return content.decode(encoding, errors="replace")


def _converted(node: yaml.Node, lines: _Lines, done: dict[int, Node | None]) -> Node:
    """A composed node as ours; an aliased one is converted once.

    :param done: None while a node's parts are being converted
    :raises DocumentError: a key is no scalar or stands there twice, or an alias leads into itself
    """
    location = _location(node, lines.path)
    if id(node) in done:
        if (known := done[id(node)]) is None:
            raise DocumentError(location, "an alias leads back to this, which holds it")
        return known
    done[id(node)] = None
    converted: Node
    if isinstance(node, yaml.ScalarNode):
        style, start = node.style or "", lines.start(node)
        converted = Scalar(node.value, _value(node.value, style), start, style, lines.written(node, start))
    elif isinstance(node, yaml.SequenceNode):
        converted = Sequence(tuple(_converted(each, lines, done) for each in node.value), location)
    else:
        assert isinstance(node, yaml.MappingNode)  # There is no fourth kind.
        converted = Table(_entries(node, lines, done), location)
    done[id(node)] = converted
    return converted


def _entries(node: yaml.MappingNode, lines: _Lines, done: dict[int, Node | None]) -> dict[str, Entry]:
    entries: dict[str, Entry] = {}
    merged: dict[str, Entry] = {}
    for key_node, value_node in node.value:
        key, value = _converted(key_node, lines, done), _converted(value_node, lines, done)
        if not isinstance(key, Scalar):
            raise DocumentError(key.location, "a key has to be a text")
        if key.text == "<<" and not key.style:
            merged = {**merged, **_merged(value)}
        elif key.text in entries:
            first = entries[key.text].key.location.line
            raise DocumentError(key.location, f"{key.text!r} stands here a second time, the first is in line {first}")
        else:
            entries[key.text] = Entry(key, value)
    return {**merged, **entries}


def _merged(value: Node) -> dict[str, Entry]:
    """https://yaml.org/type/merge.html: of several mappings, the earlier one's keys count."""
    sources = value.items if isinstance(value, Sequence) else (value,)
    merged: dict[str, Entry] = {}
    for source in reversed(sources):
        if not isinstance(source, Table):
            raise DocumentError(source.location, "<< merges mappings: an alias of one was expected")
        merged.update(source.entries)
    return merged


def _value(text: str, style: str) -> str | int | float | bool | None:
    if style or (text and text[0] not in _NOT_A_TEXT):
        return text
    if _NULL.fullmatch(text):
        return None
    if boolean := _BOOLEAN.fullmatch(text):
        return boolean[1] is not None
    if _INTEGER.fullmatch(text):
        return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))
    return float(text.lower().replace(".inf", "inf").replace(".nan", "nan")) if _FLOAT.fullmatch(text) else text


def _location(node: yaml.Node, path: str) -> Location:
    return Location(path, node.start_mark.line + 1, node.start_mark.column + 1)

"""Where a character of a YAML scalar stands in the file: lines are folded and indented, and quotes have escapes.

https://yaml.org/spec/1.2.2/#73-flow-scalar-styles and #81-block-scalar-styles
"""

from __future__ import annotations

from functools import lru_cache

BLOCK_STYLES = ("|", ">")

# How many hexadecimal digits an escape has.
_DIGITS = {"x": 2, "u": 4, "U": 8}


@lru_cache(maxsize=64)  # Many places of one scalar are asked for, one after the other.
def written_offsets(text: str, written: str, style: str) -> tuple[int, ...]:
    """Where each character stands in a scalar as it is written, and where its end does.

    :param written: from the first quote, or from the indicator of a block, on
    """
    at = written.find("\n") + 1 if style in BLOCK_STYLES else 1 if style else 0
    offsets = []
    for character in text:
        at = _past_layout(character, written, style, at)
        offsets.append(min(at, len(written)))
        if at < len(written):
            at += _width(character, written, style, at)
    return (*offsets, min(_past_layout("", written, style, at), len(written)))


@lru_cache(maxsize=64)
def line_starts(written: str) -> tuple[int, ...]:
    """Where the lines begin of what is written."""
    return (0, *(at + 1 for at, character in enumerate(written) if character == "\n"))


def _past_layout(character: str, written: str, style: str, at: int) -> int:
    """Past the blanks and line breaks that are no part of the text, before one of its characters."""
    while at < len(written):
        if style == '"' and written.startswith("\\\n", at):
            at += 2
        elif written[at] in " \t\r\n" and written[at] != character and not (character == " " and written[at] == "\n"):
            at += 1
        else:
            break
    return at


def _width(character: str, written: str, style: str, at: int) -> int:
    """How much of what is written stands for a character; 0 for a line break that folding leaves over."""
    if style == '"' and written[at] == "\\":
        return 2 + _DIGITS.get(written[at + 1 : at + 2], 0)
    if style == "'" and written.startswith("''", at):
        return 2
    if written[at] == character or (character == " " and written[at] == "\n"):
        return 1
    return 0

"""Where a character of a YAML scalar stands in the file: lines are folded and indented, and quotes have escapes.

https://yaml.org/spec/1.2.2/#73-flow-scalar-styles and #81-block-scalar-styles
"""

from __future__ import annotations

BLOCK_STYLES = ("|", ">")

# How many hexadecimal digits an escape has.
_DIGITS = {"x": 2, "u": 4, "U": 8}


def written_offset(text: str, written: str, style: str, offset: int) -> int:
    """Where a character stands in a scalar as it is written.

    :param written: from the first quote, or from the indicator of a block, on
    :param offset: of the character in the text, from 0
    """
    at = written.find("\n") + 1 if style in BLOCK_STYLES else 1 if style else 0
    passed = 0
    while at < len(written):
        at = _past_layout(text[passed : passed + 1], written, style, at)
        if passed >= offset or at >= len(written):
            break
        width = _width(text[passed], written, style, at)
        passed, at = passed + 1, at + width
    return min(at, len(written))


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

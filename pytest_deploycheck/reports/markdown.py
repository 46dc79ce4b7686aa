"""Texts of users' files in Markdown: shown as they are, whatever they hold."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import zip_longest

# What begins markup in GitHub's Markdown, or HTML, which it lets through; an @ would call somebody by name, a # would
# be an issue. An underscore within a word is none, and stays, since names are full of them.
_SPECIAL = re.compile(r"[\\`*\[\]<|~@$#]|(?<!\w)_|_(?!\w)")

_QUOTED = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)")


def prose(text: str) -> str:
    """A text as prose."""
    return _SPECIAL.sub(r"\\\g<0>", " ".join(text.splitlines()))


def sentence(text: str) -> str:
    """A text of ours as prose: what it has between backticks already is code."""
    parts = _QUOTED.split(" ".join(text.splitlines()))
    # Of each match there are two groups behind the text before it: the backticks, and what they hold.
    texts, quoted = parts[::3], parts[2::3]
    return "".join(prose(text) + (code(inside) if inside else "") for text, inside in zip_longest(texts, quoted))


def code(text: str) -> str:
    """A text as code, whatever backticks it holds."""
    line = " ".join(text.splitlines()).strip() or " "
    longest = max((len(each) for each in re.findall("`+", line)), default=0)
    fence = "`" * (longest + 1)
    blank = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{fence}{blank}{line}{blank}{fence}"


def block(text: str, language: str = "") -> str:
    """A text as a block of code."""
    longest = max((len(each) for each in re.findall("`+", text)), default=0)
    fence = "`" * max(longest + 1, 3)
    return f"{fence}{language}\n{text}\n{fence}"


def table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells that are Markdown already; a bar in code ends a cell too, and is written as GitHub asks for."""
    lines = [titles, ["---"] * len(titles), *rows]
    return "\n".join(f"| {' | '.join(map(_in_cell, each))} |" for each in lines)


def _in_cell(text: str) -> str:
    return re.sub(r"(?<!\\)\|", r"\\|", text)

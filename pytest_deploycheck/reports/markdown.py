"""Texts of users' files in Markdown: shown as they are, whatever they hold."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

# What begins markup in GitHub's Markdown, or HTML, which it lets through; an @ would call somebody by name.
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~!@$])")


def prose(text: str) -> str:
    """A text as prose."""
    return _SPECIAL.sub(r"\\\1", text).replace("\n", " ")


def code(text: str) -> str:
    """A text as code, whatever backticks it holds."""
    line = text.replace("\n", " ")
    longest = max((len(each) for each in re.findall("`+", line)), default=0)
    fence = "`" * (longest + 1)
    blank = " " if line.startswith("`") or line.endswith("`") or not line.strip() else ""
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

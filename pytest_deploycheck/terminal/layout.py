"""Findings as lines for a terminal of some width."""

from __future__ import annotations

import enum
import os
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from pytest_deploycheck.findings import Finding

# Longer lines are no pleasure to read, however wide the window is.
_WIDEST = 120
# A terminal narrower than this has no room for words beside the indentation.
_NARROWEST = 24


class Part(enum.Enum):
    """What a line is of a finding; each has a look of its own."""

    HEADLINE = "headline"
    EVIDENCE = "evidence"
    FIX = "fix"
    POINTER = "pointer"
    GAP = "gap"


@dataclass(frozen=True)
class Line:
    """One line before it is wrapped.

    :param label: what stands before the text and has a look of its own, such as ``fix:``
    :param indent: how far in the line begins; what it is wrapped into begins there too, behind the label
    """

    part: Part
    text: str = ""
    label: str = ""
    indent: int = 0


_GAP = Line(Part.GAP)


def lines_of(finding: Finding, told_before: str = "") -> Iterator[Line]:
    """Headline, evidence and fix.

    :param told_before: the node id of an item that has told the same evidence and fix: then only it is named
    """
    yield from headline(f"{finding.location}: {finding.message}")
    if told_before:
        yield _GAP
        yield Line(Part.POINTER, f"for the same reason, and with the same way out, as {told_before}", indent=2)
        return
    if finding.evidence:
        yield _GAP
        yield from (_evidence(each) for each in finding.evidence)
    if finding.fix:
        yield _GAP
        first, *others = finding.fix
        yield Line(Part.FIX, first, "fix: ", indent=2)
        yield from (Line(Part.FIX, each, "or: ", indent=2) for each in others)


def headline(text: str) -> Iterator[Line]:
    """One that may have further lines below it."""
    first, *others = text.split("\n")
    yield Line(Part.HEADLINE, first)
    yield from (_evidence(each) for each in others)


def width_of(reporter: pytest.TerminalReporter) -> int | None:
    """To wrap for; None for a log, unless somebody gives it a width: there whole lines are searched for."""
    file_has_width = reporter.isatty or "COLUMNS" in os.environ
    width: int = reporter.config.get_terminal_writer().fullwidth
    return width if file_has_width else None


def gap() -> Line:
    """What stands between findings."""
    return _GAP


def _evidence(text: str) -> Line:
    own = len(text) - len(text.lstrip())
    return Line(Part.EVIDENCE, text.strip(), indent=2 + own)


def wrapped(line: Line, width: int | None) -> list[str]:
    """A line's text as it fits between its indentation and the edge, without indentation and label.

    :param width: of the terminal; None for a log, in which whole lines are searched for
    """
    if width is None:
        return [line.text]
    first = width_for_text(line, width)
    # What follows a headline or a piece of evidence goes in by two more, so that it is no line of its own.
    return _filled(line.text, first, first - (0 if line.label else 2))


def width_for_text(line: Line, width: int) -> int:
    """The columns behind indentation and label."""
    return max(min(width, _WIDEST) - line.indent - len(line.label), _NARROWEST)


def written(line: Line, width: int | None) -> Iterator[tuple[str, str]]:
    """Each line of a terminal as what stands before the text, label included, and the text."""
    for number, text in enumerate(wrapped(line, width)):
        if number == 0:
            yield " " * line.indent + line.label, text
        else:
            yield " " * (line.indent + (len(line.label) or 2)), text


def plain(lines: Iterator[Line], width: int | None) -> str:
    """As one text without any look."""
    return "\n".join(f"{before}{text}".rstrip() for line in lines for before, text in written(line, width))


def _filled(text: str, first: int, following: int) -> list[str]:
    """Broken at blanks; a word that is wider than the terminal stays whole, so that it can be copied."""
    rows: list[str] = []
    row = ""
    for word in text.split(" "):
        longer = f"{row} {word}" if row else word
        if row and columns(longer) > (following if rows else first):
            rows.append(row)
            row = word
        else:
            row = longer
    return [*rows, row]


def columns(text: str) -> int:
    """How many columns a terminal shows a text in."""
    return sum(_columns_of(each) for each in text)


def _columns_of(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1

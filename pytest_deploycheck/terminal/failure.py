"""A failed item as a terminal shows it, in place of pytest's traceback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pytest_deploycheck.findings import Finding
from pytest_deploycheck.location import Location
from pytest_deploycheck.reports.run import fails, root_of
from pytest_deploycheck.terminal.layout import Line, Part, gap, headline, lines_of, written

# pytest's own words for colours; what is not here is plain.
_LOOKS = {Part.HEADLINE: {"red": True, "bold": True}, Part.FIX: {"green": True, "bold": True}}
_ADVICE = {"yellow": True, "bold": True}


class Crash:
    """Where pytest's own representations say that they failed: its summary and JUnit's message read it."""

    def __init__(self, path: Path, location: Location, message: str) -> None:
        self.path = str(path)
        self.lineno = location.line
        self.message = message


class Failure:
    """Findings that fail an item, or why it could not be made; whole and unwrapped until it is shown at a run's end.

    It has what pytest asks of the ``longrepr`` of a report.
    """

    def __init__(
        self, nodeid: str, root: Path, findings: tuple[Finding, ...], fault: tuple[Location, str] | None
    ) -> None:
        self._nodeid = nodeid
        self._findings = findings
        self._fault = fault
        self._told: dict[int, str] = {}
        self._width: int | None = None
        location, message = fault or (findings[0].location, findings[0].message)
        said = f"{location}: cannot be checked: {message}" if fault else f"{location}: {message}"
        self.reprcrash = Crash(root / location.path, location, said.partition("\n")[0])

    def show_in(self, width: int | None, told: dict[object, str]) -> None:
        """From now on wrap, and name where it was told before what was told before.

        :param told: the node id that told it, by the root of a finding; what this one tells is added
        """
        self._width = width
        for position, finding in enumerate(self._findings):
            first = told.setdefault(root_of(finding), self._nodeid)
            if first != self._nodeid:
                self._told[position] = first

    def toterminal(self, tw: Any) -> None:
        """Write it with colours, where the terminal has them."""
        for line, look in self._lines():
            for number, (before, text) in enumerate(written(line, self._width)):
                is_label = line.label and number == 0
                # A label is coloured, and its text is not; a line without one is coloured as a whole.
                tw.write(before, **(look if is_label else {}))
                tw.line(text, **({} if line.label else look))

    def _lines(self) -> Iterator[tuple[Line, dict[str, bool]]]:
        if self._fault is not None:
            location, message = self._fault
            yield from self._with_looks(headline(f"{location}: cannot be checked: {message}"), _LOOKS[Part.HEADLINE])
            return
        for position, finding in enumerate(self._findings):
            if position:
                yield gap(), {}
            look = _LOOKS[Part.HEADLINE] if fails(finding) else _ADVICE
            yield from self._with_looks(lines_of(finding, self._told.get(position, "")), look)

    def _with_looks(self, lines: Iterator[Line], look: dict[str, bool]) -> Iterator[tuple[Line, dict[str, bool]]]:
        for line in lines:
            yield line, look if line.part is Part.HEADLINE else _LOOKS.get(line.part, {})

    def __str__(self) -> str:
        rows = (f"{before}{text}".rstrip() for line, _ in self._lines() for before, text in written(line, None))
        return "\n".join(rows)


def show_failures(reporter: pytest.TerminalReporter, width: int | None) -> None:
    """Fit what pytest is about to print to the terminal, in the order in which it prints it."""
    told: dict[object, str] = {}
    for kind in ("error", "failed"):
        for report in reporter.stats.get(kind, ()):
            shown = getattr(report, "longrepr", None)
            if isinstance(shown, Failure):
                shown.show_in(width, told)

"""Advice in pytest's summary of warnings: what has one root is told once."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest

from pytest_deploycheck import DeploycheckAdvice
from pytest_deploycheck.reports.run import Cause, Run, causes
from pytest_deploycheck.terminal.layout import Line, Part, lines_of, plain

# The two columns by which pytest indents what it says of a warning.
_INDENT = 2


def show_advice(
    reporter: pytest.TerminalReporter, run: Run, planned_id: Callable[[str], str | None], width: int | None
) -> None:
    """Reword what pytest is about to print: it prints equal warnings once, below the items that they are about.

    :param planned_id: gives the node id of the plan for one of pytest's
    """
    told: dict[str, list[tuple[str, str]]] = {}
    for cause in causes((item, finding) for item in run.items for finding in item.advice):
        text = _text(cause, width)
        for place in cause.places:
            told.setdefault(place.nodeid, []).append((f"{place.location}: {place.message}", text))
    for warning in reporter.stats.get("warnings", ()):
        for said, text in told.get(planned_id(warning.nodeid or "") or "", ()):
            if said in warning.message:
                warning.message = text


def _text(cause: Cause, width: int | None) -> str:
    first, *others = cause.places
    places = [each for each in dict.fromkeys(str(each.location) for each in others) if each != str(first.location)]
    lines = list(lines_of(cause.finding))
    # As warnings are written, with their class, by which filters select them.
    head = f"{first.location}: {DeploycheckAdvice.__name__}: {lines[0].text}"
    lines[0] = dataclasses.replace(lines[0], text=head)
    if places:
        lines.insert(1, Line(Part.EVIDENCE, f"the same at {', '.join(places)}", indent=2))
    return plain(iter(lines), width - _INDENT if width else None)

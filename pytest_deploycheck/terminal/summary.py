"""The closing section: what would be installed where, and how much of it there is."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_deploycheck.reports.run import Resolved, Run
from pytest_deploycheck.reports.verdicts import verdict
from pytest_deploycheck.resolution.result import Outcome
from pytest_deploycheck.terminal.layout import Line, Part, written


def closing_lines(run: Run, width: int | None) -> Iterator[tuple[str, dict[str, bool]]]:
    """For each source and target, who it is for and what it comes to, with pytest's words for its colour."""
    for resolved in run.resolved:
        place = resolved.place
        users = f" ({', '.join(place.services)})" if place.services else ""
        where = Line(Part.HEADLINE, f"{place.source.path} on {place.target_name}{users}")
        for line, look in ((where, {}), (Line(Part.EVIDENCE, verdict(resolved), indent=2), _colour(resolved))):
            for before, text in written(line, width):
                yield f"{before}{text}", look


def _colour(resolved: Resolved) -> dict[str, bool]:
    if resolved.resolution.outcome is not Outcome.OK:
        return {"red": True}
    return {"yellow": True} if resolved.sdists else {"green": True}

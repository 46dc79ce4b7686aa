"""What pytest's reports carry of a run: plain JSON values, which pytest-xdist takes from its workers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from pytest_deploycheck.edit import Edit
from pytest_deploycheck.findings import Finding, Severity
from pytest_deploycheck.location import Location
from pytest_deploycheck.resolution.plain import plain, read_resolution
from pytest_deploycheck.resolution.result import Resolution

# On reports.
_ATTRIBUTE = "deploycheck"

Key = tuple[str, str]
"""The names of a source and of a target."""


@dataclass(frozen=True)
class Carried:
    """What one report of one phase of an item says beside pytest's own.

    :param findings: of the item
    :param failing: of those the ones that fail it
    :param fault: why the check could not be made, and where that is; None where it could
    :param resolutions: those that no earlier report of the same process carried
    """

    findings: tuple[Finding, ...] = ()
    failing: tuple[Finding, ...] = ()
    fault: tuple[Location, str] | None = None
    resolutions: tuple[tuple[Key, Resolution], ...] = ()


def attach(report: pytest.TestReport, carried: Carried) -> None:
    """Let a report carry this."""
    positions = [carried.findings.index(each) for each in carried.failing]
    value = {
        "findings": plain(carried.findings),
        "failing": positions,
        "fault": plain(carried.fault),
        "resolutions": plain(carried.resolutions),
    }
    setattr(report, _ATTRIBUTE, value)


def carried_by(report: pytest.TestReport) -> Carried | None:
    """What it carries; None for the reports of others' items."""
    value = getattr(report, _ATTRIBUTE, None)
    return None if value is None else _read(value)


def _read(value: dict[str, Any]) -> Carried:
    findings = tuple(map(_finding, value["findings"]))
    fault = value["fault"]
    return Carried(
        findings,
        tuple(findings[position] for position in value["failing"]),
        (Location(**fault[0]), fault[1]) if fault else None,
        tuple(((source, target), read_resolution(fields)) for (source, target), fields in value["resolutions"]),
    )


def _finding(fields: dict[str, Any]) -> Finding:
    return Finding(
        check=fields["check"],
        location=Location(**fields["location"]),
        message=fields["message"],
        evidence=tuple(fields["evidence"]),
        fix=tuple(fields["fix"]),
        severity=Severity(fields["severity"]),
        edits=tuple(_edits(fields["edits"])),
    )


def _edits(entries: Sequence[dict[str, Any]]) -> Iterable[Edit]:
    for each in entries:
        yield Edit(Location(**each["start"]), Location(**each["end"]), each["text"])

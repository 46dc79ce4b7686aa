"""``--deploycheck-json``: schema 1."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pytest_deploycheck import __version__
from pytest_deploycheck.findings import Finding
from pytest_deploycheck.reports.writing import write_whole
from pytest_deploycheck.resolution.result import Distribution, Resolution
from pytest_deploycheck.subjects import SourceOnTarget

SCHEMA = 1


class JsonReport:
    """Gathers entries, which are plain JSON values since xdist carries them from its workers, and writes them."""

    def __init__(self) -> None:
        self._resolutions: dict[tuple[str, ...], dict[str, Any]] = {}
        self._findings: list[dict[str, Any]] = []

    def add(
        self, resolutions: list[dict[str, Any]] | None = None, findings: list[dict[str, Any]] | None = None
    ) -> None:
        """Add entries; a resolution that several workers computed counts once."""
        for entry in resolutions or ():
            key = (entry["source"], entry["target"], *entry["services"])
            self._resolutions[key] = entry
        self._findings += findings or ()

    def write(self, path: Path) -> None:
        """Write the report, whole or not at all, in an order that does not depend on xdist."""
        report = {
            "schema": SCHEMA,
            "tool": {"name": "pytest-deploycheck", "version": __version__},
            "resolutions": [entry for _, entry in sorted(self._resolutions.items())],
            "findings": sorted(self._findings, key=lambda each: (each["path"], each["line"], each["nodeid"])),
        }
        write_whole(path, json.dumps(report, indent=1) + "\n")


def resolution_entry(place: SourceOnTarget, resolution: Resolution) -> dict[str, Any]:
    """A resolution as the report has it."""
    return {
        "source": place.source.path,
        "target": place.target_name,
        "python": place.target.python,
        "services": list(place.services),
        "outcome": resolution.outcome.value,
        "message": resolution.message,
        "distributions": [_distribution_entry(each) for each in resolution.distributions],
    }


def _distribution_entry(distribution: Distribution) -> dict[str, Any]:
    return {
        "name": distribution.name,
        "version": distribution.version,
        "filename": distribution.file.filename,
        "kind": distribution.kind.value,
        "native": distribution.native,
        "required_by": list(distribution.required_by),
        "requirement_line": distribution.line.line if distribution.line else None,
    }


def finding_entry(finding: Finding, nodeid: str) -> dict[str, Any]:
    """A finding as the report has it."""
    return {
        "check": finding.check,
        "nodeid": nodeid,
        "severity": finding.severity.value,
        "path": finding.location.path,
        "line": finding.location.line,
        "column": finding.location.column,
        "message": finding.message,
        "fix": finding.fix[0] if finding.fix else "",
    }

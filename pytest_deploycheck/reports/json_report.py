"""``--deploycheck-json``: schema 1, published as ``schema-1.json`` beside this module.

What stands in it stays; what comes later is added.
"""

from __future__ import annotations

import json
from typing import Any

from pytest_deploycheck import __version__
from pytest_deploycheck.edit import Edit
from pytest_deploycheck.findings import Finding
from pytest_deploycheck.location import Location
from pytest_deploycheck.reports.run import ItemResult, Resolved, Run, ServiceEntry
from pytest_deploycheck.resolution.result import Distribution

SCHEMA = 1


def render(run: Run) -> str:
    """The report, the same for the same files and indexes."""
    return json.dumps(report(run), indent=1) + "\n"


def report(run: Run) -> dict[str, Any]:
    """The same as values."""
    return {
        "schema": SCHEMA,
        "tool": {"name": "pytest-deploycheck", "version": __version__},
        "run": {
            "project": run.project,
            "day": run.day.isoformat(),
            "blueprint": run.blueprint,
            "indexes": list(run.indexes),
            "offline": run.offline,
            "complete": run.is_complete,
        },
        "services": [_service_entry(each) for each in run.services],
        "items": [_item_entry(each) for each in run.items],
        "resolutions": [_resolution_entry(each) for each in sorted(run.resolved, key=lambda each: each.key)],
        "findings": [_finding_entry(item, finding) for item, finding in run.findings],
        **run.extra,
    }


def _service_entry(service: ServiceEntry) -> dict[str, Any]:
    return {
        "name": service.name,
        "type": service.type,
        "runtime": service.runtime,
        "python": service.python.version if service.python else None,
        "path": service.location.path,
        "line": service.location.line,
    }


def _item_entry(item: ItemResult) -> dict[str, Any]:
    return {"nodeid": item.nodeid, "check": item.check, "outcome": item.end.value, "reason": item.reason}


def _resolution_entry(resolved: Resolved) -> dict[str, Any]:
    place, resolution = resolved.place, resolved.resolution
    return {
        "source": place.source.path,
        "target": place.target_name,
        "python": place.target.python,
        "services": list(place.services),
        "outcome": resolution.outcome.value,
        "message": resolution.message,
        "evidence": list(resolution.evidence),
        "distributions": [_distribution_entry(each) for each in resolution.distributions],
    }


def _distribution_entry(distribution: Distribution) -> dict[str, Any]:
    return {
        "name": distribution.name,
        "version": distribution.version,
        "filename": distribution.file.filename,
        "size": distribution.file.size,
        "kind": distribution.kind.value,
        "native": distribution.native,
        "needs": list(distribution.needs),
        "required_by": list(distribution.required_by),
        "chain": [" ".join(each) for each in distribution.chain],
        "requirement_path": distribution.line.path if distribution.line else None,
        "requirement_line": distribution.line.line if distribution.line else None,
    }


def _finding_entry(item: ItemResult, finding: Finding) -> dict[str, Any]:
    return {
        "check": finding.check,
        "nodeid": item.nodeid,
        "severity": finding.severity.value,
        "path": finding.location.path,
        "line": finding.location.line,
        "column": finding.location.column,
        "message": finding.message,
        "evidence": list(finding.evidence),
        "fix": finding.fix[0] if finding.fix else "",
        "fixes": list(finding.fix),
        "edits": [_edit_entry(each) for each in finding.edits],
    }


def _edit_entry(edit: Edit) -> dict[str, Any]:
    return {
        "path": edit.start.path,
        "start": _place(edit.start),
        "end": _place(edit.end),
        "text": edit.text,
    }


def _place(location: Location) -> dict[str, int]:
    return {"line": location.line, "column": location.column}

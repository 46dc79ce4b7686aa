"""What would mend a source that does not resolve to wheels, as a part of findings: proven before it is shown."""

from __future__ import annotations

from dataclasses import replace

from pytest_deploycheck.checks.python_pin import pinning
from pytest_deploycheck.deployment import Deployment
from pytest_deploycheck.edit import Edit
from pytest_deploycheck.findings import Finding
from pytest_deploycheck.other_python import OtherPython
from pytest_deploycheck.resolution.http.transport import Unreachable
from pytest_deploycheck.subjects import SourceOnTarget


def with_repair(finding: Finding, place: SourceOnTarget, deployment: Deployment, project: str = "") -> Finding:
    """A finding with what would mend it, the smaller change first: other lines, or another Python.

    :param project: what would be built; empty where pip fails
    """
    try:
        mended = deployment.repairs.of(place.source)
        python = deployment.other_pythons.nearest(place.source, place.target)
    except Unreachable as fault:
        return replace(finding, evidence=(*finding.evidence, f"what would mend it cannot be told: {fault}"))
    of_project = [each for each in mended.reasons if each.project == project]
    reasons = of_project or (() if mended.changes else mended.reasons)
    lines = [mended.advice(finding.location)] if mended.changes and not of_project else []
    instead = [each.text for each in mended.alternatives if each.project == project or not project]
    other_python = _python_advice(place, python)
    python_edits = _python_edits(place, python, deployment)
    if python_edits and (not lines or len(place.services) < len(mended.changes)):
        fix, edits = (*other_python, *lines, *instead), python_edits
    else:
        fix, edits = (*lines, *instead, *other_python), mended.edits if lines else ()
    evidence = (*finding.evidence, *(each.text for each in reasons))
    return replace(finding, evidence=evidence, fix=fix, edits=edits)


def _python_advice(place: SourceOnTarget, python: OtherPython | None) -> tuple[str, ...]:
    if python is None:
        return ()
    have = f"all {python.distributions} distributions of {place.source.path} have wheels there"
    return (f"set PYTHON_VERSION to {python.target.python}: {have}",)


def _python_edits(place: SourceOnTarget, python: OtherPython | None, deployment: Deployment) -> tuple[Edit, ...]:
    """The edits with which all services of a place get another Python; none where the target was asked for."""
    if python is None or deployment.settings.targets or not place.services:
        return ()
    services = [each for each in deployment.services if each.name in place.services]
    others = [each for each in deployment.sources if any(service in each.services for service in services)]
    if not all(deployment.resolutions.get(each, python.target).has_wheels_only for each in others):
        return ()
    edits: dict[Edit, None] = {}
    for service in services:
        changed = pinning(service, python.target.python, deployment)
        if not changed:
            return ()
        edits |= dict.fromkeys(changed)
    return tuple(edits)

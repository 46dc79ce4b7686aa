"""Is every distribution that pip would pick a wheel?"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_deploycheck.checks.registry import Subject, check
from pytest_deploycheck.deployment import Deployment
from pytest_deploycheck.findings import CannotCheck, Finding, NothingToDecide
from pytest_deploycheck.resolution.result import Kind, Outcome, Resolution
from pytest_deploycheck.subjects import RequirementOnTarget


@check("wheel", Subject.REQUIREMENT)
def wheel(subject: RequirementOnTarget, deployment: Deployment) -> Iterator[Finding]:
    """Every distribution that a requirement line brings in is a wheel on the target."""
    resolution = deployment.resolution(subject.place)
    _assert_decidable(subject, resolution)
    lines = {line.location for line in subject.lines}
    to_build = [each for each in resolution.distributions if each.kind is Kind.SDIST and each.line in lines]
    if to_build:
        # It asks the indexes again, with all that this imports; most requirements have nothing to build.
        from pytest_deploycheck.checks.wheel_finding import wheel_finding

        for distribution in to_build:
            yield wheel_finding(distribution, subject, deployment)


def _assert_decidable(subject: RequirementOnTarget, resolution: Resolution) -> None:
    place = subject.place
    if resolution.outcome is Outcome.UNREACHABLE:
        raise CannotCheck(resolution.message)
    if resolution.outcome is not Outcome.OK:
        raise NothingToDecide(f"{place.source.path} does not resolve on {place.target_name}: {resolution.message}")
    if not any(place.target.holds(line.marker) for line in subject.lines):
        raise NothingToDecide(f"its marker is false on {place.target_name}: {subject.lines[0].text}")
